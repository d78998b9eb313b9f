/** Subtitles (SubRip's SRT and WebVTT): what is said, by whom, without numbers and times. */
import { ofText, type Reader } from "./document.js";
import { decodeText } from "./plain-text.js";

const TIMES = /^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->/;
/** A dash, or a name in capitals, begins what another one says. */
const TURN = /^(>> |[-–—] ?\p{L}|\p{Lu}[\p{Lu}\d.' -]{1,30}: )/u;
/** A paragraph ends with a sentence after so many characters. */
const PARAGRAPH = 500;

export const readSubtitles: Reader = async (bytes) => ofText(textOf(decodeText(bytes)));

interface Speech {
  speaker: string | null;
  text: string;
}

/** Joins the lines of all cues to paragraphs. A paragraph ends where another speaks. */
export function textOf(source: string): string {
  const paragraphs: Speech[] = [];
  let recent: string[] = [];
  for (const { speaker, text } of cues(source).flatMap(speeches)) {
    // Live captions show each line again while the next one appears below it.
    if (text === "" || recent.includes(`${speaker} ${text}`)) continue;
    recent = [...recent.slice(-2), `${speaker} ${text}`];
    const last = paragraphs.at(-1);
    const ends = !last || last.speaker !== speaker || (last.text.length > PARAGRAPH && /[.!?…。！？]["'”’»)]*$/.test(last.text)) || TURN.test(text);
    if (ends) paragraphs.push({ speaker, text });
    else last.text += ` ${text}`;
  }
  return paragraphs.map(({ speaker, text }) => (speaker ? `${speaker}: ${text}` : text)).join("\n\n");
}

/** The lines of each cue. A cue begins with its times and ends with an empty line; notes and styles have no times. Some lines are a space. */
function cues(source: string): string[][] {
  const cues: string[][] = [];
  let cue: string[] | null = null;
  for (const line of source.split(/\r\n?|\n/)) {
    if (TIMES.test(line)) {
      // The number of this cue, after a line that only seemed empty.
      if (cue && /^\d+$/.test(cue.at(-1) ?? "")) cue.pop();
      cues.push((cue = []));
    } else if (line === "") cue = null;
    else cue?.push(line);
  }
  return cues;
}

/** What is said in a cue: a line each, and the name of the voice tag before it, which holds until the next one. */
function speeches(lines: string[]): Speech[] {
  let speaker: string | null = null;
  return lines.map((line) => {
    const voice = /<v(?:\.[^\s>]{0,100})?\s{1,20}([^>]{1,100})>/i.exec(line)?.[1];
    if (voice !== undefined) speaker = plain(voice);
    return { speaker, text: plain(line.replace(/<[^<>]{0,200}>/g, "").replace(/\{\\[^{}]{0,100}\}/g, "")) };
  });
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", nbsp: " ", lrm: "", rlm: "", quot: "\"" };

function plain(text: string): string {
  return text.replace(/&(\w{2,4});/g, (whole, name: string) => ENTITIES[name] ?? whole).replace(/\s+/g, " ").trim();
}
