//! How fast each kernel multiplies each width, one thread. A measurement, so run it by its name and
//! alone: docs/quants.md says how, and has its figures.

use std::hint::black_box;

use wasm_bindgen_test::wasm_bindgen_test;

use super::Stored;
use super::matmul::kernels;
use crate::backend::cpu::Cpu;
use crate::backend::cpu::matrix::QuantizedRows;
use crate::backend::cpu::parallel::Threads;
use crate::quant::QuantType;
use crate::random::Random;

/// Inputs and outputs: those of Gemma 3 270M's gate.
const SHAPE: [usize; 2] = [640, 2048];

/// Rounds of everything in turn, of which the best counts. A browser optimizes in the first ones.
const ROUNDS: usize = 100;

/// A clock of milliseconds.
#[cfg(not(target_arch = "wasm32"))]
fn clock() -> impl Fn() -> f64 {
    let started = std::time::Instant::now();
    move || started.elapsed().as_secs_f64() * 1000.0
}

/// A clock of milliseconds.
#[cfg(target_arch = "wasm32")]
fn clock() -> impl Fn() -> f64 {
    let clock = crate::runtime::js::Clock::running();
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
                // A hundred times slower than the others: once will do.
                if name == "scalar" && round > 0 {
                    continue;
                }
                for (best, (_, weight)) in best.iter_mut().zip(&widths) {
                    // Longer than a coarse clock's ticks.
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

fn say(line: &str) {
    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test::console_log!("{line}");
    #[cfg(not(target_arch = "wasm32"))]
    println!("{line}");
}
