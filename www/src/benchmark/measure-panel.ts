import { detectCapabilities } from "../package/api/build.js";
import { toPrecisError } from "../package/api/errors.js";
import type { LoadEvent } from "../package/api/protocol.js";
import type { Card, Progress, SuiteKind, Task } from "../package/wasm/simd/precis.js";
import { showError } from "../ui/alert.js";
import { button, byId, element } from "../ui/dom.js";
import { CATALOGUE, chooseHere, chosenHash, chosenModel, fromCatalogue } from "../ui/chosen-model.js";
import { inWords, megabytes, whole } from "../ui/format.js";
import { PageError } from "../ui/words/errors.js";
import { t } from "../ui/words/words.js";
import { type Choice, choicesFor, isDefault } from "./choices.js";
import { measure } from "./measure.js";
import { deviceName } from "./configuration-names.js";

/** Interval at which the forecast is updated. */
const TICK_MS = 500;

/** The panel "Measure this device": the options and the progress. One run at a time. */
export class MeasurePanel {
  /** Set by the page: called when a run begins. */
  onstart: () => void = () => undefined;
  /** Set by the page: called with the card of a completed run. */
  oncard: (card: Card) => void = () => undefined;
  /** Set by the page: called when another model was chosen. */
  onmodel: () => void = () => undefined;

  readonly #form = byId("order", HTMLFormElement);
  readonly #name = byId("name", HTMLInputElement);
  readonly #measure = byId("measure", HTMLButtonElement);
  readonly #cancel = byId("cancel", HTMLButtonElement);
  readonly #state = byId("state", HTMLParagraphElement);
  readonly #progress = byId("progress", HTMLProgressElement);
  readonly #doing = byId("doing", HTMLSpanElement);
  readonly #left = byId("left", HTMLSpanElement);
  readonly #alert = byId("alert", HTMLDivElement);
  readonly #backends: { choice: Choice; box: HTMLInputElement }[];
  /** The button that chooses the model of the gallery's figures, if another one is chosen. */
  #standard: HTMLButtonElement | null = null;
  #running: AbortController | null = null;

  /** Whether a measurement is in progress. */
  get running(): boolean {
    return this.#running !== null;
  }

  constructor() {
    this.#backends = choicesFor(detectCapabilities(), "gpu" in navigator).map((choice) => ({ choice, box: checkbox(choice) }));
    const options = this.#backends.map(({ choice, box }) => element("label", "option", box, " ", element("span", "", choice.label)));
    byId("backends", HTMLDivElement).append(...options);
    this.#name.value = deviceName();
    const standard = CATALOGUE[0];
    const model = byId("measured-model", HTMLParagraphElement);
    model.textContent = modelNote();
    if (standard && !isStandard()) {
      const use = () => {
        chooseHere(fromCatalogue(standard));
        this.#standard = null;
        model.textContent = modelNote();
        this.onmodel();
        this.#measure.focus();
      };
      this.#standard = button("plain", use, t("Measure with {model}", { model: `${standard.name} ${standard.quant}` }));
      model.append(" ", this.#standard);
    }
    // Each suite has its own default backends. A change of the suite resets earlier choices, which would be easy to overlook.
    for (const radio of this.#radios) radio.addEventListener("change", () => this.#chooseDefaults());
    this.#chooseDefaults();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#start();
    });
    this.#cancel.addEventListener("click", () => this.#running?.abort());
  }

  /** Measures with the quick suite, and shows that. */
  startQuick(): void {
    if (!this.running) {
      for (const radio of this.#radios) radio.checked = radio.value === "quick";
      this.#chooseDefaults();
    }
    this.#measure.focus({ preventScroll: true });
    this.#form.requestSubmit();
    this.#state.scrollIntoView({ block: "center" });
  }

  get #radios(): HTMLInputElement[] {
    return [...this.#form.querySelectorAll<HTMLInputElement>("input[name=kind]")];
  }

  get #kind(): SuiteKind {
    return (this.#radios.find(({ checked }) => checked)?.value ?? "quick") as SuiteKind;
  }

  #chooseDefaults(): void {
    for (const { choice, box } of this.#backends) box.checked = isDefault(choice, this.#kind === "quick");
  }

  async #start(): Promise<void> {
    if (this.#running) return;
    this.#alert.replaceChildren();
    const choices = this.#backends.filter(({ box }) => box.checked).map(({ choice }) => choice);
    if (choices.length === 0) return showError(this.#alert, new PageError("invalid-options", t("Choose at least one backend to measure.")));
    const running = this.#begin();
    let forecast: Forecast | null = null;
    const timer = setInterval(() => forecast && this.#showForecast(forecast), TICK_MS);
    try {
      const order = { kind: this.#kind, name: deviceName(this.#name.value), choices };
      const card = await measure(order, running.signal, {
        onLoad: (choice, event) => this.#showLoading(choice, event),
        onTask: (task, progress) => {
          if (forecast === null) this.#state.textContent = t("Measuring");
          forecast = { task, progress, began: performance.now() };
          this.#showForecast(forecast);
        },
      });
      this.#progress.value = 1;
      this.#end(t("Done"), t("Measurement complete."));
      this.oncard(card);
    } catch (error) {
      const failure = toPrecisError(error);
      this.#progress.value = 0;
      if (failure.code === "cancelled") return this.#end(t("Cancelled"), t("No result was kept."));
      this.#end(t("Failed"), t("No result was kept."));
      showError(this.#alert, failure, () => void this.#start());
    } finally {
      clearInterval(timer);
    }
  }

  #begin(): AbortController {
    this.#running = new AbortController();
    const focused = document.activeElement === this.#measure;
    this.#measure.disabled = true;
    this.#lock(true);
    this.#cancel.disabled = false;
    // A disabled button would lose the keyboard focus.
    if (focused) this.#cancel.focus();
    this.#state.textContent = t("Preparing");
    this.#doing.textContent = t("Loading the engine");
    this.#left.textContent = "";
    this.#progress.removeAttribute("value");
    this.onstart();
    return this.#running;
  }

  #end(state: string, doing: string): void {
    this.#running = null;
    const focused = document.activeElement === this.#cancel;
    this.#cancel.disabled = true;
    this.#measure.disabled = false;
    this.#lock(false);
    if (focused) this.#measure.focus();
    this.#state.textContent = state;
    this.#doing.textContent = this.#progress.ariaValueText = doing;
    this.#left.textContent = "";
  }

  #lock(disabled: boolean): void {
    const fields = [this.#name, ...this.#radios, ...this.#backends.map(({ box }) => box), ...(this.#standard ? [this.#standard] : [])];
    for (const field of fields) field.disabled = disabled;
  }

  #showLoading({ label }: Choice, { stage, loaded, total }: LoadEvent): void {
    const part = total ? ` (${t("{value} %", { value: whole((100 * loaded) / total) })})` : "";
    const doing = stage === "download" ? t("{backend}: loading the model", { backend: label }) : t("{backend}: preparing the model", { backend: label });
    this.#doing.textContent = doing + part;
  }

  /** Counts a part of the current task as done, up to its expected time. */
  #showForecast({ task, progress: { done, left_ms, doing }, began }: Forecast): void {
    this.#doing.textContent = doing;
    if (done === null || left_ms === null) {
      this.#left.textContent = "";
      this.#progress.ariaValueText = doing;
      return;
    }
    const left = Math.max(0, left_ms - Math.min(task.expected_ms, performance.now() - began));
    const planned = done < 1 ? left_ms / (1 - done) : 0;
    this.#progress.value = planned > 0 ? 1 - left / planned : 1;
    const time = t("at most {time} left", { time: inWords(left) });
    this.#left.textContent = time;
    this.#progress.ariaValueText = `${t("{value} %", { value: whole(100 * this.#progress.value) })}, ${time}: ${doing}`;
  }
}

/** Which model is measured, and that it is downloaded. */
export function modelNote(): string {
  const { name, bytes } = chosenModel();
  const model = bytes === null ? name : `${name} (${megabytes(bytes)})`;
  const note = t("The model is {model}. It is downloaded, unless it is on this device.", { model });
  return isStandard() ? note : `${note} ${t("Its figures can't be checked or compared with the gallery's, which are of another model.")}`;
}

/** Whether it is the model of the gallery's figures, or one that the address names. */
function isStandard(): boolean {
  return typeof chosenModel().model === "string" || chosenHash() === CATALOGUE[0]?.sha256;
}

interface Forecast {
  task: Task;
  progress: Progress;
  began: number;
}

function checkbox({ id }: Choice): HTMLInputElement {
  const box = element("input", "");
  box.type = "checkbox";
  box.name = "backend";
  box.value = id;
  return box;
}
