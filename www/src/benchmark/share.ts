import { reasonOf } from "../package/api/errors.js";
import { linkWith, textInLink } from "../ui/link.js";
import { PageError } from "../ui/words/errors.js";
import { t } from "../ui/words/words.js";

/** The engine's limit for a card's JSON, in bytes. */
export const MAX_BYTES = 1 << 20;

/** The URL of this page with a card's JSON in its fragment. */
export function shareLink(json: string): Promise<string> {
  return linkWith("card", json);
}

/** The untrusted JSON in `fragment`, which is `location.hash`; null if the fragment has another purpose. */
export async function sharedJson(fragment: string): Promise<string | null> {
  try {
    return await textInLink("card", fragment, MAX_BYTES);
  } catch (cause) {
    throw new PageError("invalid-card", t("This link does not contain a result card: {why}. Ask for another link.", { why: reasonOf(cause) }), { cause });
  }
}
