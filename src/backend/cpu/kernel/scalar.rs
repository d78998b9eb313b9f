//! The plain Rust kernel: reference for the others, and fallback for native builds without SIMD.

use super::{Fours, Kernel, Quads, ROWS};
use crate::backend::cpu::matrix::{PANEL, Panel, QuantizedRows, Scales, integer};
use crate::quant::{BLOCK, Bits};

/// Weights unpacked to 16 bits, `[cols / 2, PANEL, 2]`.
#[derive(Default)]
pub struct Scalar {
    weights: Vec<[[i16; 2]; PANEL]>,
}

impl Kernel for Scalar {
    fn unpack(&mut self, bits: Bits, panel: Panel) {
        self.weights.clear();
        for block in panel.blocks(bits) {
            self.weights.extend(
                (0..BLOCK).step_by(2).map(|k| {
                    std::array::from_fn(|c| [k, k + 1].map(|k| integer(bits, block, c, k)))
                }),
            );
        }
    }

    fn tile<const R: usize>(
        &mut self,
        scales: &Scales,
        x: &QuantizedRows,
        first: usize,
        out: &mut [[f32; PANEL]; R],
    ) {
        *out = [[0.0; PANEL]; R];
        for (b, weights) in self.weights.as_chunks::<{ BLOCK / 2 }>().0.iter().enumerate() {
            for (r, out) in out.iter_mut().enumerate() {
                let mut dots = [0i32; PANEL];
                for (i, w) in weights.iter().enumerate() {
                    let at = x.place().of_int(first + r, b * BLOCK + 2 * i);
                    let [x0, x1] = [x.ints[at], x.ints[at + 1]].map(i32::from);
                    for (dot, w) in dots.iter_mut().zip(w) {
                        *dot += i32::from(w[0]) * x0 + i32::from(w[1]) * x1;
                    }
                }
                let at = x.place().of_block(first + r, b);
                let (scale, sum) = (x.scales[at], x.sums[at]);
                for c in 0..PANEL {
                    let at = b * PANEL + c;
                    out[c] += (scales.scales[at] * scale) * dots[c] as f32;
                    out[c] += scales.mins[at] * sum;
                }
            }
        }
    }
}

/// [`super::Dots`], one element at a time.
pub fn dots(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
    let mut sums = [*start; ROWS];
    for (x, quads) in x.iter().zip(panel) {
        for (sums, x) in sums.iter_mut().zip(x.as_chunks::<4>().0) {
            for (sum, quad) in sums.iter_mut().zip(quads.as_chunks::<4>().0) {
                *sum += x.iter().zip(quad).map(|(x, w)| i32::from(*x) * i32::from(*w)).sum::<i32>();
            }
        }
    }
    sums
}
