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
#[cfg(target_arch = "wasm32")]
pub mod simd128;
#[cfg(target_arch = "x86_64")]
pub mod vnni;

use super::matrix::{Bits, PANEL, Panel, QuantizedRows, Scales};

/// Rows that are multiplied together.
pub const ROWS: usize = 4;

/// Two inputs of each of a panel's outputs in turn, as 16-bit integers.
pub type Pairs = [i16; 2 * PANEL];

/// Exact products of [`ROWS`] rows of 16-bit integers and a panel of them, one [`Pairs`] for each
/// two numbers of a row. The sums fit 32 bits.
pub type Dots = fn([&[i16]; ROWS], &[Pairs]) -> [[i32; PANEL]; ROWS];

/// The fastest [`Dots`] that this build and machine have.
pub fn dots() -> Dots {
    #[cfg(target_arch = "wasm32")]
    return simd128::dots;
    #[cfg(target_arch = "x86_64")]
    if let Some(dots) = avx2::dots() {
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

    /// Whether weights of this width are multiplied by this kernel.
    fn supports(bits: Bits) -> bool;
}
