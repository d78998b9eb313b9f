import { bounded } from "./abort.js";
import { Admission, type Place } from "./admission.js";
import { authorize, checkToken } from "./auth.js";
import { type Asked, readDocument, readPlanned, readWindow } from "./body.js";
import { Host, type Instantiate } from "./engine.js";
import { Failure, toFailure } from "./errors.js";
import { guarded, logged, type OnEvent } from "./events.js";
import { fanOut, type NoteProgress } from "./fan-out.js";
import { withNotes } from "./figures.js";
import { Forecast } from "./forecast.js";
import { openApi, versioned } from "./openapi.js";
import { usagePage } from "./page.js";
import { Peer } from "./peer.js";
import { eventStream, prefersEvents, type Send } from "./sse.js";
import { KeptNotes } from "./store.js";
import { type Answer, type Call, type Context, type Handler, type HandlerOptions, type Limits, LIMITS, type NoteStore } from "./types.js";
import type { Windows } from "./wasm/relaxed/precis.js";

/** A request and its runtime context. */
interface Incoming {
  readonly request: Request;
  readonly context: Context | undefined;
}

/** An engine notices an aborted request in less time than this. */
const GRACE_MS = 15_000;

type Route = (incoming: Incoming) => Response | Promise<Response>;

/** Makes `createHandler` for one build of the engine. `reason` says in reports why this build was chosen. */
export function handlersOf(instantiate: Instantiate, reason: string): (options: HandlerOptions) => Handler {
  return (options) => {
    const service = new Service(instantiate, reason, options);
    return async (request, context) => {
      const response = await service.answer({ request, context });
      response.headers.set("X-Content-Type-Options", "nosniff");
      return request.method === "HEAD" ? new Response(null, response) : response;
    };
  };
}

class Service {
  readonly #options: HandlerOptions;
  readonly #limits: Limits;
  readonly #onEvent: OnEvent;
  readonly #host: Host;
  readonly #peers: readonly Peer[];
  readonly #documents: Admission;
  /** Notes have places of their own: where an isolate is its own peer, documents could take all places of their own notes. */
  readonly #notes: Admission;
  /** Options of every engine call. */
  readonly #bounds: { readonly positions: number | undefined; readonly fresh: true };
  /** Routes by path and method. GET includes HEAD. */
  readonly #routes: Readonly<Record<string, { GET: Route } | { POST: Route }>> = {
    "/": { GET: () => usagePage(this.#options.model, this.#limits, this.#options.token !== undefined) },
    ...versioned({
      "/openapi.json": { GET: () => Response.json(openApi(this.#limits, this.#options.token !== undefined)) },
      "/health": { GET: () => this.#health() },
      "/ready": { GET: (incoming) => this.#ready(incoming) },
      "/summarize": { POST: (incoming) => this.#summarize(incoming) },
      "/plan": { POST: (incoming) => this.#plan(incoming) },
      "/note": { POST: (incoming) => this.#note(incoming) },
    }),
  };

  constructor(instantiate: Instantiate, reason: string, options: HandlerOptions) {
    checkToken(options.token);
    if (options.noteStore && options.model.sha256 === null) throw new TypeError("Invalid noteStore: notes are kept only with a model whose SHA-256 is known.");
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    // `fresh`, because reuse would let one caller learn from response times what another has sent.
    this.#bounds = { positions: this.#limits.positions ?? undefined, fresh: true };
    this.#peers = (options.peers ?? []).map((peer) => new Peer(peer, options.token));
    const { seconds, bodySeconds, queue, queueBytes, notes, bytes } = this.#limits;
    // A place is held while the body arrives, too.
    const patienceMs = Math.max(seconds, bodySeconds) * 1000 + GRACE_MS;
    this.#onEvent = guarded(options.onEvent ?? logged);
    this.#host = new Host(instantiate, options.module, options.model, reason, patienceMs, this.#onEvent);
    // The largest body, with notes, always fits if it is the only one.
    const mostBytes = Math.max(queueBytes, 2 * bytes);
    this.#documents = new Admission("documents", 1 + queue, mostBytes, patienceMs);
    this.#notes = new Admission("windows", notes, mostBytes, patienceMs);
  }

  async answer(incoming: Incoming): Promise<Response> {
    try {
      return await this.#routeOf(incoming.request)(incoming);
    } catch (error) {
      return this.#failure(error).response;
    }
  }

  #routeOf({ url, method }: Request): Route {
    const { pathname } = new URL(url);
    const route = this.#routes[pathname];
    if (!route) throw new Failure("not-found", "There is no such path: / describes the interface.");
    if ("GET" in route && (method === "GET" || method === "HEAD")) return route.GET;
    if ("POST" in route && method === "POST") return route.POST;
    const Allow = "GET" in route ? "GET, HEAD" : "POST";
    throw new Failure("method-not-allowed", `Use ${Allow}.`, { headers: { Allow } });
  }

  #failure(error: unknown): Failure {
    const failure = toFailure(error);
    if (failure.code === "internal") this.#onEvent({ type: "internal-error", error });
    return failure;
  }

  #health(): Response {
    const { loaded, loadMs, memoryBytes, failure } = this.#host;
    const waiting = Math.max(0, this.#documents.admitted - 1);
    const queued_bytes = this.#documents.bytes + this.#notes.bytes;
    const health = { status: failure ? "degraded" : "ok", model: this.#options.model.id, loaded, load_ms: loadMs, failure, waiting, notes: this.#notes.admitted, queued_bytes, memory_bytes: memoryBytes };
    return Response.json(health, { headers: { "Cache-Control": "no-store" } });
  }

  /** Whether the model can be used. Loads it if it is not loaded: only then is this known. */
  async #ready({ request, context }: Incoming): Promise<Response> {
    if (!this.#host.loaded) {
      const { leave } = await this.#admit(request, this.#notes, async () => {});
      const late = `The model was not ready within ${this.#limits.seconds} s: it is being loaded, or documents are being read. Try again.`;
      await this.#computing(leave, request.signal, context, (call) => this.#host.use(call, () => {}), late);
    }
    return Response.json({ status: "ready", model: this.#options.model.id }, { headers: { "Cache-Control": "no-store" } });
  }

  async #summarize({ request, context }: Incoming): Promise<Response> {
    await authorize(request, this.#options.token);
    // Before the response starts: a rejected request still gets a status. Later errors of an event stream can only be events.
    const { given: asked, leave } = await this.#admit(request, this.#documents, (hold) => readDocument(request, this.#limits, hold));
    if (!prefersEvents(request.headers.get("accept"))) {
      const answer = await this.#computing(leave, request.signal, context, (call) => this.#read(request, asked, call, () => {}));
      return Response.json(answer, { headers: { "Cache-Control": "no-store" } });
    }
    const reading = bounded([request.signal]);
    const { response, send, close } = eventStream(() => reading.end());
    const work = this.#computing(leave, reading.signal, context, (call) => this.#read(request, asked, call, send));
    const failed = (error: unknown) => send("error", this.#failure(error).problem);
    void work.then((answer) => send("report", answer), failed).finally(close);
    return response;
  }

  /** The windows of a document, for callers that ask for the notes themselves. */
  async #plan({ request, context }: Incoming): Promise<Response> {
    await authorize(request, this.#options.token);
    const { given, leave } = await this.#admit(request, this.#documents, (hold) => readPlanned(request, this.#limits, hold));
    const { text, notes: _, ...options } = given;
    const plan = await this.#computing(leave, request.signal, context, (call) => this.#host.use(call, (engine) => engine.plan(text, { ...options, ...this.#bounds })));
    // One window is the whole text: it is read in one pass, without notes.
    const windows = plan.windows.length > 1 ? plan.windows : [];
    return Response.json({ tokens: plan.tokens, kind: plan.kind, windows }, { headers: { "Cache-Control": "no-store" } });
  }

  async #note({ request, context }: Incoming): Promise<Response> {
    await authorize(request, this.#options.token);
    const { given, leave } = await this.#admit(request, this.#notes, (hold) => readWindow(request, this.#limits, hold));
    const { text, kind } = given;
    const takeIt = (call: Call) => this.#host.use(call, (engine) => this.#host.timed(text, () => engine.note(text, { kind, ...this.#bounds }, call.signal)));
    const note = await this.#computing(leave, request.signal, context, takeIt);
    return Response.json(note, { headers: { "Cache-Control": "no-store" } });
  }

  /** Reads a request's body, and admits it. A body that still arrives has no place in the queue, but its bytes count. */
  async #admit<T>({ body }: Request, admission: Admission, read: (hold: Place["hold"]) => Promise<T>): Promise<{ given: T; leave: () => void }> {
    let leave = () => {};
    try {
      const place = admission.enter();
      ({ leave } = place);
      const given = await read(place.hold);
      place.admit();
      return { given, leave };
    } catch (error) {
      leave();
      // Nobody reads the rest.
      if (body && !body.locked) void body.cancel().catch(() => {});
      throw error;
    }
  }

  /** The note store of whoever sent a request. Without one the document is read as any other. */
  #storeOf(request: Request): NoteStore | undefined {
    try {
      return this.#options.noteStore?.(request);
    } catch (error) {
      this.#onEvent({ type: "store-failed", error });
      return undefined;
    }
  }

  /** Reads a document, with the help of peers if it has several windows. */
  async #read(request: Request, { text, notes, ...asked }: Asked, call: Call, send: Send): Promise<Answer> {
    // On the engine's clock: the time to first token counts from here.
    const started_ms = performance.timeOrigin + performance.now();
    const options = { ...asked, started_ms, ...this.#bounds };
    const { pace } = this.#host;
    const forecast = new Forecast(text.length, this.#limits.seconds, pace, this.#peers.map(({ pace }) => pace));
    const store = notes ? undefined : this.#storeOf(request);
    const needsPlan = !notes && (store || this.#peers.length > 0 || forecast.isDoubtful);
    const plan = needsPlan ? await this.#host.use(call, (engine) => engine.plan(text, options)) : null;
    const hasWindows = plan !== null && plan.windows.length > 1;
    const kept = store && hasWindows ? await KeptNotes.of(store, plan, this.#options.model, call, this.#onEvent) : undefined;
    const unread = plan?.windows.filter((_, i) => !kept?.found[i]) ?? [];
    const refusal = forecast.before(unread);
    if (refusal) throw refusal;
    const stopWith = (late: Failure | undefined) => late && call.stop(late);
    const share = ({ windows, kind }: Windows) => {
      const tell = (progress: NoteProgress) => {
        send("note", progress);
        stopWith(forecast.during(unread, progress.done - (windows.length - unread.length)));
      };
      const deployment = { host: this.#host, peers: this.#peers, limits: this.#limits, onEvent: this.#onEvent, kept };
      return fanOut({ windows, kind }, options, deployment, call, tell);
    };
    const shared = hasWindows && (kept || this.#peers.length > 0) ? await share(plan) : null;
    const run = await this.#host.use(call, async (engine) => {
      const began = Date.now();
      const run = await engine.summarize(text, { ...options, notes: notes ?? shared?.notes ?? [] }, call.signal, (event) => {
        send(event.type, event);
        if (event.type === "read" && event.left_ms !== null) stopWith(forecast.of(Date.now() - began, event.left_ms));
      });
      // Others read only parts of the text, or what is so short that the answer takes longer.
      if (!shared && !notes && run.plan.strategy === "windows") pace.took(text.length, Date.now() - began);
      return run;
    });
    const report = shared ? withNotes(run, shared) : run;
    return { summary: report.summary, report, fan_out: (this.#peers.length > 0 && shared?.account) || null };
  }

  /** Runs `work` for an admitted request until `signal` aborts or time runs out, which `late` describes, then calls `leave`. */
  #computing<T>(leave: () => void, signal: AbortSignal, context: Context | undefined, work: (call: Call) => Promise<T>, late?: string): Promise<T> {
    const { seconds } = this.#limits;
    const message = late ?? `The document could not be read within ${seconds} s. Send a shorter one, or try again.`;
    const limit = bounded([signal], seconds, new Failure("timeout", message));
    const call: Call = {
      signal: limit.signal,
      keep: (work) => context?.waitUntil?.(work.catch(() => {})),
      stop: (reason) => limit.end(reason),
    };
    const done = work(call).finally(() => {
      limit.end();
      leave();
    });
    // The engine may be idle while peers work on this request.
    call.keep(done);
    return done;
  }
}
