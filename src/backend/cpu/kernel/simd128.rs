//! The kernel for WebAssembly's fixed-width SIMD: 16-bit products of pairs, added in 32 bits.

use core::arch::wasm32::*;

use super::{Kernel, Pairs, ROWS};
use crate::backend::cpu::matrix::{Bits, PANEL, Panel, QuantizedRows, Scales};
use crate::quant::BLOCK;

/// Pairs of inputs in a block.
const STEPS: usize = BLOCK / 2;

/// Weights unpacked to 16 bits; a step is two vectors of four outputs by two inputs.
#[derive(Default)]
pub struct Simd128 {
    weights: Vec<[v128; 2]>,
}

impl Kernel for Simd128 {
    fn unpack(&mut self, bits: Bits, panel: Panel) {
        self.weights.clear();
        for bytes in panel.ints.as_chunks::<16>().0 {
            // SAFETY: `bytes` is 16 readable bytes.
            let packed = unsafe { v128_load(bytes.as_ptr().cast()) };
            match bits {
                Bits::Four => {
                    let low = by_pairs(v128_and(packed, i8x16_splat(15)));
                    let high = by_pairs(u8x16_shr(packed, 4));
                    let first = [i16x8_extend_low_i8x16(low), i16x8_extend_low_i8x16(high)];
                    let second = [i16x8_extend_high_i8x16(low), i16x8_extend_high_i8x16(high)];
                    self.weights.extend([first, second]);
                }
                Bits::Eight => self.weights.push(widen(packed)),
            }
        }
    }

    fn tile<const R: usize>(
        &self,
        scales: &Scales,
        x: &QuantizedRows,
        first: usize,
        out: &mut [[f32; PANEL]; R],
    ) {
        multiply(&self.weights, |step| *step, scales, x, first, out);
    }

    fn row(
        &mut self,
        bits: Bits,
        panel: Panel,
        scales: &Scales,
        x: &QuantizedRows,
        out: &mut [f32; PANEL],
    ) {
        let out = std::array::from_mut(out);
        match bits {
            Bits::Four => {
                self.unpack(bits, panel);
                self.tile(scales, x, 0, out);
            }
            Bits::Eight => {
                // SAFETY: `bytes` is 16 readable bytes.
                let load = |bytes: &[u8; 16]| widen(unsafe { v128_load(bytes.as_ptr().cast()) });
                multiply(panel.ints.as_chunks().0, load, scales, x, 0, out);
            }
        }
    }

    fn supports(_: Bits) -> bool {
        true
    }
}

/// Multiplies rows `first..first + R` with a panel, of which `unpack` gives a step.
#[inline(never)]
fn multiply<T, const R: usize>(
    panel: &[T],
    unpack: impl Fn(&T) -> [v128; 2],
    scales: &Scales,
    x: &QuantizedRows,
    first: usize,
    out: &mut [[f32; PANEL]; R],
) {
    let blocks = x.cols / BLOCK;
    assert!(panel.len() >= blocks * STEPS && (first + R) * x.cols <= x.ints.len());
    let mut totals = Totals::new(scales, x, first);
    for b in 0..blocks {
        let mut dots = [[i32x4_splat(0); 2]; R];
        // SAFETY: `b < blocks`, and the assertion above.
        unsafe {
            let mut weights = panel.as_ptr().add(b * STEPS);
            let end = weights.add(STEPS);
            let mut ints = x.ints.as_ptr().add(first * x.cols + b * BLOCK);
            while weights != end {
                let [low, high] = unpack(&*weights);
                for (r, dots) in dots.iter_mut().enumerate() {
                    let pair = v128_load16_splat(ints.add(r * x.cols).cast());
                    let pair = i16x8_extend_low_i8x16(pair);
                    dots[0] = i32x4_add(dots[0], i32x4_dot_i16x8(pair, low));
                    dots[1] = i32x4_add(dots[1], i32x4_dot_i16x8(pair, high));
                }
                weights = weights.add(1);
                ints = ints.add(2);
            }
        }
        totals.add(b, dots);
    }
    totals.store(out);
}

/// Sums of a tile over the blocks so far.
pub(super) struct Totals<'a, const R: usize> {
    sums: [[v128; 2]; R],
    scales: &'a Scales,
    x: &'a QuantizedRows,
    first: usize,
}

impl<'a, const R: usize> Totals<'a, R> {
    /// Zeros, for rows `first..first + R`.
    #[inline(always)]
    pub fn new(scales: &'a Scales, x: &'a QuantizedRows, first: usize) -> Self {
        let blocks = x.cols / BLOCK;
        assert!(scales.scales.len().min(scales.mins.len()) >= blocks * PANEL);
        assert!((first + R) * blocks <= x.scales.len().min(x.sums.len()));
        Self { sums: [[f32x4_splat(0.0); 2]; R], scales, x, first }
    }

    /// Adds block `b` with its integer dot products, 32 bits wide.
    #[inline(always)]
    pub fn add(&mut self, b: usize, dots: [[v128; 2]; R]) {
        let blocks = self.x.cols / BLOCK;
        assert!(b < blocks);
        for half in 0..2 {
            let at = b * PANEL + half * 4;
            // SAFETY: the assertion above and those of `new`.
            unsafe {
                let scale = v128_load(self.scales.scales.as_ptr().add(at).cast());
                let min = v128_load(self.scales.mins.as_ptr().add(at).cast());
                for (r, sums) in self.sums.iter_mut().enumerate() {
                    let row = (self.first + r) * blocks + b;
                    let step = v128_load32_splat(self.x.scales.as_ptr().add(row).cast());
                    let dot = f32x4_convert_i32x4(dots[r][half]);
                    let sum = madd(dot, f32x4_mul(scale, step), sums[half]);
                    let x = v128_load32_splat(self.x.sums.as_ptr().add(row).cast());
                    sums[half] = madd(min, x, sum);
                }
            }
        }
    }

    /// The sums as arrays.
    #[inline(always)]
    pub fn store(self, out: &mut [[f32; PANEL]; R]) {
        for (out, [low, high]) in out.iter_mut().zip(self.sums) {
            // SAFETY: `out` is 32 writable bytes.
            unsafe {
                v128_store(out.as_mut_ptr().cast(), low);
                v128_store(out.as_mut_ptr().add(4).cast(), high);
            }
        }
    }
}

/// [`super::Dots`], two vectors of four outputs at a time.
#[inline(never)]
pub fn dots(x: [&[i16]; ROWS], panel: &[Pairs]) -> [[i32; PANEL]; ROWS] {
    assert!(x.iter().all(|x| x.len() == 2 * panel.len()));
    let mut sums = [[i32x4_splat(0); 2]; ROWS];
    let mut rows = x.map(<[i16]>::as_ptr);
    for pairs in panel {
        // SAFETY: a panel's entry is 32 readable bytes, and every row has two numbers for it.
        unsafe {
            let low = v128_load(pairs.as_ptr().cast());
            let high = v128_load(pairs.as_ptr().add(PANEL).cast());
            for (sums, row) in sums.iter_mut().zip(&mut rows) {
                let two = v128_load32_splat(row.cast());
                sums[0] = i32x4_add(sums[0], i32x4_dot_i16x8(two, low));
                sums[1] = i32x4_add(sums[1], i32x4_dot_i16x8(two, high));
                *row = row.add(2);
            }
        }
    }
    sums.map(|[low, high]| {
        let mut out = [0; PANEL];
        // SAFETY: `out` is 32 writable bytes.
        unsafe {
            v128_store(out.as_mut_ptr().cast(), low);
            v128_store(out.as_mut_ptr().add(4).cast(), high);
        }
        out
    })
}

/// Two inputs of all eight outputs.
#[inline(always)]
fn widen(packed: v128) -> [v128; 2] {
    [i16x8_extend_low_i8x16(packed), i16x8_extend_high_i8x16(packed)]
}

/// From four inputs of each output in turn to the first two inputs of every output and then the
/// next two.
fn by_pairs(v: v128) -> v128 {
    i8x16_shuffle::<0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15>(v, v)
}

/// `a * b + c`.
#[inline(always)]
fn madd(a: v128, b: v128, c: v128) -> v128 {
    #[cfg(target_feature = "relaxed-simd")]
    return f32x4_relaxed_madd(a, b, c);
    #[cfg(not(target_feature = "relaxed-simd"))]
    f32x4_add(f32x4_mul(a, b), c)
}
