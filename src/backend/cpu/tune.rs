//! A choice made at run time: how the relaxed SIMD kernel adds.

use std::sync::atomic::Ordering;

use super::matmul::{WIDE_SUMS, multiply};
use super::matrix::{Matrix, QuantizedRows};
use super::parallel::Threads;
use crate::backend::WeightSpec;
use crate::error::Result;
use crate::quant::{BLOCK, QuantType};

/// Rows, inputs and outputs of the timed product.
const SHAPE: [usize; 3] = [64, 576, 256];

/// Duration of the race, in milliseconds. The engine may still be optimizing either variant in the
/// first tens of milliseconds, and one may reach its best long before the other.
const RACE_MS: f64 = 120.0;

/// Races the two ways of adding; the best round of each counts. Both give the same numbers, so a
/// wrong choice only costs time. Without a clock there is no race.
///
/// # Errors
/// `out-of-memory`.
pub fn tune(now_ms: impl Fn() -> Option<f64>) -> Result<()> {
    let [rows, cols, outputs] = SHAPE;
    let spec = WeightSpec { rows: outputs, cols, quant: QuantType::Q4_1 };
    let row_bytes = spec.quant.block_bytes() * cols / BLOCK;
    let w = Matrix::pack(spec, &mut |range, bytes| {
        *bytes = vec![0x11; range.len() * row_bytes];
        Ok(())
    })?;
    let x = QuantizedRows::new(&vec![1.0; rows * cols], cols, Threads::default());
    let mut out = vec![0.0; rows * outputs];
    let mut out: Vec<&mut [f32]> = out.chunks_exact_mut(outputs).collect();
    let Some(end) = now_ms().map(|now| now + RACE_MS) else { return Ok(()) };
    let mut best = [f64::INFINITY; 2];
    // Limits the rounds if the clock does not advance.
    for wide in [false, true].into_iter().cycle().take(1000) {
        WIDE_SUMS.store(wide, Ordering::Relaxed);
        let Some(started) = now_ms().filter(|now| *now < end) else { break };
        multiply(&w, 0, &x, &mut out);
        let Some(ms) = now_ms().map(|now| now - started) else { break };
        if ms > 0.0 {
            best[usize::from(wide)] = best[usize::from(wide)].min(ms);
        }
    }
    WIDE_SUMS.store(best[1] < best[0], Ordering::Relaxed);
    Ok(())
}
