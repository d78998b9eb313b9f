//! Norm, gated activation, embedding and other small operations.

use wasm_bindgen_test::wasm_bindgen_test;

use super::Stored;
use crate::backend::Backend;
use crate::backend::cpu::{Cpu, Tensor};
use crate::quant::QuantType;
use crate::random::Random;
use crate::tolerance::{RMS_NORM, SWIGLU};

fn doubles(x: &[f32]) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x)).collect()
}

fn rms_norm(x: &Tensor, gain: &[f32], eps: f32) -> Vec<f64> {
    let mut out = Vec::new();
    for row in doubles(&x.data).chunks(gain.len()) {
        let mean = row.iter().map(|x| x * x).sum::<f64>() / row.len() as f64;
        let root = (mean + f64::from(eps)).sqrt();
        out.extend(row.iter().zip(gain).map(|(x, gain)| x / root * f64::from(*gain)));
    }
    out
}

#[wasm_bindgen_test(unsupported = test)]
fn rms_norm_is_its_formula() {
    let mut random = Random(10);
    for (rows, width) in [(1, 32), (3, 64), (5, 576), (31, 1536)] {
        let gain = random.signed_vec(width);
        for size in [1.0, 1e-6, 1e6] {
            let data = random.signed_vec(rows * width).iter().map(|x| x * size).collect();
            let x = Tensor { width, data };
            let got = Cpu::default().rms_norm(&x, &gain, 1e-5);
            assert_eq!(got.width, width);
            RMS_NORM.check(&got.data, &rms_norm(&x, &gain, 1e-5), &format!("{rows}x{width}"));
            // Planted errors: the epsilon of another model, the neighbour's gain.
            if size == 1.0 {
                RMS_NORM.catches(&got.data, &rms_norm(&x, &gain, 1e-3), "epsilon");
                let mut wrong = gain.clone();
                wrong.rotate_left(1);
                RMS_NORM.catches(&got.data, &rms_norm(&x, &wrong, 1e-5), "gain");
            }
        }
    }
    // Each head is normed separately.
    let x = Tensor { width: 96, data: random.signed_vec(4 * 96) };
    let gain = random.signed_vec(32);
    RMS_NORM.check(
        &Cpu::default().rms_norm(&x, &gain, 1e-5).data,
        &rms_norm(&x, &gain, 1e-5),
        "heads",
    );
    let zeros = Tensor { width: 32, data: vec![0.0; 32] };
    assert_eq!(Cpu::default().rms_norm(&zeros, &vec![1.0; 32], 1e-5).data, [0.0; 32]);
}

fn swiglu(gate: &[f32], up: &[f32]) -> Vec<f64> {
    let silu = |x: f64| x / (1.0 + (-x).exp());
    gate.iter().zip(up).map(|(gate, up)| silu(f64::from(*gate)) * f64::from(*up)).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn swiglu_is_its_formula() {
    let mut random = Random(11);
    let width = 2048;
    let gate: Vec<f32> = (0..width).map(|i| (i as f32 - 1024.0) / 12.8).collect();
    let up = random.signed_vec(width);
    let tensor = |data: &[f32]| Tensor { width, data: data.to_vec() };
    let got = Cpu::default().swiglu(tensor(&gate), &tensor(&up));
    SWIGLU.check(&got.data, &swiglu(&gate, &up), "gates of -80 to 80");
    let mut wrong = up.clone();
    wrong[2000] *= 1.0001;
    SWIGLU.catches(&got.data, &swiglu(&gate, &wrong), "one factor");
    // Beyond the range of float exponentials: zero or everything, never NaN.
    let gate = [-1e30, -500.0, -90.0, 90.0, 500.0, 1e30, 0.0, -0.0];
    let got = Cpu::default().swiglu(Tensor { width: 8, data: gate.to_vec() }, &tensor(&[1.0; 8]));
    let want = [0.0, 0.0, 0.0, 90.0, 500.0, 1e30, 0.0, 0.0];
    for (got, (want, gate)) in got.data.iter().zip(want.iter().zip(gate)) {
        assert!((got - want).abs() <= want.abs() * 1e-6 + 1e-8, "silu({gate}) = {got}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn geglu_is_its_formula() {
    let mut random = Random(13);
    let width = 2048;
    let gate: Vec<f32> = (0..width).map(|i| (i as f32 - 1024.0) / 341.0).collect();
    let up = random.signed_vec(width);
    let formula = |up: &[f32]| -> Vec<f64> {
        let inner = |x: f64| (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
        // By definition, but rewritten to avoid cancellation for negative numbers.
        let gelu = |x: f64| x / (1.0 + (-2.0 * inner(x)).exp());
        gate.iter().zip(up).map(|(gate, up)| gelu(f64::from(*gate)) * f64::from(*up)).collect()
    };
    let tensor = |data: &[f32]| Tensor { width, data: data.to_vec() };
    let got = Cpu::default().geglu(tensor(&gate), &tensor(&up));
    SWIGLU.check(&got.data, &formula(&up), "gates of -3 to 3");
    let mut wrong = up.clone();
    wrong[2000] *= 1.0001;
    SWIGLU.catches(&got.data, &formula(&wrong), "one factor");
    let gate = [-1e30, -500.0, -90.0, 90.0, 500.0, 1e30, 0.0, -0.0];
    let got = Cpu::default().geglu(Tensor { width: 8, data: gate.to_vec() }, &tensor(&[1.0; 8]));
    let want = [0.0, 0.0, 0.0, 90.0, 500.0, 1e30, 0.0, 0.0];
    for (got, (want, gate)) in got.data.iter().zip(want.iter().zip(gate)) {
        assert!((got - want).abs() <= want.abs() * 1e-6 + 1e-8, "gelu({gate}) = {got}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn biases_and_factors() {
    let x = || Tensor { width: 4, data: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0] };
    let biased = Cpu::default().add_bias(x(), &vec![0.5, 0.0, -1.0, 2.0]);
    assert_eq!(biased.data, [1.5, 2.0, 2.0, 6.0, 5.5, 6.0, 6.0, 10.0]);
    assert_eq!(Cpu::default().scale(x(), 0.5).data, [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn embedding_is_the_tables_rows() {
    let mut random = Random(12);
    for quant in QuantType::ALL {
        let stored = Stored::random(&mut random, quant, 33, 96);
        let ids = [32, 0, 7, 8, 32];
        let got = Cpu::default().embed(&stored.load(&Cpu::default()), &ids);
        let (table, cols) = (stored.decode(), stored.cols);
        let rows = ids.iter().map(|id| &table[*id as usize * cols..][..cols]);
        let want: Vec<f32> = rows.flatten().map(|w| *w as f32).collect();
        assert_eq!((got.width, got.data), (cols, want), "{quant:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn adding_and_the_last_row() {
    let x = Tensor { width: 2, data: vec![1.0, 2.0, 3.0, 4.0] };
    let y = Tensor { width: 2, data: vec![0.5, 0.25, -3.0, 1.0] };
    assert_eq!(Cpu::default().add(x, &y).data, [1.5, 2.25, 0.0, 5.0]);
    assert_eq!(Cpu::default().last_row(&y), Tensor { width: 2, data: vec![-3.0, 1.0] });
    let empty = Tensor { width: 2, data: Vec::new() };
    assert!(Cpu::default().last_row(&empty).data.is_empty());
}
