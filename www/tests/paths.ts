import { fileURLToPath } from "node:url";

/** The repository's root, without a slash at its end. */
export const repository = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** The tiny model that serves every test in which the summary's quality does not matter. */
export const tinyModel = `${repository}/tests/fixtures/tiny.gguf`;
