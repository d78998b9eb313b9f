import { FORMS, LENGTHS, STATUS, STRATEGIES } from "./definitions.js";
import type { Limits, Model } from "./types.js";

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d9d5cc, #3b3a37); --soft: light-dark(#f5f2ec, #232220); --accent: light-dark(#8a3b12, #f0a878); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 3rem 1.25rem 4rem; max-width: 44rem; font: 1.0625rem/1.6 Charter, "Bitstream Charter", Cambria, serif; background: light-dark(#fffdf9, #191817); color: light-dark(#22201c, #e9e5dd); }
h1 { margin: 0; font-size: 2.5rem; line-height: 1.1; letter-spacing: -0.02em; }
h2 { margin: 2.5rem 0 0.5rem; font-size: 1.25rem; }
p { margin: 0.75rem 0; }
pre { overflow-x: auto; padding: 1rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--soft); line-height: 1.45; }
code { font: 0.875rem ui-monospace, Menlo, Consolas, monospace; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
a { color: var(--accent); }
`;

/** The page that explains how to call this deployment. It has no script and loads no other file. */
export function usagePage({ id }: Model, limits: Limits, secured: boolean): Response {
  const nonce = crypto.randomUUID();
  const token = secured ? ` \\\n  -H "Authorization: Bearer $TOKEN"` : "";
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Précis</title>
<style nonce="${nonce}">${STYLE}</style>
<main>
<h1>Précis</h1>
<p>Send a document, and get its summary and a report on the reading speed. The small language model ${escaped(id)} runs where your request arrives.</p>
<h2>Summarize a file</h2>
<pre tabindex="0"><code>curl ${"$URL"}/v1/summarize${token} \\
  -H "Content-Type: text/markdown" --data-binary @document.md</code></pre>
<h2>Set options, and stream the summary</h2>
<pre tabindex="0"><code>curl -N ${"$URL"}/v1/summarize${token} \\
  -H "Content-Type: application/json" -H "Accept: text/event-stream" \\
  -d '{"text": "A document.", "length": "short"}'</code></pre>
<h2>Options</h2>
<table>
<tr><th scope="row"><code>text</code><td>Plain text, Markdown or the source of a web page, at most ${Math.floor(limits.bytes / 1024).toLocaleString("en")} KiB
<tr><th scope="row"><code>length</code><td>${words(LENGTHS)}. Default: what the document requests at its end, or else one sentence
<tr><th scope="row"><code>form</code><td>${words(FORMS)}
<tr><th scope="row"><code>instruction</code><td>A question about the document, answered instead of a summary
<tr><th scope="row"><code>max_tokens</code><td>Maximum number of tokens in the answer, 1 to ${limits.tokens}
<tr><th scope="row"><code>strategy</code><td>${words(STRATEGIES)}
</table>
<p>An answer takes at most ${limits.seconds} seconds. Full description: <a href="/v1/openapi.json">openapi.json</a>. State: <a href="/v1/health">health</a>, <a href="/v1/ready">ready</a>.</p>
<h2>Errors</h2>
<p>Errors are <code>application/problem+json</code> with a <code>code</code> and a sentence that says what to do. Some have a <code>Retry-After</code> header. Codes that are not in this list have status 500.</p>
<table>
${Object.entries(STATUS).map(([code, status]) => `<tr id="${code}"><th scope="row"><code>${code}</code><td>${status}`).join("\n")}
</table>
</main>
</html>
`;
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy, "Referrer-Policy": "no-referrer" } });
}

function words(names: readonly string[]): string {
  return names.map((name) => `<code>${name}</code>`).join(", ");
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
