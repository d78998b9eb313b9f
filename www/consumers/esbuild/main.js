import { show } from "./shared/page.js";

// Loaded on demand, so that the package is in a chunk of its own.
const { Summarizer } = await import("precis");
void show(Summarizer);
