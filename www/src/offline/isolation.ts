/** COOP and COEP isolate the page from other origins. Browsers then allow shared memory, which threads need, and a finer clock. */
export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
