import type { Report, RunEvent } from "../package/api/index.js";
import { SpeedChart } from "../ui/speed-chart.js";
import { byId, nowAndThen } from "../ui/dom.js";
import { clock, measured, megabytes, whole } from "../ui/format.js";
import { Meter } from "../ui/meter.js";
import type { SummaryView } from "./summary-view.js";

/** Interval at which new words of the summary appear. */
const WRITING_MS = 100;

/** The figures of a run, and the summary while it is written. Events are collected and drawn a few times a second. */
export class ReadingView {
  readonly #speed = byId("speed", HTMLSpanElement);
  readonly #note = byId("speed-note", HTMLSpanElement);
  readonly #stage = byId("stage", HTMLParagraphElement);
  readonly #restarted = byId("restarted", HTMLParagraphElement);
  readonly #progress = byId("progress", HTMLProgressElement);
  readonly #read = byId("read", HTMLSpanElement);
  readonly #left = byId("left", HTMLSpanElement);
  readonly #room = byId("room", HTMLParagraphElement);
  readonly #chart = new SpeedChart(byId("chart", HTMLDivElement));
  readonly #schedule = nowAndThen(() => this.#draw());
  #meter = new Meter();
  #pieces = "";
  #stageText = "";

  constructor(readonly summary: SummaryView) {}

  /** Clears everything for a new run. */
  reset(): void {
    this.#restarted.textContent = this.#room.textContent = "";
    this.#note.textContent = ", now";
    this.#clear();
  }

  /** Shows the stage at once, because the old text may be the end of another run. */
  set stage(text: string) {
    this.#stage.textContent = this.#stageText = text;
  }

  /** Handles an event of the run. */
  take(event: RunEvent): void {
    switch (event.type) {
      case "planned":
        this.#meter.plan(event.total);
        this.#room.textContent = `Up to ${megabytes(event.kv_bytes)} of memory for the KV cache`;
        break;
      case "read":
        this.#meter.record(event);
        break;
      case "stage":
        this.#stageText = stageText(event);
        break;
      case "piece":
        this.#pieces += event.text;
        this.#stageText = "Writing the summary";
        break;
      case "restarted":
        this.#stageText = "Restarting";
        this.#restarted.textContent = `This run was restarted. ${event.reason}`;
        this.#clear();
        break;
    }
    this.#schedule(event.type === "piece" ? WRITING_MS : undefined);
  }

  /** Shows the end of a run on `document`. `report` is null if the run failed. */
  finish(stage: string, report: Report | null, document = ""): void {
    this.#stageText = stage;
    this.#draw();
    this.#left.textContent = "";
    this.summary.finish(report, document);
    if (report) {
      this.#progress.value = 1;
      this.#speed.textContent = report.prefill.tokens_per_second === null ? "—" : measured(report.prefill.tokens_per_second);
    }
    this.#note.textContent = report ? ", this run" : "";
  }

  /** Discards what was read and written. */
  #clear(): void {
    this.#meter = new Meter();
    this.#pieces = "";
    this.summary.clear();
    this.#speed.textContent = "—";
    this.#draw();
  }

  #draw(): void {
    const { done, total, share, speed, leftMs } = this.#meter;
    if (this.#stage.textContent !== this.#stageText) this.#stage.textContent = this.#stageText;
    if (this.#pieces) {
      this.summary.append(this.#pieces);
      this.#pieces = "";
    }
    this.#progress.value = share;
    const count = total > 0 ? `${whole(done)} of ${whole(total)} tokens read` : "0 tokens read";
    this.#read.textContent = count;
    this.#progress.ariaValueText = count;
    if (speed !== null) this.#speed.textContent = measured(speed);
    this.#left.textContent = leftMs !== null ? `${clock(leftMs)} left` : "";
    this.#chart.draw(this.#meter);
  }
}

/** A stage begins with a prompt, so the text says what is read. */
function stageText({ stage, index, of }: Extract<RunEvent, { type: "stage" }>): string {
  const place = of > 1 ? ` ${index + 1} of ${of}` : "";
  return stage === "window" ? `Reading part${place}` : "Reading for the summary";
}
