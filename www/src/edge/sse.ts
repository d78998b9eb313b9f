/** Sends an event. */
export type Send = (event: string, data: unknown) => void;

/**
 * Whether a caller prefers events to one JSON answer. Of several patterns that match a type the most specific counts (RFC 9110,
 * 12.5.1). JSON wins a tie.
 */
export function prefersEvents(accept: string | null): boolean {
  if (accept === null) return false;
  const ranges = accept.split(",").map((range) => {
    const [type = "", ...parameters] = range.toLowerCase().split(";").map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    return { type, weight: weight === undefined ? 1 : Number(weight) || 0 };
  });
  const weigh = (...patterns: string[]) => patterns.map((pattern) => ranges.find(({ type }) => type === pattern)).find((range) => range)?.weight ?? 0;
  return weigh("text/event-stream", "text/*", "*/*") > weigh("application/json", "application/*", "*/*");
}

/** Milliseconds between two heartbeats. */
const HEARTBEAT_MS = 3000;

/**
 * A response of server-sent events that ends with `close`. `onCancel` is called when the client disconnects. Runtimes notice that
 * only when they send something, so comments are sent as heartbeats. They also keep proxies from timing out.
 */
export function eventStream(onCancel: () => void): { response: Response; send: Send; close: () => void } {
  const encoder = new TextEncoder();
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  const write = (text: string) => stream?.enqueue(encoder.encode(text));
  const heartbeat = setInterval(write, HEARTBEAT_MS, ":\n\n");
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      stream = controller;
    },
    cancel() {
      stream = undefined;
      clearInterval(heartbeat);
      onCancel();
    },
  });
  return {
    // X-Accel-Buffering: proxies must not buffer the events.
    response: new Response(body, { headers: { "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no", "Cache-Control": "no-store" } }),
    send: (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    close() {
      clearInterval(heartbeat);
      stream?.close();
    },
  };
}
