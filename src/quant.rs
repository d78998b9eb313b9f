//! Storage formats of weights: sizes, scalar decoding, and the only conversion from each format to
//! the integer blocks that backends pack.
//!
//! [`QuantType::decode`] is the reference for everything else. The layouts are ggml's
//! (`ggml-common.h` and `ggml-quants.c` of llama.cpp): a row is a sequence of blocks of 32 weights
//! or super-blocks of 256, each with its own scales, or of plain floats.

mod block;
mod decode;
mod encode;
#[cfg(test)]
mod tests;

use candle_core::quantized::GgmlDType;

pub use block::Block;
pub use encode::encode_q4_1;

use crate::error::{Error, Result};

/// Weights that share a scale in packed matrices.
pub const BLOCK: usize = 32;

/// Weights in a super-block of the formats whose names end in K.
const SUPER_BLOCK: usize = 256;

/// Names of the supported formats, for error messages.
pub const SUPPORTED: &str =
    "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K (norms in F32)";

/// Storage format of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantType {
    /// 32-bit floats.
    F32,
    /// 16-bit floats of IEEE 754.
    F16,
    /// The upper halves of 32-bit floats.
    BF16,
    /// 4-bit, symmetric: `w = d * (q - 8)`, 18 bytes for 32.
    Q4_0,
    /// 4-bit with a minimum: `w = d * q + m`, 20 bytes for 32.
    Q4_1,
    /// 5-bit, symmetric: `w = d * (q - 16)`, 22 bytes for 32.
    Q5_0,
    /// 5-bit with a minimum: `w = d * q + m`, 24 bytes for 32.
    Q5_1,
    /// 8-bit: `w = d * q`, 34 bytes for 32.
    Q8_0,
    /// 4-bit in super-blocks, with a 6-bit scale and minimum per 32 weights:
    /// `w = (d * sc) * q - dmin * m`, 144 bytes for 256.
    Q4K,
    /// The same with 5 bits, 176 bytes for 256.
    Q5K,
    /// 6-bit in super-blocks, with an 8-bit scale per 16 weights: `w = d * sc * (q - 32)`, 210
    /// bytes for 256.
    Q6K,
}

/// The error of weights that are infinite, no numbers, or too large for half precision: whatever is
/// computed with one is no number.
pub fn infinite() -> Error {
    let reason = "it has weights that are infinite, too large, or not a number".into();
    Error::ModelInvalid { reason }
}

/// Width of the integers of packed matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bits {
    /// Integers 0..=15.
    Four,
    /// Integers 0..=31.
    Five,
    /// Integers -128..=127.
    Eight,
}

impl Bits {
    /// Bytes of a block's integers.
    pub const fn block_bytes(self) -> usize {
        match self {
            Self::Four => BLOCK / 8 * 4,
            Self::Five => BLOCK / 8 * 5,
            Self::Eight => BLOCK,
        }
    }
}

impl QuantType {
    /// All formats, in the order of GGUF tools.
    pub const ALL: [Self; 11] = [
        Self::F32,
        Self::F16,
        Self::BF16,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q8_0,
        Self::Q4K,
        Self::Q5K,
        Self::Q6K,
    ];

    /// The format of a candle type, or `None` if there is no decoder for it.
    pub fn from_ggml(dtype: GgmlDType) -> Option<Self> {
        match dtype {
            GgmlDType::F32 => Some(Self::F32),
            GgmlDType::F16 => Some(Self::F16),
            GgmlDType::BF16 => Some(Self::BF16),
            GgmlDType::Q4_0 => Some(Self::Q4_0),
            GgmlDType::Q4_1 => Some(Self::Q4_1),
            GgmlDType::Q5_0 => Some(Self::Q5_0),
            GgmlDType::Q5_1 => Some(Self::Q5_1),
            GgmlDType::Q8_0 => Some(Self::Q8_0),
            GgmlDType::Q4K => Some(Self::Q4K),
            GgmlDType::Q5K => Some(Self::Q5K),
            GgmlDType::Q6K => Some(Self::Q6K),
            _ => None,
        }
    }

    /// The name used by GGUF tools.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q5_0 => "Q5_0",
            Self::Q5_1 => "Q5_1",
            Self::Q8_0 => "Q8_0",
            Self::Q4K => "Q4_K",
            Self::Q5K => "Q5_K",
            Self::Q6K => "Q6_K",
        }
    }

    /// Weights per block; a row is a whole number of blocks.
    pub const fn block_weights(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => 1,
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 | Self::Q8_0 => BLOCK,
            Self::Q4K | Self::Q5K | Self::Q6K => SUPER_BLOCK,
        }
    }

    /// Bytes of [`Self::block_weights`] weights.
    pub const fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
            Self::Q4K => 144,
            Self::Q5K => 176,
            Self::Q6K => 210,
        }
    }

    /// Bytes of `count` weights, or `None` if that is not a whole number of blocks, or overflows.
    pub fn bytes(self, count: usize) -> Option<usize> {
        let whole = count.is_multiple_of(self.block_weights());
        (count / self.block_weights()).checked_mul(self.block_bytes()).filter(|_| whole)
    }

    /// Bit width of this format in packed matrices.
    pub const fn bits(self) -> Bits {
        match self {
            Self::Q4_0 | Self::Q4_1 | Self::Q4K => Bits::Four,
            Self::Q5_0 | Self::Q5_1 | Self::Q5K => Bits::Five,
            _ => Bits::Eight,
        }
    }

    /// Whether packed blocks of this format have minima.
    pub const fn has_min(self) -> bool {
        !matches!(self, Self::F32 | Self::F16 | Self::BF16 | Self::Q8_0 | Self::Q6K)
    }

    /// Checks that a row of `cols` weights consists of whole blocks of [`BLOCK`].
    ///
    /// # Errors
    /// `model-invalid`.
    pub fn check_columns(self, cols: usize) -> Result<()> {
        if cols.is_multiple_of(BLOCK) && cols.is_multiple_of(self.block_weights()) {
            return Ok(());
        }
        let name = self.name();
        let reason =
            format!("a matrix in {name} is {cols} wide, which is no whole number of blocks");
        Err(Error::ModelInvalid { reason })
    }
}
