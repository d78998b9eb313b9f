/** The example edge/deno, as it is started. */
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, connect } from "node:net";
import { expect, test } from "@playwright/test";
import { tinyModel } from "./paths.js";
import { bothWays, healthOf, storm } from "./edge/loopback.js";
import { DenoServer } from "./edge/processes.js";
import { answered, ARTICLE, refusal } from "./edge/service.js";

/** Servers of this test, which end with it. */
const servers: DenoServer[] = [];

async function start(env: Record<string, string> = {}): Promise<DenoServer> {
  const server = await DenoServer.start({ MODEL: tinyModel, TOKEN: undefined, PEERS: "", ...env });
  servers.push(server);
  return server;
}

test.afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const post = (url: string, body: string, headers = {}) => fetch(new URL("/summarize", url), { method: "POST", body, headers: { "Content-Type": "text/plain", ...headers } });

test("it stands load and faults", async () => {
  await storm((await start()).url);
});

test("the real model summarizes, by JSON and by events", async () => {
  const { url } = await start({ MODEL: "" });
  const { summary, report } = await bothWays(url);
  expect(summary).toMatch(/\w+ \w+ \w+/);
  expect(report).toMatchObject({
    model: { id: "smollm2-135m-instruct-q4_1", sha256: expect.stringMatching(/^b179c952/) },
    backend: { kind: "wasm-relaxed-simd" },
    plan: { strategy: "one-pass" },
  });
  expect(report.prefill.tokens_per_second).toBeGreaterThan(0);
  console.log(`Deno: ${report.prefill.tokens} tokens at ${report.prefill.tokens_per_second?.toFixed(0)}/s, memory ${(await healthOf(url)).memory_bytes}: ${summary}`);
});

test("a token is asked for", async () => {
  const { url } = await start({ TOKEN: "secret" });
  expect(await refusal(await post(url, ARTICLE))).toBe("401 unauthorized");
  expect(await refusal(await post(url, ARTICLE, { Authorization: "Bearer secret" }))).toBe("200");
});

test("an empty token is refused at the start", async () => {
  await expect(start({ TOKEN: "" })).rejects.toThrow(/Invalid token/);
});

test("Deno's OpenTelemetry has a span for each request, and nothing of the document or the token", async () => {
  const received: Record<string, string> = {};
  const collector = createHttpServer((request, response) => {
    request.setEncoding("utf8").on("data", (text) => (received[request.url!] = (received[request.url!] ?? "") + text));
    request.on("end", () => response.end("{}"));
  });
  await new Promise<void>((listening) => collector.listen(0, "127.0.0.1", listening));
  try {
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const { url } = await start({ TOKEN: "secret", OTEL_DENO: "true", OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" });
    await answered(await post(url, ARTICLE, { Authorization: "Bearer secret" }));
    await expect.poll(() => received["/v1/traces"], { timeout: 20_000 }).toContain("/summarize");
    const all = Object.values(received).join("\n");
    expect(all).not.toContain("secret");
    for (const word of ["microservice", "architecture"]) {
      expect(ARTICLE.toLowerCase()).toContain(word);
      expect(all.toLowerCase()).not.toContain(word);
    }
  } finally {
    collector.close();
  }
});

test("a peer that hangs costs its window, not the request", async () => {
  const [hung, living] = await Promise.all([start(), start()]);
  const alone = await answered(await post(living.url, ARTICLE));
  // Stopped, it still accepts connections.
  hung.process.kill("SIGSTOP");
  const { url } = await start({ PEERS: `${hung.url},${living.url}`, SECONDS: "30" });
  const answer = await answered(await post(url, ARTICLE));
  expect(answer.summary).toBe(alone.summary);
  expect(answer.fan_out).toMatchObject({ windows: alone.report.plan.windows, retried: 0, peers_failed: 0 });
  expect(answer.fan_out!.hedged).toBeGreaterThan(0);
});

test("a peer that dies in the middle of a window is made up for", async () => {
  const [dying, living] = await Promise.all([start({ TOKEN: "secret" }), start({ TOKEN: "secret" })]);
  // A wire to the dying peer, which tells when a window has reached it. Stopped, it can't answer before it is killed.
  dying.process.kill("SIGSTOP");
  let killed = false;
  const wire = createServer((incoming) => {
    const outgoing = connect(Number(new URL(dying.url).port), "127.0.0.1");
    const end = () => [incoming, outgoing].forEach((socket) => socket.destroy());
    for (const socket of [incoming, outgoing]) socket.on("error", end).on("close", end);
    outgoing.pipe(incoming);
    incoming.pipe(outgoing);
    incoming.once("data", () => outgoing.write("", () => (killed ||= dying.process.kill("SIGKILL"))));
  });
  await new Promise<void>((listening) => wire.listen(0, "127.0.0.1", listening));
  try {
    const address = wire.address();
    if (typeof address !== "object" || address === null) throw new Error("the wire has no port");
    const { url } = await start({ TOKEN: "secret", PEERS: `http://127.0.0.1:${address.port},${living.url}` });
    const Authorization = "Bearer secret";
    const alone = await answered(await post(living.url, ARTICLE, { Authorization }));
    const answer = await answered(await post(url, ARTICLE, { Authorization }));
    expect(killed).toBe(true);
    expect(answer.summary).toBe(alone.summary);
    expect(answer.fan_out).toMatchObject({ windows: alone.report.plan.windows, retried: 2, peers_failed: 1 });
    expect(answer.fan_out!.elsewhere).toBeGreaterThan(0);
    // Without that peer at all.
    expect((await answered(await post(url, ARTICLE, { Authorization }))).summary).toBe(alone.summary);
  } finally {
    wire.close();
  }
});
