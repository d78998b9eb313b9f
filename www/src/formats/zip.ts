/** The members of a ZIP archive, which Word, OpenDocument and EPUB files are. Unpacked by fflate: small, fast, without dependencies. */
import { unzipSync } from "fflate";
import { damaged, MAX_UNPACKED_BYTES } from "./document.js";
import { PrecisError } from "../package/api/errors.js";

/** Members of an archive at most: a book has some hundreds. */
const MAX_MEMBERS = 20_000;

/** The names of all members. */
export function names(bytes: Uint8Array): string[] {
  const names: string[] = [];
  read(bytes, "ZIP", (name) => {
    names.push(name);
    return false;
  });
  return names;
}

/** Unpacks the members that are `wanted`. `what` names the format: "EPUB". */
export function unpack(bytes: Uint8Array, what: string, wanted: (name: string) => boolean): Map<string, Uint8Array> {
  let total = 0;
  const sizes = new Map<string, number>();
  const members = read(bytes, what, (name, size) => {
    if (!wanted(name)) return false;
    sizes.set(name, size);
    total += size;
    if (total > MAX_UNPACKED_BYTES) {
      throw new PrecisError("document-too-large", `This ${what} file unpacks to more than ${MAX_UNPACKED_BYTES / 1e6} MB of text, which is the limit: open a part of it, a chapter for example.`);
    }
    return true;
  });
  for (const [name, data] of Object.entries(members)) if (data.length !== sizes.get(name)) throw damaged(what);
  return new Map(Object.entries(members));
}

/** fflate never unpacks more bytes than the archive names for a member, so `filter` bounds the memory. */
function read(bytes: Uint8Array, what: string, filter: (name: string, size: number) => boolean): Record<string, Uint8Array> {
  let count = 0;
  try {
    return unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (++count > MAX_MEMBERS) throw new PrecisError("document-too-large", `This ${what} file has more than ${MAX_MEMBERS} members, which is the limit: save it anew in the program that made it.`);
        return filter(name, originalSize);
      },
    });
  } catch (error) {
    throw error instanceof PrecisError ? error : damaged(what, error);
  }
}

/** The text of a member. Office files and books are UTF-8, seldom UTF-16 with a byte order mark. */
export function textOfMember(bytes: Uint8Array): string {
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(marked).decode(bytes);
}
