/** The figures of a card as rows. Independent of the page. */
import { duration, measured, megabytes, tokens as tokensInWords, whole } from "../ui/format.js";
import { language, numbers, t, tn } from "../ui/words/words.js";
import type { Card, Configuration, Reading, Spread, Writing } from "../package/wasm/simd/precis.js";
import { shortened } from "./device.js";

/** Unit of a figure. */
export type Unit = "tokens/s" | "ms" | "bytes" | "GMAC/s" | "GB/s" | "documents/min" | "%";

/** A unit as it stands behind a number. */
export function unitInWords(unit: Unit): string {
  if (unit === "tokens/s") return t("tokens/s");
  return unit === "documents/min" ? t("documents/min") : unit;
}

/** One figure of a configuration. */
export interface Figure {
  /** Equal for the same figure of all configurations and cards. */
  label: string;
  unit: Unit;
  value: number | null;
  /** Null if the figure was measured once. */
  spread: Spread | null;
}

/** A figure of a configuration with its kind, which is the same in all languages and for all lengths. */
export interface KindOfFigure extends Figure {
  kind: string;
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
  return `${tokensInWords(tokens)} (${peer}${tokens})`;
}

/** Tokens that a suite reads before it writes, where nothing else is said. */
export const USUAL_DEPTH = 512;

/** "64 tokens (tg64)", or "64 tokens after 8,192 (tg64 @ d8192)" where more was read before than usual. */
export function writingLabel({ tokens, after }: Pick<Writing, "tokens" | "after">): string {
  if (after <= USUAL_DEPTH) return lengthLabel(tokens, "tg");
  return t("{length} after {count} (tg{tokens} @ d{after})", { length: tokensInWords(tokens), count: whole(after), tokens: String(tokens), after: String(after) });
}

/** "Reading speed, 512 tokens (pp512)": the label of prefill speed. */
export function prefillLabel(tokens: number): string {
  return t("Reading speed, {length}", { length: lengthLabel(tokens, "pp") });
}

/** The kind of prefill speed. */
export const READING = "reading";

/** Kinds of times that depend on where the model came from. */
export const LOADING: ReadonlySet<string> = new Set(["loading", "preparing"]);

/** "Share of the peak, 512 tokens": the label of efficiency. */
export function efficiencyLabel(tokens: number): string {
  return t("Share of the peak, {length}", { length: tokensInWords(tokens) });
}

/** A fraction as a percentage. */
export function percent(part: number | null): number | null {
  return part === null ? null : 100 * part;
}

/** All figures of a configuration, in the order of a table. */
export function figuresOf({ score, prefill, decode, tokenize, load, peak, memory }: Configuration): KindOfFigure[] {
  const one = (kind: string, label: string, unit: Unit, value: number | null): KindOfFigure => ({ kind, label, unit, value, spread: null });
  const several = (kind: string, label: string, unit: Unit, spread: Spread): KindOfFigure => ({ kind, label, unit, value: spread.median, spread });
  return [
    one("score", t("Score"), "documents/min", score),
    ...prefill.map((reading) => several(READING, prefillLabel(reading.tokens), "tokens/s", reading.tokens_per_second)),
    ...prefill.map((reading) => several("first-token", t("Time to first token, {length}", { length: tokensInWords(reading.tokens) }), "ms", reading.first_token_ms)),
    ...prefill.map((reading) => one("efficiency", efficiencyLabel(reading.tokens), "%", percent(reading.efficiency))),
    ...decode.map((writing) => several("writing", t("Writing speed, {length}", { length: writingLabel(writing) }), "tokens/s", writing.tokens_per_second)),
    several("tokenizing", t("Tokenizing"), "tokens/s", tokenize),
    one("loading", t("Loading the model"), "ms", load.read_ms),
    one("preparing", t("Preparing the model"), "ms", load.prepare_ms),
    one("pipelines", t("Compiling GPU pipelines"), "ms", load.pipelines_ms),
    one("peak", t("Peak, 32-bit floats"), "GMAC/s", peak.f32_gmacs),
    one("peak", t("Peak, 16-bit floats"), "GMAC/s", peak.f16_gmacs),
    one("peak", t("Peak, 8-bit integers"), "GMAC/s", peak.int8_gmacs),
    one("peak", t("Peak, copying memory"), "GB/s", peak.copy_gbs),
    one("wasm-memory", t("WebAssembly memory"), "bytes", memory.wasm_bytes),
    one("gpu-memory", t("GPU memory"), "bytes", memory.gpu_bytes),
    one("kv-memory", t("Keys and values"), "bytes", memory.kv_bytes),
  ];
}

/** `value` as text. Only times and sizes include their unit; rows show all others. */
export function written(value: number, unit: Unit): string {
  if (unit === "ms") return duration(value);
  if (unit === "bytes") return megabytes(value);
  return measured(value);
}

/** A figure as text: the median with its interval, or of few measurements median ± MAD, with the same decimals and unit. */
export function shown({ value, unit, spread }: Figure): string {
  if (value === null) return "—";
  const text = written(value, unit);
  if (spread?.low != null && spread.high != null) return `${text} (${range(spread.low, spread.high, (end) => written(end, unit))})`;
  if (spread?.mad == null) return text;
  // Minutes have two units.
  if (unit === "ms" && value >= 60_000) return `${text} ± ${written(spread.mad, unit)}`;
  const mad = unit === "ms" && value >= 1000 ? spread.mad / 1000 : spread.mad;
  // The value, and its unit if that is behind it.
  const [, number = text, suffix = ""] = /^(.*\d)(\D*)$/.exec(text) ?? [];
  // An extreme value of a forged card may have any number of digits.
  const digits = Math.min(number.split(decimalMark())[1]?.length ?? 0, 9);
  return `${number} ± ${mad.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits })}${suffix}`;
}

/** "4.1–4.3 s": two values, with their unit once if it is the same. */
export function range(low: number, high: number, show: (value: number) => string): string {
  const [first, last] = [show(low), show(high)];
  const [, number = first, suffix = ""] = /^([\d.,\s]*\d)(\D*)$/.exec(first) ?? [];
  return `${last.endsWith(suffix) ? number : first}–${last}`;
}

/** 0 with one digit after the mark. */
const ZERO = numbers({ minimumFractionDigits: 1 });

/** What separates the digits after it: a point or a comma. */
function decimalMark(): string {
  return ZERO(0).slice(1, 2);
}

/** "1 of 5 is an outlier"; empty if there is none. */
export function outliers({ spread }: Figure): string {
  if (!spread || spread.outliers.length === 0) return "";
  return tn(spread.outliers.length, "{count} of {all} is an outlier", "{count} of {all} are outliers", { all: whole(spread.values.length) });
}

/** The date and time of a card as text. */
export function when(created: string): string {
  const date = new Date(created);
  return Number.isNaN(date.valueOf()) ? t("an unknown date") : date.toLocaleString(language() === "en" ? "en-GB" : language(), { dateStyle: "medium", timeStyle: "short" });
}

/** Labels of all rows in any of these lists, in order. */
export function rowsOf(lists: readonly (readonly KindOfFigure[])[]): { kind: string; label: string; unit: Unit }[] {
  const rows = new Map<string, { kind: string; label: string; unit: Unit }>();
  for (const { kind, label, unit } of lists.flat()) if (!rows.has(label)) rows.set(label, { kind, label, unit });
  return [...rows.values()];
}
