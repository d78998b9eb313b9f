/** Exports of both builds. */
export { unauthorized } from "./auth.js";
export type { HandlerEvent, OnEvent } from "./events.js";
export type { Problem } from "./errors.js";
export { peerAt } from "./peer.js";
export { type Bucket, fromAssets, fromR2, fromUrl, type Known, type Manifest } from "./model.js";
export { type Answer, type Context, type FanOut, type Fetch, type Handler, type HandlerOptions, type Limits, LIMITS, type Model, type NoteStore } from "./types.js";
