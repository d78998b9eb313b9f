/** A walk through XML by htmlparser2, which streams, needs no DOM (a worker has none), and expands no entities of the file's own. */
import { Parser } from "htmlparser2";

export interface Walk {
  open?(name: string, attributes: Readonly<Record<string, string>>): void;
  text?(text: string): void;
  close?(name: string): void;
}

export function walk(xml: string, { open, text, close }: Walk): void {
  const parser = new Parser(
    {
      onopentag: (name, attributes) => open?.(name, attributes),
      ontext: (data) => text?.(data),
      onclosetag: (name) => close?.(name),
    },
    { xmlMode: true },
  );
  parser.end(xml);
}
