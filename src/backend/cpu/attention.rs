//! Causal attention with an online softmax over tiles of keys, computed in exact integer products.
//!
//! After Milakov and Gimelshein, "Online normalizer calculation for softmax" (arXiv:1805.02867),
//! and Dao et al., "FlashAttention" (arXiv:2205.14135): only one tile of scores exists at a time.
//! Each query keeps the largest score so far, the sum of exponentials and the weighted sum of
//! values, and rescales the last two when the largest score grows.
//!
//! Keys and values are rounded to 8 bits, queries and softmax weights to 7, each vector with its
//! own scale (partly as in Zhang et al., "SageAttention", arXiv:2410.02367): instruction sets
//! multiply such integers and add four products into 32 bits. A [`hadamard`] transform of queries,
//! keys and values comes first; otherwise a few outliers in each key would cost the others their
//! precision.
//!
//! Tiles begin at multiples of [`KEYS`], and a query's result depends neither on later keys nor on
//! other queries. So results are bit-identical however a prompt is chunked and whichever thread
//! computes a row.

use std::f32::consts::LOG2_E;
use std::ops::Range;

use super::cache::{AT_ONCE, Cache, KEYS, QUERY_ZERO, Tile};
use super::exp::exp2;
use super::hadamard;
use super::kernel::{self, Fours, ROWS};
use super::matrix::PANEL;
use super::parallel::{Threads, for_each};
use super::simd::{F32x4, inverse, largest_magnitude, nearest, round_to_i8};
use crate::backend::AttentionShape;

/// Tokens per task.
const TASK: usize = 8;

/// Largest magnitude of a query's integers; with [`QUERY_ZERO`] added they fit 7 bits.
const QUERY_STEPS: f32 = 63.0;

/// Largest integer of a softmax weight.
const WEIGHT_STEPS: f32 = 127.0;

/// Rotates and caches the chunk's keys and values, which begin at position `start`, and attends.
/// `q` and the result are `[tokens, heads * head_dim]`, `k` and `v` are
/// `[tokens, kv_heads * head_dim]`.
pub fn attend(
    cache: &mut Cache,
    layer: usize,
    start: usize,
    [mut q, k, v]: [Vec<f32>; 3],
    threads: Threads,
) -> Vec<f32> {
    let AttentionShape { heads, kv_heads, head_dim } = cache.shape;
    let width = heads * head_dim;
    let mut out = vec![0.0; q.len()];
    if q.len() == width {
        cache.append(layer, start, [&k, &v], threads);
        // For a single token, heads are grouped by the key head that they share.
        let group = width / kv_heads;
        let tasks = q.chunks_mut(group).zip(out.chunks_mut(group)).enumerate();
        for_each(threads, tasks, |(kv_head, (q, out))| {
            Block::new(cache, layer, start, kv_head..kv_head + 1).attend(q, out);
        });
        return out;
    }
    let parts = q.chunks_mut(AT_ONCE * width).zip(out.chunks_mut(AT_ONCE * width));
    let stored =
        k.chunks(AT_ONCE * kv_heads * head_dim).zip(v.chunks(AT_ONCE * kv_heads * head_dim));
    for (i, ((q, out), (k, v))) in parts.zip(stored).enumerate() {
        let start = start + i * AT_ONCE;
        cache.append(layer, start, [k, v], threads);
        let cache = &*cache;
        let tasks = q.chunks_mut(TASK * width).zip(out.chunks_mut(TASK * width)).enumerate();
        for_each(threads, tasks, |(i, (q, out))| {
            Block::new(cache, layer, start + i * TASK, 0..kv_heads).attend(q, out);
        });
    }
    out
}

/// Queries of a few tokens, and their partial results.
struct Block<'a> {
    cache: &'a Cache,
    layer: usize,
    /// Position of the first token.
    start: usize,
    /// Key and value heads of these queries.
    kv_heads: Range<usize>,
    /// Query heads per key head. Row `i * group + g` is head `g` of a group at token `i`, so that a
    /// group's rows are adjacent.
    group: usize,
    /// `[groups, head_dim / 4]`; unused rows of the last group are zero.
    queries: Vec<Fours>,
    rows: Vec<Rows>,
    /// `[groups, ROWS, head_dim]` weighted sums of values.
    gathered: Vec<f32>,
}

/// State of [`ROWS`] query rows.
#[derive(Clone, Copy)]
struct Rows {
    positions: [usize; ROWS],
    /// Weight of one integer step, times 1 / sqrt(head_dim) and log2(e): scores are base-2
    /// logarithms.
    scales: [f32; ROWS],
    /// The largest scores so far.
    largest: [f32; ROWS],
    /// The sums of exponentials so far, relative to the largest.
    sums: [f32; ROWS],
}

impl<'a> Block<'a> {
    fn new(cache: &'a Cache, layer: usize, start: usize, kv_heads: Range<usize>) -> Self {
        let group = cache.shape.heads / cache.shape.kv_heads;
        let (queries, rows, gathered) = (Vec::new(), Vec::new(), Vec::new());
        Self { cache, layer, start, kv_heads, group, queries, rows, gathered }
    }

    /// `q` and `out` are `[tokens, heads * head_dim]`, for the block's heads; rotates `q` in place.
    fn attend(&mut self, q: &mut [f32], out: &mut [f32]) {
        let head_dim = self.cache.shape.head_dim;
        let group = self.group * head_dim;
        let width = self.kv_heads.len() * group;
        for (i, token) in q.chunks_exact_mut(width).enumerate() {
            for head in token.chunks_exact_mut(head_dim) {
                self.cache.rotation(self.layer).rotate(head, self.start + i);
            }
        }
        for (i, kv_head) in self.kv_heads.clone().enumerate() {
            let heads = i * group..(i + 1) * group;
            let count = q.len() / width * self.group;
            let tokens = q.chunks_exact_mut(width);
            let queries = tokens.flat_map(|q| q[heads.clone()].chunks_exact_mut(head_dim));
            self.take_queries(queries, count);
            let last = self.rows.last().map_or(0, |rows| rows.positions[ROWS - 1]);
            for tile in self.first_seen(self.start) / KEYS..=last / KEYS {
                self.visit(tile, kv_head);
            }
            let tokens = out.chunks_exact_mut(width);
            let to = tokens.flat_map(|token| token[heads.clone()].chunks_exact_mut(head_dim));
            let sums = self.rows.iter().flat_map(|rows| rows.sums);
            let rows = sums.zip(self.gathered.chunks_exact(head_dim));
            for (to, (sum, from)) in to.zip(rows) {
                let inverse = 1.0 / (sum * hadamard::span(head_dim) as f32);
                to.iter_mut().zip(from).for_each(|(to, x)| *to = x * inverse);
                hadamard::transform(to);
            }
        }
    }

    /// Transforms and rounds the `count` queries of one group of heads.
    fn take_queries<'q>(&mut self, queries: impl Iterator<Item = &'q mut [f32]>, count: usize) {
        let head_dim = self.cache.shape.head_dim;
        let groups = count.div_ceil(ROWS);
        self.queries.clear();
        self.queries.resize(groups * head_dim / 4, [0; 4 * ROWS]);
        self.gathered.clear();
        self.gathered.resize(groups * ROWS * head_dim, 0.0);
        let position = |row: usize| self.start + row.min(count - 1) / self.group;
        let rows = (0..groups).map(|i| Rows {
            positions: std::array::from_fn(|r| position(i * ROWS + r)),
            scales: [0.0; ROWS],
            largest: [f32::NEG_INFINITY; ROWS],
            sums: [0.0; ROWS],
        });
        self.rows.clear();
        self.rows.extend(rows);
        // Both factors of a product are transformed.
        let factor = LOG2_E / ((head_dim as f32).sqrt() * hadamard::span(head_dim) as f32);
        for (row, query) in queries.enumerate() {
            hadamard::transform(query);
            let largest = largest_magnitude(query);
            let inverse = inverse(QUERY_STEPS, largest);
            self.rows[row / ROWS].scales[row % ROWS] = largest / QUERY_STEPS * factor;
            let to = &mut self.queries[row / ROWS * head_dim / 4..];
            for (to, four) in to.iter_mut().zip(query.as_chunks::<4>().0) {
                to.as_chunks_mut().0[row % ROWS] =
                    four.map(|x| QUERY_ZERO.wrapping_add_signed(nearest(x * inverse)));
            }
        }
    }

    /// The first position that a query at position `at` sees.
    fn first_seen(&self, at: usize) -> usize {
        (at + 1).saturating_sub(self.cache.window(self.layer))
    }

    /// Attends from every row to one tile of keys.
    fn visit(&mut self, tile: usize, kv_head: usize) {
        let dim = self.cache.shape.head_dim;
        let window = self.cache.window(self.layer);
        let Tile { keys, values, key_scales, key_starts, value_scales } =
            self.cache.tile(self.layer, tile, kv_head);
        let dots = kernel::dots();
        let mut scores = [[0.0; KEYS]; ROWS];
        let mut weights = [[0; 4 * ROWS]; KEYS / 4];
        let groups = self.rows.iter_mut().zip(self.queries.chunks_exact(dim / 4));
        for ((rows, queries), gathered) in groups.zip(self.gathered.chunks_exact_mut(ROWS * dim)) {
            // Keys of this tile that each row sees: all, except in the tile of its own position and
            // in the tile where its window begins.
            let within = |end: usize| end.saturating_sub(tile * KEYS).min(KEYS);
            let visible =
                rows.positions.map(|at| within((at + 1).saturating_sub(window))..within(at + 1));
            let most = visible[ROWS - 1].end;
            if visible.iter().all(Range::is_empty) {
                continue;
            }
            let panels = keys.chunks_exact(dim / 4).zip(key_starts.as_chunks().0);
            for (p, (panel, starts)) in panels.take(most.div_ceil(PANEL)).enumerate() {
                let products = dots(queries, panel, starts);
                let key_scales = load(&key_scales[p * PANEL..]);
                for (r, products) in products.iter().enumerate() {
                    let scale = F32x4::splat(rows.scales[r]);
                    let [low, high] = of_products(products);
                    let scaled =
                        [low.mul(key_scales[0].mul(scale)), high.mul(key_scales[1].mul(scale))];
                    store(scaled, &mut scores[r][p * PANEL..]);
                }
            }
            let steps = softmax(&mut scores, &visible, value_scales, rows, &mut weights);
            let depth = most.div_ceil(4);
            for (p, panel) in values.chunks_exact(KEYS / 4).enumerate() {
                let products = dots(&weights[..depth], &panel[..depth], &[0; PANEL]);
                let rows = gathered.chunks_exact_mut(dim).zip(steps).zip(&products);
                for ((gathered, step), products) in rows {
                    let to = &mut gathered[p * PANEL..][..PANEL];
                    let (before, now) = (F32x4::splat(step.before), F32x4::splat(step.now));
                    let ([a, b], [x, y]) = (load(to), of_products(products));
                    let sums = [a.mul_add(before, x.mul(now)), b.mul_add(before, y.mul(now))];
                    store(sums, to);
                }
            }
        }
    }
}

/// How a tile updates a row's accumulator: `gathered * before + products * now`.
#[derive(Clone, Copy)]
struct Step {
    before: f32,
    now: f32,
}

/// The first eight numbers.
#[inline(always)]
fn load(from: &[f32]) -> [F32x4; 2] {
    let halves = from[..PANEL].as_chunks().0;
    [F32x4::load(&halves[0]), F32x4::load(&halves[1])]
}

/// Converts eight integers to floats.
#[inline(always)]
fn of_products(from: &[i32; PANEL]) -> [F32x4; 2] {
    let halves = from.as_chunks().0;
    [F32x4::from_i32(&halves[0]), F32x4::from_i32(&halves[1])]
}

#[inline(always)]
fn store(x: [F32x4; 2], to: &mut [f32]) {
    for (x, to) in x.into_iter().zip(to[..PANEL].as_chunks_mut().0) {
        x.store(to);
    }
}

/// Turns each row's `visible` scores in a tile into the integer weights of the values: exponentials
/// times the value's scale. The other weights are zero.
fn softmax(
    scores: &mut [[f32; KEYS]; ROWS],
    visible: &[Range<usize>; ROWS],
    value_scales: &[f32],
    rows: &mut Rows,
    weights: &mut [Fours; KEYS / 4],
) -> [Step; ROWS] {
    /// Scores processed together.
    const TOGETHER: usize = 16;
    let zero = F32x4::splat(0.0);
    let before = F32x4::load(&rows.largest);
    for (r, scores) in scores.iter_mut().enumerate() {
        scores[..visible[r].start].fill(f32::NEG_INFINITY);
        scores[visible[r].end..].fill(f32::NEG_INFINITY);
        let largest = F32x4::splat(rows.largest[r]);
        let scores = scores.as_chunks::<4>().0.iter();
        let largest = scores.fold(largest, |top, x| top.max(F32x4::load(x))).largest();
        rows.largest[r] = largest.to_array()[0];
    }
    let [before] = exp2([before.sub(F32x4::load(&rows.largest))]).map(F32x4::to_array);

    let most = visible[ROWS - 1].end.next_multiple_of(TOGETHER);
    let mut inverses = [zero; ROWS];
    let steps = std::array::from_fn(|r| {
        if visible[r].is_empty() {
            scores[r] = [0.0; KEYS];
            return Step { before: 1.0, now: 0.0 };
        }
        let scores = scores[r][..most].as_chunks_mut::<4>().0;
        let scores = scores.as_chunks_mut::<{ TOGETHER / 4 }>().0;
        // The largest weight sets the step. In many models the first token draws most attention but
        // has a small value, and the weights that matter are those of the other keys.
        let (mut sum, mut heaviest) = (zero, zero);
        let largest = F32x4::splat(rows.largest[r]);
        let value_scales = value_scales.as_chunks::<4>().0.as_chunks::<{ TOGETHER / 4 }>().0;
        for (x, value_scales) in scores.iter_mut().zip(value_scales) {
            let exponentials = exp2(x.map(|x| F32x4::load(&x).sub(largest)));
            for ((x, e), value_scale) in x.iter_mut().zip(exponentials).zip(value_scales) {
                sum = sum.add(e);
                let weight = e.mul(F32x4::load(value_scale));
                heaviest = heaviest.max(weight);
                weight.store(x);
            }
        }
        let heaviest = heaviest.largest().to_array()[0];
        inverses[r] = F32x4::splat(inverse(WEIGHT_STEPS, heaviest));
        rows.sums[r] = rows.sums[r] * before[r] + sum.sum();
        Step { before: before[r], now: heaviest / WEIGHT_STEPS }
    });
    let scores = scores.each_ref().map(|scores| scores.as_chunks::<4>().0);
    for (i, weights) in weights[..most / 4].iter_mut().enumerate() {
        let four = |r: usize| F32x4::load(&scores[r][i]).mul(inverses[r]);
        *weights = round_to_i8(std::array::from_fn(four)).map(i8::cast_unsigned);
    }
    steps
}
