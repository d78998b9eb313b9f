//! Matrix products of every kernel in this build.

use wasm_bindgen_test::wasm_bindgen_test;

use super::Stored;
use crate::backend::cpu::Cpu;
use crate::backend::cpu::kernel::{self, Kernel};
use crate::backend::cpu::matmul::{multiply, multiply_with};
use crate::backend::cpu::matrix::{Matrix, QuantizedRows};
use crate::backend::cpu::parallel::Threads;
use crate::quant::{BLOCK, QuantType};
use crate::random::Random;
use crate::tolerance::{MATMUL, Tolerance};

type Product = fn(&Matrix, &QuantizedRows, &mut [&mut [f32]]);

/// The kernels available here, starting with the engine's choice.
pub fn kernels() -> Vec<(&'static str, impl Fn(&Matrix, &QuantizedRows) -> Vec<f32>)> {
    fn of<K: Kernel + Default>() -> Product {
        |w, x, out| multiply_with(&mut K::default(), w, 0, x, out)
    }
    let mut kernels: Vec<(&str, Product)> = vec![
        ("chosen", |w, x, out| multiply(w, 0, x, out)),
        ("scalar", of::<kernel::scalar::Scalar>()),
    ];
    #[cfg(target_arch = "x86_64")]
    if kernel::avx2::Avx2::detect().is_some() {
        kernels.push(("avx2", |w, x, out| {
            let mut kernel = kernel::avx2::Avx2::detect().expect("detected above");
            multiply_with(&mut kernel, w, 0, x, out);
        }));
    }
    #[cfg(target_arch = "x86_64")]
    if kernel::vnni::Vnni::detect().is_some() {
        kernels.push(("vnni", |w, x, out| {
            let mut kernel = kernel::vnni::Vnni::detect().expect("detected above");
            multiply_with(&mut kernel, w, 0, x, out);
        }));
    }
    #[cfg(target_arch = "wasm32")]
    kernels.push(("simd128", of::<kernel::simd128::Simd128>()));
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    {
        kernels.push(("relaxed, 16 bits", of::<kernel::relaxed::Relaxed<false>>()));
        kernels.push(("relaxed, 32 bits", of::<kernel::relaxed::Relaxed<true>>()));
    }
    let whole = |(name, product): (&'static str, Product)| {
        (name, move |w: &Matrix, x: &QuantizedRows| {
            let mut out = vec![0.0; x.rows * w.rows];
            product(w, x, &mut out.chunks_exact_mut(w.rows).collect::<Vec<_>>());
            out
        })
    };
    kernels.into_iter().map(whole).collect()
}

/// `x · wᵀ` in double precision, one element at a time.
fn oracle(w: &Stored, x: &QuantizedRows) -> Vec<f64> {
    let weights = w.decode();
    let mut out = Vec::new();
    for row in 0..x.rows {
        for output in 0..w.rows {
            let mut total = 0.0;
            for k in 0..w.cols {
                let scale = f64::from(x.scales[x.place().of_block(row, k / BLOCK)]);
                let x = scale * f64::from(x.ints[x.place().of_int(row, k)]);
                total += weights[output * w.cols + k] * x;
            }
            out.push(total);
        }
    }
    out
}

/// Random activations, some a hundred times larger than the rest, as in real models.
fn activations(random: &mut Random, rows: usize, cols: usize) -> QuantizedRows {
    let mut x = random.signed_vec(rows * cols);
    for _ in 0..rows {
        x[random.below(rows * cols)] *= 100.0;
    }
    QuantizedRows::new(&x, cols, Threads::default())
}

/// Activations equal to the given integers, at scale 1.
fn integers(cols: usize, ints: &[i8]) -> QuantizedRows {
    // A largest magnitude of 127 per block makes the scale 1.
    let x: Vec<f32> = ints.iter().map(|int| f32::from(*int)).collect();
    let x = QuantizedRows::new(&x, cols, Threads::default());
    assert!(x.scales.iter().all(|scale| *scale == 1.0), "a block without 127");
    x
}

#[wasm_bindgen_test(unsupported = test)]
fn every_kernel_is_the_oracle() {
    let mut random = Random(3);
    let by_rows = [1, 3, 4, 5, 31, 257].map(|rows| [rows, 33, 96]);
    let by_shape = [[5, 1, 32], [5, 7, 64], [5, 8, 576], [5, 9, 1536], [3, 40, 1536], [4, 33, 576]];
    for quant in QuantType::ALL {
        for [rows, outputs, cols] in by_rows.into_iter().chain(by_shape) {
            let stored = Stored::random(&mut random, quant, outputs, cols);
            let cols = stored.cols;
            let (w, x) = (stored.load(&Cpu::default()), activations(&mut random, rows, cols));
            let want = oracle(&stored, &x);
            for (name, product) in kernels() {
                let what = format!("{name} {quant:?} {rows}x{cols} by {outputs}");
                MATMUL.check(&product(&w, &x), &want, &what);
            }
        }
    }
}

/// Inputs of the linear layers of all models in the catalogue, from 135 million to 1.5 billion weights.
const WIDTHS: [usize; 11] = [576, 640, 896, 960, 1024, 1152, 1536, 2048, 2560, 4864, 8960];

/// Activations at both ends of what a float holds, in all widths.
#[wasm_bindgen_test(unsupported = test)]
fn extreme_activations_are_multiplied_like_any() {
    let mut random = Random(12);
    let (rows, outputs) = (3, 5);
    for (quant, width) in QuantType::ALL.iter().flat_map(|q| WIDTHS.map(|width| (*q, width))) {
        let stored = Stored::random(&mut random, quant, outputs, width);
        let (w, cols) = (stored.load(&Cpu::default()), stored.cols);
        // The bound is for 48 blocks; each adds its rounding.
        let blocks = (cols / BLOCK).max(48) as f64;
        let matmul = Tolerance { bound: MATMUL.bound * blocks / 48.0, ..MATMUL };
        for size in [0.0, f32::from_bits(1), 1e-40, f32::MIN_POSITIVE, 1e-20, 1e20, 1e30] {
            let mut x = random.signed_vec(rows * cols);
            x.iter_mut().for_each(|x| *x *= size);
            // One row has an outlier, and one is zero but for a sign.
            x[cols / 2] = size * 1000.0;
            x[cols..2 * cols].fill(-0.0);
            let x = QuantizedRows::new(&x, cols, Threads::default());
            assert!(x.scales.iter().all(|scale| scale.is_finite()), "{quant:?} {size:e}");
            let want = oracle(&stored, &x);
            let least = f64::from(f32::MIN_POSITIVE) * cols as f64;
            for (name, product) in kernels() {
                let (what, got) = (format!("{name} {quant:?} {cols} {size:e}"), product(&w, &x));
                if size > 1e-30 {
                    matmul.check(&got, &want, &what);
                }
                // Below what a float holds with all its digits, the error is that small, too.
                let off = |(got, want): (&f32, &f64)| (f64::from(*got) - want).abs();
                let largest = want.iter().fold(least, |most, want| most.max(want.abs()));
                let worst = got.iter().zip(&want).map(off).fold(0.0, f64::max);
                assert!(worst <= 1e-4 * largest + least, "{what}: off by {worst:e}");
            }
        }
    }
}

/// At scale 1 every sum is an integer that a float holds, so no rounding can excuse a kernel.
#[wasm_bindgen_test(unsupported = test)]
fn integer_parts_are_exact() {
    let mut random = Random(4);
    let (rows, cols) = (5, 1536);
    for quant in
        [QuantType::Q4_0, QuantType::Q4_1, QuantType::Q5_0, QuantType::Q5_1, QuantType::Q8_0]
    {
        let extremes: &[u8] =
            if quant == QuantType::Q8_0 { &[0x80, 0x7f, 0xff] } else { &[0x00, 0xff, 0xf0, 0x0f] };
        for weight in extremes {
            let stored = Stored::uniform(quant, 9, cols, 1.0, -3.0, *weight);
            let w = stored.load(&Cpu::default());
            let alternating = (0..rows * cols).map(|i| if i % 2 == 0 { 127 } else { -127 });
            let any = (0..rows * cols).map(|i| match i % BLOCK {
                0 => 127,
                _ => (random.below(255) as i16 - 127) as i8,
            });
            for x in [
                vec![127; rows * cols],
                vec![-127; rows * cols],
                alternating.collect(),
                any.collect(),
            ] {
                let x = integers(cols, &x);
                let want = oracle(&stored, &x);
                for (name, product) in kernels() {
                    let got: Vec<f64> = product(&w, &x).into_iter().map(f64::from).collect();
                    assert_eq!(got, want, "{name} {quant:?} weights {weight:#x}");
                }
            }
        }
    }
}

/// Chunk-independent results require this.
#[wasm_bindgen_test(unsupported = test)]
fn a_row_does_not_depend_on_its_neighbours() {
    let mut random = Random(5);
    let (rows, outputs) = (31, 17);
    for quant in QuantType::ALL {
        let stored = Stored::random(&mut random, quant, outputs, 96);
        let (w, cols) = (stored.load(&Cpu::default()), stored.cols);
        let x: Vec<f32> = random.signed_vec(rows * cols);
        for (name, product) in kernels() {
            let together = product(&w, &QuantizedRows::new(&x, cols, Threads::default()));
            for (row, (x, together)) in x.chunks(cols).zip(together.chunks(outputs)).enumerate() {
                let alone = product(&w, &QuantizedRows::new(x, cols, Threads::default()));
                assert_eq!(alone, together, "{name} {quant:?} row {row}");
            }
        }
    }
}

/// The smallest possible errors: one weight or one activation off by one.
#[wasm_bindgen_test(unsupported = test)]
fn a_planted_error_is_caught() {
    let mut random = Random(6);
    let (rows, outputs) = (4, 33);
    for quant in QuantType::ALL {
        let right = Stored::random(&mut random, quant, outputs, 576);
        let cols = right.cols;
        let x = QuantizedRows::new(&random.signed_vec(rows * cols), cols, Threads::default());
        let want = oracle(&right, &x);
        let mut wrong_x = QuantizedRows::new(&random.signed_vec(0), cols, Threads::default());
        wrong_x.rows = rows;
        wrong_x.ints = x.ints.clone();
        wrong_x.scales = x.scales.clone();
        wrong_x.sums = x.sums.clone();
        wrong_x.totals = x.totals.clone();
        wrong_x.ints[cols + 77] ^= 1;
        let (w, wrong) = (right.load(&Cpu::default()), right.planted(19, 1).load(&Cpu::default()));
        for (name, product) in kernels() {
            MATMUL.catches(&product(&wrong, &x), &want, &format!("{name} {quant:?}: a weight"));
            let got = product(&w, &wrong_x);
            MATMUL.catches(&got, &want, &format!("{name} {quant:?}: an activation"));
        }
    }
}
