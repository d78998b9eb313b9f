/** Two cards as rows that compare them. Independent of the page. */
import { measured } from "../ui/format.js";
import { numbers, t } from "../ui/words/words.js";
import type { Card, Configuration } from "../package/wasm/simd/precis.js";
import { best, type Figure, figuresOf, LOADING, prefillLabel, range, READING, rowsOf, shown, type Unit } from "./figures.js";
import { ratioInterval } from "./ratio.js";

/** Ratios whose interval is known. */
const PRECISE = numbers({ minimumSignificantDigits: 3, maximumSignificantDigits: 3 });

/** Rows with intervals, which take some time each: more than a suite measures. */
const MOST_INTERVALS = 50;

/** A row: a figure of both cards, and how they compare. */
export interface Row {
  kind: string;
  label: string;
  unit: Unit;
  first: string;
  reference: string;
  compared: string;
  /** Whether `compared` says why there is no ratio. */
  isReason: boolean;
  /** The interval of the ratio; null of figures that were measured too few times. */
  interval: string | null;
  /** Whether the measurements show no difference: the interval has 1 in it. */
  isSame: boolean;
}

/** A comparison of a card with a reference. */
export interface Comparison {
  rows: Row[];
  /** How many times as fast the first card reads; null if that can't be said. */
  reading: Row | null;
  /** Whether both cards measured the same thing. If not, nothing is compared. */
  comparable: boolean;
}

/** Compares the best configurations of two cards. */
export function comparisonOf(first: Card, reference: Card): Comparison {
  const [one, other] = [best(first), best(reference)];
  const [ones, others] = [one, other].map((configuration) => (configuration ? figuresOf(configuration) : []));
  const comparable = sameWork(first, reference);
  const loadedAlike = one !== null && other !== null && fetched(one) === fetched(other);
  const rows = rowsOf([ones!, others!]).flatMap(({ kind, label, unit }, i) => {
    const [mine, its] = [ones, others].map((figures) => figures!.find((figure) => figure.label === label) ?? null);
    const [value, base] = [mine?.value ?? null, its?.value ?? null];
    if (value === null && base === null) return [];
    // Such times differ for another reason than the device.
    const isReason = LOADING.has(kind) && value !== null && base !== null && !loadedAlike;
    const shownAs = { kind, label, unit, isReason, first: mine ? shown(mine) : "—", reference: its ? shown(its) : "—" };
    if (isReason) return [{ ...shownAs, compared: t("not compared: one fetched the model, the other had it kept"), interval: null, isSame: false }];
    return [{ ...shownAs, ...ratioOf(mine ?? null, its ?? null, unit, i < MOST_INTERVALS) }];
  });
  // The longest prompt that every suite has, else any.
  const readings = rows.filter(({ kind, compared }) => kind === READING && compared !== "—");
  const reading = readings.find(({ label }) => label === prefillLabel(2048)) ?? readings[0];
  return { rows, reading: comparable ? (reading ?? null) : null, comparable };
}

/** Whether both cards read the same document with the same model. */
export function sameWork(one: Card, other: Card): boolean {
  return one.model.sha256 === other.model.sha256 && one.method.document_sha256 === other.method.document_sha256;
}

/** How many times as fast as the reference a figure is, and how sure that is. */
function ratioOf(mine: Figure | null, its: Figure | null, unit: Unit, withInterval: boolean): Pick<Row, "compared" | "interval" | "isSame"> {
  const compared = timesAsFast(mine?.value ?? null, its?.value ?? null, unit);
  const [values, reference] = [mine?.spread?.values ?? [], its?.spread?.values ?? []];
  const interval = compared === "—" || !withInterval ? null : unit === "ms" ? ratioInterval(reference, values) : ratioInterval(values, reference);
  if (!interval) return { compared, interval: null, isSame: false };
  const [low, high] = interval;
  return { compared: timesAsFast(mine!.value, its!.value, unit, PRECISE), interval: range(low, high, PRECISE), isSame: low <= 1 && high >= 1 };
}

/** "1.8 times as fast" as the reference, for speeds and for times; "—" for what is neither, or has no ratio. */
export function timesAsFast(value: number | null, reference: number | null, unit: Unit, show = measured): string {
  if (unit === "bytes" || unit === "%" || value === null || reference === null || value <= 0 || reference <= 0) return "—";
  return t("{ratio} times as fast", { ratio: show(unit === "ms" ? reference / value : value / reference) });
}

function fetched({ loaded_from }: Configuration): boolean {
  return loaded_from === "network";
}
