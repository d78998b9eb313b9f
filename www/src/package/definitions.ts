// Written by `UPDATE_DEFINITIONS=1 cargo test --release --test native definitions::`. Do not edit.

/** Lengths of a summary. */
export const LENGTHS = ["headline", "sentence", "short", "medium", "long"] as const;

/** Forms of a summary. */
export const FORMS = ["paragraph", "key-points"] as const;

/** Marks of key points. */
export const FORMATS = ["markdown", "plain-text"] as const;

/** Reading methods. */
export const STRATEGIES = ["auto", "one-pass", "windows"] as const;

/** Kinds of documents. */
export const KINDS = ["prose", "story", "transcript", "chat", "mail", "minutes", "contract", "paper", "technical", "release-notes", "table", "log", "code"] as const;

/** Whether a statement of a summary is the document's. */
export const SUPPORTS = ["quoted", "supported", "computed", "unsupported"] as const;

/** In whose words a summary is. */
export const WORDINGS = ["quotes", "own"] as const;

/** How a model is asked. */
export const PROMPTS = ["chat", "completion"] as const;

/** Largest document, in UTF-8 bytes. */
export const MAX_DOCUMENT = 10000000;

/** Error codes of the page and the package. */
export const CLIENT_ERROR_CODES = ["document-not-text", "document-too-large", "invalid-options", "cancelled", "host-failed", "simd-unsupported", "engine-unavailable", "browser-unsupported", "language-unsupported", "download-refused", "download-failed", "download-corrupt", "storage-full", "licence-required", "storage-unavailable", "destroyed", "internal", "worker-crashed"] as const;
