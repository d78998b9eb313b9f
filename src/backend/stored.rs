//! Weights in file formats, for tests.

use half::f16;

use crate::backend::{Backend, WeightSpec};
use crate::quant::{BLOCK, QuantType};
use crate::random::Random;

/// A matrix in its file format.
pub struct Stored {
    pub quant: QuantType,
    pub rows: usize,
    pub cols: usize,
    pub bytes: Vec<u8>,
}

impl Stored {
    /// Random integers; weights up to about 1, minima near minus half of the integer range. Rounds
    /// `cols` up to whole blocks.
    pub fn random(random: &mut Random, quant: QuantType, rows: usize, cols: usize) -> Self {
        let cols = cols.next_multiple_of(quant.block_weights());
        let mut bytes: Vec<u8> =
            (0..quant.bytes(rows * cols).expect("blocks")).map(|_| random.next() as u8).collect();
        for block in bytes.chunks_exact_mut(quant.block_bytes()) {
            let step = 0.055 + 0.045 * random.signed();
            let off = 0.1 * random.signed();
            match quant {
                QuantType::F32 => block.copy_from_slice(&random.signed().to_le_bytes()),
                QuantType::F16 => put(block, &[random.signed()]),
                QuantType::BF16 => block.copy_from_slice(&random.signed().to_le_bytes()[2..]),
                QuantType::Q4_0 | QuantType::Q5_0 | QuantType::Q8_0 => put(block, &[step]),
                QuantType::Q4_1 => put(block, &[step, off - 8.0 * step]),
                QuantType::Q5_1 => put(block, &[step, off - 16.0 * step]),
                // Scales large enough that every integer matters.
                QuantType::Q4K | QuantType::Q5K => {
                    put(block, &[step / 64.0, step / 8.0]);
                    block[4..16].iter_mut().for_each(|scale| *scale |= 0x21);
                }
                QuantType::Q6K => {
                    put(&mut block[208..], &[step / 64.0]);
                    let scales = block[192..208].iter_mut();
                    scales.for_each(|scale| *scale = *scale & 0x9f | 0x40);
                }
            }
        }
        Self { quant, rows, cols, bytes }
    }

    /// Every block of 32 with the given scale, minimum (if the format has one) and integer bytes.
    pub fn uniform(
        quant: QuantType,
        rows: usize,
        cols: usize,
        scale: f32,
        min: f32,
        int: u8,
    ) -> Self {
        let mut block = vec![int; quant.block_bytes()];
        let has_min = matches!(quant, QuantType::Q4_1 | QuantType::Q5_1);
        put(&mut block, &[scale, min][..if has_min { 2 } else { 1 }]);
        Self { quant, rows, cols, bytes: block.repeat(rows * cols / BLOCK) }
    }

    /// A copy with bits flipped in one integer of a row, or in a float's highest byte.
    pub fn planted(&self, row: usize, bits: u8) -> Self {
        let mut bytes = self.bytes.clone();
        let before = match self.quant {
            // Skips the integers' upper bits and the scales.
            QuantType::Q6K => 64 + 16 + 2,
            _ => 0,
        };
        bytes[(row + 1) * self.row_bytes() - 1 - before] ^= bits;
        Self { bytes, ..*self }
    }

    pub fn row_bytes(&self) -> usize {
        self.bytes.len() / self.rows
    }

    pub fn load<B: Backend>(&self, backend: &B) -> B::Weight {
        let Self { quant, rows, cols, .. } = *self;
        let load = backend.load_weight(WeightSpec { rows, cols, quant }, &mut |range, into| {
            let row = self.row_bytes();
            into.clear();
            into.extend_from_slice(&self.bytes[range.start * row..range.end * row]);
            Ok(())
        });
        load.expect("these formats are packed")
    }

    /// The weights row by row, `scale * int + min` in double precision.
    pub fn decode(&self) -> Vec<f64> {
        let mut weights = Vec::new();
        self.quant.split(&self.bytes, |_, block| {
            let (scale, min) = (block.scale.to_f64(), block.min.to_f64());
            weights.extend(block.ints.map(|int| scale * f64::from(int) + min));
        });
        weights
    }
}

/// Writes half-precision numbers to the start of a block.
fn put(block: &mut [u8], halves: &[f32]) {
    for (to, x) in block.chunks_exact_mut(2).zip(halves) {
        to.copy_from_slice(&f16::from_f32(*x).to_le_bytes());
    }
}
