import type { Report, RunEvent } from "../package/api/index.js";
import { SpeedChart } from "../ui/speed-chart.js";
import { byId, keepInPlace, nowAndThen } from "../ui/dom.js";
import { clock, measured, megabytes, readInWords, whole } from "../ui/format.js";
import { Meter } from "../ui/meter.js";
import { t } from "../ui/words/words.js";
import type { SummaryView } from "./summary-view.js";
import type { TabStatus } from "./tab-status.js";

/** Interval at which new words of the summary appear. */
const WRITING_MS = 100;

/** The figures of a run, and the summary while it is written. Events are collected and drawn a few times a second. */
export class ReadingView {
  readonly #run = byId("run", HTMLDivElement);
  readonly #speed = byId("speed", HTMLSpanElement);
  readonly #stage = byId("stage", HTMLSpanElement);
  readonly #restarted = byId("restarted", HTMLParagraphElement);
  readonly #progress = byId("progress", HTMLProgressElement);
  readonly #read = byId("read", HTMLSpanElement);
  readonly #left = byId("left", HTMLSpanElement);
  readonly #room = byId("room", HTMLParagraphElement);
  readonly #chart = new SpeedChart(byId("chart", HTMLDivElement));
  readonly #schedule = nowAndThen(() => this.#running && this.#draw());
  /** Draws the time that is left, also while no event comes. */
  #clock: ReturnType<typeof setInterval> | undefined;
  #running = false;
  #meter = new Meter();
  /** Whether a question is answered. */
  #isAnswer = false;
  #pieces = "";
  #stageText = "";
  /** How much of the model has been downloaded, in words, until the first event of the run. */
  #downloaded = "";

  constructor(
    readonly summary: SummaryView,
    readonly tab: TabStatus,
  ) {}

  /** Clears everything for a new run, which writes the summary or the answer to `question`. */
  begin(question: string | null): void {
    this.#running = true;
    this.#run.classList.add("running");
    this.#clock = setInterval(() => this.#schedule(), 1000);
    this.#isAnswer = question !== null;
    this.summary.begin(question);
    this.#restarted.textContent = this.#room.textContent = "";
    this.#clear();
  }

  /** Whether the figures of a finished run are shown. */
  get isDone(): boolean {
    return !this.#running && this.#stageText !== "";
  }

  /** Clears the figures of the last run, after the document has changed. */
  rest(): void {
    if (this.#running) return;
    this.stage = this.#left.textContent = this.#read.textContent = this.#speed.textContent = "";
    this.#progress.value = 0;
  }

  /** Shows the stage at once, because the old text may be the end of another run. */
  set stage(text: string) {
    this.#stage.textContent = this.#stageText = text;
  }

  /** Shows how much of the model has been downloaded: the notice that says it may be off the screen. */
  set downloaded(amount: string) {
    if (!this.#running) return;
    this.#downloaded = amount;
    this.#schedule();
  }

  /** Handles an event of the run. */
  take(event: RunEvent): void {
    switch (event.type) {
      case "planned":
        this.#meter.plan(event.total);
        this.#room.textContent = t("Up to {size} of memory for the KV cache", { size: megabytes(event.kv_bytes) });
        break;
      case "read":
        this.#meter.record(event);
        break;
      case "stage":
        this.#stageText = stageText(event, this.#isAnswer);
        break;
      case "piece":
        this.#pieces += event.text;
        this.#stageText = t("Writing");
        break;
      case "restarted":
        this.#stageText = t("Restarting");
        this.#restarted.textContent = t("This run was restarted. {reason}", { reason: event.reason });
        this.summary.clear();
        this.#clear();
        break;
    }
    this.#schedule(event.type === "piece" ? WRITING_MS : undefined);
  }

  /** Shows the end of a run on `document`. `report` is null if the run failed. */
  finish(stage: string, report: Report | null, document = ""): void {
    this.#stageText = stage;
    this.#draw();
    // A drawing that is scheduled must not replace the final figures.
    this.#running = false;
    clearInterval(this.#clock);
    // On narrow screens the figures go back to their place above the summary.
    keepInPlace(byId("summary-title", HTMLHeadingElement), () => this.#run.classList.remove("running"));
    this.summary.finish(report, document);
    this.tab.end(report !== null);
    this.#left.textContent = "";
    if (!report) return;
    this.#progress.value = 1;
    const { tokens, ms, tokens_per_second } = report.prefill;
    this.#read.textContent = tokens === 0 ? "" : readInWords(tokens, ms);
    this.#speed.textContent = tokens_per_second === null ? "" : t("{speed} tokens per second", { speed: measured(tokens_per_second) });
  }

  /** Discards what was read and written. */
  #clear(): void {
    this.#downloaded = "";
    this.#meter = new Meter();
    this.#pieces = "";
    this.#speed.textContent = this.#read.textContent = "";
    this.#draw();
  }

  #draw(): void {
    const { done, total, share, speed } = this.#meter;
    const leftMs = this.#meter.leftMs();
    if (this.#stage.textContent !== this.#stageText) this.#stage.textContent = this.#stageText;
    if (this.#pieces) {
      this.summary.append(this.#pieces);
      this.#pieces = "";
    }
    this.#progress.value = share;
    this.tab.share = share;
    const count = total > 0 ? t("{done} of {total} tokens read", { done: whole(done), total: whole(total) }) : "";
    this.#read.textContent = count;
    this.#progress.ariaValueText = count || t("0 tokens read");
    if (speed !== null) this.#speed.textContent = t("{speed} tokens per second now", { speed: measured(speed) });
    this.#left.textContent = leftMs === null ? this.#downloaded : leftMs >= 1000 ? t("{time} left", { time: clock(leftMs) }) : t("almost done");
    this.#chart.draw(this.#meter);
  }
}

/** A stage begins with a prompt, so the text says what is read. */
function stageText({ stage, index, of }: Extract<RunEvent, { type: "stage" }>, isAnswer: boolean): string {
  if (stage !== "window") return isAnswer ? t("Reading for the answer") : t("Reading for the summary");
  return of > 1 ? t("Reading part {number} of {all}", { number: String(index + 1), all: String(of) }) : t("Reading part");
}
