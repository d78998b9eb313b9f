import { language, numbers, t, tn, whole } from "./words/words.js";

export { whole };

const ONE = numbers({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
const TWO = numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const SIGNIFICANT = numbers({ minimumSignificantDigits: 2, maximumSignificantDigits: 2 });
const COMPACT = numbers({ notation: "compact", maximumSignificantDigits: 3 });

/** The name of a language in the page's own, or its tag if it has none. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(language(), { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** "1 token", "2 tokens". */
export function tokens(count: number): string {
  return tn(count, "{count} token", "{count} tokens");
}

/** Two or three significant digits: 312, 87.4, 0.52. */
export function measured(value: number): string {
  if (value >= 100) return whole(value);
  return value >= 10 ? ONE(value) : SIGNIFICANT(value);
}

/** 134515008 as 135M. */
export function compact(value: number): string {
  return COMPACT(value);
}

/** Milliseconds in a suitable unit. */
export function duration(ms: number): string {
  if (ms < 1000) return t("{value} ms", { value: ms < 10 ? ONE(ms) : whole(ms) });
  if (ms < 60_000) return t("{value} s", { value: (ms < 10_000 ? TWO : ONE)(ms / 1000) });
  return clock(ms);
}

/** A rough duration, for forecasts: "5 s", "40 s", "3 min". */
export function inWords(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return t("{value} s", { value: whole(Math.max(1, Math.round(seconds))) });
  if (seconds < 90) return t("{value} s", { value: whole(5 * Math.round(seconds / 5)) });
  return t("{value} min", { value: whole(Math.round(seconds / 60)) });
}

/** Milliseconds as 0:05 or 12:31. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** How many tokens were read, and how long that took; without a clock `ms` is null. */
export function readInWords(count: number, ms: number | null): string {
  if (ms === null) return tn(count, "Read {count} token", "Read {count} tokens");
  return tn(count, "Read {count} token in {time}", "Read {count} tokens in {time}", { time: duration(ms) });
}

/** The device that computes, in words. */
export function device(threads: number, adapter: string | null): string {
  if (adapter !== null) return t("GPU, {adapter}", { adapter });
  return tn(threads, "processor, {count} thread", "processor, {count} threads");
}

/** Bytes in megabytes (10^6), or from 10^9 on in gigabytes. */
export function megabytes(bytes: number): string {
  if (bytes >= 1e9) return t("{value} GB", { value: ONE(bytes / 1e9) });
  return t("{value} MB", { value: bytes < 10e6 ? ONE(bytes / 1e6) : whole(bytes / 1e6) });
}
