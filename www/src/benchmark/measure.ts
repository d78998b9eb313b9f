import { cancelled, toPrecisError } from "../package/api/errors.js";
import type { LoadEvent } from "../package/api/protocol.js";
import { watchVisibility } from "../package/api/visibility.js";
import type { Card, EnvironmentReport, Outcome, Progress, Suite, SuiteKind, Task } from "../package/wasm/simd/precis.js";
import { Bench, plain, type ReadyConfiguration } from "./workers.js";
import type { Choice } from "./choices.js";
import { engine } from "./engine.js";

/** Options of a measurement. */
export interface Order {
  kind: SuiteKind;
  /** Name of the device. */
  name: string;
  choices: readonly Choice[];
}

/** Receives the progress of a run. */
export interface Listener {
  onLoad(choice: Choice, event: LoadEvent): void;
  /** A task begins. */
  onTask(task: Task, progress: Progress): void;
}

/** Measures this device. The signal stops the run at once, without a result. */
export async function measure({ kind, name, choices }: Order, signal: AbortSignal, listener: Listener): Promise<Card> {
  const bench = new Bench();
  const stop = () => bench.close();
  signal.addEventListener("abort", stop);
  const hidden = watchVisibility();
  const awake = stayAwake();
  let suite: Suite | undefined;
  try {
    const { Suite } = await engine();
    if (signal.aborted) throw cancelled();
    await bench.open(choices, (choice, event) => listener.onLoad(choice, event));
    suite = new Suite(kind, bench.document!, bench.ready.map(({ facts }) => facts));
    for (let task = suite.next(); task; task = suite.next()) {
      listener.onTask(task, suite.progress());
      suite.record(await outcome(task, bench.ready, signal));
    }
    const card = suite.card(name, new Date().toISOString(), environment(hidden.was()));
    card.method.left_out.unshift(...bench.leftOut);
    return card;
  } catch (error) {
    throw signal.aborted ? cancelled() : toPrecisError(error);
  } finally {
    hidden.stop();
    signal.removeEventListener("abort", stop);
    bench.close();
    suite?.free();
    awake();
  }
}

/** Runs `task`. A failed task is left out of the card; only the signal stops the run. */
async function outcome({ configuration, step }: Task, ready: readonly ReadyConfiguration[], signal: AbortSignal): Promise<Outcome> {
  try {
    const { client, facts: { products } } = ready[configuration]!;
    if (step.type !== "rest") return await client.call("perform", { products, step }, { signal });
    await rest(step.ms, signal);
    return { type: "rested" };
  } catch (error) {
    if (signal.aborted) throw cancelled();
    return { type: "failed", reason: plain(toPrecisError(error).message) };
  }
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(cancelled());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Keeps the screen on, if the browser allows it, so that phones do not sleep. Returns a function that ends this. */
function stayAwake(): () => void {
  // Old browsers have no wake lock.
  const lock = (navigator as Partial<Navigator>).wakeLock?.request("screen").catch(() => undefined);
  return () => void lock?.then((lock) => lock?.release());
}

function environment(hidden: boolean | null): EnvironmentReport {
  return {
    user_agent: navigator.userAgent,
    logical_cores: navigator.hardwareConcurrency || null,
    cross_origin_isolated: globalThis.crossOriginIsolated ?? null,
    hidden_during_run: hidden,
    clock: "runs",
    // The engine fills it in.
    version: "",
  };
}
