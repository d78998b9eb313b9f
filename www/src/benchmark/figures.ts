/** What a card says, as rows of figures. Knows nothing of the page. */
import { counted, duration, measured, megabytes, whole } from "../ui/format.js";
import type { Card, Configuration, Spread } from "../package/wasm/simd/precis.js";

/** How a figure is written. */
export type Unit = "tokens/s" | "ms" | "bytes" | "GMAC/s" | "GB/s" | "documents/min" | "%";

/** One figure of a configuration. */
export interface Figure {
  /** The same for the same figure of another configuration or card. */
  label: string;
  unit: Unit;
  value: number | null;
  /** Of a figure that was measured several times. */
  spread: Spread | null;
}

/** More than anybody measures: a card from elsewhere may have any number of them. */
const MOST_CONFIGURATIONS = 12;

/** What a page shows of a card's configurations. */
export function shownConfigurations({ configurations }: Card): Configuration[] {
  return configurations.slice(0, MOST_CONFIGURATIONS);
}

/** The configuration with the best score, or that reads fastest where none has one: what a card is compared by. */
export function best({ configurations }: Card): Configuration | null {
  const speed = ({ prefill }: Configuration) => prefill[0]?.tokens_per_second.median ?? 0;
  const order = (one: Configuration, other: Configuration) => (other.score ?? 0) - (one.score ?? 0) || speed(other) - speed(one);
  return configurations.toSorted(order)[0] ?? null;
}

/** Its score. */
export function bestScore(card: Card): number | null {
  return best(card)?.score ?? null;
}

/** "512 tokens (pp512)": the length, and what llama-bench calls it. */
export function lengthLabel(tokens: number, peer: "pp" | "tg"): string {
  return `${counted(tokens, "token")} (${peer}${tokens})`;
}

/** "Share of the peak, 512 tokens": what reading so many comes to, beside the best product of such numbers. */
export function efficiencyLabel(tokens: number): string {
  return `Share of the peak, ${counted(tokens, "token")}`;
}

/** A part as a percentage. */
export function percent(part: number | null): number | null {
  return part === null ? null : 100 * part;
}

/** All figures of a configuration, in the order of a table. */
export function figuresOf({ score, prefill, decode, tokenize, load, peak, memory }: Configuration): Figure[] {
  const one = (label: string, unit: Unit, value: number | null): Figure => ({ label, unit, value, spread: null });
  const several = (label: string, unit: Unit, spread: Spread): Figure => ({ label, unit, value: spread.median, spread });
  return [
    one("Score", "documents/min", score),
    ...prefill.map((reading) => several(`Prefill, ${lengthLabel(reading.tokens, "pp")}`, "tokens/s", reading.tokens_per_second)),
    ...prefill.map((reading) => several(`Time to first token, ${counted(reading.tokens, "token")}`, "ms", reading.first_token_ms)),
    ...prefill.map((reading) => one(efficiencyLabel(reading.tokens), "%", percent(reading.efficiency))),
    ...decode.map((writing) => several(`Decode, ${lengthLabel(writing.tokens, "tg")}`, "tokens/s", writing.tokens_per_second)),
    several("Tokenizing", "tokens/s", tokenize),
    one("Fetching the model", "ms", load.read_ms),
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

/** `value` in words, without the unit where the row has it. */
export function written(value: number, unit: Unit): string {
  if (unit === "ms") return duration(value);
  if (unit === "bytes") return megabytes(value);
  return measured(value);
}

/** A figure in words: the median, ± MAD to the same digit and in the same unit. */
export function shown({ value, unit, spread }: Figure): string {
  if (value === null) return "—";
  const text = written(value, unit);
  if (spread?.mad == null) return text;
  const [, number = text, decimals = "", suffix = ""] = /^([\d,]+(?:\.(\d+))?)( m?s)?$/.exec(text) ?? [];
  const mad = suffix === " s" ? spread.mad / 1000 : spread.mad;
  // A time of minutes, or what only a made-up card has.
  if (number === text && unit === "ms") return `${text} ± ${written(spread.mad, unit)}`;
  const digits = Math.min(decimals.length, 9);
  return `${number} ± ${mad.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}${suffix}`;
}

/** "1 of 5 is an outlier", or nothing. */
export function outliers({ spread }: Figure): string {
  if (!spread || spread.outliers.length === 0) return "";
  const count = spread.outliers.length;
  return `${count} of ${whole(spread.values.length)} ${count === 1 ? "is an outlier" : "are outliers"}`;
}

/** `theirs ÷ yours`, where both are known and mean something. */
export function ratio(theirs: number | null, yours: number | null): string {
  return theirs === null || yours === null || yours <= 0 ? "—" : `${measured(theirs / yours)}×`;
}

/** When a card was made, as its reader would say it; whatever it says where that is no time. */
export function when(created: string): string {
  const date = new Date(created);
  return Number.isNaN(date.valueOf()) ? created : date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

/** Labels of all rows that any of these lists has, in order. */
export function rowsOf(lists: readonly (readonly Figure[])[]): { label: string; unit: Unit }[] {
  const rows = new Map<string, { label: string; unit: Unit }>();
  for (const { label, unit } of lists.flat()) if (!rows.has(label)) rows.set(label, { label, unit });
  return [...rows.values()];
}
