/** What every page here does: one summary, with the tiny model that lies beside the page. */

const TEXT =
  "The harbour was closed for three days because of the storm. Ships waited outside, and the market had no fish. " +
  "On Thursday the wind turned, and by noon the first boats came in. The mayor thanked the crews who had kept the lights burning.";

/** How it ended is left where the harness looks for it: in `window.outcome`. */
export async function show(Summarizer, options = {}) {
  window.outcome = await run(Summarizer, options).catch((error) => ({ error: { name: error?.name, code: error?.code, message: String(error?.message ?? error) } }));
}

async function run(Summarizer, options) {
  const summarizer = await Summarizer.create({ model: await tiny(), type: "auto", ...options });
  const summary = await summarizer.summarize(TEXT, { max_tokens: 24 });
  // The polyfill's Summarizer is the specification's, which has neither.
  const { backend, threads } = summarizer.model ?? {};
  const tokens = summarizer.report?.prefill.tokens ?? (await summarizer.measureInputUsage(TEXT));
  summarizer.destroy();
  return { ok: true, summary, backend, threads, tokens };
}

/** The tiny model's entry of a catalogue. */
export async function tiny() {
  return (await fetch(new URL("models/tiny.json", document.baseURI))).json();
}
