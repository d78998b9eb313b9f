/** Sends an event. */
export type Send = (event: string, data: unknown) => void;

/**
 * Whether a caller would rather have events than one JSON answer. Of several patterns that fit a type the most specific counts
 * (RFC 9110, 12.5.1); where both are as welcome, JSON it is.
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

/** Milliseconds between two signs of life. */
const HEARTBEAT_MS = 3000;

/**
 * An answer that grows until it is closed. `onCancel` is called when the client goes away, which shows when something is sent:
 * so comments are, while there is nothing else. They keep proxies from giving up, too.
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
    // Proxies that collect an answer before they pass it on would make one of all events.
    response: new Response(body, { headers: { "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no", "Cache-Control": "no-store" } }),
    send: (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    close() {
      clearInterval(heartbeat);
      stream?.close();
    },
  };
}
