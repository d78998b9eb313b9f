// Written by `UPDATE_DEFINITIONS=1 cargo test --release --test native definitions::`. Do not edit.

/** Lengths of a summary. */
export const LENGTHS = ["headline", "sentence", "short", "medium", "long"] as const;

/** Forms of a summary. */
export const FORMS = ["paragraph", "key-points"] as const;

/** Reading methods. */
export const STRATEGIES = ["auto", "one-pass", "windows"] as const;

/** Kinds of documents. */
export const KINDS = ["prose", "story", "transcript", "chat", "mail", "minutes", "contract", "paper", "technical", "release-notes", "table", "log", "code"] as const;

/** Characters of an instruction, at most. */
export const LONGEST_INSTRUCTION = 300;

/** Version of the engine. */
export const VERSION = "0.1.0";

/** Tokens of an answer of each length, if the caller does not say. */
export const ANSWER_TOKENS = { headline: 144, sentence: 144, short: 144, medium: 288, long: 576 } as const;

/** HTTP status of each code that the edge answers with. All others are 500. */
export const STATUS = {
  "malformed-json": 400,
  "unauthorized": 401,
  "not-found": 404,
  "method-not-allowed": 405,
  "body-timeout": 408,
  "document-too-large": 413,
  "unsupported-media-type": 415,
  "empty-document": 422,
  "document-not-text": 422,
  "prompt-too-long": 422,
  "invalid-options": 422,
  "internal": 500,
  "engine-crashed": 500,
  "out-of-memory": 503,
  "cancelled": 503,
  "busy": 503,
  "timeout": 503,
  "model-unavailable": 503,
} as const;
