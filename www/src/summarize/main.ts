import { ComputeChoice } from "./compute-choice.js";
import { DocumentPanel } from "./document-panel.js";
import { EarlierDocuments } from "./earlier.js";
import { expectedMs } from "./estimate.js";
import { eraseEverything } from "./erase.js";
import { keepWork, keptWork, type Work } from "./kept-work.js";
import { ModelsDialog } from "./models-dialog.js";
import { ModelPanel } from "./model-panel.js";
import { ReadingView } from "./reading-view.js";
import { ReportView } from "./report-view.js";
import { ReuseChoice } from "./reuse.js";
import { RunControl } from "./run.js";
import { sharedIn } from "./shared-summary.js";
import { SummaryActions } from "./summary-actions.js";
import { SummaryView } from "./summary-view.js";
import { SummaryOptions } from "./summary-options.js";
import { TabStatus } from "./tab-status.js";
import { workOffline } from "../offline/register.js";
import { reasonOf } from "../package/api/errors.js";
import { showError } from "../ui/alert.js";
import { outlivesReload } from "../ui/chosen-model.js";
import { byId, reveal, showIfNarrow } from "../ui/dom.js";
import { inWords } from "../ui/format.js";
import { wireTheme } from "../ui/theme.js";
import "../ui/window.js";
import { PageError } from "../ui/words/errors.js";
import { startLanguage, wireLanguage } from "../ui/words/language.js";
import { t } from "../ui/words/words.js";

window.precis = { report: null };

await startLanguage();
wireTheme();
const model = new ModelPanel(new ComputeChoice());
const documentPanel = new DocumentPanel((text) => {
  // The worker is busy during a run; the tokens are counted after it.
  if (!model.ready || run.running) return null;
  return model.ready.measureInputUsage(text);
});
const reuse = new ReuseChoice(model);
const options = new SummaryOptions();
const summary = new SummaryView();
const actions = new SummaryActions(summary);
const report = new ReportView();
const reading = new ReadingView(summary, new TabStatus());
const run = new RunControl({ document: documentPanel, model, reading, report, reuse, options });
const earlier = new EarlierDocuments();
const models = new ModelsDialog(model);
const language = wireLanguage(mayReload);

documentPanel.onbenchmark = () => {
  reuse.off();
  options.followRequest();
};
documentPanel.onmodel = (file) => void models.offerFile(file);
documentPanel.oncount = (tokens) => {
  const ms = tokens === null || !model.setup ? null : expectedMs(model.setup, tokens);
  byId("estimate", HTMLParagraphElement).textContent = ms === null || run.running || reading.isDone ? "" : t("About {time} on this device", { time: inWords(ms) });
};
summary.onshow = (passage) => documentPanel.show(passage);
summary.onresults = () => {
  actions.refresh();
  options.canAgain = summary.summary !== null && !run.running;
};
run.onchange = () => {
  summary.onresults();
  // Its reload would end the run.
  language.disabled = run.running;
  if (run.running) byId("estimate", HTMLParagraphElement).textContent = "";
  else {
    keep();
    if (!erased) earlier.add(work());
  }
  showWhose();
};
earlier.onopen = (chosen) => {
  documentPanel.replace(chosen.text, { undo: !earlier.has(documentPanel.text) });
  showWork(chosen);
  keep();
  showWhose();
  reveal(byId("summary-title", HTMLHeadingElement));
};
earlier.onchange = showWhose;
model.onchoice = () => {
  // The end of the last run is not how far the download is.
  reading.rest();
};
model.onprogress = (amount) => {
  reading.downloaded = amount;
};
model.onready = () => {
  reading.downloaded = "";
  documentPanel.count();
  models.refresh();
};

/** Set when everything is erased, after which nothing may be kept. */
let erased = false;

function work(): Work {
  return { text: documentPanel.text, options: options.values, results: [...summary.results] };
}

/** False if something is too long to be kept. */
function keep(): boolean {
  return !erased && keepWork(work());
}

/** Says which document the summary is about, and lists those that are not shown. */
function showWhose(): void {
  const { text } = documentPanel;
  summary.compareWith(text);
  const isShown = run.running || summary.results.some(({ document }) => document === text);
  earlier.show(isShown ? text : null, run.running);
}

/** Whether a reload loses nothing, or the person wants it all the same. */
function mayReload(): boolean {
  if (keep() && !summary.isShared && !documentPanel.loading && outlivesReload()) return true;
  return confirm(
    t("Another language needs a reload. It would lose what this tab can't keep: a very long document, a shared summary, a file that is being opened, or a model from an address or a file of yours. Reload now?"),
  );
}

function restore(): void {
  const kept = keptWork();
  if (!kept) return;
  if (kept.text !== "") documentPanel.text = kept.text;
  showWork(kept);
}

/** Shows what was written about a document, and with which options. */
function showWork({ options: chosen, results }: Work): void {
  try {
    options.values = chosen;
    summary.reset();
    summary.restore(results);
    const last = results.at(-1)?.report ?? null;
    report.show((window.precis.report = last));
  } catch {
    // Another version of this page kept it in another form. The text is what matters.
    summary.reset();
  }
}

/** Shows the summary in the link, once: a reload of it must not replace the person's own. */
async function showShared(): Promise<void> {
  if (run.running) return;
  try {
    const shared = await sharedIn(location.hash);
    if (!shared || run.running) return;
    summary.showShared(shared);
    showWhose();
    showIfNarrow(byId("summary-title", HTMLHeadingElement), "start");
    history.replaceState(null, "", location.pathname + location.search);
  } catch (error) {
    showError(byId("alert", HTMLDivElement), new PageError("invalid-options", t("This link does not hold a summary: {why}. Ask for another link.", { why: reasonOf(error) })));
  }
}

restore();
showWhose();
// Work is kept when the page is left, in whatever way: pagehide does not come before a crash or on some phones.
addEventListener("pagehide", keep);
document.addEventListener("visibilitychange", keep);
documentPanel.onreplace = () => options.forDocument();
documentPanel.onedit = () => {
  reading.rest();
  keep();
  showWhose();
};
addEventListener("hashchange", () => void showShared());
byId("erase", HTMLButtonElement).addEventListener("click", () => {
  if (!confirm(t("Delete the document and its summary, all settings, result cards, notes and downloaded models of this site?"))) return;
  erased = true;
  // The engine has the model's file open.
  model.unload();
  void eraseEverything().then(() => location.reload());
});
void showShared();
void model.start();
workOffline(() => documentPanel.text === "" && summary.results.length === 0 && !run.running && !models.isOpen);
