import type { Taken } from "./fan-out.js";
import type { Note, Report } from "./wasm/relaxed/precis.js";

/**
 * The report of a run whose notes were taken before it. For the engine all of them are from elsewhere; those that this isolate
 * took are part of its own reading, so that each figure counts once.
 */
export function withNotes(report: Report, { here, elsewhere, remembered }: Pick<Taken, "here" | "elsewhere" | "remembered">): Report {
  const others = { elsewhere: elsewhere.length, elsewhere_tokens: tokensOf(elsewhere), remembered: remembered.length, remembered_tokens: tokensOf(remembered) };
  const plan = { ...report.plan, ...others };
  if (here.length === 0) return { ...report, plan };
  const own = report.prefill;
  const tokens = own.tokens + tokensOf(here);
  // A run that read nothing has no time, and needs none.
  const ms = sum([own.tokens === 0 ? 0 : own.ms, ...here.map(({ ms }) => ms)]);
  const tokens_per_second = ms === null || ms === 0 ? null : (tokens / ms) * 1000;
  const { gemm_gmacs } = report.peak;
  const efficiency = tokens_per_second === null || gemm_gmacs === null ? null : (report.model.linear_macs * tokens_per_second) / (gemm_gmacs * 1e9);
  const absent = { ...report.absent };
  for (const [path, value] of Object.entries({ "prefill.ms": ms, "prefill.tokens_per_second": tokens_per_second, "peak.efficiency": efficiency })) {
    if (value !== null) delete absent[path];
  }
  const before = `The ${here.length} windows that were read here for their notes are not part of it.`;
  return {
    ...report,
    plan,
    prefill: { ...own, tokens, ms, tokens_per_second },
    peak: { ...report.peak, efficiency },
    // A note says how many tokens were read for it and how long that took, but not in which chunks, nor what it took to write it.
    absent: { ...absent, "prefill.chunks": before, decode: before },
  };
}

function tokensOf(notes: readonly Note[]): number {
  return notes.reduce((sum, { tokens }) => sum + tokens, 0);
}

function sum(times: readonly (number | null)[]): number | null {
  return times.reduce((sum, ms) => (sum === null || ms === null ? null : sum + ms), 0);
}
