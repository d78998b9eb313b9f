/** The tables with which pdf.js reads Chinese, Japanese and Korean letters. Each is fetched from this site when a file needs it. */

const URLS = import.meta.glob<string>("/node_modules/pdfjs-dist/cmaps/*.bcmap", { query: "?url", import: "default", eager: true });

/** What pdf.js calls for a file of its own. */
export class CharacterMaps {
  async fetch({ filename }: { kind: string; filename: string }): Promise<Uint8Array> {
    const url = URLS[`/node_modules/pdfjs-dist/cmaps/${filename}`];
    if (!url) throw new Error(`pdf.js asked for ${filename}, which Précis does not have`);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${filename} could not be fetched`);
    return new Uint8Array(await response.arrayBuffer());
  }
}
