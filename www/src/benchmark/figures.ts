/** The figures of a card as rows. Independent of the page. */
import { counted, duration, measured, megabytes, whole } from "../ui/format.js";
import type { Card, Configuration, Reading, Spread } from "../package/wasm/simd/precis.js";
import { shortened } from "./device.js";

/** Unit of a figure. */
export type Unit = "tokens/s" | "ms" | "bytes" | "GMAC/s" | "GB/s" | "documents/min" | "%";

/** One figure of a configuration. */
export interface Figure {
  /** Equal for the same figure of all configurations and cards. */
  label: string;
  unit: Unit;
  value: number | null;
  /** Null if the figure was measured once. */
  spread: Spread | null;
}

/** Limit for imported cards, which may contain any number of configurations. */
const MOST_CONFIGURATIONS = 12;

/** The configurations of a card that a page shows, with names of a bounded length. */
export function shownConfigurations({ configurations }: Card): Configuration[] {
  return configurations.slice(0, MOST_CONFIGURATIONS).map((one) => ({ ...one, name: shortened(one.name) }));
}

/** The configuration with the best score, or if none has a score, the fastest at reading. Cards are compared by it. */
export function best({ configurations }: Card): Configuration | null {
  const speed = ({ prefill }: Configuration) => prefill[0]?.tokens_per_second.median ?? 0;
  const order = (one: Configuration, other: Configuration) => (other.score ?? 0) - (one.score ?? 0) || speed(other) - speed(one);
  return configurations.toSorted(order)[0] ?? null;
}

/** The score of the best configuration. */
export function bestScore(card: Card): number | null {
  return best(card)?.score ?? null;
}

/** What a card is told by: the reading of 2,048 tokens in the best configuration, else its first. */
export function readingOf(card: Card): Reading | null {
  const prefill = best(card)?.prefill ?? [];
  return prefill.find(({ tokens }) => tokens === 2048) ?? prefill[0] ?? null;
}

/** "512 tokens (pp512)": the length, and its name in llama-bench. */
export function lengthLabel(tokens: number, peer: "pp" | "tg"): string {
  return `${counted(tokens, "token")} (${peer}${tokens})`;
}

/** "Reading speed, 512 tokens (pp512)": the label of prefill speed. */
export function prefillLabel(tokens: number): string {
  return `Reading speed, ${lengthLabel(tokens, "pp")}`;
}

/** Labels of times that depend on where the model came from. */
export const LOADING: ReadonlySet<string> = new Set(["Loading the model", "Preparing the model"]);

/** "Share of the peak, 512 tokens": the label of efficiency. */
export function efficiencyLabel(tokens: number): string {
  return `Share of the peak, ${counted(tokens, "token")}`;
}

/** A fraction as a percentage. */
export function percent(part: number | null): number | null {
  return part === null ? null : 100 * part;
}

/** All figures of a configuration, in the order of a table. */
export function figuresOf({ score, prefill, decode, tokenize, load, peak, memory }: Configuration): Figure[] {
  const one = (label: string, unit: Unit, value: number | null): Figure => ({ label, unit, value, spread: null });
  const several = (label: string, unit: Unit, spread: Spread): Figure => ({ label, unit, value: spread.median, spread });
  return [
    one("Score", "documents/min", score),
    ...prefill.map((reading) => several(prefillLabel(reading.tokens), "tokens/s", reading.tokens_per_second)),
    ...prefill.map((reading) => several(`Time to first token, ${counted(reading.tokens, "token")}`, "ms", reading.first_token_ms)),
    ...prefill.map((reading) => one(efficiencyLabel(reading.tokens), "%", percent(reading.efficiency))),
    ...decode.map((writing) => several(`Writing speed, ${lengthLabel(writing.tokens, "tg")}`, "tokens/s", writing.tokens_per_second)),
    several("Tokenizing", "tokens/s", tokenize),
    one("Loading the model", "ms", load.read_ms),
    one("Preparing the model", "ms", load.prepare_ms),
    one("Compiling GPU pipelines", "ms", load.pipelines_ms),
    one("Peak, 32-bit floats", "GMAC/s", peak.f32_gmacs),
    one("Peak, 16-bit floats", "GMAC/s", peak.f16_gmacs),
    one("Peak, 8-bit integers", "GMAC/s", peak.int8_gmacs),
    one("Peak, copying memory", "GB/s", peak.copy_gbs),
    one("WebAssembly memory", "bytes", memory.wasm_bytes),
    one("GPU memory", "bytes", memory.gpu_bytes),
    one("Keys and values", "bytes", memory.kv_bytes),
  ];
}

/** `value` as text. Only times and sizes include their unit; rows show all others. */
export function written(value: number, unit: Unit): string {
  if (unit === "ms") return duration(value);
  if (unit === "bytes") return megabytes(value);
  return measured(value);
}

/** A figure as text: median ± MAD, with the same decimals and unit. */
export function shown({ value, unit, spread }: Figure): string {
  if (value === null) return "—";
  const text = written(value, unit);
  if (spread?.mad == null) return text;
  const [, number = text, decimals = "", suffix = ""] = /^([\d,]+(?:\.(\d+))?)( m?s)?$/.exec(text) ?? [];
  const mad = suffix === " s" ? spread.mad / 1000 : spread.mad;
  // The text is minutes, or an extreme value of a forged card.
  if (number === text && unit === "ms") return `${text} ± ${written(spread.mad, unit)}`;
  const digits = Math.min(decimals.length, 9);
  return `${number} ± ${mad.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}${suffix}`;
}

/** "1 of 5 is an outlier"; empty if there is none. */
export function outliers({ spread }: Figure): string {
  if (!spread || spread.outliers.length === 0) return "";
  const count = spread.outliers.length;
  return `${count} of ${whole(spread.values.length)} ${count === 1 ? "is an outlier" : "are outliers"}`;
}

/** The date and time of a card as text. */
export function when(created: string): string {
  const date = new Date(created);
  return Number.isNaN(date.valueOf()) ? "an unknown date" : date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

/** Labels of all rows in any of these lists, in order. */
export function rowsOf(lists: readonly (readonly Figure[])[]): { label: string; unit: Unit }[] {
  const rows = new Map<string, { label: string; unit: Unit }>();
  for (const { label, unit } of lists.flat()) if (!rows.has(label)) rows.set(label, { label, unit });
  return [...rows.values()];
}
