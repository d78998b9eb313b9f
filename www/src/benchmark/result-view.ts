import { byId, element, isolated, reveal } from "../ui/dom.js";
import { duration, measured, whole } from "../ui/format.js";
import { t, tn, tNodes } from "../ui/words/words.js";
import type { Card } from "../package/wasm/simd/precis.js";
import { chartView } from "./chart-view.js";
import { chartsOf } from "./charts.js";
import { timesAsFast } from "./comparison.js";
import { browserOf, deviceOf, shortened } from "./device.js";
import { best, lengthLabel, readingOf, USUAL_DEPTH, when } from "./figures.js";
import { figuresView } from "./figures-view.js";
import { table } from "./table.js";
import { browserOverhead } from "./browser-overhead.js";

/** Number of a mark's reasons that are shown without a click. */
const FEW = 4;

/** The suites in words. A stranger's card may name others. */
const SUITES: ReadonlyMap<string, () => string> = new Map([
  ["quick", () => t("quick suite")],
  ["standard", () => t("standard suite")],
  ["full", () => t("full suite")],
]);

/** The region "Result": a card. Everything is inserted as text, because cards are untrusted. */
export class ResultView {
  readonly #title = byId("result-title", HTMLHeadingElement);
  readonly #body = byId("result-body", HTMLDivElement);
  readonly #empty = byId("result-empty", HTMLParagraphElement);

  /** Shows `card`. If one of `others` was measured natively on the same device, also shows the browser overhead. */
  show(card: Card | null, others: readonly Card[]): void {
    this.#empty.hidden = card !== null;
    if (!card) return this.#body.replaceChildren();
    const sections = [headline(card), ...marks(card), figuresView(card), ...leftOut(card), charts(card), ...overheads(card, others)];
    this.#body.replaceChildren(...sections);
  }

  /** Says where the shown card stands in the gallery, below its headline. */
  showStanding(text: string, terms: string): void {
    const link = element("a", "", t("the gallery"));
    link.href = "gallery.html";
    this.#body.querySelector(".headline")?.after(element("p", "standing", ...tNodes("{standing} in {gallery}. Compared with {terms}.", { standing: text, gallery: link, terms })));
  }

  /** Scrolls to the region and moves the focus there. */
  reveal(): void {
    reveal(this.#title);
  }
}

function headline(card: Card): HTMLElement {
  const { model, method, environment } = card;
  const fastest = best(card);
  const score = fastest?.score ?? null;
  const second = (label: string, value: string) => element("p", "", element("span", "second", value), element("span", "unit", label));
  const reading = readingOf(card);
  const writing = fastest?.decode.find(({ after }) => after <= USUAL_DEPTH);
  const browser = environment.user_agent === null ? null : browserOf(environment.user_agent);
  const about = [`${shortened(model.id)}, ${shortened(model.quant)}`, SUITES.get(method.suite)?.() ?? t("{suite} suite", { suite: shortened(method.suite) }), when(card.created), ...(browser ? [browser] : []), `Précis ${environment.version}`];
  return element(
    "div",
    "headline",
    element("h3", "card-name", deviceOf(card, "A")),
    element("p", "readout", element("span", "figure", score === null ? "—" : measured(score)), " ", element("span", "unit", t("documents a minute: 2,048 tokens read and 64 written. More is better."))),
    ...(score === null ? [element("p", "fine", t("There is no score: reading 2,048 tokens or writing 64 was not measured."))] : []),
    ...(reading?.tokens_per_second.median != null ? [second(t("tokens read per second, of {count}: more is better", { count: whole(reading.tokens) }), measured(reading.tokens_per_second.median))] : []),
    ...(reading?.first_token_ms.median != null ? [second(t("until an answer begins: less is better"), duration(reading.first_token_ms.median))] : []),
    ...(writing?.tokens_per_second.median != null ? [second(t("tokens written per second: more is better"), measured(writing.tokens_per_second.median))] : []),
    element("p", "fine", `${fastest ? `${shortened(fastest.name)}. ` : ""}${about.join(" · ")}`),
  );
}

function marks({ invalid, unsteady }: Card): HTMLElement[] {
  const notice = (kind: string, title: string, reasons: readonly string[]) =>
    reasons.length === 0 ? [] : [element("div", `notice ${kind}`, element("h3", "", title), ...shortList(reasons))];
  return [
    ...notice("invalid", t("Invalid: do not trust these figures"), invalid),
    ...notice("unsteady", t("Unsteady: another measurement may give other figures"), unsteady),
  ];
}

/** The first few reasons, and the others in a closed list. */
function shortList(texts: readonly string[]): HTMLElement[] {
  if (texts.length <= FEW + 1) return [list(texts)];
  const others = texts.slice(FEW);
  return [list(texts.slice(0, FEW)), element("details", "", element("summary", "", tn(others.length, "{count} more reasons", "{count} more reasons")), list(others))];
}

function list(texts: readonly string[]): HTMLElement {
  return element("ul", "", ...texts.slice(0, 200).map((text) => element("li", "", text)));
}

function leftOut({ method }: Card): HTMLElement[] {
  if (method.left_out.length === 0) return [];
  const texts = method.left_out.map(({ configuration, what, reason }) => `${configuration}: ${what}: ${reason}`);
  return [element("div", "notice", element("h3", "", t("Not measured")), list(texts))];
}

function charts(card: Card): HTMLElement {
  return element("div", "charts", ...chartsOf(card).map(chartView));
}

function overheads(card: Card, others: readonly Card[]): HTMLElement[] {
  return browserOverhead(card, others).map(({ native, browser, threads, rows }) =>
    element(
      "div",
      "overhead",
      element("h3", "", t("Browser overhead")),
      element(
        "p",
        "fine",
        ...tNodes("{browser} compared with the native program with {threads}, from the card of {card}. This comparison is only valid if both were measured on the same device.", {
          browser,
          threads: tn(threads, "{count} thread", "{count} threads"),
          card: isolated(native),
        }),
      ),
      table(t("Browser overhead"), [
        [t("Prompt"), t("Browser, tokens/s"), t("Native program, tokens/s, the reference"), t("Compared with the reference")],
        ...rows.map(({ tokens, native, browser }) => [lengthLabel(tokens, "pp"), measured(browser), measured(native), timesAsFast(browser, native, "tokens/s")]),
      ]),
    ),
  );
}
