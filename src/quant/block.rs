//! The common form that backends pack: blocks of 32 integers, for every file format.

use half::f16;

use super::decode::{eights, fives, half, nibbles, super_block, super_block_q6};
use super::{BLOCK, QuantType, SUPER_BLOCK};

/// One block of a packed matrix: `w[i] = scale * ints[i] + min`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// The integers in weight order, in the range of the format's [`QuantType::bits`].
    pub ints: [i8; BLOCK],
    /// Weight of one integer step.
    pub scale: f16,
    /// Added to every weight; zero in formats without a minimum.
    pub min: f16,
}

impl Block {
    /// Whether its weights are numbers, and not infinite.
    pub fn is_finite(&self) -> bool {
        self.scale.is_finite() && self.min.is_finite()
    }
}

impl QuantType {
    /// Splits whole stored rows of a matrix into blocks, and passes each with its index to `each`,
    /// in order.
    ///
    /// `Q4_0`, `Q4_1`, `Q5_0`, `Q5_1` and `Q8_0` are unchanged. Scales and minima of `Q4_K` and
    /// `Q5_K` are products, rounded here to half precision, with an error of at most one part in
    /// 2,048. `Q6_K`, whose half blocks have separate scales, and floats are rounded to 8 bits.
    pub fn split(self, bytes: &[u8], mut each: impl FnMut(usize, Block)) {
        const EACH: usize = SUPER_BLOCK / BLOCK;
        match self {
            Self::F32 | Self::F16 | Self::BF16 => {
                for (i, bytes) in bytes.chunks_exact(BLOCK * self.block_bytes()).enumerate() {
                    let mut weights = [0.0; BLOCK];
                    self.decode(bytes, &mut weights);
                    each(i, of_floats(&weights));
                }
            }
            Self::Q4K | Self::Q5K => {
                for (s, bytes) in bytes.chunks_exact(self.block_bytes()).enumerate() {
                    super_block(self, bytes, |i, scale, min, ints| {
                        let (scale, min) = (f16::from_f32(scale), f16::from_f32(-min));
                        each(s * EACH + i, Block { ints, scale, min });
                    });
                }
            }
            Self::Q6K => {
                for (s, bytes) in bytes.chunks_exact(self.block_bytes()).enumerate() {
                    super_block_q6(bytes, |i, scales, ints| {
                        each(s * EACH + i, of_halves(scales, &ints));
                    });
                }
            }
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 | Self::Q8_0 => {
                for (i, bytes) in bytes.chunks_exact(self.block_bytes()).enumerate() {
                    let scale = half(bytes, 0);
                    // Exact while the products are finite in f16. Quantizers guarantee this, since
                    // the weights are of the same size.
                    let middle = |middle: f32| f16::from_f32(-middle * scale.to_f32());
                    let (ints, min) = match self {
                        Self::Q4_0 => (nibbles(&bytes[2..]), middle(8.0)),
                        Self::Q4_1 => (nibbles(&bytes[4..]), half(bytes, 2)),
                        Self::Q5_0 => (fives(&bytes[2..]), middle(16.0)),
                        Self::Q5_1 => (fives(&bytes[4..]), half(bytes, 2)),
                        _ => (eights(&bytes[2..]), f16::ZERO),
                    };
                    each(i, Block { ints, scale, min });
                }
            }
        }
    }
}

/// Rounds floats to 8 bits, the largest magnitude to 127. The block is not finite if one of them is not.
fn of_floats(weights: &[f32; BLOCK]) -> Block {
    if !weights.iter().all(|weight| weight.is_finite()) {
        return Block { ints: [0; BLOCK], scale: f16::NAN, min: f16::ZERO };
    }
    let largest = weights.iter().fold(0.0f32, |m, w| m.max(w.abs()));
    let mut scale = f16::from_f32(largest / 127.0);
    if scale.to_f32() * 127.0 < largest {
        // Round up, or the largest would not fit: subnormal half precision has few digits.
        scale = f16::from_bits(scale.to_bits() + 1);
    }
    rounded(weights, scale)
}

/// Rounds the 6-bit integers of two halves to 8 bits with a common scale. A quarter of the larger
/// scale is exact for its half, and uses all 8 bits: 4 * -32 is -128.
fn of_halves(scales: [f32; 2], ints: &[i8; BLOCK]) -> Block {
    let larger = if scales[0].abs() >= scales[1].abs() { scales[0] } else { scales[1] };
    let weights = std::array::from_fn(|i| scales[i / (BLOCK / 2)] * f32::from(ints[i]));
    rounded(&weights, f16::from_f32(larger / 4.0))
}

/// The nearest integers for this scale.
fn rounded(weights: &[f32; BLOCK], scale: f16) -> Block {
    let inverse = if scale == f16::ZERO { 0.0 } else { 1.0 / scale.to_f32() };
    // The cast saturates, and maps NaN to 0.
    Block { ints: weights.map(|w| (w * inverse).round_ties_even() as i8), scale, min: f16::ZERO }
}
