import { button, byId, element, scrolling } from "../ui/dom.js";
import { workOffline } from "../offline/register.js";
import { measured, whole } from "../ui/format.js";
import { GALLERY } from "../ui/gallery-cards.js";
import { wireTheme } from "../ui/theme.js";
import { startLanguage, wireLanguage } from "../ui/words/language.js";
import { t, tn } from "../ui/words/words.js";
import { filtered, type Key, type Row, rowsOf, sorted } from "./rows.js";

await startLanguage();
wireTheme();
wireLanguage(() => true);

const COLUMNS: readonly { key: Key; label: string }[] = [
  { key: "device", label: t("Device") },
  { key: "backend", label: t("Backend") },
  { key: "score", label: t("Score") },
  { key: "read512", label: t("Read 512 (pp512), tokens/s") },
  { key: "read2048", label: t("Read 2,048 (pp2048), tokens/s") },
  { key: "read8192", label: t("Read 8,192 (pp8192), tokens/s") },
  { key: "write64", label: t("Write 64 (tg64), tokens/s") },
  { key: "date", label: t("Date") },
];

const rows = rowsOf(GALLERY);
const filter = byId("filter", HTMLInputElement);
const count = byId("count", HTMLParagraphElement);
const body = element("tbody", "");
let by: Key = "score";
let descending = true;

const heads = COLUMNS.map(({ key, label }) => {
  const sort = () => {
    // A second click reverses the order. Numbers start with the largest, texts with the first of the alphabet.
    descending = by === key ? !descending : key !== "device" && key !== "backend";
    by = key;
    draw();
  };
  const head = element("th", "", button("plain sort", sort, label));
  head.scope = "col";
  return { key, head };
});

function cell(row: Row, key: Key): HTMLElement {
  const value = row[key];
  const text = typeof value === "number" ? measured(value) : (value ?? "—");
  if (key !== "device") return element("td", "", text);
  const head = element("th", "", text, ...(row.unsteady ? [element("span", "fine", ` ${t("unsteady")}`)] : []));
  head.scope = "row";
  return head;
}

function draw(): void {
  for (const { key, head } of heads) head.ariaSort = key === by ? (descending ? "descending" : "ascending") : "none";
  const shown = sorted(filtered(rows, filter.value), by, descending);
  body.replaceChildren(...shown.map((row) => element("tr", "", ...COLUMNS.map(({ key }) => cell(row, key)))));
  const all = rows.length;
  count.textContent = shown.length === all ? tn(all, "{count} entries", "{count} entries") : tn(all, "{shown} of {count} entries", "{shown} of {count} entries", { shown: whole(shown.length) });
}

const table = element("table", "", element("caption", "visually-hidden", t("Devices")), element("thead", "", element("tr", "", ...heads.map(({ head }) => head))), body);
byId("table", HTMLDivElement).append(scrolling(table, t("Devices")));
filter.addEventListener("input", draw);
draw();
workOffline(() => filter.value === "");
