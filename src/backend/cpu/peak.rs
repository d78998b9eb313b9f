//! Peak speeds of a CPU, from synthetic loops.

use std::hint::black_box;

use super::parallel::for_each;
use super::{Cpu, F32x4};
use crate::report::Peaks;

/// Independent vectors per thread: enough for the pipelines of two multipliers, few enough for 16
/// registers.
const CHAINS: usize = 12;

/// Multiply-adds per vector between two clock reads.
const ROUNDS: usize = 200_000;

/// Lanes per vector with AVX2.
#[cfg(target_arch = "x86_64")]
const WIDE: usize = 8;

/// Bytes copied: more than most caches, and little compared to a model.
const COPIED: usize = 32 << 20;

/// Measurements; the best counts.
const REPETITIONS: usize = 7;

impl Cpu {
    /// Measures floats in registers, and copying, on all threads.
    pub(super) fn measured_peaks(&self, now_ms: &dyn Fn() -> Option<f64>) -> Peaks {
        let threads = self.threads.count();
        let (multiply, width) = multiplier();
        let macs = (threads * CHAINS * width * ROUNDS) as f64;
        let mut sums = vec![0.0; threads];
        let multiplied = best_ms(now_ms, || {
            for_each(self.threads, sums.iter_mut(), |sum| *sum = multiply(black_box([1.0, 0.0])));
            black_box(&sums);
        });
        let gmacs = |ms: f64| macs / ms / 1e6;
        Peaks {
            f32_gmacs: multiplied.map(gmacs),
            copy_gbs: self.copied(now_ms),
            ..Peaks::default()
        }
    }

    /// 10⁹ bytes read and written per second; `None` if memory is short.
    fn copied(&self, now_ms: &dyn Fn() -> Option<f64>) -> Option<f64> {
        let [mut from, mut to] = [Vec::new(), Vec::new()];
        for buffer in [&mut from, &mut to] {
            buffer.try_reserve_exact(COPIED).ok()?;
            buffer.resize(COPIED, 1u8);
        }
        let part = COPIED / self.threads.count() / 4;
        let ms = best_ms(now_ms, || {
            let parts = to.chunks_mut(part).zip(from.chunks(part));
            for_each(self.threads, parts, |(to, from)| to.copy_from_slice(from));
            black_box(&to);
        });
        ms.map(|ms| 2.0 * COPIED as f64 / ms / 1e6)
    }
}

/// Shortest time of `work` after a warm-up; `None` if the clock does not advance.
fn best_ms(now_ms: &dyn Fn() -> Option<f64>, mut work: impl FnMut()) -> Option<f64> {
    work();
    let mut best: Option<f64> = None;
    for _ in 0..REPETITIONS {
        let started = now_ms()?;
        work();
        let ms = now_ms()? - started;
        best = Some(best.map_or(ms, |best| best.min(ms)));
    }
    best.filter(|ms| *ms > 0.0)
}

/// A function that multiplies and adds [`ROUNDS`] times in [`CHAINS`] vectors, and their width.
fn multiplier() -> (fn([f32; 2]) -> f32, usize) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has the instructions of `multiply_wide`.
        return (|by| unsafe { multiply_wide(by) }, WIDE);
    }
    (multiply, 4)
}

fn multiply([factor, addend]: [f32; 2]) -> f32 {
    let [factor, addend] = [factor, addend].map(F32x4::splat);
    let mut chains: [F32x4; CHAINS] = std::array::from_fn(|i| F32x4::splat(i as f32));
    for _ in 0..ROUNDS {
        for chain in &mut chains {
            *chain = chain.mul_add(factor, addend);
        }
    }
    chains.into_iter().map(F32x4::sum).sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn multiply_wide([factor, addend]: [f32; 2]) -> f32 {
    let mut chains: [[f32; WIDE]; CHAINS] = std::array::from_fn(|i| [i as f32; WIDE]);
    for _ in 0..ROUNDS {
        for x in chains.as_flattened_mut() {
            *x = x.mul_add(factor, addend);
        }
    }
    chains.as_flattened().iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    /// Every counted multiply-add happens: x + 0.5 rounds, in numbers that floats can hold.
    #[wasm_bindgen_test(unsupported = test)]
    fn chains_come_to_what_they_should() {
        let (multiply, width) = multiplier();
        let starts = width * CHAINS * (CHAINS - 1) / 2;
        let all = starts as f32 + (width * CHAINS * ROUNDS) as f32 * 0.5;
        assert_eq!(multiply([1.0, 0.5]), all);
    }
}
