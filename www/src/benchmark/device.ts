import { t, tn } from "../ui/words/words.js";
import type { Card } from "../package/wasm/simd/precis.js";

/** The most characters of a name that are shown. Names given here are no longer; a stranger's card may have ten times as many. */
const MOST = 60;

/** A browser's sign in its user agent, the more special first: Edge and Opera also call themselves Chrome, and Chrome Safari. */
const BROWSERS = [
  ["Edge", /\bEdg(?:A|iOS)?\/(\d{1,4})\b/],
  ["Opera", /\bOPR\/(\d{1,4})\b/],
  ["Firefox", /\b(?:Firefox|FxiOS)\/(\d{1,4})\b/],
  ["Samsung Internet", /\bSamsungBrowser\/(\d{1,4})\b/],
  ["Chrome", /(?:\b|Headless)(?:Chrome|CriOS)\/(\d{1,4})\b/],
  ["Safari", /\bVersion\/(\d{1,4})\b.* Safari\//],
] as const;

/** Whose device a card is of: its name, else "a device with 8 cores, Chrome 150". For a title, the article is "A". */
export function deviceOf({ name, environment }: Card, article: "a" | "A" = "a"): string {
  const given = name.trim();
  if (given) return shortened(given);
  const { logical_cores: cores, user_agent: agent } = environment;
  const browser = agent === null ? null : browserOf(agent);
  const known = [...(cores ? [tn(cores, "{count} core", "{count} cores")] : []), ...(browser ? [browser] : [])];
  const facts = known.join(", ");
  if (facts === "") return article === "a" ? t("a device without a name") : t("A device without a name");
  return article === "a" ? t("a device with {facts}", { facts }) : t("A device with {facts}", { facts });
}

/** `name`, or as much of it as is shown. */
export function shortened(name: string): string {
  const characters = [...name];
  return characters.length <= MOST ? name : `${characters.slice(0, MOST - 1).join("")}…`;
}

/** "Chrome 150"; null if the browser is not known. */
export function browserOf(agent: string): string | null {
  for (const [name, sign] of BROWSERS) {
    const version = sign.exec(agent)?.[1];
    if (version) return `${name} ${version}`;
  }
  return null;
}
