//! Speed of each kernel at each width, and of attention, on one thread. Run these measurements by
//! name and alone: docs/quants.md says how, and lists results.

use std::hint::black_box;

use wasm_bindgen_test::wasm_bindgen_test;

use super::Stored;
use super::matmul::kernels;
use crate::backend::cpu::Cpu;
use crate::backend::cpu::attention::attend;
use crate::backend::cpu::cache::Cache;
use crate::backend::cpu::matrix::QuantizedRows;
use crate::backend::cpu::parallel::Threads;
use crate::backend::{Attention, AttentionLayer, AttentionShape, Rope, RopeLayout};
use crate::quant::QuantType;
use crate::random::Random;

/// Inputs and outputs of Gemma 3 270M's gate.
const SHAPE: [usize; 2] = [640, 2048];

/// Interleaved rounds; the best counts. A browser optimizes in the first ones.
const ROUNDS: usize = 100;

/// A clock in milliseconds.
#[cfg(not(target_arch = "wasm32"))]
fn clock() -> impl Fn() -> f64 {
    let started = std::time::Instant::now();
    move || started.elapsed().as_secs_f64() * 1000.0
}

/// A clock in milliseconds.
#[cfg(target_arch = "wasm32")]
fn clock() -> impl Fn() -> f64 {
    let clock = crate::bindings::js::Clock::running();
    move || clock.now_ms().expect("a clock")
}

#[wasm_bindgen_test(unsupported = test)]
#[ignore = "a measurement of half a minute"]
fn speed_of_kernels() {
    let [cols, outputs] = SHAPE;
    let now = clock();
    let mut random = Random(50);
    for rows in [128, 1] {
        let x = QuantizedRows::new(&random.signed_vec(rows * cols), cols, Threads::default());
        let widths = [QuantType::Q4_1, QuantType::Q5_1, QuantType::Q8_0].map(|quant| {
            (quant, Stored::random(&mut random, quant, outputs, cols).load(&Cpu::default()))
        });
        let mut best = vec![[f64::INFINITY; 3]; kernels().len()];
        for round in 0..ROUNDS {
            for (best, (name, product)) in best.iter_mut().zip(kernels()) {
                // A hundred times slower than the others: once is enough.
                if name == "scalar" && round > 0 {
                    continue;
                }
                for (best, (_, weight)) in best.iter_mut().zip(&widths) {
                    // Longer than the ticks of a coarse clock.
                    let times = 32usize.div_ceil(rows);
                    let started = now();
                    (0..times).for_each(|_| drop(black_box(product(weight, &x))));
                    *best = best.min((now() - started) / times as f64);
                }
            }
        }
        let macs = (rows * cols * outputs) as f64;
        for ((name, _), best) in kernels().iter().zip(&best) {
            for ((quant, weight), ms) in widths.iter().zip(best) {
                let (gmacs, gbs) = (macs / ms / 1e6, weight.bytes() as f64 / ms / 1e6);
                let bits = quant.bits();
                say(&format!(
                    "{rows} rows, {bits:?} bits, {name}: {gmacs:.1} GMAC/s, {gbs:.1} GB/s"
                ));
            }
        }
        let (chosen, scalar) = (best[0], best[1]);
        for (chosen, scalar) in chosen.iter().zip(scalar) {
            assert!(*chosen < scalar, "{rows} rows: the choice is slower than the scalar kernel");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
#[ignore = "a measurement of half a minute"]
fn speed_of_attention() {
    /// Start of the chunk: far enough that work done once per query is negligible.
    const START: usize = 4096;
    let now = clock();
    let mut random = Random(51);
    for (model, [heads, kv_heads, head_dim]) in
        [("SmolLM2 135M", [9, 3, 64]), ("Gemma 3 270M", [4, 1, 256])]
    {
        let shape = AttentionShape { heads, kv_heads, head_dim };
        let layer = AttentionLayer {
            rope: Rope::new(10_000.0, head_dim, RopeLayout::Halves),
            window: None,
        };
        let mut cache = Cache::new(&Attention::uniform(1, shape, &layer));
        cache.reserve(START + 256).expect("memory for some keys");
        let mut numbers = |count: usize| random.signed_vec(count * head_dim);
        let [k, v] = [0; 2].map(|_| numbers(START * kv_heads));
        cache.append(0, 0, [&k, &v], Threads::default());
        for tokens in [48, 256] {
            let q = numbers(tokens * heads);
            let [k, v] = [0; 2].map(|_| numbers(tokens * kv_heads));
            let mut best = f64::INFINITY;
            for _ in 0..ROUNDS / 2 {
                let qkv = [q.clone(), k.clone(), v.clone()];
                let started = now();
                black_box(attend(&mut cache, 0, START, qkv, Threads::default()));
                best = best.min(now() - started);
            }
            let seen = tokens * START + tokens * (tokens + 1) / 2;
            let gmacs = (2 * seen * heads * head_dim) as f64 / best / 1e6;
            say(&format!("{model}, {tokens} queries: {gmacs:.1} GMAC/s"));
        }
    }
}

fn say(line: &str) {
    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test::console_log!("{line}");
    #[cfg(not(target_arch = "wasm32"))]
    println!("{line}");
}
