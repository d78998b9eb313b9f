/** COOP and COEP isolate the page from other origins, which gives it shared memory, and so threads, and the finer clock. */
export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
