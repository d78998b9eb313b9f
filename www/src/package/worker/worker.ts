/**
 * The dedicated worker, which loads one model, then counts, summarizes and measures with it: `assets/precis-worker.js`, a script
 * without imports, so that it runs wherever it is copied to.
 */
import { deferred } from "../api/abort.js";
import { type BuildName, type Choice, computeOf, detectCapabilities, pickBuild } from "../api/build.js";
import { cancelled, PrecisError, toPrecisError } from "../api/errors.js";
import { type AssetUrls, fetched, startWorker, unavailable } from "../api/fetch-asset.js";
import { readHeader } from "../models/header.js";
import { forgetNotes, KeptNotes } from "./notes.js";
import { type Calls, type CallName, computing, type InspectedModel, type LoadedModel, type LoadEvent, type Reply, type Request } from "../api/protocol.js";
import { obtainModel } from "../models/store.js";
import type { ThreadPart } from "./thread.js";
import * as relaxed from "../wasm/relaxed/precis.js";
import * as simd from "../wasm/simd/precis.js";
import type { Engine, Event as RunEvent, Prepared, PromptStyle, Report } from "../wasm/simd/precis.js";

declare const self: DedicatedWorkerGlobalScope;

/** Progress events closer than this are joined: nobody sees them apart, and each costs a message. */
const PROGRESS_EVERY_MS = 40;

/** What wasm-bindgen made of each build. */
const BUILDS = { simd, relaxed };

let engine: Engine | null = null;
/** Where the engine and its model came from, and how that model is asked. */
let origin: { module: string; downloaded: boolean; prompt: { prompt?: PromptStyle } } = { module: "", downloaded: false, prompt: {} };
/** Kept, because Firefox collects a worker that nobody holds even while it computes. */
const threads: Worker[] = [];
/** Ends when what was asked of the engine so far has: it does one thing at a time. */
let lastTurn: Promise<void> = Promise.resolve();
/** Notes on what was read, where they are kept beyond this worker. */
let notes: KeptNotes | null = null;
const running = new Map<number, AbortController>();

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  if (data.call === "cancel") running.get(data.id)?.abort();
  else void answer(data);
});

async function answer(request: Exclude<Request, { call: "cancel" }>): Promise<void> {
  const { id } = request;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    post({ id, type: "result", result: await perform(request, controller.signal) });
  } catch (error) {
    // A trap leaves the module in no defined state. Thrown outside of any promise it reaches the client's error event,
    // which is where traps inside the engine's own tasks arrive too.
    if (error instanceof WebAssembly.RuntimeError) queueMicrotask(() => { throw error; });
    else {
      const { code, message } = toPrecisError(error);
      post({ id, type: "error", code, message });
    }
  } finally {
    running.delete(id);
  }
}

function perform(request: Exclude<Request, { call: "cancel" }>, signal: AbortSignal): Promise<Calls[CallName]["result"]> {
  const { id } = request;
  const send = (event: Calls[CallName]["event"]) => post({ id, type: "event", event });
  switch (request.call) {
    case "load":
      return load(request.params, signal, send);
    case "inspect":
      return inspect(request.params, signal);
    case "count":
      return inTurn(signal, () => loaded().count_tokens(request.params.text));
    case "summarize":
      return inTurn(signal, () => summarize(request.params, signal, send));
    case "forget":
      return inTurn(signal, forget);
    case "prepare":
      return inTurn(signal, () => prepare(request.params));
    case "perform":
      return inTurn(signal, () => loaded().perform(request.params.products, request.params.step, signal));
  }
}

async function load(
  { assets, model, backend, threads, remember, alarm }: Calls["load"]["params"],
  signal: AbortSignal,
  send: (event: LoadEvent) => void,
): Promise<LoadedModel> {
  const choice = pickBuild(detectCapabilities(), backend, threads);
  const wasm = await loadBuild(choice.build, assets);
  if (choice.build === "relaxed" && choice.threads > 1) await startThreads(choice, assets.thread, alarm);
  const started = performance.now();
  const progress = (stage: LoadEvent["stage"]) => throttled((done, total) => send({ stage, loaded: done, total }));
  const { file, storage, downloaded, sha256 } = await obtainModel(model, {
    newHash: () => new wasm.Sha256(),
    check: (first, size) => wasm.inspect_model(first, size) !== undefined,
    signal,
    progress: progress("download"),
  });
  if (signal.aborted) throw cancelled();
  const read_ms = performance.now() - started;
  const reader = new FileReaderSync();
  const ready = (engine = await wasm.Engine.load(
    file.size,
    // One tensor at a time: no copy of the weights outlives the call. The engine reads the file again where a run moves.
    (offset, into) => into.set(new Uint8Array(reader.readAsArrayBuffer(file.slice(offset, offset + into.length)))),
    { id: model.id, sha256, read_ms },
    computeOf(backend),
    choice.threads,
    choice.reason,
    progress("prepare"),
  ));
  origin = { module: assets[choice.build], downloaded, prompt: model.prompt ? { prompt: model.prompt } : {} };
  // A file that was not hashed might be another one the next time.
  notes = remember && sha256 ? new KeptNotes(sha256) : null;
  for (const note of (await notes?.all()) ?? []) ready.remember(note);
  return { ...computing(ready.backend()), storage, downloaded, sha256, bytes: file.size, context: ready.context() };
}

function summarize({ text, options }: Calls["summarize"]["params"], signal: AbortSignal, send: (event: RunEvent) => void): Promise<Report> {
  const onEvent = (event: RunEvent) => {
    if (event.type === "noted") notes?.add({ key: event.key, note: event.note });
    send(event);
  };
  return loaded().summarize(text, { ...options, ...origin.prompt }, signal, onEvent);
}

async function forget(): Promise<void> {
  engine?.forget();
  await forgetNotes();
}

async function inspect({ assets, model }: Calls["inspect"]["params"], signal: AbortSignal): Promise<InspectedModel> {
  const wasm = await loadBuild(pickBuild(detectCapabilities(), "cpu", 1).build, assets);
  const { found, size } = await readHeader(model, (first, size) => wasm.inspect_model(first, size), signal);
  return { ...found, bytes: size };
}

/** Gets the engine ready for a suite, and adds to its facts what only this side knows. */
async function prepare({ article, goldenIds, goldenLogits }: Calls["prepare"]["params"]): Promise<Prepared> {
  const { facts, document } = loaded().prepare(article, goldenIds, goldenLogits);
  const loaded_from = origin.downloaded ? "network" : "storage";
  const module_sha256 = await digest(origin.module);
  return { facts: facts.map((facts) => ({ ...facts, loaded_from, module_sha256 })), document };
}

/** SHA-256 of a file of this site, which the browser has in its cache by now; null where it can't be had. */
async function digest(url: string): Promise<string | null> {
  try {
    const response = await fetch(url);
    if (!response.ok) return null;
    // Pages without a secure context lack crypto.subtle.
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await response.arrayBuffer()));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  } catch {
    return null;
  }
}

/** The engine of a build, ready to be called. */
async function loadBuild(build: BuildName, assets: AssetUrls): Promise<typeof simd | typeof relaxed> {
  const response = await fetched(assets[build]);
  try {
    await BUILDS[build].default({ module_or_path: response });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof RangeError) throw new PrecisError("out-of-memory", `The browser has no memory for the engine (${why}). Close other tabs and try again.`, { cause });
    throw unavailable(assets[build], why, cause);
  }
  return BUILDS[build];
}

/** Starts the threads of `choice`, or turns it into one of a single thread where they don't come up. */
async function startThreads(choice: Choice, script: string, alarm: string): Promise<void> {
  try {
    const part: ThreadPart = { module: relaxed.shared_module(), memory: relaxed.shared_memory(), alarm };
    // This worker is one of them.
    await Promise.all(Array.from({ length: choice.threads - 1 }, () => startThread(script, part)));
  } catch (error) {
    for (const thread of threads.splice(0)) thread.terminate();
    choice.threads = 1;
    choice.reason = `threads could not be started (${toPrecisError(error).message})`;
  }
}

/** A worker that is about to become a thread of the engine. */
async function startThread(script: string, part: ThreadPart): Promise<void> {
  const thread = await startWorker(script, "precis-thread");
  threads.push(thread);
  const { promise, resolve, reject } = deferred<void>();
  thread.onmessage = () => resolve();
  thread.onerror = (event) => {
    event.preventDefault();
    reject(unavailable(script, event.message || "no such script"));
  };
  thread.postMessage(part);
  return promise;
}

/** Does `work` once all before it is done. Until it begins, `signal` takes it out of the queue at once. */
function inTurn<T>(signal: AbortSignal, work: () => T | Promise<T>): Promise<T> {
  const { promise, resolve, reject } = deferred<T>();
  let begun = false;
  signal.addEventListener("abort", () => begun || reject(cancelled()));
  lastTurn = lastTurn.then(async () => {
    if (signal.aborted) return;
    begun = true;
    await new Promise<T>((done) => done(work())).then(resolve, reject);
  });
  return promise;
}

function loaded(): Engine {
  if (!engine) throw new PrecisError("internal", "The model is not loaded.");
  return engine;
}

function post(reply: Reply): void {
  self.postMessage(reply);
}

/** `report` at most every PROGRESS_EVERY_MS, and always the last that was known, even if nothing follows it. */
function throttled(report: (done: number, total: number | null) => void): (done: number, total: number | null) => void {
  let last = -Infinity;
  let later: ReturnType<typeof setTimeout> | undefined;
  return (done, total) => {
    clearTimeout(later);
    const send = () => {
      last = performance.now();
      report(done, total);
    };
    const wait = last + PROGRESS_EVERY_MS - performance.now();
    if (wait <= 0 || done === total) send();
    else later = setTimeout(send, wait);
  };
}

post({ type: "started" });
