import { toPrecisError } from "../package/api/errors.js";
import type { Card } from "../package/wasm/simd/precis.js";
import { showError } from "../ui/alert.js";
import { byId } from "../ui/dom.js";
import { workOffline } from "../offline/register.js";
import { wireTheme } from "../ui/theme.js";
import "../ui/window.js";
import { startLanguage, wireLanguage } from "../ui/words/language.js";
import { t } from "../ui/words/words.js";
import { isSame, readCard } from "./cards.js";
import { ComparisonView } from "./comparison-view.js";
import { ExportActions } from "./export-actions.js";
import { History } from "./history.js";
import { ImportPanel } from "./import-panel.js";
import { MeasurePanel } from "./measure-panel.js";
import { ResultView } from "./result-view.js";
import { sharedJson } from "./share.js";
import { SharedView } from "./shared-view.js";
import { standing, terms } from "./standing.js";

await startLanguage();
wireTheme();
window.precis = { report: null, card: null };

const panel = new MeasurePanel();
const result = new ResultView();
const actions = new ExportActions();
const comparison = new ComparisonView();
const history = new History();
const imports = new ImportPanel();
const sharing = new SharedView();
/** The card in the region "Result". */
let shown: Card | null = null;
/** The card of the link. */
let shared: Card | null = null;

async function show(card: Card): Promise<void> {
  shown = actions.card = card;
  result.show(card, await history.cards());
  // Not awaited: storing a card must not wait for the network.
  void showStanding(card);
}

async function showStanding(card: Card): Promise<void> {
  // The page works without the gallery's cards, which are many kilobytes that not everybody needs.
  const { GALLERY } = await import("../ui/gallery-cards.js").catch(() => ({ GALLERY: [] }));
  const text = standing(card, GALLERY);
  if (text && shown === card) result.showStanding(text, terms(card));
}

// A measurement would end with the page. Cards are stored, but may not be in a private window, and a link may hold another.
wireLanguage(() => (!panel.running && shown === null) || confirm(t("Another language needs a reload, which ends a measurement and closes the open card. Reload now?")));

panel.onstart = () => {
  window.precis.card = null;
};
panel.oncard = async (card) => {
  window.precis.card = card;
  // Shown first, so that it stays on the page if storing it fails.
  await show(card);
  if (shared) {
    comparison.show(card, shared);
    if (isWaiting()) comparison.reveal();
  }
  await history.add(card);
};
panel.onmodel = () => sharing.showModel();
sharing.onmeasure = () => panel.startQuick();
history.onopen = async (card) => {
  await show(card);
  result.reveal();
};
history.oncompare = async (card) => {
  const other = shown && !isSame(shown, card) ? shown : await history.partnerOf(card, true);
  if (!other) return history.say(t("There is no other card: measure this device or import a card, and compare the two."));
  // The card measured here comes first, whichever was clicked. Otherwise the clicked card is the reference.
  if ((await isOwn(card)) && !(await isOwn(other))) comparison.show(card, other);
  else comparison.show(other, card);
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

/** Whether the person has stayed at the measurement, so that the focus may move to what comes of it. */
function isWaiting(): boolean {
  const { activeElement } = document;
  return activeElement === document.body || activeElement?.closest(".measure, .shared") !== null;
}

/** Shows the card in the URL, beside an own card. Says whether there is one. */
async function openShared(): Promise<boolean> {
  const alert = byId("link-alert", HTMLDivElement);
  alert.replaceChildren();
  try {
    const json = await sharedJson(location.hash);
    if (json === null) return false;
    shared = await readCard(json);
    await show(shared);
    sharing.show(shared);
    const own = await history.partnerOf(shared, false);
    if (own) comparison.show(own, shared);
    else comparison.hide();
    return true;
  } catch (error) {
    showError(alert, toPrecisError(error));
    return false;
  }
}

workOffline(() => !panel.running && shown === null);
await history.refresh();
addEventListener("hashchange", async () => {
  if (await openShared()) sharing.reveal();
});
await openShared();
// For tests: the history and the URL have been read.
document.querySelector("main")!.dataset.ready = "";
