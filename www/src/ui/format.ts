const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const ONE = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** 44979 as 44,979. */
export function whole(value: number): string {
  return WHOLE.format(value);
}

/** "1 token", "2 tokens". */
export function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Two or three significant digits: 312, 87.4, 0.52. */
export function measured(value: number): string {
  if (value >= 100) return whole(value);
  return value >= 10 ? ONE.format(value) : value.toPrecision(2);
}

/** 134515008 as 135M. */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** Milliseconds in a suitable unit. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${whole(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return clock(ms);
}

/** A rough duration, for forecasts: "5 s", "40 s", "3 min". */
export function inWords(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90) return `${5 * Math.round(seconds / 5)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** Milliseconds as 0:05 or 12:31. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** The device that computes, in words. */
export function device(threads: number, adapter: string | null): string {
  return adapter === null ? `processor, ${counted(threads, "thread")}` : `GPU, ${adapter}`;
}

/** Bytes in megabytes (10^6), or from 10^9 on in gigabytes. */
export function megabytes(bytes: number): string {
  if (bytes >= 1e9) return `${ONE.format(bytes / 1e9)} GB`;
  return `${bytes < 10e6 ? (bytes / 1e6).toFixed(1) : whole(bytes / 1e6)} MB`;
}
