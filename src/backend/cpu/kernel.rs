//! The inner loops of matrix multiplication, one file per instruction set, behind [`Kernel`].
//!
//! All compute the same result: for a tile of rows of 8-bit activations and one panel of weights,
//! the exact integer dot product of each block of 32, and then
//! `out += (weight scale * activation scale) * dot + weight min * activation sum`.
//! Integer results are exact in every kernel; only the rounding of this last line may differ, where
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

/// Four inputs for each output of a panel in turn.
pub type Quads = [i8; 4 * PANEL];

/// Four elements of each of [`ROWS`] rows in turn, 0 to 127.
pub type Fours = [u8; 4 * ROWS];

/// Exact products of [`ROWS`] rows and a panel, added to the third argument. Sums fit 32 bits.
pub type Dots = fn(&[Fours], &[Quads], &[i32; PANEL]) -> [[i32; PANEL]; ROWS];

/// The fastest [`Dots`] for this build and machine.
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

/// A way to multiply a panel.
pub trait Kernel {
    /// Converts a panel's integers to the form that [`Kernel::tile`] reads.
    fn unpack(&mut self, bits: Bits, panel: Panel);

    /// Multiplies the unpacked panel by the `R` rows of `x` from row `first`: `out[r]` holds the
    /// [`PANEL`] results of row `first + r`.
    fn tile<const R: usize>(
        &mut self,
        scales: &Scales,
        x: &QuantizedRows,
        first: usize,
        out: &mut [[f32; PANEL]; R],
    );

    /// Multiplies the only row of `x` with a panel. Unpacking to memory costs more than it saves
    /// for one row, so kernels unpack in registers if they can.
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
