import { toPrecisError } from "../package/api/errors.js";
import type { Card } from "../package/wasm/simd/precis.js";
import { showError } from "../ui/alert.js";
import { byId } from "../ui/dom.js";
import { workOffline } from "../offline/register.js";
import { wireTheme } from "../ui/theme.js";
import "../ui/window.js";
import { isSame, readCard } from "./cards.js";
import { ComparisonView } from "./comparison-view.js";
import { ExportActions } from "./export-actions.js";
import { History } from "./history.js";
import { ImportPanel } from "./import-panel.js";
import { MeasurePanel } from "./measure-panel.js";
import { ResultView } from "./result-view.js";
import { sharedJson } from "./share.js";

wireTheme();
window.precis = { report: null, card: null };

const panel = new MeasurePanel();
const result = new ResultView();
const actions = new ExportActions();
const comparison = new ComparisonView();
const history = new History();
const imports = new ImportPanel();
/** The card in the region "Result". */
let shown: Card | null = null;

async function show(card: Card): Promise<void> {
  shown = actions.card = card;
  result.show(card, await history.cards());
}

panel.onstart = () => {
  window.precis.card = null;
};
panel.oncard = async (card) => {
  window.precis.card = card;
  // Shown first, so that it stays on the page if storing it fails.
  await show(card);
  await history.add(card);
};
history.onopen = async (card) => {
  await show(card);
  result.reveal();
};
history.oncompare = async (card) => {
  const other = shown && !isSame(shown, card) ? shown : await history.newestOwn(card);
  // "Yours" is the card measured here, whichever was clicked.
  if (other && (await isOwn(card)) && !(await isOwn(other))) comparison.show(other, card, true);
  else comparison.show(card, other, other !== null && (await isOwn(other)));
  comparison.reveal();
};
imports.oncard = async (card) => {
  await show(card);
  await history.take(card);
};

async function isOwn(card: Card): Promise<boolean> {
  // The storage may have refused the card that was just measured.
  return card === window.precis.card || history.isOwn(card);
}

/** Shows the card in the URL, beside the newest own card. */
async function openShared(): Promise<void> {
  const alert = byId("link-alert", HTMLDivElement);
  alert.replaceChildren();
  try {
    const json = await sharedJson(location.hash);
    if (json === null) return;
    const card = await readCard(json);
    await show(card);
    comparison.show(card, await history.newestOwn(card), true);
    result.reveal();
  } catch (error) {
    showError(alert, toPrecisError(error));
  }
}

workOffline(() => !panel.running && shown === null);
await history.refresh();
addEventListener("hashchange", () => void openShared());
await openShared();
// For tests: the history and the URL have been read.
document.querySelector("main")!.dataset.ready = "";
