//! Weights as files store them, for tests.

use crate::backend::{Backend, WeightSpec};
use crate::quant::{BLOCK, QuantType};
use crate::random::Random;

pub const QUANTS: [QuantType; 3] = [QuantType::Q4_0, QuantType::Q4_1, QuantType::Q8_0];

/// A matrix as a file stores it.
pub struct Stored {
    pub quant: QuantType,
    pub rows: usize,
    pub cols: usize,
    pub bytes: Vec<u8>,
}

impl Stored {
    /// Any integers; scales of 0.01 to 0.1, and minima near minus half of an integer's range.
    pub fn random(random: &mut Random, quant: QuantType, rows: usize, cols: usize) -> Self {
        let mut bytes = Vec::new();
        for _ in 0..rows * cols / BLOCK {
            let scale = half::f16::from_f32(0.055 + 0.045 * random.signed());
            let min = half::f16::from_f32(-8.0 * scale.to_f32() + 0.1 * random.signed());
            bytes.extend(scale.to_le_bytes());
            if quant == QuantType::Q4_1 {
                bytes.extend(min.to_le_bytes());
            }
            let ints = quant.block_bytes() - if quant == QuantType::Q4_1 { 4 } else { 2 };
            bytes.extend((0..ints).map(|_| random.next() as u8));
        }
        Self { quant, rows, cols, bytes }
    }

    /// Every block of the given scale, minimum (where the format has one) and integer bytes.
    pub fn uniform(
        quant: QuantType,
        rows: usize,
        cols: usize,
        scale: f32,
        min: f32,
        int: u8,
    ) -> Self {
        let mut block = half::f16::from_f32(scale).to_le_bytes().to_vec();
        if quant == QuantType::Q4_1 {
            block.extend(half::f16::from_f32(min).to_le_bytes());
        }
        block.resize(quant.block_bytes(), int);
        Self { quant, rows, cols, bytes: block.repeat(rows * cols / BLOCK) }
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

    /// Row after row, `scale * int + min` in double precision.
    pub fn decode(&self) -> Vec<f64> {
        self.bytes
            .chunks_exact(self.quant.block_bytes())
            .flat_map(|bytes| {
                let block = self.quant.split(bytes).expect("a quantized format");
                let (scale, min) = (block.scale.to_f64(), block.min.to_f64());
                block.ints.map(|int| scale * f64::from(int) + min)
            })
            .collect()
    }
}
