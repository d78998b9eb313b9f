//! A choice that only the running machine can make: how the relaxed SIMD kernel adds.

use std::sync::atomic::{AtomicBool, Ordering};

use super::matmul::multiply;
use super::matrix::{Matrix, PANEL, QuantizedRows};
use super::parallel::Threads;
use crate::backend::WeightSpec;
use crate::error::Result;
use crate::quant::{BLOCK, QuantType};

static WIDE: AtomicBool = AtomicBool::new(false);

/// Rows, inputs and outputs of the product that is timed.
const SHAPE: [usize; 3] = [64, 576, 256];

/// Rounds of each way, and how many of them come too early to count: the engine still optimizes.
const ROUNDS: [usize; 2] = [8, 3];

/// Whether [`super::kernel::relaxed::Relaxed`] adds in 32 bits: what [`tune`] found to be faster.
pub fn sums_are_wide() -> bool {
    WIDE.load(Ordering::Relaxed)
}

/// Lets the two ways of adding race, for some 20 ms. They give the same numbers, so it does not
/// matter if a busy machine makes the slower one win, or if the clock stands still.
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
    let mut best = [f64::INFINITY; 2];
    for round in 0..ROUNDS[0] {
        for wide in [false, true] {
            WIDE.store(wide, Ordering::Relaxed);
            let started = now_ms();
            multiply(&w, 0..outputs / PANEL, &x, &mut out);
            let Some(ms) = now_ms().zip(started).map(|(now, started)| now - started) else { break };
            if round >= ROUNDS[1] && ms > 0.0 {
                best[usize::from(wide)] = best[usize::from(wide)].min(ms);
            }
        }
    }
    WIDE.store(best[1] < best[0], Ordering::Relaxed);
    Ok(())
}
