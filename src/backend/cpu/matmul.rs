//! Matrix multiplication: packed weights by 8-bit activations.
//!
//! The rows of activations are rounded once. A task is some of a matrix's outputs: it unpacks a
//! panel of eight of them (12 KB at most for the models at hand: it stays in the first-level cache)
//! and multiplies it with every row, four at a time.
//! A row's result does not depend on the rows beside it, so any cutting of a prompt into chunks
//! and any number of threads give the same numbers.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
use super::kernel::relaxed::Relaxed;
use super::kernel::{self, Kernel, ROWS};
#[cfg(any(target_arch = "x86_64", target_feature = "relaxed-simd"))]
use super::matrix::Bits;
use super::matrix::{Matrix, PANEL, QuantizedRows, Scales};
use super::parallel::{Threads, for_each};
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
use super::tune;

/// Multiply-adds that are worth a task: some 10 µs.
const TASK_MACS: usize = 64 << 10;

/// `x · wᵀ` for every `w` of `weights`, `[rows, w.rows]` each, by the fastest kernels that this
/// build and machine have. The rows of `x` are as wide as those of the weights.
pub fn matmul<const N: usize>(x: &[f32], weights: [&Matrix; N], threads: Threads) -> [Vec<f32>; N] {
    let cols = weights.first().map_or(1, |w| w.cols);
    let rows = x.len() / cols;
    let mut out = weights.map(|w| vec![0.0; rows * w.rows]);
    if rows == 0 {
        return out;
    }
    let x = &QuantizedRows::new(x, cols, threads);
    // Several tasks a thread even out what disturbs one of them.
    let panels = |w: &Matrix, tasks_a_thread: usize| {
        let most = tasks_a_thread * threads.count();
        let tasks = (rows * w.rows * cols / TASK_MACS).clamp(1, most);
        w.rows.div_ceil(PANEL).div_ceil(tasks).max(1)
    };
    if rows == 1 {
        let tasks = weights.into_iter().zip(&mut out).flat_map(|(w, out)| {
            let task = panels(w, 2);
            let parts = out.chunks_mut(task * PANEL).enumerate();
            parts.map(move |(i, part)| (w, i * task, part))
        });
        let tasks: Vec<_> = tasks.collect();
        for_each(threads, tasks.into_iter(), |(w, first, out)| {
            multiply(w, first..first + out.len().div_ceil(PANEL), x, out);
        });
    } else if threads.count() == 1 {
        for (w, out) in weights.into_iter().zip(&mut out) {
            multiply(w, 0..w.rows.div_ceil(PANEL), x, out);
        }
    } else {
        let outs = out.each_mut().map(|out| Mutex::new(out.as_mut_slice()));
        let tasks = weights.into_iter().zip(&outs).flat_map(|(w, out)| {
            let (all, task) = (w.rows.div_ceil(PANEL), panels(w, 4));
            (0..all).step_by(task).map(move |p| (w, p..all.min(p + task), out))
        });
        let tasks: Vec<_> = tasks.collect();
        for_each(threads, tasks.into_iter(), |(w, panels, out)| {
            let columns = panels.start * PANEL..w.rows.min(panels.end * PANEL);
            let mut part = vec![0.0; rows * columns.len()];
            multiply(w, panels, x, &mut part);
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            let parts = part.chunks_exact(columns.len());
            for (to, from) in out.chunks_exact_mut(w.rows).zip(parts) {
                to[columns.clone()].copy_from_slice(from);
            }
        });
    }
    out
}

/// `panels` of `w` by all rows of `x`, by the fastest kernel there is for them; `out` is
/// `[x.rows, outputs of the panels]`.
pub fn multiply(w: &Matrix, panels: Range<usize>, x: &QuantizedRows, out: &mut [f32]) {
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    if w.bits == Bits::Four {
        return match tune::sums_are_wide() {
            true => multiply_with(&mut Relaxed::<true>::default(), w, panels, x, out),
            false => multiply_with(&mut Relaxed::<false>::default(), w, panels, x, out),
        };
    }
    #[cfg(target_arch = "wasm32")]
    return multiply_with(&mut kernel::simd128::Simd128::default(), w, panels, x, out);
    #[cfg(target_arch = "x86_64")]
    if let Some(mut kernel) = kernel::vnni::Vnni::detect().filter(|_| w.bits == Bits::Four) {
        return multiply_with(&mut kernel, w, panels, x, out);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(mut kernel) = kernel::avx2::Avx2::detect() {
        return multiply_with(&mut kernel, w, panels, x, out);
    }
    #[cfg(not(target_arch = "wasm32"))]
    multiply_with(&mut kernel::scalar::Scalar::default(), w, panels, x, out);
}

/// [`multiply`] by a given kernel, which supports the width of `w`.
pub fn multiply_with<K: Kernel>(
    kernel: &mut K,
    w: &Matrix,
    panels: Range<usize>,
    x: &QuantizedRows,
    out: &mut [f32],
) {
    debug_assert!(w.cols == x.cols && K::supports(w.bits));
    let width = out.len() / x.rows;
    let mut scales = Scales::default();
    for (p, panel) in w.panels(panels).enumerate() {
        scales.fill(panel);
        let outputs = p * PANEL..width.min((p + 1) * PANEL);
        if x.rows == 1 {
            let mut result = [0.0; PANEL];
            kernel.row(w.bits, panel, &scales, x, &mut result);
            store(&result, &mut out[outputs]);
            continue;
        }
        kernel.unpack(w.bits, panel);
        let whole = x.rows - x.rows % ROWS;
        for row in (0..whole).step_by(ROWS) {
            tile::<K, ROWS>(kernel, &scales, x, row, width, outputs.clone(), out);
        }
        for row in whole..x.rows {
            tile::<K, 1>(kernel, &scales, x, row, width, outputs.clone(), out);
        }
    }
}

#[inline(always)]
fn tile<K: Kernel, const R: usize>(
    kernel: &mut K,
    scales: &Scales,
    x: &QuantizedRows,
    first: usize,
    width: usize,
    outputs: Range<usize>,
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
