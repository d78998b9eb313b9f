import { ComputeChoice } from "./compute-choice.js";
import { DocumentPanel } from "./document-panel.js";
import { ModelsDialog } from "./models-dialog.js";
import { ModelPanel } from "./model-panel.js";
import { ReadingView } from "./reading-view.js";
import { ReportView } from "./report-view.js";
import { ReuseChoice } from "./reuse.js";
import { RunControl } from "./run.js";
import { SummaryView } from "./summary-view.js";
import { SummaryOptions } from "./summary-options.js";
import { workOffline } from "../offline/register.js";
import "../ui/window.js";

window.precis = { report: null };

const model = new ModelPanel(new ComputeChoice());
const documentPanel = new DocumentPanel((text) => {
  // The worker is busy during a run; the tokens are counted after it.
  if (!model.ready || run.running) return null;
  return model.ready.measureInputUsage(text);
});
const reuse = new ReuseChoice(model);
documentPanel.onbenchmark = () => reuse.off();
const summary = new SummaryView();
summary.onshow = (passage) => documentPanel.show(passage);
const run = new RunControl(documentPanel, model, new ReadingView(summary), new ReportView(), reuse, new SummaryOptions());
const models = new ModelsDialog(model);
documentPanel.onmodel = (file) => void models.offerFile(file);
model.onready = () => {
  documentPanel.count();
  models.refresh();
};
model.get().catch(() => undefined);
workOffline(() => documentPanel.text === "" && !run.running && !models.isOpen);
