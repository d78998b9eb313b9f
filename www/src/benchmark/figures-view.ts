import { element } from "../ui/dom.js";
import { measured as measuredInWords, whole } from "../ui/format.js";
import { numbers, t, tn } from "../ui/words/words.js";
import type { Card, Configuration } from "../package/wasm/simd/precis.js";
import { shortened } from "./device.js";
import { figuresOf, outliers, rowsOf, shown, shownConfigurations, type Unit } from "./figures.js";
import { meaningsOf } from "./meanings.js";
import { headOf, table } from "./table.js";

/** The most configurations whose values fit side by side on a phone. */
const FIT = 3;

/** All figures of a card as a table, and in a closed one what only matters to who doubts them. */
export function figuresView(card: Card): HTMLElement {
  const configurations = shownConfigurations(card);
  const columns = configurations.map(figuresOf);
  const measured = rowsOf(columns).flatMap(({ kind, label, unit }) => {
    const cells = columns.map((column) => column.find((figure) => figure.label === label) ?? null);
    if (cells.every((cell) => cell === null || cell.value === null)) return [];
    return [{ kind, label, unit, cells: cells.map((cell) => (cell ? value(shown(cell), outliers(cell)) : "—")) }];
  });
  const rows = (facts: readonly Fact[]) => facts.map(([kind, label, fact]) => ({ kind, label, cells: configurations.map((configuration) => value(...fact(configuration))) }));
  const hidden = card.configurations.length - configurations.length;
  const { user_agent: agent } = card.environment;
  return element(
    "div",
    "figures",
    element("h3", "", t("Figures")),
    element("p", "fine", howShown(card)),
    tableOf(t("Figures"), configurations, [...measured, ...rows(facts())]),
    ...(hidden > 0 ? [element("p", "fine", tn(hidden, "{count} more configurations are not shown.", "{count} more configurations are not shown."))] : []),
    element(
      "details",
      "",
      element("summary", "", t("Technical details")),
      ...(agent ? [element("p", "fine", agent)] : []),
      tableOf(t("Technical details"), configurations, rows(details())),
    ),
  );
}

/** Explains the interval or the deviation beside each median. */
function howShown({ method: { repetitions, precision } }: Card): string {
  const count = whole(repetitions);
  if (precision == null) return t("Median ± median absolute deviation: the middle of up to {count} measurements, and how far they usually are from it.", { count });
  return t("The middle (median) of up to {count} measurements, and in brackets where it lies with a certainty of 95 %. Of fewer than six measurements: ± how far they usually are from it.", { count });
}

function tableOf(caption: string, configurations: readonly Configuration[], rows: readonly { kind: string; label: string; unit?: Unit; cells: (string | Node)[] }[]): HTMLElement {
  const meanings = meaningsOf(rows.map(({ kind }) => kind));
  const names = configurations.map(({ name }) => name);
  const made = table(caption, [[t("Figure"), ...names], ...rows.map((row, i) => [headOf({ ...row, meaning: meanings[i]! }), ...row.cells])]);
  if (configurations.length > 1 && configurations.length <= FIT) made.classList.add("stacked");
  return made;
}

function value(text: string, note: string): Node {
  return element("span", "", text, ...(note ? [element("span", "fine", ` ${note}`)] : []));
}

const DISTANCE = numbers({ notation: "scientific", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const BOUND = numbers({ notation: "scientific", maximumFractionDigits: 0 });

/** Where a model came from, in words. A stranger's card may name other places. */
const ORIGINS: ReadonlyMap<string, () => string> = new Map([
  ["network", () => t("network")],
  ["storage", () => t("storage")],
  ["disk", () => t("disk")],
]);

/** A further row of a configuration: its kind, its label, and a text and a note. */
type Fact = readonly [string, string, (of: Configuration) => [string, string]];

const facts = (): readonly Fact[] => [
  [
    "certificate",
    t("Certificate"),
    ({ certificate: of }) => (of ? [of.distance <= of.bound ? t("passed") : t("failed"), t("{distance} of at most {bound} from recorded logits", { distance: DISTANCE(of.distance), bound: BOUND(of.bound) })] : [t("none"), ""]),
  ],
  ["origin", t("Model came from"), ({ loaded_from }) => [ORIGINS.get(loaded_from)?.() ?? shortened(loaded_from), ""]],
  ["undisturbed", t("Undisturbed"), ({ undisturbed: { median } }) => [median === null ? "—" : t("{value} %", { value: whole(100 * median) }), ""]],
];

const details = (): readonly Fact[] => [
  ["clock", t("Clock step"), ({ clock_ms }) => [clock_ms === null ? "—" : t("{value} ms", { value: measuredInWords(clock_ms) }), ""]],
  ["reason", t("Why this backend"), ({ backend: { reason } }) => [reason ?? "—", ""]],
  ["features", t("Features"), ({ backend: { features } }) => [features.slice(0, 40).join(", ") || t("none"), ""]],
  ["module", t("Module"), ({ module_sha256 }) => [module_sha256 ? `${module_sha256.slice(0, 12)}…` : "—", ""]],
];
