//! Matrix multiplication: packed weights by 8-bit activations.
//!
//! A panel of eight outputs is unpacked once (12 KB at most for the models at hand: it stays in
//! the first-level cache) and then multiplied with every row of the chunk, four rows at a time.
//! A row's result does not depend on the rows beside it, so any cutting of a prompt into chunks
//! gives the same numbers.

use super::kernel::{self, Kernel, TILE};
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
use super::matrix::Bits;
use super::matrix::{Matrix, PANEL, QuantizedRows, Scales};

/// `x · wᵀ`, `[x.rows, w.rows]`, by the fastest kernel that this build and machine have.
pub fn matmul(w: &Matrix, x: &QuantizedRows) -> Vec<f32> {
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    if w.bits == Bits::Four {
        return matmul_with(&mut kernel::relaxed::Relaxed::default(), w, x);
    }
    #[cfg(target_arch = "wasm32")]
    return matmul_with(&mut kernel::simd128::Simd128::default(), w, x);
    #[cfg(target_arch = "x86_64")]
    if let Some(mut kernel) = kernel::avx2::Avx2::detect() {
        return matmul_with(&mut kernel, w, x);
    }
    #[cfg(not(target_arch = "wasm32"))]
    matmul_with(&mut kernel::scalar::Scalar::default(), w, x)
}

/// `x · wᵀ` by a given kernel. The widths of `w` and `x` are equal, and the kernel supports `w`.
pub fn matmul_with<K: Kernel>(kernel: &mut K, w: &Matrix, x: &QuantizedRows) -> Vec<f32> {
    debug_assert!(w.cols == x.cols && K::supports(w.bits));
    let mut out = vec![0.0; x.rows * w.rows];
    let mut scales = Scales::default();
    for (p, panel) in w.panels().enumerate() {
        scales.fill(panel);
        let outputs = p * PANEL..w.rows.min((p + 1) * PANEL);
        if x.rows == 1 {
            let mut result = [0.0; PANEL];
            kernel.row(w.bits, panel, &scales, x, &mut result);
            store(&result, &mut out[outputs]);
            continue;
        }
        kernel.unpack(w.bits, panel);
        let whole = x.rows - x.rows % TILE;
        for row in (0..whole).step_by(TILE) {
            tile::<K, TILE>(kernel, &scales, x, row, w.rows, outputs.clone(), &mut out);
        }
        for row in whole..x.rows {
            tile::<K, 1>(kernel, &scales, x, row, w.rows, outputs.clone(), &mut out);
        }
    }
    out
}

#[inline(always)]
fn tile<K: Kernel, const R: usize>(
    kernel: &K,
    scales: &Scales,
    x: &QuantizedRows,
    first: usize,
    width: usize,
    outputs: std::ops::Range<usize>,
    out: &mut [f32],
) {
    let mut results = [[0.0; PANEL]; R];
    kernel.tile(scales, x, first, &mut results);
    for (r, result) in results.iter().enumerate() {
        store(result, &mut out[(first + r) * width..][outputs.clone()]);
    }
}

#[inline(always)]
fn store(result: &[f32; PANEL], to: &mut [f32]) {
    match to.as_mut_array::<PANEL>() {
        Some(to) => *to = *result,
        // The last panel of a matrix whose rows are no multiple of a panel.
        None => to.copy_from_slice(&result[..to.len()]),
    }
}
