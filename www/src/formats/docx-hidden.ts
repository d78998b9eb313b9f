/** Text that Word does not show ("hidden" in its font dialog), which mammoth would read like any other. */
import { walk } from "./xml.js";

/** Values that switch a property off (ECMA-376, ST_OnOff). */
const OFF = new Set(["0", "false", "off"]);

/** A part of a document without its hidden runs. Runs hidden by a style stay: the part does not tell. */
export function withoutHiddenRuns(xml: string): string {
  if (!/vanish|webHidden/.test(xml)) return xml;
  const hidden: { start: number; end: number }[] = [];
  /** The open elements, by their names without the prefix, which a file may choose. */
  const path: string[] = [];
  /** The open runs: a text box stands in one, and has others. */
  const runs: { start: number; hidden: boolean }[] = [];
  walk(xml, {
    open(name, attributes, start) {
      path.push(local(name));
      if (path.at(-1) === "r") runs.push({ start, hidden: false });
      const ofRun = path.at(-2) === "rPr" && path.at(-3) === "r";
      if (!ofRun || (path.at(-1) !== "vanish" && path.at(-1) !== "webHidden")) return;
      const value = Object.entries(attributes).find(([key]) => local(key) === "val")?.[1] ?? "";
      runs.at(-1)!.hidden = !OFF.has(value);
    },
    close(_, end) {
      if (path.pop() !== "r") return;
      const run = runs.pop()!;
      if (!run.hidden) return;
      // Those inside of it are part of it.
      while ((hidden.at(-1)?.start ?? -1) > run.start) hidden.pop();
      hidden.push({ start: run.start, end });
    },
  });
  const starts = [0, ...hidden.map(({ end }) => end)];
  return starts.map((start, i) => xml.slice(start, hidden[i]?.start)).join("");
}

const local = (name: string): string => name.slice(name.indexOf(":") + 1);
