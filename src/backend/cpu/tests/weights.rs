//! Packing loses nothing, and activations are rounded as stated.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::backend::cpu::Cpu;

use super::{QUANTS, Stored};
use crate::backend::cpu::matrix::{Matrix, QuantizedRows};
use crate::backend::cpu::parallel::Threads;
use crate::backend::{RowReader, WeightSpec};
use crate::error::Error;
use crate::quant::{BLOCK, QuantType};
use crate::random::Random;
use crate::tolerance;

/// Rows about the panel of eight and about the rows that are read at once; odd numbers of blocks.
const SHAPES: [[usize; 2]; 8] =
    [[1, 32], [7, 64], [8, 96], [9, 576], [33, 1536], [1023, 32], [1024, 32], [1033, 64]];

fn decoded(stored: &Stored) -> Vec<u32> {
    let mut out = vec![0.0; stored.rows * stored.cols];
    stored.quant.decode(&stored.bytes, &mut out);
    out.into_iter().map(f32::to_bits).collect()
}

fn unpacked(matrix: &Matrix) -> Vec<u32> {
    let mut out = vec![0.0; matrix.rows * matrix.cols];
    for (row, out) in out.chunks_exact_mut(matrix.cols).enumerate() {
        matrix.decode_row(row, out);
    }
    out.into_iter().map(f32::to_bits).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn packing_is_a_permutation() {
    let mut random = Random(1);
    for quant in QUANTS {
        for [rows, cols] in SHAPES {
            let mut stored = Stored::random(&mut random, quant, rows, cols);
            assert_eq!(
                unpacked(&stored.load(&Cpu::default())),
                decoded(&stored),
                "{quant:?} {rows}x{cols}"
            );
            // One integer that is off by one is seen.
            let packed = stored.load(&Cpu::default());
            let at = stored.bytes.len() - 1 - random.below(BLOCK / 2);
            stored.bytes[at] ^= 1;
            assert_ne!(unpacked(&packed), decoded(&stored), "{quant:?} {rows}x{cols}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn packed_size_is_the_files() {
    for (quant, overhead) in [(QuantType::Q4_0, 2), (QuantType::Q4_1, 0), (QuantType::Q8_0, 0)] {
        // Q4_0 gets a minimum a block; the others take what they take in the file.
        let stored = Stored::uniform(quant, 16, 64, 1.0, 0.0, 0);
        assert_eq!(
            stored.load(&Cpu::default()).bytes(),
            stored.bytes.len() + overhead * 32,
            "{quant:?}"
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn floats_are_no_matrix_format_and_a_readers_error_is_passed_on() {
    let spec = WeightSpec { rows: 1, cols: 32, quant: QuantType::F32 };
    let read: &mut RowReader = &mut |_, _| Ok(());
    let error = Matrix::pack(spec, read).err().expect("F32 has no packed form");
    assert_eq!(error.code(), "model-unsupported-quant");
    let spec = WeightSpec { quant: QuantType::Q4_1, ..spec };
    assert_eq!(Matrix::pack(spec, &mut |_, _| Err(Error::Cancelled)).err(), Some(Error::Cancelled));
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
