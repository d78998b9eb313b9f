//! Every kernel held to a slow and obvious twin. The same tests run natively, in Node (simd128)
//! and in a browser (relaxed SIMD).

mod attention;
mod elementwise;
mod matmul;
mod weights;

use super::matrix::Matrix;
use crate::backend::WeightSpec;
use crate::quant::{BLOCK, QuantType};
use crate::random::Random;

const QUANTS: [QuantType; 3] = [QuantType::Q4_0, QuantType::Q4_1, QuantType::Q8_0];

/// A matrix as a file stores it.
struct Stored {
    quant: QuantType,
    rows: usize,
    cols: usize,
    bytes: Vec<u8>,
}

impl Stored {
    /// Any integers; scales of 0.01 to 0.1, and minima near minus half of an integer's range.
    fn random(random: &mut Random, quant: QuantType, rows: usize, cols: usize) -> Self {
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
    fn uniform(quant: QuantType, rows: usize, cols: usize, scale: f32, min: f32, int: u8) -> Self {
        let mut block = half::f16::from_f32(scale).to_le_bytes().to_vec();
        if quant == QuantType::Q4_1 {
            block.extend(half::f16::from_f32(min).to_le_bytes());
        }
        block.resize(quant.block_bytes(), int);
        Self { quant, rows, cols, bytes: block.repeat(rows * cols / BLOCK) }
    }

    fn row_bytes(&self) -> usize {
        self.bytes.len() / self.rows
    }

    fn pack(&self) -> Matrix {
        let Self { quant, rows, cols, .. } = *self;
        Matrix::pack(WeightSpec { rows, cols, quant }, &mut |range, into| {
            let row = self.row_bytes();
            into.clear();
            into.extend_from_slice(&self.bytes[range.start * row..range.end * row]);
            Ok(())
        })
        .expect("these formats are packed")
    }

    /// Row after row, `scale * int + min` in double precision.
    fn decode(&self) -> Vec<f64> {
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
