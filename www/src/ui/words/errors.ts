import { PrecisError } from "../../package/api/errors.js";
import { language, lookup, t } from "./words.js";

/** An error of the page itself: its message is in the interface's language. */
export class PageError extends PrecisError {}

/** What happened and what to do, by the codes that a person of the page meets, for languages that the engine does not speak. */
const BY_CODE: Readonly<Record<string, () => string>> = {
  "empty-document": () => t("There is no text: paste or open a text."),
  "document-not-text": () => t("The text of this file can't be read: open it in another program, save its text as a text file, and open that."),
  "document-too-large": () => t("The document is too large: open or paste a part of it, a chapter for example."),
  "model-truncated": () => t("The model file ends too early: download it again."),
  "model-not-gguf": () => t("This is not a model file: choose a file that ends in .gguf."),
  "model-unsupported-architecture": () => t("Précis can't use this kind of model: choose another one."),
  "model-unsupported-quant": () => t("Précis can't read the format of this model's weights: choose another file of it."),
  "model-missing-key": () => t("The model file is damaged or made for another program: use another file."),
  "model-invalid": () => t("The model file is invalid: download it again, or use another file."),
  "model-tokenizer": () => t("The model's vocabulary can't be used: use another file."),
  "prompt-too-long": () => t("The text is too long to be read in one pass: shorten it, or choose “In windows” under Advanced."),
  "out-of-memory": () => t("The device has not enough memory: close other tabs or programs, or shorten the document."),
  "invalid-card": () => t("This is not a result card of Précis, or it is damaged: export it again."),
  "gpu-lost": () => t("The GPU was lost: try again."),
  "gpu-failed": () => t("The GPU failed: run on the processor instead."),
  "host-failed": () => t("The file could not be read, because it was changed or moved: open it again."),
  "simd-unsupported": () => t("This browser lacks what Précis computes with (WebAssembly SIMD): use a current browser."),
  "browser-unsupported": () => t("This browser is too old for this: use a newer one."),
  "engine-unavailable": () => t("A part of Précis could not be loaded: check the connection, and try again."),
  "download-failed": () => t("The model could not be downloaded: check the connection, and try again. The part that arrived is kept."),
  "download-corrupt": () => t("The downloaded model is damaged and was deleted: try again."),
  "licence-required": () => t("The model's licence has to be accepted first: choose the model again, and read it."),
  "storage-full": () => t("There is not enough space for the model: delete another model, or free some space on the device."),
  "storage-unavailable": () => t("The browser's storage failed: close other tabs of this page, and try again."),
  "worker-crashed": () => t("The engine stopped unexpectedly: try again."),
  internal: () => t("An unexpected error occurred: reload the page, and try again."),
};

/** The message of `error` for the person, and the English message if that says more. */
export function messageOf(error: PrecisError): { message: string; details: string | null } {
  const english = error.message;
  if (error instanceof PageError || language() === "en") return { message: english, details: null };
  const same = lookup(english);
  if (same !== null) return { message: same, details: null };
  const byCode = BY_CODE[error.code];
  return byCode ? { message: byCode(), details: english } : { message: english, details: null };
}
