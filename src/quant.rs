//! The storage formats of weights: block layout and scalar decode, one entry a format.
//!
//! This file is the specification that every packed layout and fast kernel is held to. The
//! layouts are ggml's (`ggml-common.h` and `ggml-quants.c` of llama.cpp): a row is a sequence of
//! blocks of 32 weights, each block with its own half-precision scale.

use candle_core::quantized::GgmlDType;
use half::f16;

/// Weights in one quantization block of every supported format.
pub const BLOCK: usize = 32;

/// Names of the matrix formats that have kernels, for messages.
pub const SUPPORTED: &str = "Q4_0, Q4_1 or Q8_0 (norms in F32)";

/// How a tensor's numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantType {
    /// 32-bit floats.
    F32,
    /// 4-bit, symmetric: `w = d * (q - 8)`, 18 bytes a block.
    Q4_0,
    /// 4-bit with a minimum: `w = d * q + m`, 20 bytes a block.
    Q4_1,
    /// 8-bit: `w = d * q`, 34 bytes a block.
    Q8_0,
}

impl QuantType {
    /// The format behind candle's type, or `None` where there is no kernel for it.
    pub fn from_ggml(dtype: GgmlDType) -> Option<Self> {
        match dtype {
            GgmlDType::F32 => Some(Self::F32),
            GgmlDType::Q4_0 => Some(Self::Q4_0),
            GgmlDType::Q4_1 => Some(Self::Q4_1),
            GgmlDType::Q8_0 => Some(Self::Q8_0),
            _ => None,
        }
    }

    /// The name used by GGUF tools.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q8_0 => "Q8_0",
        }
    }

    /// Bytes that [`BLOCK`] weights take.
    pub const fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4 * BLOCK,
            Self::Q4_0 => 2 + BLOCK / 2,
            Self::Q4_1 => 4 + BLOCK / 2,
            Self::Q8_0 => 2 + BLOCK,
        }
    }

    /// Bytes of `count` weights, or `None` when that is no whole number of blocks or overflows.
    pub fn bytes(self, count: usize) -> Option<usize> {
        match self {
            Self::F32 => count.checked_mul(4),
            _ if count.is_multiple_of(BLOCK) => (count / BLOCK).checked_mul(self.block_bytes()),
            _ => None,
        }
    }

    /// Splits one block into its integers and the scale and minimum that give them meaning:
    /// `w[i] = scale * ints[i] + min`. `block` holds [`Self::block_bytes`] bytes of a quantized
    /// format; for `F32`, which has no integers, this is `None`.
    pub fn split(self, block: &[u8]) -> Option<Block> {
        let half = |at: usize| f16::from_le_bytes([block[at], block[at + 1]]);
        let mut ints = [0i8; BLOCK];
        let nibbles = |ints: &mut [i8; BLOCK], bytes: &[u8]| {
            for (i, byte) in bytes.iter().enumerate().take(BLOCK / 2) {
                ints[i] = (byte & 15) as i8;
                ints[i + BLOCK / 2] = (byte >> 4) as i8;
            }
        };
        let scale = match self {
            Self::F32 => return None,
            Self::Q4_0 | Self::Q4_1 | Self::Q8_0 => half(0),
        };
        let min = match self {
            Self::Q4_0 => {
                nibbles(&mut ints, &block[2..]);
                // Exact while 8 * scale stays finite in f16, which quantizers guarantee: the
                // weights themselves reach 8 * scale.
                f16::from_f32(-8.0 * scale.to_f32())
            }
            Self::Q4_1 => {
                nibbles(&mut ints, &block[4..]);
                half(2)
            }
            _ => {
                for (int, byte) in ints.iter_mut().zip(&block[2..]) {
                    *int = *byte as i8;
                }
                f16::ZERO
            }
        };
        Some(Block { ints, scale, min })
    }

    /// Decodes whole rows of this format to floats; `bytes` holds exactly `out.len()` weights.
    pub fn decode(self, bytes: &[u8], out: &mut [f32]) {
        if self == Self::F32 {
            for (value, b) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *value = f32::from_le_bytes(*b);
            }
            return;
        }
        for (values, bytes) in out.chunks_mut(BLOCK).zip(bytes.chunks_exact(self.block_bytes())) {
            if let Some(block) = self.split(bytes) {
                for (value, int) in values.iter_mut().zip(block.ints) {
                    *value = block.scale.to_f32() * f32::from(int) + block.min.to_f32();
                }
            }
        }
    }
}

/// Rounds a block of weights to Q4_1, whose scale and minimum lose the least: those that span the
/// block, then those that fit the integers found by least squares, while that gains anything.
pub fn encode_q4_1(weights: &[f32; BLOCK]) -> [u8; QuantType::Q4_1.block_bytes()] {
    const ROUNDS: usize = 4;
    let (low, high) = weights
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), w| (low.min(*w), high.max(*w)));
    let mut best = rounded(weights, (high - low) / 15.0, low);
    let mut next = best;
    for _ in 0..ROUNDS {
        let (scale, min) = least_squares(weights, &next.0.ints);
        next = rounded(weights, scale, min);
        if next.1 >= best.1 {
            break;
        }
        best = next;
    }
    let Block { ints, scale, min } = best.0;
    let mut bytes = [0; QuantType::Q4_1.block_bytes()];
    bytes[..2].copy_from_slice(&scale.to_le_bytes());
    bytes[2..4].copy_from_slice(&min.to_le_bytes());
    for (i, byte) in bytes[4..].iter_mut().enumerate() {
        *byte = ints[i] as u8 | (ints[i + BLOCK / 2] as u8) << 4;
    }
    bytes
}

/// The block of this scale and minimum that is nearest to `weights`, and the sum of its squared errors.
fn rounded(weights: &[f32; BLOCK], scale: f32, min: f32) -> (Block, f32) {
    let (scale, min) = (f16::from_f32(scale), f16::from_f32(min));
    let (step, base) = (scale.to_f32(), min.to_f32());
    let inverse = if step == 0.0 { 0.0 } else { 1.0 / step };
    let ints = weights.map(|w| ((w - base) * inverse).round().clamp(0.0, 15.0) as i8);
    let error =
        weights.iter().zip(ints).map(|(w, int)| (w - (step * f32::from(int) + base)).powi(2)).sum();
    (Block { ints, scale, min }, error)
}

/// Scale and minimum with which these integers come nearest to `weights`.
fn least_squares(weights: &[f32; BLOCK], ints: &[i8; BLOCK]) -> (f32, f32) {
    let n = BLOCK as f32;
    let (mut sum, mut squares, mut weighted) = (0.0, 0.0, 0.0);
    for (w, int) in weights.iter().zip(ints) {
        let int = f32::from(*int);
        sum += int;
        squares += int * int;
        weighted += int * w;
    }
    let total: f32 = weights.iter().sum();
    let spread = n * squares - sum * sum;
    if spread == 0.0 {
        return (0.0, total / n);
    }
    let scale = (n * weighted - sum * total) / spread;
    (scale, (total - scale * sum) / n)
}

/// One decoded block: `w[i] = scale * ints[i] + min`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// The stored integers in the order of the weights: 0..=15 in 4-bit formats, else -128..=127.
    pub ints: [i8; BLOCK],
    /// Weight of one integer step.
    pub scale: f16,
    /// What is added to every weight; zero in formats without a minimum.
    pub min: f16,
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::quantized::QTensor;
    use candle_core::{Device, Tensor};
    use wasm_bindgen_test::wasm_bindgen_test;

    /// Decode equals candle's own decode, bit for bit, on random weights.
    #[wasm_bindgen_test(unsupported = test)]
    fn decode_is_candles() {
        for (dtype, quant) in [
            (GgmlDType::Q4_0, QuantType::Q4_0),
            (GgmlDType::Q4_1, QuantType::Q4_1),
            (GgmlDType::Q8_0, QuantType::Q8_0),
        ] {
            let values: Vec<f32> =
                (0..256).map(|i| ((i * 7919 % 613) as f32 - 300.0) / 97.0).collect();
            let tensor = Tensor::from_vec(values, (2, 128), &Device::Cpu).expect("tensor");
            let quantized = QTensor::quantize(&tensor, dtype).expect("quantize");
            let bytes = quantized.data().expect("bytes");
            let want: Vec<f32> = quantized
                .dequantize(&Device::Cpu)
                .and_then(|t| t.flatten_all())
                .and_then(|t| t.to_vec1())
                .expect("dequantize");
            assert_eq!(quant.bytes(256), Some(bytes.len()));
            let mut got = vec![0.0; 256];
            quant.decode(&bytes, &mut got);
            assert_eq!(got, want, "{}", quant.name());
        }
    }

    /// At least as near as candle's encoder, which spans the block, and no other decoder than ours.
    #[wasm_bindgen_test(unsupported = test)]
    fn encoding_loses_little() {
        let mut random = crate::random::Random(7);
        let mut errors = [0.0; 2];
        for case in 0..64 {
            let weights: [f32; BLOCK] = [(); BLOCK].map(|()| random.signed().powi(3) - 0.1);
            let weights = if case == 0 { [0.25; BLOCK] } else { weights };
            let tensor = Tensor::from_slice(&weights, (1, BLOCK), &Device::Cpu).expect("tensor");
            let theirs = QTensor::quantize(&tensor, GgmlDType::Q4_1).expect("quantize");
            let theirs = theirs.data().expect("bytes").to_vec();
            for (error, bytes) in errors.iter_mut().zip([&encode_q4_1(&weights)[..], &theirs]) {
                let mut decoded = [0.0; BLOCK];
                QuantType::Q4_1.decode(bytes, &mut decoded);
                let distance = weights.iter().zip(decoded).map(|(w, d)| (w - d).powi(2));
                *error += distance.sum::<f32>();
            }
        }
        assert!(errors[0] < 0.95 * errors[1], "{errors:?}");
        assert!(errors[0] > 0.5 * errors[1], "{errors:?}");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn sizes() {
        assert_eq!(QuantType::Q4_1.bytes(64), Some(40));
        assert_eq!(QuantType::Q4_1.bytes(33), None);
        assert_eq!(QuantType::F32.bytes(usize::MAX), None);
    }
}
