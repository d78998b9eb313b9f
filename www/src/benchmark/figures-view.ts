import { element } from "../ui/dom.js";
import { whole } from "../ui/format.js";
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
  const measured = rowsOf(columns).flatMap(({ label, unit }) => {
    const cells = columns.map((column) => column.find((figure) => figure.label === label) ?? null);
    if (cells.every((cell) => cell === null || cell.value === null)) return [];
    return [{ label, unit, cells: cells.map((cell) => (cell ? value(shown(cell), outliers(cell)) : "—")) }];
  });
  const rows = (facts: readonly Fact[]) => facts.map(([label, fact]) => ({ label, cells: configurations.map((configuration) => value(...fact(configuration))) }));
  const hidden = card.configurations.length - configurations.length;
  const { user_agent: agent } = card.environment;
  return element(
    "div",
    "figures",
    element("h3", "", "Figures"),
    element("p", "fine", `Median ± median absolute deviation: the middle of up to ${whole(card.method.repetitions)} measurements, and how far they usually are from it.`),
    tableOf("Figures", configurations, [...measured, ...rows(FACTS)]),
    ...(hidden > 0 ? [element("p", "fine", `${whole(hidden)} more configurations are not shown.`)] : []),
    element(
      "details",
      "",
      element("summary", "", "Technical details"),
      ...(agent ? [element("p", "fine", agent)] : []),
      tableOf("Technical details", configurations, rows(DETAILS)),
    ),
  );
}

function tableOf(caption: string, configurations: readonly Configuration[], rows: readonly { label: string; unit?: Unit; cells: (string | Node)[] }[]): HTMLElement {
  const meanings = meaningsOf(rows.map(({ label }) => label));
  const names = configurations.map(({ name }) => name);
  const made = table(caption, [["Figure", ...names], ...rows.map((row, i) => [headOf({ ...row, meaning: meanings[i]! }), ...row.cells])]);
  if (configurations.length > 1 && configurations.length <= FIT) made.classList.add("stacked");
  return made;
}

function value(text: string, note: string): Node {
  return element("span", "", text, ...(note ? [element("span", "fine", ` ${note}`)] : []));
}

/** A further row of a configuration: a text and a note. */
type Fact = readonly [string, (of: Configuration) => [string, string]];

const FACTS: readonly Fact[] = [
  [
    "Certificate",
    ({ certificate: of }) => (of ? [of.distance <= of.bound ? "passed" : "failed", `${of.distance.toExponential(1)} of at most ${of.bound.toExponential(0)} from recorded logits`] : ["none", ""]),
  ],
  ["Model came from", ({ loaded_from }) => [shortened(loaded_from), ""]],
  ["Undisturbed", ({ undisturbed: { median } }) => [median === null ? "—" : `${Math.round(100 * median)} %`, ""]],
];

const DETAILS: readonly Fact[] = [
  ["Clock step", ({ clock_ms }) => [clock_ms === null ? "—" : `${clock_ms.toPrecision(2)} ms`, ""]],
  ["Why this backend", ({ backend: { reason } }) => [reason ?? "—", ""]],
  ["Features", ({ backend: { features } }) => [features.slice(0, 40).join(", ") || "none", ""]],
  ["Module", ({ module_sha256 }) => [module_sha256 ? `${module_sha256.slice(0, 12)}…` : "—", ""]],
];
