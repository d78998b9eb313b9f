import type { Plugin } from "vite";
import { ISOLATION } from "../src/offline/isolation.ts";
import { MODEL_HOSTS } from "../src/summarize/model-hosts.ts";

/** Development only: Vite's own style tags carry it. Nothing secret depends on a page that this machine serves to itself. */
const DEV_NONCE = "precis-dev";

/** The Content-Security-Policy of the page and its workers, for `<meta>`. */
function policy(dev: boolean): string {
  const nonce = dev ? ` 'nonce-${DEV_NONCE}'` : "";
  return [
    "default-src 'none'",
    `script-src 'self' 'wasm-unsafe-eval'${nonce}`,
    "worker-src 'self'",
    `style-src 'self'${nonce}`,
    "img-src 'self'",
    "manifest-src 'self'",
    `connect-src 'self' ${MODEL_HOSTS.join(" ")}${dev ? " ws:" : ""}`,
    "base-uri 'none'",
    "object-src 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** The same as a header, which may also say who shows the page in a frame: no other site, so that none misdirects clicks. */
export function policyHeader(dev: boolean): string {
  return `${policy(dev)}; frame-ancestors 'self'`;
}

/** Sends the policy and the isolation as headers, and writes the policy into the built page for hosts that send none. */
export function securityPolicy(): Plugin {
  return {
    name: "precis-policy",
    config: (_, { command }) => ({
      html: command === "serve" ? { cspNonce: DEV_NONCE } : {},
      server: { headers: { ...ISOLATION, "Content-Security-Policy": policyHeader(true) } },
      preview: { headers: { ...ISOLATION, "Content-Security-Policy": policyHeader(false) } },
    }),
    transformIndexHtml: {
      order: "post",
      handler(html, { server }) {
        if (server) return html;
        return [{ tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: policy(false) }, injectTo: "head-prepend" }];
      },
    },
  };
}
