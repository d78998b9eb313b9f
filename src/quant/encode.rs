//! Rounds weights to Q4_1, to save memory for an embedding.

use half::f16;

use super::{BLOCK, Block, QuantType};

/// Rounds a block of weights to Q4_1 with the best scale and minimum found: starts with those that
/// span the block, then refits by least squares while the error decreases.
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

/// The nearest block to `weights` with this scale and minimum, and its squared error.
fn rounded(weights: &[f32; BLOCK], scale: f32, min: f32) -> (Block, f32) {
    let (scale, min) = (f16::from_f32(scale), f16::from_f32(min));
    let (step, base) = (scale.to_f32(), min.to_f32());
    let inverse = if step == 0.0 { 0.0 } else { 1.0 / step };
    let ints = weights.map(|w| ((w - base) * inverse).round().clamp(0.0, 15.0) as i8);
    let error =
        weights.iter().zip(ints).map(|(w, int)| (w - (step * f32::from(int) + base)).powi(2)).sum();
    (Block { ints, scale, min }, error)
}

/// Scale and minimum that fit these integers best to `weights`.
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
