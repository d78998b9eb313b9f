//! Scalar decoding, with the operations of candle and llama.cpp in the same order.

use half::{bf16, f16};

use super::{BLOCK, QuantType, SUPER_BLOCK};

/// Weights that share a scale in a 6-bit super-block.
pub(super) const SCALED_Q6_K: usize = 16;

impl QuantType {
    /// Decodes whole blocks of this format to floats; `bytes` holds exactly `out.len()` weights.
    pub fn decode(self, bytes: &[u8], out: &mut [f32]) {
        let blocks = bytes.chunks_exact(self.block_bytes());
        for (bytes, out) in blocks.zip(out.chunks_exact_mut(self.block_weights())) {
            match self {
                Self::F32 => out[0] = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
                Self::F16 => out[0] = half(bytes, 0).to_f32(),
                Self::BF16 => out[0] = bf16::from_le_bytes([bytes[0], bytes[1]]).to_f32(),
                Self::Q4_0 => symmetric(half(bytes, 0), 8, &nibbles(&bytes[2..]), out),
                Self::Q4_1 => with_min(half(bytes, 0), half(bytes, 2), &nibbles(&bytes[4..]), out),
                Self::Q5_0 => symmetric(half(bytes, 0), 16, &fives(&bytes[2..]), out),
                Self::Q5_1 => with_min(half(bytes, 0), half(bytes, 2), &fives(&bytes[4..]), out),
                Self::Q8_0 => symmetric(half(bytes, 0), 0, &eights(&bytes[2..]), out),
                Self::Q4K | Self::Q5K => super_block(self, bytes, |i, scale, min, ints| {
                    for (out, int) in out[i * BLOCK..].iter_mut().zip(ints) {
                        *out = scale * f32::from(int) - min;
                    }
                }),
                Self::Q6K => super_block_q6(bytes, |i, scales, ints| {
                    for (k, (out, int)) in out[i * BLOCK..].iter_mut().zip(ints).enumerate() {
                        *out = scales[k / SCALED_Q6_K] * f32::from(int);
                    }
                }),
            }
        }
    }
}

fn symmetric(scale: f16, middle: i8, ints: &[i8; BLOCK], out: &mut [f32]) {
    for (out, int) in out.iter_mut().zip(ints) {
        *out = f32::from(int - middle) * scale.to_f32();
    }
}

fn with_min(scale: f16, min: f16, ints: &[i8; BLOCK], out: &mut [f32]) {
    for (out, int) in out.iter_mut().zip(ints) {
        *out = f32::from(*int) * scale.to_f32() + min.to_f32();
    }
}

/// The half-precision number at `at`.
pub(super) fn half(bytes: &[u8], at: usize) -> f16 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// The low halves of 16 bytes, then the high halves.
pub(super) fn nibbles(bytes: &[u8]) -> [i8; BLOCK] {
    let mut ints = [0; BLOCK];
    for (i, byte) in bytes.iter().enumerate().take(BLOCK / 2) {
        ints[i] = (byte & 15) as i8;
        ints[i + BLOCK / 2] = (byte >> 4) as i8;
    }
    ints
}

/// 32 fifth bits, then the other four bits as in [`nibbles`].
pub(super) fn fives(bytes: &[u8]) -> [i8; BLOCK] {
    let fifths = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let mut ints = nibbles(&bytes[4..]);
    for (i, int) in ints.iter_mut().enumerate() {
        *int |= ((fifths >> i & 1) << 4) as i8;
    }
    ints
}

/// 32 signed bytes.
pub(super) fn eights(bytes: &[u8]) -> [i8; BLOCK] {
    let mut ints = [0; BLOCK];
    for (int, byte) in ints.iter_mut().zip(bytes) {
        *int = *byte as i8;
    }
    ints
}

/// Passes on the eight blocks of a `Q4_K` or `Q5_K` super-block with their scales and minima;
/// minima are subtracted.
pub(super) fn super_block(
    quant: QuantType,
    bytes: &[u8],
    mut each: impl FnMut(usize, f32, f32, [i8; BLOCK]),
) {
    let (d, dmin) = (half(bytes, 0).to_f32(), half(bytes, 2).to_f32());
    let (scales, rest) = bytes[4..].split_at(12);
    let (fifths, fours) = rest.split_at(if quant == QuantType::Q5K { SUPER_BLOCK / 8 } else { 0 });
    for i in 0..SUPER_BLOCK / BLOCK {
        // Six bits each; the last four keep their upper two bits in the bytes of the first four.
        let [scale, min] = match i {
            0..4 => [scales[i] & 63, scales[i + 4] & 63],
            _ => [
                scales[i + 4] & 15 | scales[i - 4] >> 6 << 4,
                scales[i + 4] >> 4 | scales[i] >> 6 << 4,
            ],
        };
        let mut ints = [0; BLOCK];
        for (int, byte) in ints.iter_mut().zip(&fours[i / 2 * BLOCK..]) {
            *int = (byte >> (i % 2 * 4) & 15) as i8;
        }
        for (int, byte) in ints.iter_mut().zip(fifths) {
            *int |= ((byte >> i & 1) << 4) as i8;
        }
        each(i, d * f32::from(scale), dmin * f32::from(min), ints);
    }
}

/// Passes on the eight blocks of a `Q6_K` super-block with the scales of their halves.
pub(super) fn super_block_q6(bytes: &[u8], mut each: impl FnMut(usize, [f32; 2], [i8; BLOCK])) {
    let (fours, rest) = bytes.split_at(SUPER_BLOCK / 2);
    let (twos, rest) = rest.split_at(SUPER_BLOCK / 4);
    let (scales, d) = rest.split_at(SUPER_BLOCK / SCALED_Q6_K);
    let d = half(d, 0).to_f32();
    for i in 0..SUPER_BLOCK / BLOCK {
        // In each 128 weights, the first 64 are in the low halves of 64 bytes.
        let fours = &fours[i / 4 * 64 + i % 2 * BLOCK..];
        let twos = &twos[i / 4 * BLOCK..];
        let mut ints = [0; BLOCK];
        for ((int, four), two) in ints.iter_mut().zip(fours).zip(twos) {
            let low = four >> (i % 4 / 2 * 4) & 15;
            *int = (low | (two >> (i % 4 * 2) & 3) << 4) as i8 - 32;
        }
        each(i, [2 * i, 2 * i + 1].map(|half| d * f32::from(scales[half] as i8)), ints);
    }
}
