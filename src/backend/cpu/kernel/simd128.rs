//! The kernel for WebAssembly's fixed-width SIMD: 16-bit products of pairs, added in 32 bits.

use core::arch::wasm32::*;
use core::hint::black_box;

use super::Kernel;
use super::wasm::{EIGHT, FIVE, FOUR, Products, Quad, STEPS, Unpacker};
#[cfg(not(target_feature = "relaxed-simd"))]
use super::wasm::{load, of_vectors};
#[cfg(not(target_feature = "relaxed-simd"))]
use super::{Fours, Quads, ROWS};
use crate::backend::cpu::matrix::{PANEL, Panel, QuantizedRows, Scales};
use crate::quant::{BLOCK, Bits};

/// Two inputs of all eight outputs in 16 bits, and the next two.
type Pairs = [[v128; 2]; 2];

/// Weights unpacked to 16 bits, quad by quad.
#[derive(Default)]
pub struct Simd128 {
    weights: Vec<Pairs>,
    products: Products,
}

impl Simd128 {
    fn unpack_blocks<const WIDTH: u8>(&mut self, bits: Bits, panel: Panel) {
        self.weights.clear();
        for block in panel.blocks(bits) {
            let mut unpacker = Unpacker::<WIDTH>::new(block);
            self.weights.extend((0..STEPS).map(|q| by_pairs(signed::<WIDTH>(unpacker.quad(q)))));
        }
    }
}

impl Kernel for Simd128 {
    fn unpack(&mut self, bits: Bits, panel: Panel) {
        match bits {
            Bits::Four => self.unpack_blocks::<FOUR>(bits, panel),
            Bits::Five => self.unpack_blocks::<FIVE>(bits, panel),
            Bits::Eight => self.unpack_blocks::<EIGHT>(bits, panel),
        }
    }

    #[inline(never)]
    fn tile<const R: usize>(
        &mut self,
        scales: &Scales,
        x: &QuantizedRows,
        first: usize,
        out: &mut [[f32; PANEL]; R],
    ) {
        let Self { weights, products } = self;
        let blocks = x.cols / BLOCK;
        assert!((first + R) * x.cols <= x.ints.len());
        let panel = weights.as_chunks::<STEPS>().0[..blocks].iter();
        for ((b, products), pairs) in products.of_blocks(blocks).iter_mut().enumerate().zip(panel) {
            let mut dots = [[i32x4_splat(0); 2]; R];
            // SAFETY: `b < blocks`, and the assertion above.
            let mut ints = unsafe { x.ints.as_ptr().add(first * x.cols + b * R * BLOCK) };
            // Unrolling this loop makes the engine spill: the compiler must not know its length.
            for pairs in &pairs[..black_box(STEPS)] {
                // SAFETY: as above: a block has STEPS quads, also of activations.
                unsafe {
                    for (pair, [low, high]) in pairs.iter().enumerate() {
                        for (r, dots) in dots.iter_mut().enumerate() {
                            let pair = v128_load16_splat(ints.add(4 * r + 2 * pair).cast());
                            let pair = i16x8_extend_low_i8x16(pair);
                            dots[0] = i32x4_add(dots[0], i32x4_dot_i16x8(pair, *low));
                            dots[1] = i32x4_add(dots[1], i32x4_dot_i16x8(pair, *high));
                        }
                    }
                    ints = ints.add(4 * R);
                }
            }
            *products = dots;
        }
        products.scale(scales, x, first, out);
    }

    fn row(
        &mut self,
        bits: Bits,
        panel: Panel,
        scales: &Scales,
        x: &QuantizedRows,
        out: &mut [f32; PANEL],
    ) {
        match bits {
            Bits::Four => row::<FOUR>(bits, panel, x, &mut self.products),
            Bits::Five => row::<FIVE>(bits, panel, x, &mut self.products),
            Bits::Eight => row::<EIGHT>(bits, panel, x, &mut self.products),
        }
        self.products.scale(scales, x, 0, std::array::from_mut(out));
    }
}

/// Integer products of one row and a panel, unpacked on the fly. Sums in groups of four and
/// combines the halves at the end of each block, so that weights need no shuffle.
#[inline(never)]
fn row<const WIDTH: u8>(bits: Bits, panel: Panel, x: &QuantizedRows, products: &mut Products) {
    let blocks = products.of_blocks::<1>(x.cols / BLOCK);
    let x = x.ints.as_chunks::<BLOCK>().0;
    for (([products], block), x) in blocks.iter_mut().zip(panel.blocks(bits)).zip(x) {
        let mut dots = [[i32x4_splat(0); 2]; 2];
        let mut unpacker = Unpacker::<WIDTH>::new(block);
        for (q, four) in x.as_chunks::<4>().0[..black_box(STEPS)].iter().enumerate() {
            // SAFETY: `four` is four readable integers.
            let four = unsafe { v128_load32_splat(four.as_ptr().cast()) };
            let four = i16x8_extend_low_i8x16(four);
            for (dots, half) in dots.iter_mut().zip(signed::<WIDTH>(unpacker.quad(q))) {
                let weights = [i16x8_extend_low_i8x16(half), i16x8_extend_high_i8x16(half)];
                *dots = [0, 1].map(|i| i32x4_add(dots[i], i32x4_dot_i16x8(four, weights[i])));
            }
        }
        *products = dots.map(|[a, b]| {
            i32x4_add(i32x4_shuffle::<0, 2, 4, 6>(a, b), i32x4_shuffle::<1, 3, 5, 7>(a, b))
        });
    }
}

/// A quad's integers, signed.
#[inline(always)]
fn signed<const WIDTH: u8>(quad: Quad) -> Quad {
    quad.map(|half| if WIDTH == EIGHT { v128_xor(half, i8x16_splat(-128)) } else { half })
}

/// [`super::Dots`], by pairs in 16 bits.
#[cfg(not(target_feature = "relaxed-simd"))]
#[inline(never)]
pub fn dots(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
    let mut sums = [load(start); ROWS];
    for (x, quads) in x.iter().zip(panel) {
        let pairs = by_pairs(load(quads));
        for (sums, x) in sums.iter_mut().zip(x.as_chunks::<4>().0) {
            for (x, pairs) in x.as_chunks::<2>().0.iter().zip(pairs) {
                // SAFETY: `x` is 2 readable bytes.
                let x = i16x8_extend_low_u8x16(unsafe { v128_load16_splat(x.as_ptr().cast()) });
                for (sum, pair) in sums.iter_mut().zip(pairs) {
                    *sum = i32x4_add(*sum, i32x4_dot_i16x8(x, pair));
                }
            }
        }
    }
    sums.map(of_vectors)
}

/// From four signed inputs of each output to the first two inputs of every output and then the next
/// two, in 16 bits.
#[inline(always)]
fn by_pairs(quad: [v128; 2]) -> [[v128; 2]; 2] {
    let [low, high] = quad.map(|half| {
        i8x16_shuffle::<0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15>(half, half)
    });
    [
        [i16x8_extend_low_i8x16(low), i16x8_extend_low_i8x16(high)],
        [i16x8_extend_high_i8x16(low), i16x8_extend_high_i8x16(high)],
    ]
}
