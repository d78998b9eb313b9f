import { cancelled, PrecisError, toPrecisError } from "../package/api/errors.js";
import { assetUrls } from "../package/assets.js";
import { Client } from "../package/api/client.js";
import { modelRequest } from "../package/api/model.js";
import type { LoadEvent } from "../package/api/protocol.js";
import type { Facts, LeftOut, Prepared } from "../package/wasm/simd/precis.js";
import { loadArticle } from "../ui/benchmark-document.js";
import { chosenModel } from "../ui/chosen-model.js";
import type { Choice } from "./choices.js";
import { goldenOf } from "./golden.js";

/** A configuration that is ready to measure: a worker with its model, and the way in which it computes. */
export interface ReadyConfiguration {
  client: Client;
  facts: Facts;
}

/** The workers of one run. */
export class Bench {
  readonly ready: ReadyConfiguration[] = [];
  /** Configurations that could not be had. */
  readonly leftOut: LeftOut[] = [];
  /** What they read; null while there is none. */
  document: Prepared["document"] | null = null;
  readonly #clients = new Set<Client>();
  #closed = false;

  /**
   * Opens one worker after the other, so that no model is loaded while another is, which would show in its time.
   * Rejects if none can be had.
   */
  async open(choices: readonly Choice[], onLoad: (choice: Choice, event: LoadEvent) => void): Promise<void> {
    const article = await loadArticle();
    let failure: PrecisError | null = null;
    // The automatic choice is one of the others: last, it is the one that need not be measured twice.
    for (const choice of choices.toSorted((one, other) => Number(one.backend === "auto") - Number(other.backend === "auto"))) {
      const client = await Client.open(assetUrls());
      this.#clients.add(client);
      if (this.#closed) this.close();
      try {
        const { facts, document } = await load(client, choice, article, (event) => onLoad(choice, event));
        const refusal = this.#refusal(choice, facts[0]!);
        if (refusal === null) {
          // A GPU multiplies in several kinds of numbers, and each is measured.
          this.ready.push(...facts.map((facts) => ({ client, facts })));
          this.document = document;
          continue;
        }
        if (refusal) this.leftOut.push({ configuration: choice.label, what: "everything", reason: refusal });
      } catch (error) {
        failure = toPrecisError(error);
        if (failure.code === "cancelled") throw failure;
        this.leftOut.push({ configuration: choice.label, what: "everything", reason: plain(failure.message) });
      }
      client.close(cancelled());
      this.#clients.delete(client);
    }
    if (this.ready.length === 0) throw failure ?? new PrecisError("internal", this.leftOut[0]?.reason ?? "Nothing could be measured.");
  }

  /** Ends all workers at once; what they still owe is cancelled. */
  close(): void {
    this.#closed = true;
    for (const client of this.#clients) client.close(cancelled());
    this.#clients.clear();
  }

  /** Why this is not measured, empty where that goes without saying; null where it is. */
  #refusal(choice: Choice, { name, backend }: Facts): string | null {
    if (choice.backend === "webgpu" && backend.kind !== "webgpu") return plain(backend.reason ?? "no GPU computes here");
    if (!this.ready.some(({ facts }) => facts.name === name)) return null;
    // What was chosen automatically is one of the others.
    return choice.backend === "auto" ? "" : plain(`it would be the same as ${name}: ${backend.reason ?? ""}`);
  }
}

async function load(client: Client, { backend, threads }: Choice, article: string, onEvent: (event: LoadEvent) => void): Promise<Prepared> {
  const choice = chosenModel();
  const model = modelRequest(choice.model, document.baseURI, choice);
  const { sha256 } = await client.call("load", { assets: client.assets, model, backend, threads, remember: false, alarm: client.alarm }, { onEvent });
  return client.call("prepare", { article, ...(await goldenOf(sha256)) });
}

/** As cards have it: one line, not too long. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ").slice(0, 500);
}
