//! Matrix multiplication: packed weights by 8-bit activations.
//!
//! Activations are rounded once. A task is a range of a matrix's outputs: it unpacks a panel of
//! eight outputs (at most 12 KB for the models in use, so it stays in the L1 cache) and multiplies
//! it with every row, four rows at a time. A row's result does not depend on its neighbours, so all
//! chunkings of a prompt and all thread counts give the same numbers.

use std::ops::Range;

#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
use super::kernel::relaxed::Relaxed;
use super::kernel::{Kernel, ROWS};
use super::matrix::{Matrix, PANEL, QuantizedRows, Scales};
use super::parallel::{Threads, for_each};

/// Whether [`Relaxed`] adds in 32 bits: [`tune`](super::tune()) sets the faster way.
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
pub static WIDE_SUMS: AtomicBool = AtomicBool::new(false);

/// Minimum multiply-adds per task: about 10 µs.
const TASK_MACS: usize = 64 << 10;

/// `x · wᵀ` for every `w` of `weights`, `[rows, w.rows]` each, by the fastest kernels for this
/// build and machine. The rows of `x` are as wide as those of the weights.
pub fn matmul<const N: usize>(x: &[f32], weights: [&Matrix; N], threads: Threads) -> [Vec<f32>; N] {
    let cols = weights.first().map_or(1, |w| w.cols);
    let rows = x.len() / cols;
    let mut out = weights.map(|w| vec![0.0; rows * w.rows]);
    if rows == 0 {
        return out;
    }
    let x = &QuantizedRows::new(x, cols, threads);
    // Several tasks per thread even out disturbances.
    let most = match (threads.count(), rows) {
        (1, _) => 1,
        (count, 1) => 2 * count,
        (count, _) => 4 * count,
    };
    let tasks = weights.into_iter().zip(&mut out).flat_map(|(w, out)| {
        let tasks = (rows * w.rows * cols / TASK_MACS).clamp(1, most);
        let panels = w.rows.div_ceil(PANEL).div_ceil(tasks).max(1);
        let parts = columns(out, w.rows, panels * PANEL).into_iter().enumerate();
        parts.map(move |(i, part)| (w, i * panels, part))
    });
    let tasks: Vec<_> = tasks.collect();
    for_each(threads, tasks.into_iter(), |(w, first, mut out)| {
        multiply(w, first, x, &mut out);
    });
    out
}

/// Cuts a matrix of width `width` into parts of `count` columns; the last part may be narrower.
/// Each part is a list of rows.
fn columns(matrix: &mut [f32], width: usize, count: usize) -> Vec<Vec<&mut [f32]>> {
    let rows = matrix.len() / width;
    let mut parts: Vec<_> = (0..width.div_ceil(count)).map(|_| Vec::with_capacity(rows)).collect();
    for row in matrix.chunks_exact_mut(width) {
        parts.iter_mut().zip(row.chunks_mut(count)).for_each(|(part, row)| part.push(row));
    }
    parts
}

/// Multiplies all rows of `x` by the panels of `w` from `first`, as many as the rows of `out` have
/// room for, with the fastest kernels.
pub fn multiply(w: &Matrix, first: usize, x: &QuantizedRows, out: &mut [&mut [f32]]) {
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    return match WIDE_SUMS.load(Ordering::Relaxed) {
        true => multiply_with(&mut Relaxed::<true>::default(), w, first, x, out),
        false => multiply_with(&mut Relaxed::<false>::default(), w, first, x, out),
    };
    #[cfg(all(target_arch = "wasm32", not(target_feature = "relaxed-simd")))]
    return multiply_with(&mut super::kernel::simd128::Simd128::default(), w, first, x, out);
    #[cfg(target_arch = "x86_64")]
    if let Some(mut kernel) = super::kernel::vnni::Vnni::detect() {
        return multiply_with(&mut kernel, w, first, x, out);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(mut kernel) = super::kernel::avx2::Avx2::detect() {
        return multiply_with(&mut kernel, w, first, x, out);
    }
    #[cfg(not(target_arch = "wasm32"))]
    multiply_with(&mut super::kernel::scalar::Scalar::default(), w, first, x, out);
}

/// [`multiply`] with a given kernel.
pub fn multiply_with<K: Kernel>(
    kernel: &mut K,
    w: &Matrix,
    first: usize,
    x: &QuantizedRows,
    out: &mut [&mut [f32]],
) {
    debug_assert!(w.cols == x.cols && out.len() == x.rows);
    let width = out.first().map_or(0, |row| row.len());
    let mut scales = Scales::default();
    for (p, panel) in w.panels(first..first + width.div_ceil(PANEL)).enumerate() {
        scales.fill(panel);
        let outputs = p * PANEL..width.min((p + 1) * PANEL);
        if let [row] = out {
            let mut result = [0.0; PANEL];
            kernel.row(w.bits, panel, &scales, x, &mut result);
            store(&result, &mut row[outputs]);
            continue;
        }
        kernel.unpack(w.bits, panel);
        let (tiles, rest) = out.as_chunks_mut::<ROWS>();
        for (i, rows) in tiles.iter_mut().enumerate() {
            tile(kernel, &scales, x, i * ROWS, rows, outputs.clone());
        }
        for (i, row) in rest.iter_mut().enumerate() {
            let at = tiles.len() * ROWS + i;
            tile(kernel, &scales, x, at, std::array::from_mut(row), outputs.clone());
        }
    }
}

#[inline(always)]
fn tile<K: Kernel, const R: usize>(
    kernel: &mut K,
    scales: &Scales,
    x: &QuantizedRows,
    first: usize,
    out: &mut [&mut [f32]; R],
    outputs: Range<usize>,
) {
    let mut results = [[0.0; PANEL]; R];
    kernel.tile(scales, x, first, &mut results);
    for (row, result) in out.iter_mut().zip(&results) {
        store(result, &mut row[outputs.clone()]);
    }
}

#[inline(always)]
fn store(result: &[f32; PANEL], to: &mut [f32]) {
    match to.as_mut_array::<PANEL>() {
        Some(to) => *to = *result,
        // The last panel of a matrix whose row count is not a multiple of a panel.
        None => to.copy_from_slice(&result[..to.len()]),
    }
}
