import { PrecisError } from "./errors.js";
import type { ModelEntry } from "./model.js";

/** The language options of `create` and `availability`. */
export interface LanguageOptions {
  /** Languages of the texts as BCP 47 tags, such as "en" or "pt-BR". */
  expectedInputLanguages?: readonly string[] | undefined;
  /** Languages of `context` and `sharedContext`. */
  expectedContextLanguages?: readonly string[] | undefined;
  /** Language of the summaries. It is only checked: a summary is always in the language of its text. */
  outputLanguage?: string | undefined;
}

/** The languages in canonical form without duplicates; null if not given. */
export interface Languages {
  expectedInputLanguages: readonly string[] | null;
  expectedContextLanguages: readonly string[] | null;
  outputLanguage: string | null;
}

/** Checks and canonicalizes the tags. For an invalid tag throws `invalid-options` with a RangeError as its cause. */
export function languagesOf({ expectedInputLanguages, expectedContextLanguages, outputLanguage }: LanguageOptions): Languages {
  return {
    expectedInputLanguages: list("expectedInputLanguages", expectedInputLanguages),
    expectedContextLanguages: list("expectedContextLanguages", expectedContextLanguages),
    outputLanguage: outputLanguage === undefined ? null : canonical("outputLanguage", [outputLanguage])[0]!,
  };
}

function list(option: string, tags: readonly string[] | undefined): readonly string[] | null {
  if (tags === undefined) return null;
  const iterable = typeof tags === "object" && tags !== null && Symbol.iterator in tags;
  if (!iterable) throw new PrecisError("invalid-options", `Option ${option} must be a list of language tags, such as ["en"].`);
  const found = canonical(option, [...tags]);
  return found.length === 0 ? null : Object.freeze(found);
}

function canonical(option: string, tags: unknown[]): string[] {
  try {
    // As strings, because getCanonicalLocales throws a TypeError for null and numbers.
    return Intl.getCanonicalLocales(tags.map(String));
  } catch (cause) {
    throw new PrecisError("invalid-options", `Option ${option} has ${JSON.stringify(tags)}: use language tags such as "en" or "pt-BR".`, { cause });
  }
}

/** The first language that the model was not trained for; null if there is none, or its entry does not list languages. */
export function unknownLanguage(languages: Languages, model: ModelEntry | Blob | string): string | null {
  const known = typeof model === "object" && "languages" in model ? model.languages : undefined;
  if (!known) return null;
  const { expectedInputLanguages, expectedContextLanguages, outputLanguage } = languages;
  const asked = [...(expectedInputLanguages ?? []), ...(expectedContextLanguages ?? []), ...(outputLanguage === null ? [] : [outputLanguage])];
  return asked.find((tag) => !known.includes(new Intl.Locale(tag).language)) ?? null;
}
