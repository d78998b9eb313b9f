//! The inner loops of matrix multiplication, one file an instruction set, behind [`Kernel`].
//!
//! All of them compute the same thing: for a tile of rows of 8-bit activations and one panel of
//! weights, the exact integer dot product of each block of 32, and then
//! `out += (weight scale * activation scale) * dot + weight min * activation sum`.
//! The integers are exact in every kernel; only the rounding of this last line may differ where
//! the instruction set has a fused multiply-add.

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
pub mod relaxed;
#[cfg(any(test, not(target_arch = "wasm32")))]
pub mod scalar;
#[cfg(all(target_arch = "wasm32", any(test, not(target_feature = "relaxed-simd"))))]
pub mod simd128;
#[cfg(target_arch = "x86_64")]
pub mod vnni;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use super::matrix::ROWS;
use super::matrix::{PANEL, Panel, QuantizedRows, Scales};
use crate::quant::Bits;

/// Four inputs of each of a panel's outputs in turn.
pub type Quads = [i8; 4 * PANEL];

/// Four numbers of each of [`ROWS`] rows in turn, 0 to 127.
pub type Fours = [u8; 4 * ROWS];

/// Exact products of [`ROWS`] rows and a panel, added to the third argument. The sums fit 32 bits.
pub type Dots = fn(&[Fours], &[Quads], &[i32; PANEL]) -> [[i32; PANEL]; ROWS];

/// The fastest [`Dots`] that this build and machine have.
pub fn dots() -> Dots {
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    return relaxed::dots;
    #[cfg(all(target_arch = "wasm32", not(target_feature = "relaxed-simd")))]
    return simd128::dots;
    #[cfg(target_arch = "x86_64")]
    if let Some(dots) = vnni::dots().or_else(avx2::dots) {
        return dots;
    }
    #[cfg(not(target_arch = "wasm32"))]
    scalar::dots
}

/// One way of multiplying a panel.
pub trait Kernel {
    /// Brings a panel's integers into the form that [`Kernel::tile`] reads.
    fn unpack(&mut self, bits: Bits, panel: Panel);

    /// Multiplies the tile of `x` that begins at row `first`, and has `R` rows, with the unpacked
    /// panel: `out[r]` holds the [`PANEL`] results of row `first + r`.
    fn tile<const R: usize>(
        &mut self,
        scales: &Scales,
        x: &QuantizedRows,
        first: usize,
        out: &mut [[f32; PANEL]; R],
    );

    /// Multiplies the one row of `x` with a panel. Unpacking for a single row would cost more than
    /// it saves: a kernel that can, unpacks in its registers.
    fn row(
        &mut self,
        bits: Bits,
        panel: Panel,
        scales: &Scales,
        x: &QuantizedRows,
        out: &mut [f32; PANEL],
    ) {
        self.unpack(bits, panel);
        self.tile(scales, x, 0, std::array::from_mut(out));
    }
}
