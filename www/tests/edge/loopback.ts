/** What every deployment has to stand, over HTTP, with the tiny model. */
import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { expect } from "@playwright/test";
import type { Answer } from "../../src/edge/types.js";
import { answered, ARTICLE, ENDLESS, events, refusal } from "./service.js";

function post(url: string, body: BodyInit, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(new URL("/summarize", url), { method: "POST", body, headers: { "Content-Type": "text/plain", ...headers }, ...(signal && { signal }), ...(body instanceof ReadableStream && { duplex: "half" }) } as RequestInit);
}

export async function healthOf(url: string): Promise<{ waiting: number; memory_bytes: number; loaded: boolean }> {
  return (await (await fetch(new URL("/health", url))).json()) as Awaited<ReturnType<typeof healthOf>>;
}

/** What JSON says, having seen that events say the same. */
export async function bothWays(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await answered(await post(url, ARTICLE, headers));
  const stream = await post(url, ARTICLE, { ...headers, Accept: "text/event-stream" });
  expect(stream.headers.get("content-type")).toContain("text/event-stream");
  const seen: string[] = [];
  let pieces = "";
  for await (const { event, data } of events(stream)) {
    seen.push(event);
    if (event === "piece") pieces += data.text;
    if (event === "report") expect(data.summary).toBe(answer.summary);
  }
  // Where windows are shared out each of them is told of, and then the rest is planned.
  const notes = seen.filter((event) => event === "note").length;
  expect(seen[notes]).toBe("planned");
  expect(notes).toBe(answer.fan_out?.windows ?? 0);
  expect(seen.at(-1)).toBe("report");
  expect(pieces).toBe(answer.summary);
  return answer;
}

/** Load and faults at once. Nothing hangs, each answer is right or a refusal that says why, and no memory is lost. */
export async function storm(url: string): Promise<void> {
  const { summary } = await bothWays(url);
  await clientsThatLeave(url);
  const { memory_bytes } = await healthOf(url);
  const slow = slowBody(url);

  const crowd = await Promise.all(Array.from({ length: 50 }, () => post(url, ARTICLE)));
  const [admitted, refused] = [crowd.filter(({ ok }) => ok), crowd.filter(({ ok }) => !ok)];
  for (const response of admitted) expect((await answered(response)).summary).toBe(summary);
  for (const response of refused) {
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await refusal(response)).toBe("503 busy");
  }
  // One runs and eight wait, but the one that runs may be of a client that has left. More as places become free.
  expect(admitted.length).toBeGreaterThanOrEqual(8);

  await clientsThatLeave(url);
  expect((await answered(await post(url, ARTICLE))).summary).toBe(summary);

  for (const body of ["a".repeat(600 * 1024), new Blob(["a".repeat(600 * 1024)]).stream()]) {
    // Nobody reads the rest, so the connection may be gone before the client has read the answer.
    const outcome = await post(url, body).then(refusal, () => "cut off");
    expect(["413 document-too-large", "cut off"]).toContain(outcome);
  }
  // The client's pool learns that such a connection is gone when it uses it.
  await expect.poll(() => healthOf(url).then(() => "answers", () => "gone")).toBe("answers");
  expect(await refusal(await post(url, Uint8Array.of(0xff)))).toBe("422 document-not-text");
  expect(await refusal(await post(url, "{", { "Content-Type": "application/json" }))).toBe("400 malformed-json");

  expect(await refusal(await post(url, gzipSync(Buffer.alloc(100_000_000, 97)), { "Content-Encoding": "gzip" }))).toBe("413 document-too-large");
  // In other forms, as this runtime hands them on.
  expect((await answered(await post(url, gzipSync(ARTICLE), { "Content-Type": "text/markdown", "Content-Encoding": "gzip" }))).summary).toBe(summary);
  expect((await answered(await post(url, Buffer.from("Ein schöner Tag.", "latin1"), { "Content-Type": "text/plain; charset=iso-8859-1" }))).summary).toBe("Ein schöner Tag.");

  expect(await slow).toContain("body-timeout");
  expect((await answered(await post(url, ARTICLE))).summary).toBe(summary);
  const after = await healthOf(url);
  expect(after).toMatchObject({ loaded: true, waiting: 0 });
  // Chunks are as long as the device was found to read in a moment, and memory never shrinks; an engine that is lost with what it
  // holds, or documents that are kept, would be more.
  expect(after.memory_bytes).toBeLessThanOrEqual(memory_bytes + 2e6);
}

/** More clients than are admitted ask for what takes for ever, and go. */
export async function clientsThatLeave(url: string, headers: Record<string, string> = {}): Promise<void> {
  const leave = new AbortController();
  const streams = await Promise.all(Array.from({ length: 12 }, () => post(url, ENDLESS, { ...headers, Accept: "text/event-stream" }, leave.signal)));
  const refused = streams.filter(({ ok }) => !ok);
  // Two of 400 kB fit in the queue; when one of them ends, another.
  expect(refused.length).toBeGreaterThanOrEqual(3);
  expect(refused.length).toBeLessThanOrEqual(10);
  for (const response of refused) expect(await refusal(response)).toBe("503 busy");
  expect((await healthOf(url)).waiting).toBeGreaterThan(0);
  leave.abort();
  // A place is free when the runtime has noticed.
  await expect.poll(async () => (await healthOf(url)).waiting, { timeout: 30_000 }).toBe(0);
}

/** A client that announces a document, sends its beginning, and waits: what it gets. */
function slowBody(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = request(new URL("/summarize", url), { method: "POST", headers: { "Content-Type": "text/plain", "Content-Length": 1000 } }, (response) => {
      let text = "";
      response.on("data", (data: Buffer) => (text += data.toString()));
      response.on("end", () => {
        resolve(`${response.statusCode} ${text}`);
        client.destroy();
      });
    });
    client.on("error", reject);
    client.write("The beginning.");
  });
}
