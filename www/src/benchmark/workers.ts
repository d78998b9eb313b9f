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

/** A configuration that is ready to measure: a worker with a loaded model, and its facts. */
export interface ReadyConfiguration {
  client: Client;
  facts: Facts;
}

/** The workers of one run. */
export class Bench {
  readonly ready: ReadyConfiguration[] = [];
  /** Configurations that could not be opened. */
  readonly leftOut: LeftOut[] = [];
  /** The document that they read; null until the first is open. */
  document: Prepared["document"] | null = null;
  readonly #clients = new Set<Client>();
  #closed = false;

  /**
   * Opens one worker after the other, so that loading times do not influence each other. Rejects if none can be opened.
   */
  async open(choices: readonly Choice[], onLoad: (choice: Choice, event: LoadEvent) => void): Promise<void> {
    const article = await loadArticle();
    let failure: PrecisError | null = null;
    // The automatic choice comes last, because it is one of the others and need not be measured twice.
    for (const choice of choices.toSorted((one, other) => Number(one.backend === "auto") - Number(other.backend === "auto"))) {
      const client = await Client.open(assetUrls());
      this.#clients.add(client);
      if (this.#closed) this.close();
      try {
        const { facts, document } = await load(client, choice, article, (event) => onLoad(choice, event));
        const refusal = this.#refusal(choice, facts[0]!);
        if (refusal === null) {
          // A GPU multiplies in several number formats, and each is measured.
          this.ready.push(...facts.map((facts) => ({ client, facts })));
          this.document = document;
          continue;
        }
        if (refusal) this.leftOut.push({ configuration: choice.id, what: "everything", reason: refusal });
      } catch (error) {
        failure = toPrecisError(error);
        if (failure.code === "cancelled") throw failure;
        this.leftOut.push({ configuration: choice.id, what: "everything", reason: plain(failure.message) });
      }
      client.close(cancelled());
      this.#clients.delete(client);
    }
    if (this.ready.length === 0) throw failure ?? new PrecisError("internal", this.leftOut[0]?.reason ?? "Nothing could be measured.");
  }

  /** Ends all workers at once and cancels their calls. */
  close(): void {
    this.#closed = true;
    for (const client of this.#clients) client.close(cancelled());
    this.#clients.clear();
  }

  /** Why this configuration is not measured, empty if that is obvious; null if it is measured. */
  #refusal(choice: Choice, { name, backend }: Facts): string | null {
    if (choice.backend === "webgpu" && backend.kind !== "webgpu") return plain(backend.reason ?? "there is no usable GPU");
    if (!this.ready.some(({ facts }) => facts.name === name)) return null;
    // The automatic choice is one of the others.
    return choice.backend === "auto" ? "" : plain(`it would be the same as ${name}: ${backend.reason ?? ""}`);
  }
}

async function load(client: Client, { backend, threads }: Choice, article: string, onEvent: (event: LoadEvent) => void): Promise<Prepared> {
  const choice = chosenModel();
  const model = modelRequest(choice.model, document.baseURI, choice);
  const { sha256 } = await client.call("load", { assets: client.assets, model, backend, threads, remember: false, alarm: client.alarm }, { onEvent });
  return client.call("prepare", { article, ...(await goldenOf(sha256)) });
}

/** Converts a text to the form that cards require: one line of at most 500 characters. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ").slice(0, 500);
}
