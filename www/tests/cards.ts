/** Result cards for the tests of the comparison page. */
import type { Card, Configuration, Spread } from "../src/package/wasm/simd/precis.js";

/** What the engine computes anew of any card's values. */
function spread(...values: number[]): Spread {
  return { median: null, mad: null, min: null, max: null, low: null, high: null, values, outliers: [] };
}

/** A configuration that reads this many tokens a second, whatever their number, and writes a tenth of that. */
export function configuration(kind: string, threads: number, speed: number): Configuration {
  const prefill = [512, 2048].map((tokens) => {
    const ms = (1000 * tokens) / speed;
    const curve = [1, 2, 3, 4].map((part) => ({ position: (tokens * part) / 4, tokens_per_second: speed * (1.1 - part / 20) }));
    return { tokens, first_token_ms: spread(ms, ms * 1.01, ms * 0.99, ms, ms), tokens_per_second: spread(), gmacs_per_second: null, efficiency: null, curve };
  });
  const token = 10_000 / speed;
  return {
    name: `${kind}, ${threads} thread${threads === 1 ? "" : "s"}`,
    backend: { kind, threads, adapter: null, features: ["simd128"], reason: "asked for" },
    module_sha256: "a".repeat(64),
    load: { read_ms: 20, prepare_ms: 300, pipelines_ms: null, bytes: 98_362_432 },
    loaded_from: "storage",
    clock_ms: 0.005,
    certificate: { tokens: 300, logits: 49_152, distance: 0.0007, bound: 0.003 },
    tokenize: spread(1e6, 1.01e6, 0.99e6),
    prefill,
    decode: [{ tokens: 64, after: 512, token_ms: spread(token, token, token * 1.01), tokens_per_second: spread() }],
    peak: { f32_gmacs: 20, f16_gmacs: null, int8_gmacs: 90, copy_gbs: 12 },
    memory: { wasm_bytes: 160e6, gpu_bytes: null, kv_bytes: 12e6 },
    pulse: spread(80, 81, 80),
    undisturbed: spread(0.98, 0.99, 0.98),
    score: null,
  };
}

/** A valid card of this name. */
export function card(name: string, ...configurations: Configuration[]): Card {
  return {
    schema: "precis.result/1",
    name,
    created: "2026-03-04T05:06:07Z",
    model: { id: "smollm2-135m-instruct-q4_1", sha256: "b".repeat(64), architecture: "llama", quant: "Q4_1", parameters: 134_515_008, context: 8192, linear_macs: 106_168_320, attention_macs: 34_560, window_macs: 0 },
    environment: { user_agent: "Browser/1.0", logical_cores: 4, cross_origin_isolated: true, hidden_during_run: false, clock: "runs", version: "0.1.0" },
    method: { suite: "quick", repetitions: 5, precision: null, rest_ms: 200, document_tokens: 44_979, document_sha256: "c".repeat(64), left_out: [] },
    configurations,
    invalid: [],
    unsteady: [],
  };
}

/** `value` with every text in it but the schema replaced. */
export function withTexts<T>(value: T, text: string): T {
  const replace = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return key === "schema" ? value : text;
    if (Array.isArray(value)) return value.map((one) => replace(one, ""));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner, key)]));
  };
  return replace(value, "") as T;
}
