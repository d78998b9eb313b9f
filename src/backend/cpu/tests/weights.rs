//! Packing is lossless, and activations are rounded as specified.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::backend::cpu::Cpu;

use super::Stored;
use crate::backend::cpu::matrix::{Matrix, QuantizedRows};
use crate::backend::cpu::parallel::Threads;
use crate::backend::{RowReader, WeightSpec};
use crate::error::Error;
use crate::quant::{BLOCK, QuantType};
use crate::random::Random;
use crate::tolerance;

/// Row counts around the panel of eight and the rows read at once; odd block counts.
const SHAPES: [[usize; 2]; 8] =
    [[1, 32], [7, 64], [8, 96], [9, 576], [33, 1536], [1023, 32], [1024, 32], [1033, 64]];

fn unpacked(matrix: &Matrix) -> Vec<f64> {
    let mut out = vec![0.0; matrix.rows * matrix.cols];
    for (row, out) in out.chunks_exact_mut(matrix.cols).enumerate() {
        matrix.decode_row(row, out);
    }
    out.into_iter().map(f64::from).collect()
}

/// `w` rounded to floats.
fn rounded(w: Vec<f64>) -> Vec<f64> {
    w.into_iter().map(|w| f64::from(w as f32)).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn packing_is_a_permutation() {
    let mut random = Random(1);
    for quant in QuantType::ALL {
        for [rows, cols] in SHAPES {
            let stored = Stored::random(&mut random, quant, rows, cols);
            let packed = unpacked(&stored.load(&Cpu::default()));
            assert_eq!(packed, rounded(stored.decode()), "{quant:?} {rows}x{cols}");
            // One integer off by one is detected.
            let wrong = stored.planted(random.below(rows), 1);
            assert_ne!(packed, rounded(wrong.decode()), "{quant:?} {rows}x{cols}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn packed_size_is_the_widths() {
    // Bits per weight, including half a bit each for the scale and the minimum of a block of 32.
    for (quant, bits) in [
        (QuantType::Q4_0, 5.0),
        (QuantType::Q4_1, 5.0),
        (QuantType::Q4K, 5.0),
        (QuantType::Q5_0, 6.0),
        (QuantType::Q5_1, 6.0),
        (QuantType::Q5K, 6.0),
        (QuantType::Q8_0, 8.5),
        (QuantType::Q6K, 8.5),
        (QuantType::F32, 8.5),
    ] {
        let stored = Stored::random(&mut Random(1), quant, 16, 256);
        let bytes = stored.load(&Cpu::default()).bytes();
        assert_eq!(bytes as f64, 16.0 * 256.0 * bits / 8.0, "{quant:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn half_blocks_are_refused_and_a_readers_error_is_passed_on() {
    let spec = WeightSpec { rows: 1, cols: 48, quant: QuantType::F32 };
    let read: &mut RowReader = &mut |_, _| Err(Error::Cancelled);
    let error = Matrix::pack(spec, read).err().expect("a block and a half");
    assert_eq!(error.code(), "model-invalid");
    let spec = WeightSpec { cols: 64, ..spec };
    assert_eq!(Matrix::pack(spec, read).err(), Some(Error::Cancelled));
}

#[wasm_bindgen_test(unsupported = test)]
fn activations_round_to_the_nearest_step() {
    let mut random = Random(2);
    let mut x = random.signed_vec(40 * BLOCK);
    // Outliers, a block of zeros, one of tiny and one of huge numbers.
    x[3] = 300.0;
    x[BLOCK + 31] = -300.0;
    x[2 * BLOCK..3 * BLOCK].fill(0.0);
    x[3 * BLOCK..4 * BLOCK].iter_mut().for_each(|x| *x *= 1e-30);
    x[4 * BLOCK..5 * BLOCK].iter_mut().for_each(|x| *x *= 1e30);
    let rows = QuantizedRows::new(&x, 4 * BLOCK, Threads::default());
    assert_eq!((rows.rows, rows.cols), (10, 4 * BLOCK));
    for (b, x) in x.chunks(BLOCK).enumerate() {
        let (row, first) = (b / 4, b % 4 * BLOCK);
        let ints: Vec<i8> =
            (first..first + BLOCK).map(|k| rows.ints[rows.place().of_int(row, k)]).collect();
        let at = rows.place().of_block(row, b % 4);
        let largest = x.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let scale = f64::from(largest) / 127.0;
        assert!((f64::from(rows.scales[at]) - scale).abs() <= scale * 1e-7, "block {b}");
        let sum: i32 = ints.iter().map(|i| i32::from(*i)).sum();
        assert!(
            (f64::from(rows.sums[at]) - scale * f64::from(sum)).abs() <= scale * 1e-3,
            "block {b}"
        );
        assert!(ints.iter().all(|i| *i >= -127), "block {b}: -128 has no kernel");
        if largest == 0.0 {
            assert!(ints.iter().all(|i| *i == 0), "block {b}");
            continue;
        }
        let got: Vec<f32> = ints.iter().map(|i| f32::from(*i)).collect();
        let want: Vec<f64> = x.iter().map(|x| f64::from(*x) / scale).collect();
        tolerance::ACTIVATION.check(&got, &want, &format!("block {b}"));
    }
}
