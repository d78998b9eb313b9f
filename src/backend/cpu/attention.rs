//! Causal attention with an online softmax over tiles of keys.
//!
//! After Milakov and Gimelshein, "Online normalizer calculation for softmax" (arXiv:1805.02867),
//! and Dao et al., "FlashAttention" (arXiv:2205.14135): scores of one tile of keys exist at a time;
//! each query keeps the largest score so far, the sum of exponentials and the weighted sum of
//! values, and rescales the last two when the largest score grows.
//!
//! Keys and values are cached in half precision, by head and by tiles of [`KEYS`] positions that
//! begin at multiples of [`KEYS`]: a query meets the same tiles in the same order however its
//! prompt was cut into chunks, so its result is the same to the bit. Keys lie transposed, so that
//! scores and weighted sums are one and the same small matrix product.

use super::matrix::zeros;
use super::simd::{F32x4, to_f16, widen_f16};
use crate::backend::{AttentionShape, Rope};
use crate::error::Result;

/// Positions in a tile of keys.
pub const KEYS: usize = 64;

/// Query rows that share one pass over a tile's registers.
const ROWS: usize = 4;

/// Columns of a small matrix product that are computed together.
const COLUMNS: usize = 8;

/// Keys and values of all layers.
pub struct Cache {
    layers: Vec<Layer>,
    shape: AttentionShape,
    rope: Rope,
    /// `[positions, rope.dims / 2]` cosines and sines.
    angles: Vec<[f32; 2]>,
    positions: usize,
}

/// `[positions / KEYS, kv_heads]` tiles of `KEYS * head_dim` half-precision numbers.
#[derive(Default)]
struct Layer {
    /// A tile is `[head_dim, KEYS]`.
    keys: Vec<u16>,
    /// A tile is `[KEYS, head_dim]`.
    values: Vec<u16>,
}

impl Cache {
    /// An empty cache.
    pub fn new(layers: usize, shape: AttentionShape, rope: Rope) -> Self {
        let layers = (0..layers).map(|_| Layer::default()).collect();
        Self { layers, shape, rope, angles: Vec::new(), positions: 0 }
    }

    /// Makes room for positions up to `positions`.
    ///
    /// # Errors
    /// `out-of-memory`; the cache is then as it was, or larger.
    pub fn reserve(&mut self, positions: usize) -> Result<()> {
        let tiles = positions.div_ceil(KEYS);
        if tiles * KEYS <= self.positions {
            return Ok(());
        }
        let len = tiles * KEYS * self.shape.kv_heads * self.shape.head_dim;
        for layer in &mut self.layers {
            for part in [&mut layer.keys, &mut layer.values] {
                let mut grown = zeros(len)?;
                grown[..part.len()].copy_from_slice(part);
                *part = grown;
            }
        }
        let half = self.rope.dims / 2;
        for position in self.positions..tiles * KEYS {
            self.angles.extend((0..half).map(|i| {
                let exponent = -2.0 * i as f64 / self.rope.dims as f64;
                let angle = position as f64 * f64::from(self.rope.base).powf(exponent);
                [angle.cos() as f32, angle.sin() as f32]
            }));
        }
        self.positions = tiles * KEYS;
        Ok(())
    }

    /// Bytes of keys and values.
    pub fn bytes(&self) -> usize {
        self.layers.iter().map(|l| 2 * (l.keys.len() + l.values.len())).sum()
    }

    /// Rotates the heads of one row, a token's queries or keys, to `position`.
    fn rotate(&self, row: &mut [f32], position: usize) {
        let half = self.rope.dims / 2;
        let angles = &self.angles[position * half..(position + 1) * half];
        for head in row.chunks_exact_mut(self.shape.head_dim) {
            for ([x, y], [cos, sin]) in head.as_chunks_mut::<2>().0.iter_mut().zip(angles) {
                (*x, *y) = (*x * cos - *y * sin, *x * sin + *y * cos);
            }
        }
    }

    /// Stores a token's rotated keys and its values.
    fn append(&mut self, layer: usize, position: usize, key: &[f32], value: &[f32]) {
        let AttentionShape { kv_heads, head_dim, .. } = self.shape;
        let (tile, within) = (position / KEYS, position % KEYS);
        let layer = &mut self.layers[layer];
        for head in 0..kv_heads {
            let at = (tile * kv_heads + head) * KEYS * head_dim;
            for (d, x) in key[head * head_dim..(head + 1) * head_dim].iter().enumerate() {
                layer.keys[at + d * KEYS + within] = to_f16(*x);
            }
            let to = &mut layer.values[at + within * head_dim..][..head_dim];
            for (to, x) in to.iter_mut().zip(&value[head * head_dim..]) {
                *to = to_f16(*x);
            }
        }
    }
}

/// Rotates and caches the chunk's keys and values, which begin at position `start`, and attends:
/// `q` is `[tokens, heads * head_dim]`, `k` and `v` are `[tokens, kv_heads * head_dim]`, and so is
/// the result like `q`.
pub fn attend(
    cache: &mut Cache,
    layer: usize,
    start: usize,
    [mut q, mut k, v]: [Vec<f32>; 3],
) -> Vec<f32> {
    let AttentionShape { heads, kv_heads, head_dim } = cache.shape;
    let (width, kv_width) = (heads * head_dim, kv_heads * head_dim);
    let tokens = q.len() / width;
    for (i, (k, v)) in k.chunks_exact_mut(kv_width).zip(v.chunks_exact(kv_width)).enumerate() {
        cache.rotate(k, start + i);
        cache.append(layer, start + i, k, v);
    }
    // Scores are taken in base e of q·k / sqrt(head_dim); the factor goes into the queries.
    let factor = 1.0 / (head_dim as f32).sqrt();
    for (i, q) in q.chunks_exact_mut(width).enumerate() {
        cache.rotate(q, start + i);
        q.iter_mut().for_each(|x| *x *= factor);
    }

    let group = heads / kv_heads;
    let mut out = vec![0.0; tokens * width];
    let mut tile = Tile::new(head_dim);
    let mut rows = vec![0.0; tokens * group * head_dim];
    for kv_head in 0..kv_heads {
        // Row `i * group + g` is head `g` of the group at token `i`: the heads that share keys
        // and values are side by side.
        for (row, x) in rows.chunks_exact_mut(head_dim).enumerate() {
            let at = (row / group) * width + (kv_head * group + row % group) * head_dim;
            x.copy_from_slice(&q[at..at + head_dim]);
        }
        let sums = tile.attend_rows(&cache.layers[layer], cache.shape, kv_head, &rows, |row| {
            start + row / group
        });
        for (row, (x, sum)) in tile.values_out(head_dim).zip(sums).enumerate() {
            let at = (row / group) * width + (kv_head * group + row % group) * head_dim;
            for (to, x) in out[at..at + head_dim].iter_mut().zip(x) {
                *to = x / sum;
            }
        }
    }
    out
}

/// Scratch for one head: a tile of keys and values as floats, scores, and what each query row has
/// gathered so far.
struct Tile {
    keys: Vec<f32>,
    values: Vec<f32>,
    scores: [[f32; KEYS]; ROWS],
    /// `[rows, head_dim]` weighted sums of values.
    gathered: Vec<f32>,
}

impl Tile {
    fn new(head_dim: usize) -> Self {
        let len = KEYS * head_dim;
        let (keys, values) = (vec![0.0; len], vec![0.0; len]);
        Self { keys, values, scores: [[0.0; KEYS]; ROWS], gathered: Vec::new() }
    }

    fn values_out(&self, head_dim: usize) -> impl Iterator<Item = &[f32]> {
        self.gathered.chunks_exact(head_dim)
    }

    /// Attends with every row of `queries` (`[rows, head_dim]`, positions not decreasing) to the
    /// keys up to and including its position. Leaves the weighted sums in `gathered` and returns
    /// what to divide them by.
    fn attend_rows(
        &mut self,
        layer: &Layer,
        shape: AttentionShape,
        kv_head: usize,
        queries: &[f32],
        position: impl Fn(usize) -> usize,
    ) -> Vec<f32> {
        let dim = shape.head_dim;
        let rows = queries.len() / dim;
        self.gathered.clear();
        self.gathered.resize(queries.len(), 0.0);
        let mut largest = vec![f32::NEG_INFINITY; rows];
        let mut sums = vec![0.0f32; rows];
        let tiles = position(rows - 1) / KEYS + 1;
        for t in 0..tiles {
            let at = (t * shape.kv_heads + kv_head) * KEYS * dim;
            widen_f16(&layer.keys[at..at + KEYS * dim], &mut self.keys);
            widen_f16(&layer.values[at..at + KEYS * dim], &mut self.values);
            for first in (0..rows).step_by(ROWS) {
                let count = ROWS.min(rows - first);
                if position(first + count - 1) < t * KEYS {
                    continue;
                }
                // A last group of fewer rows repeats its last row: its extra results are unused.
                let row = |r: usize| first + r.min(count - 1);
                let q = std::array::from_fn(|r| &queries[row(r) * dim..][..dim]);
                let mut scores = std::mem::replace(&mut self.scores, [[0.0; KEYS]; ROWS]);
                scores_of(q, &self.keys, &mut scores);
                for (r, scores) in scores.iter_mut().enumerate().take(count) {
                    let row = first + r;
                    // Tiles before the row's own are whole; of its own, keys after it are masked.
                    let visible = (position(row) + 1).saturating_sub(t * KEYS).min(KEYS);
                    if visible == 0 {
                        *scores = [0.0; KEYS];
                        continue;
                    }
                    let (rescale, sum) = softmax(scores, visible, &mut largest[row]);
                    sums[row] = sums[row] * rescale + sum;
                    if rescale != 1.0 {
                        let gathered = &mut self.gathered[row * dim..(row + 1) * dim];
                        gathered.iter_mut().for_each(|x| *x *= rescale);
                    }
                }
                let weights = std::array::from_fn(|r| &scores[r.min(count - 1)][..]);
                let gathered = &mut self.gathered[first * dim..(first + count) * dim];
                accumulate(weights, &self.values, dim, gathered);
                self.scores = scores;
            }
        }
        sums
    }
}

/// Turns the first `visible` scores of a tile into exponentials relative to the largest score so
/// far and the others into zeros. Returns the factor for what was gathered before and the sum of
/// the exponentials.
fn softmax(scores: &mut [f32; KEYS], visible: usize, largest: &mut f32) -> (f32, f32) {
    scores[visible..].fill(f32::NEG_INFINITY);
    let chunks = scores.as_chunks_mut::<4>().0;
    let mut top = F32x4::splat(f32::NEG_INFINITY);
    for x in chunks.iter() {
        top = top.max(F32x4::load(x));
    }
    let before = *largest;
    let top = top.largest();
    *largest = if before < top { top } else { before };
    let shift = F32x4::splat(*largest);
    let mut sum = F32x4::splat(0.0);
    for x in chunks {
        let e = F32x4::load(x).sub(shift).exp();
        e.store(x);
        sum = sum.add(e);
    }
    scores[visible..].fill(0.0);
    let rescale =
        if before == *largest { 1.0 } else { F32x4::splat(before - *largest).exp().to_array()[0] };
    (rescale, sum.sum())
}

/// `out[r] = a[r] · b` for four rows: `b` is `[depth, KEYS]`, row-major.
fn scores_of(a: [&[f32]; ROWS], b: &[f32], out: &mut [[f32; KEYS]; ROWS]) {
    for column in (0..KEYS).step_by(COLUMNS) {
        let totals = block(a, b, KEYS, column, [[F32x4::splat(0.0); 2]; ROWS]);
        for (out, total) in out.iter_mut().zip(totals) {
            store(total, &mut out[column..column + COLUMNS]);
        }
    }
}

/// `out[r] += a[r] · b` for up to four rows: `b` is `[depth, width]` and `out` `[rows, width]`.
fn accumulate(a: [&[f32]; ROWS], b: &[f32], width: usize, out: &mut [f32]) {
    let rows = out.len() / width;
    for column in (0..width).step_by(COLUMNS) {
        let totals = std::array::from_fn(|r| {
            let out = &out[r.min(rows - 1) * width + column..][..COLUMNS];
            let halves = out.as_chunks::<4>().0;
            [F32x4::load(&halves[0]), F32x4::load(&halves[1])]
        });
        let totals = block(a, b, width, column, totals);
        for (r, total) in totals.into_iter().enumerate().take(rows) {
            store(total, &mut out[r * width + column..][..COLUMNS]);
        }
    }
}

#[inline(always)]
fn store(total: [F32x4; 2], to: &mut [f32]) {
    for (half, to) in total.into_iter().zip(to.as_chunks_mut::<4>().0) {
        half.store(to);
    }
}

/// Adds four rows by [`COLUMNS`] columns of a matrix product to `totals`: eight accumulators, which
/// with their operands just fit the sixteen registers of x86-64.
#[inline(always)]
fn block(
    a: [&[f32]; ROWS],
    b: &[f32],
    width: usize,
    column: usize,
    mut totals: [[F32x4; 2]; ROWS],
) -> [[F32x4; 2]; ROWS] {
    let depth = a[0].len();
    assert!(a.iter().all(|row| row.len() == depth));
    assert!(column + COLUMNS <= width && depth * width <= b.len());
    for d in 0..depth {
        // SAFETY: `d < depth`, which bounds `a[r][d]`, and the eight numbers from
        // `d * width + column` on end at or before `(d + 1) * width <= b.len()`.
        let (halves, x) = unsafe {
            let b = b.as_ptr().add(d * width + column).cast::<[f32; 4]>();
            ([F32x4::load(&*b), F32x4::load(&*b.add(1))], a.map(|row| *row.get_unchecked(d)))
        };
        for (total, x) in totals.iter_mut().zip(x) {
            let x = F32x4::splat(x);
            total[0] = x.mul_add(halves[0], total[0]);
            total[1] = x.mul_add(halves[1], total[1]);
        }
    }
    totals
}
