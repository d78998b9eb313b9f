import { defaultModel, models, PrecisError, Summarizer, type Availability, type ModelEntry, type Kind, type PointReport, type Report, type RunEvent, type Support } from "precis";
import { createHandler, fromUrl, type Handler } from "precis/edge";
import module from "precis/edge/precis.wasm";
import { configure, install, ready } from "precis/polyfill";

const own: ModelEntry = { id: "tiny", file: "tiny.gguf" };

export async function summary(text: string, signal: AbortSignal): Promise<[string, Report | null, readonly PointReport[]]> {
  const state: Availability = await Summarizer.availability({ model: own, type: "auto" });
  if (state === "unavailable") throw new PrecisError("browser-unsupported", "no");
  const summarizer = await Summarizer.create({
    model: models[0] ?? defaultModel,
    type: "key-points",
    wording: "quotes",
    assetsUrl: new URL("/assets/", location.href),
    signal,
    monitor: (monitor) => monitor.addEventListener("downloadprogress", ({ loaded, bytesPerSecond }) => console.log(loaded.toFixed(2), bytesPerSecond?.toFixed(0))),
  });
  const onprogress = (event: RunEvent): void => console.log(event.type);
  for await (const piece of summarizer.summarizeStreaming(text, { signal })) console.log(piece.length);
  const written: string = await summarizer.summarize(text, { max_tokens: 24, onprogress });
  const speed: number | null | undefined = summarizer.report?.prefill.tokens_per_second;
  const support: readonly (Support | undefined)[] = summarizer.points.map(({ support }) => support);
  const kind: Kind | null | undefined = summarizer.report?.document.kind;
  console.log(speed?.toFixed(1), support, kind, summarizer.points.map(({ start, end, supported }) => [start, end, supported]));
  // @ts-expect-error A wrong option is an error here already.
  await summarizer.summarize(text, { length: "endless" });
  summarizer.destroy();
  return [written, summarizer.report, summarizer.points];
}

export async function polyfilled(): Promise<"native" | "precis"> {
  configure({ model: own, backend: "cpu" });
  install();
  return ready;
}

export const handler: Handler = createHandler({ module, model: fromUrl("https://example.org/tiny.gguf", { id: "tiny", sha256: null, bytes: 1 }) });
