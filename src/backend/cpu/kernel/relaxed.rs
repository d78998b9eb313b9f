//! The kernel for WebAssembly's relaxed SIMD: 8-bit products, added in 16 bits or in 32.
//!
//! The relaxed dot products leave to the engine what happens when the second operand leaves
//! 0..=127 or the sum of two products leaves 16 bits. Here the second operand holds 4-bit weights,
//! 0..=15, so the result is exact everywhere. In 16 bits a lane adds up 16 products of a block, at
//! most 16 * 15 * 127 = 30,480, which 16 bits hold.
//! (<https://github.com/WebAssembly/relaxed-simd/blob/main/proposals/relaxed-simd/Overview.md>)
//!
//! Which of the two is faster depends on what the engine makes of them: sums in 32 bits are one
//! instruction on ARM with `sdot` and on x86-64 with AVX-VNNI and three elsewhere, sums in 16 bits
//! are two on x86-64 and four on ARM. Both give the same numbers: [`crate::backend::cpu::tune`] lets
//! them race.

use core::arch::wasm32::*;

use super::simd128::{Products, load, of_vectors};
use super::{Fours, Kernel, Quads, ROWS};
use crate::backend::cpu::matrix::{PANEL, Panel, QuantizedRows, Scales};
use crate::quant::{BLOCK, Bits};

/// Groups of four inputs in a block.
const STEPS: usize = BLOCK / 4;

/// Weights unpacked to 8 bits; a step is two vectors of four outputs by four inputs. Products are
/// added in 32 bits (`WIDE`) or in 16.
#[derive(Default)]
pub struct Relaxed<const WIDE: bool> {
    weights: Vec<[v128; 2]>,
    products: Products,
}

impl<const WIDE: bool> Kernel for Relaxed<WIDE> {
    fn unpack(&mut self, _: Bits, panel: Panel) {
        self.weights.clear();
        self.weights.extend(panel.ints.as_chunks::<16>().0.iter().map(split));
    }

    fn tile<const R: usize>(
        &mut self,
        scales: &Scales,
        x: &QuantizedRows,
        first: usize,
        out: &mut [[f32; PANEL]; R],
    ) {
        let Self { weights, products } = self;
        multiply::<WIDE, _, R>(weights, |step| *step, scales, x, first, products, out);
    }

    fn row(
        &mut self,
        _: Bits,
        panel: Panel,
        scales: &Scales,
        x: &QuantizedRows,
        out: &mut [f32; PANEL],
    ) {
        let (panel, out) = (panel.ints.as_chunks().0, std::array::from_mut(out));
        multiply::<WIDE, _, 1>(panel, split, scales, x, 0, &mut self.products, out);
    }

    fn supports(bits: Bits) -> bool {
        bits == Bits::Four
    }
}

/// Four inputs of all eight outputs.
#[inline(always)]
fn split(bytes: &[u8; 16]) -> [v128; 2] {
    // SAFETY: `bytes` is 16 readable bytes.
    let packed = unsafe { v128_load(bytes.as_ptr().cast()) };
    [v128_and(packed, i8x16_splat(15)), u8x16_shr(packed, 4)]
}

/// Multiplies the tile that begins at row `first` with a panel, of which `unpack` gives a step.
#[inline(never)]
fn multiply<const WIDE: bool, T, const R: usize>(
    panel: &[T],
    unpack: impl Fn(&T) -> [v128; 2],
    scales: &Scales,
    x: &QuantizedRows,
    first: usize,
    products: &mut Products,
    out: &mut [[f32; PANEL]; R],
) {
    let blocks = x.cols / BLOCK;
    assert!(panel.len() >= blocks * STEPS && (first + R) * x.cols <= x.ints.len());
    // Unrolling the inner loop makes the engine spill: the compiler must not know its length.
    let steps = core::hint::black_box(STEPS);
    let mut weights = panel.as_ptr();
    // SAFETY: `first < x.rows`, by the assertion above.
    let mut ints = unsafe { x.ints.as_ptr().add(first * x.cols) };
    for products in products.of_blocks(blocks) {
        let mut dots = [[i32x4_splat(0); 2]; R];
        // SAFETY: all `blocks` times `steps`, which is STEPS, are within the assertion above.
        unsafe {
            let end = weights.add(steps);
            while weights != end {
                let [low, high] = unpack(&*weights);
                for (r, dots) in dots.iter_mut().enumerate() {
                    let four = v128_load32_splat(ints.add(4 * r).cast());
                    dots[0] = add_dot::<WIDE>(dots[0], four, low);
                    dots[1] = add_dot::<WIDE>(dots[1], four, high);
                }
                weights = weights.add(1);
                ints = ints.add(4 * R);
            }
        }
        if !WIDE {
            dots = dots.map(|halves| halves.map(|dot| i32x4_extadd_pairwise_i16x8(dot)));
        }
        *products = dots;
    }
    products.scale(scales, x, first, out);
}

/// [`super::Dots`]: the rows' numbers, of 7 bits, are the second operand, so the result is exact
/// everywhere here too.
#[inline(never)]
pub fn dots(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
    assert!(x.len() == panel.len());
    let mut sums = [load(start); ROWS];
    let (mut x, mut quads) = (x.as_ptr(), panel.as_ptr());
    // SAFETY: both are as long, by the assertion, and left when the end of one is reached.
    unsafe {
        let end = quads.add(core::hint::black_box(panel.len()));
        while quads != end {
            let [low, high] = load(&*quads);
            for (r, sums) in sums.iter_mut().enumerate() {
                let four = v128_load32_splat(x.cast::<u32>().add(r));
                sums[0] = add_dot::<true>(sums[0], low, four);
                sums[1] = add_dot::<true>(sums[1], high, four);
            }
            (x, quads) = (x.add(1), quads.add(1));
        }
    }
    sums.map(of_vectors)
}

#[inline(always)]
fn add_dot<const WIDE: bool>(sum: v128, x: v128, weights: v128) -> v128 {
    match WIDE {
        true => i32x4_relaxed_dot_i8x16_i7x16_add(x, weights, sum),
        false => i16x8_add(sum, i16x8_relaxed_dot_i8x16_i7x16(x, weights)),
    }
}
