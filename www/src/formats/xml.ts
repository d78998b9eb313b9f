/** A walk through XML by htmlparser2, which streams, needs no DOM (a worker has none), and expands no entities of the file's own. */
import { Parser } from "htmlparser2";

export interface Walk {
  /** A tag that begins at the character `start`. */
  open?(name: string, attributes: Readonly<Record<string, string>>, start: number): void;
  text?(text: string): void;
  /** A tag that ends before the character `end`. */
  close?(name: string, end: number): void;
}

export function walk(xml: string, { open, text, close }: Walk): void {
  const parser = new Parser(
    {
      onopentag: (name, attributes) => open?.(name, attributes, parser.startIndex),
      ontext: (data) => text?.(data),
      onclosetag: (name) => close?.(name, parser.endIndex + 1),
    },
    { xmlMode: true },
  );
  parser.end(xml);
}
