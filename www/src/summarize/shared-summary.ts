import { SUPPORTS } from "../package/definitions.js";
import type { Support } from "../package/api/index.js";
import { linkWith, textInLink } from "../ui/link.js";
import { t } from "../ui/words/words.js";
import { passageOf } from "./source-card.js";
import type { Result } from "./summary-view.js";

/** Limit of a shared summary, in bytes: the longest have about 30 sentences with their passages. */
const MAX_BYTES = 64_000;

/** A summary in a link: without its document, but with the passages that support it. */
export interface SharedSummary {
  summary: string;
  points: { text: string; support: Support; passage: string }[];
}

/** A link to this page that holds the summary. Nobody else gets it: browsers don't send what follows the # to a server. */
export function linkTo({ report, document }: Result): Promise<string> {
  const points = report.points.map((point) => ({ text: point.text, support: point.support ?? "unsupported", passage: passageOf(document, point) }));
  return linkWith("summary", JSON.stringify({ summary: report.summary, points } satisfies SharedSummary));
}

/** The summary in `fragment`, which is `location.hash`; null if there is none. Throws an Error that says why if it is damaged. */
export async function sharedIn(fragment: string): Promise<SharedSummary | null> {
  const json = await textInLink("summary", fragment, MAX_BYTES);
  if (json === null) return null;
  const shared = parsed(json) as Partial<SharedSummary> | null;
  const { summary, points } = shared ?? {};
  if (typeof summary !== "string" || !Array.isArray(points) || !points.every(isPoint)) throw new Error(t("it is damaged"));
  return { summary, points };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new Error(t("it is damaged"), { cause });
  }
}

function isPoint(value: unknown): boolean {
  const { text, support, passage } = (value ?? {}) as Record<string, unknown>;
  return typeof text === "string" && text !== "" && typeof passage === "string" && SUPPORTS.includes(support as Support);
}
