//! Causal attention with an online softmax over tiles of keys, its products in exact integers.
//!
//! After Milakov and Gimelshein, "Online normalizer calculation for softmax" (arXiv:1805.02867),
//! and Dao et al., "FlashAttention" (arXiv:2205.14135): scores of one tile of keys exist at a time;
//! each query keeps the largest score so far, the sum of exponentials and the weighted sum of
//! values, and rescales the last two when the largest score grows.
//!
//! Keys and values are rounded to 8 bits and a sign, queries and the softmax's weights to 7 bits
//! in all, each vector with a scale of its own (as Zhang et al., "SageAttention", arXiv:2410.02367,
//! do in part): instruction sets have products of such integers, added four at a time in 32 bits.
//! Queries, keys and values are transformed before ([`hadamard`]); without that, a few large
//! numbers in each key would take the steps from the others.
//!
//! A tile begins at a multiple of [`KEYS`], and nothing that a query computes depends on keys after
//! its own or on the queries beside it: however a prompt was cut into chunks, and whatever thread
//! computes a row, its result is the same to the bit.

use std::f32::consts::LOG2_E;
use std::ops::Range;

use super::exp::exp2;
use super::hadamard;
use super::kernel::{self, Fours, Quads, ROWS};
use super::matrix::{PANEL, zeros};
use super::parallel::{Threads, for_each};
use super::simd::{F32x4, ROUND, largest_magnitude, round_to_i8};
use crate::backend::{AttentionShape, Rope};
use crate::error::Result;

/// Positions in a tile of keys.
pub const KEYS: usize = 64;

/// Tokens whose queries are one task.
const TASK: usize = 8;

/// The largest magnitude of the integers of a key or a value.
const STEPS: f32 = 127.0;

/// The largest magnitude of the integers of a query, to which [`QUERY_ZERO`] is added: kernels take
/// it as a number of 7 bits without a sign.
const QUERY_STEPS: f32 = 63.0;
const QUERY_ZERO: u8 = 64;

/// The largest integer of a softmax's weight.
const WEIGHT_STEPS: f32 = 127.0;

/// Keys and values of all layers.
pub struct Cache {
    layers: Vec<Layer>,
    shape: AttentionShape,
    rotation: Rotation,
    positions: usize,
}

/// The rotations of all positions that there is room for.
struct Rotation {
    rope: Rope,
    /// `[positions, rope.dims / 2]` cosines and sines.
    angles: Vec<[f32; 2]>,
}

/// Tiles are ordered `[positions / KEYS, kv_heads]`, in [`Quads`] as the kernels read them.
#[derive(Default)]
struct Layer {
    /// A tile is `[KEYS / PANEL, head_dim / 4]`: a panel's outputs are keys.
    keys: Vec<Quads>,
    /// A tile is `[head_dim / PANEL, KEYS / 4]`: a panel's outputs are numbers of the head.
    values: Vec<Quads>,
    /// `[KEYS]` a tile: weight of one step of a key's integers.
    key_scales: Vec<f32>,
    /// `[KEYS]` a tile: what [`QUERY_ZERO`] adds to a product with a key, negated.
    key_starts: Vec<i32>,
    /// `[KEYS]` a tile: weight of one step of a value's integers.
    value_scales: Vec<f32>,
}

impl Cache {
    /// An empty cache.
    pub fn new(layers: usize, shape: AttentionShape, rope: Rope) -> Self {
        let layers = (0..layers).map(|_| Layer::default()).collect();
        Self { layers, shape, rotation: Rotation { rope, angles: Vec::new() }, positions: 0 }
    }

    /// Makes room for positions up to `positions`.
    ///
    /// # Errors
    /// `out-of-memory`; the cache is then as it was, or larger.
    pub fn reserve(&mut self, positions: usize) -> Result<()> {
        fn grow<T: Copy + Default>(v: &mut Vec<T>, len: usize) -> Result<()> {
            let mut grown = zeros(len)?;
            grown[..v.len()].copy_from_slice(v);
            *v = grown;
            Ok(())
        }
        let tiles = positions.div_ceil(KEYS);
        if tiles * KEYS <= self.positions {
            return Ok(());
        }
        let heads = tiles * self.shape.kv_heads;
        for layer in &mut self.layers {
            grow(&mut layer.keys, heads * tile_quads(self.shape))?;
            grow(&mut layer.values, heads * tile_quads(self.shape))?;
            grow(&mut layer.key_starts, heads * KEYS)?;
            for scales in [&mut layer.key_scales, &mut layer.value_scales] {
                grow(scales, heads * KEYS)?;
            }
        }
        self.rotation.reach(self.positions..tiles * KEYS);
        self.positions = tiles * KEYS;
        Ok(())
    }

    /// Bytes of keys and values.
    pub fn bytes(&self) -> usize {
        let of = |l: &Layer| {
            let scales = l.key_scales.len() + l.value_scales.len();
            size_of::<Quads>() * (l.keys.len() + l.values.len())
                + size_of::<f32>() * scales
                + size_of::<i32>() * l.key_starts.len()
        };
        self.layers.iter().map(of).sum()
    }

    /// Rotates and stores the keys of a chunk that begins at `start`, and its values, both
    /// `[tokens, kv_heads * head_dim]`.
    fn append(&mut self, layer: usize, start: usize, [k, v]: [&[f32]; 2], threads: Threads) {
        let AttentionShape { kv_heads, head_dim, .. } = self.shape;
        let width = kv_heads * head_dim;
        let end = start + k.len() / width;
        let quads = tile_quads(self.shape);
        let rotation = &self.rotation;
        let tiles = self.layers[layer].tiles(quads).enumerate();
        let from = start / KEYS * kv_heads;
        // One token is less work than handing it out.
        let threads = if end - start == 1 { Threads::default() } else { threads };
        let tasks: Vec<_> = tiles.skip(from).take(end.div_ceil(KEYS) * kv_heads - from).collect();
        for_each(threads, tasks.into_iter(), |(i, mut tile)| {
            let (first, head) = (i / kv_heads * KEYS, i % kv_heads * head_dim);
            let (mut vector, mut ints) = (vec![0.0; head_dim], vec![0; head_dim]);
            for position in start.max(first)..end.min(first + KEYS) {
                let at = (position - start) * width + head;
                vector.copy_from_slice(&k[at..at + head_dim]);
                rotation.rotate(&mut vector, position);
                tile.set_key(position - first, &mut vector, &mut ints);
                vector.copy_from_slice(&v[at..at + head_dim]);
                tile.set_value(position - first, &mut vector, &mut ints);
            }
        });
    }
}

impl Rotation {
    /// Adds `positions`, which follow those that are there.
    fn reach(&mut self, positions: Range<usize>) {
        let Rope { base, dims } = self.rope;
        for position in positions {
            self.angles.extend((0..dims / 2).map(|i| {
                let exponent = -2.0 * i as f64 / dims as f64;
                let angle = position as f64 * f64::from(base).powf(exponent);
                [angle.cos() as f32, angle.sin() as f32]
            }));
        }
    }

    /// Rotates one head's query or key to `position`.
    fn rotate(&self, head: &mut [f32], position: usize) {
        let half = self.rope.dims / 2;
        let angles = &self.angles[position * half..(position + 1) * half];
        for ([x, y], [cos, sin]) in head.as_chunks_mut::<2>().0.iter_mut().zip(angles) {
            (*x, *y) = (*x * cos - *y * sin, *x * sin + *y * cos);
        }
    }
}

/// Keys and values of one tile and head.
struct Tile<'a> {
    keys: &'a mut [Quads],
    values: &'a mut [Quads],
    key_scales: &'a mut [f32],
    key_starts: &'a mut [i32],
    value_scales: &'a mut [f32],
}

impl Layer {
    /// All tiles, of which the keys, as the values, are `quads` long.
    fn tiles(&mut self, quads: usize) -> impl Iterator<Item = Tile<'_>> {
        let integers = self.keys.chunks_exact_mut(quads).zip(self.values.chunks_exact_mut(quads));
        let scales = self.key_scales.chunks_exact_mut(KEYS);
        let scales = scales.zip(self.value_scales.chunks_exact_mut(KEYS));
        let starts = self.key_starts.chunks_exact_mut(KEYS);
        integers.zip(scales).zip(starts).map(
            |(((keys, values), (key_scales, value_scales)), key_starts)| Tile {
                keys,
                values,
                key_scales,
                key_starts,
                value_scales,
            },
        )
    }
}

impl Tile<'_> {
    /// Stores the key of the tile's position `at`; `ints` is scratch space as long as the key.
    fn set_key(&mut self, at: usize, key: &mut [f32], ints: &mut [i8]) {
        self.key_scales[at] = quantize(key, ints);
        let sum: i32 = ints.iter().map(|int| i32::from(*int)).sum();
        self.key_starts[at] = -i32::from(QUERY_ZERO) * sum;
        let panel = &mut self.keys[at / PANEL * ints.len() / 4..];
        for (quad, four) in panel.iter_mut().zip(ints.as_chunks::<4>().0) {
            quad.as_chunks_mut().0[at % PANEL] = *four;
        }
    }

    /// Stores the value of the tile's position `at`; `ints` is scratch space as long as the value.
    fn set_value(&mut self, at: usize, value: &mut [f32], ints: &mut [i8]) {
        self.value_scales[at] = quantize(value, ints);
        let panels = self.values.chunks_exact_mut(KEYS / 4);
        for (panel, eight) in panels.zip(ints.as_chunks::<PANEL>().0) {
            for (quad, int) in panel[at / 4].as_chunks_mut::<4>().0.iter_mut().zip(eight) {
                quad[at % 4] = *int;
            }
        }
    }
}

/// [`Quads`] in a tile of keys, or of values.
fn tile_quads(shape: AttentionShape) -> usize {
    KEYS * shape.head_dim / (4 * PANEL)
}

/// Transforms a key or a value, rounds it to integers within ±[`STEPS`] and returns the weight of
/// one step.
fn quantize(x: &mut [f32], ints: &mut [i8]) -> f32 {
    hadamard::transform(x);
    let largest = largest_magnitude(x);
    let inverse = inverse(STEPS, largest);
    for (x, int) in x.iter().zip(ints) {
        *int = nearest(x * inverse);
    }
    largest / STEPS
}

/// The nearest integer to a number within 8 bits.
fn nearest(x: f32) -> i8 {
    (x + ROUND).to_bits() as i8
}

/// What takes `largest` to `steps`; zero where there is nothing to take.
fn inverse(steps: f32, largest: f32) -> f32 {
    if largest > 0.0 { steps / largest } else { 0.0 }
}

/// Rotates and caches the chunk's keys and values, which begin at position `start`, and attends:
/// `q` is `[tokens, heads * head_dim]`, `k` and `v` are `[tokens, kv_heads * head_dim]`, and so is
/// the result like `q`.
pub fn attend(
    cache: &mut Cache,
    layer: usize,
    start: usize,
    [mut q, k, v]: [Vec<f32>; 3],
    threads: Threads,
) -> Vec<f32> {
    let AttentionShape { heads, kv_heads, head_dim } = cache.shape;
    let width = heads * head_dim;
    cache.append(layer, start, [&k, &v], threads);
    let cache = &*cache;
    let mut out = vec![0.0; q.len()];
    if q.len() == width {
        // A single token's heads stand in the order of the heads of keys that they share.
        let group = width / kv_heads;
        let tasks = q.chunks_mut(group).zip(out.chunks_mut(group)).enumerate();
        for_each(threads, tasks, |(kv_head, (q, out))| {
            Block::new(cache, layer, start, kv_head..kv_head + 1).attend(q, out);
        });
        return out;
    }
    let tasks = q.chunks_mut(TASK * width).zip(out.chunks_mut(TASK * width)).enumerate();
    for_each(threads, tasks, |(i, (q, out))| {
        Block::new(cache, layer, start + i * TASK, 0..kv_heads).attend(q, out);
    });
    out
}

/// Queries of a few tokens, and what they gather.
struct Block<'a> {
    cache: &'a Cache,
    layer: &'a Layer,
    /// Position of the first token.
    start: usize,
    /// The heads of keys and values whose queries these are.
    kv_heads: Range<usize>,
    /// Query heads that share keys and values. Row `i * group + g` is head `g` of a group at
    /// token `i`, so that they are side by side.
    group: usize,
    /// `[groups, head_dim / 4]`; rows that are left over in the last group are zeros.
    queries: Vec<Fours>,
    rows: Vec<Rows>,
    /// `[groups, ROWS, head_dim]` weighted sums of values.
    gathered: Vec<f32>,
}

/// What [`ROWS`] query rows know.
#[derive(Clone, Copy)]
struct Rows {
    positions: [usize; ROWS],
    /// Weight of one step of its integers, 1 / sqrt(head_dim), and log2(e): scores are logarithms
    /// to the base 2.
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
        let layer = &cache.layers[layer];
        Self { cache, layer, start, kv_heads, group, queries, rows, gathered }
    }

    /// `q` and `out` are `[tokens, heads * head_dim]` of the block's heads; `q` is rotated in place.
    fn attend(&mut self, q: &mut [f32], out: &mut [f32]) {
        let head_dim = self.cache.shape.head_dim;
        let group = self.group * head_dim;
        let width = self.kv_heads.len() * group;
        for (i, token) in q.chunks_exact_mut(width).enumerate() {
            for head in token.chunks_exact_mut(head_dim) {
                self.cache.rotation.rotate(head, self.start + i);
            }
        }
        for (i, kv_head) in self.kv_heads.clone().enumerate() {
            let heads = i * group..(i + 1) * group;
            let count = q.len() / width * self.group;
            let tokens = q.chunks_exact_mut(width);
            let queries = tokens.flat_map(|q| q[heads.clone()].chunks_exact_mut(head_dim));
            self.take_queries(queries, count);
            let last = self.rows.last().map_or(0, |rows| rows.positions[ROWS - 1]);
            for tile in 0..=last / KEYS {
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

    /// Transforms and rounds the `count` queries of the heads of one group.
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
        // Both vectors of a product are transformed.
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

    /// Attends with every row to one tile of keys.
    fn visit(&mut self, tile: usize, kv_head: usize) {
        let dim = self.cache.shape.head_dim;
        let at = tile * self.cache.shape.kv_heads + kv_head;
        let quads = tile_quads(self.cache.shape);
        let keys = &self.layer.keys[at * quads..(at + 1) * quads];
        let values = &self.layer.values[at * quads..(at + 1) * quads];
        let key_scales = &self.layer.key_scales[at * KEYS..(at + 1) * KEYS];
        let key_starts = &self.layer.key_starts[at * KEYS..(at + 1) * KEYS];
        let value_scales = &self.layer.value_scales[at * KEYS..(at + 1) * KEYS];
        let dots = kernel::dots();
        let mut scores = [[0.0; KEYS]; ROWS];
        let mut weights = [[0; 4 * ROWS]; KEYS / 4];
        let groups = self.rows.iter_mut().zip(self.queries.chunks_exact(dim / 4));
        for ((rows, queries), gathered) in groups.zip(self.gathered.chunks_exact_mut(ROWS * dim)) {
            // Keys of this tile that a row may see: all, but for the tile of its own position.
            let visible = rows.positions.map(|at| (at + 1).saturating_sub(tile * KEYS).min(KEYS));
            let most = visible[ROWS - 1];
            if most == 0 {
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
            let steps = softmax(&mut scores, visible, value_scales, rows, &mut weights);
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

/// How what a row has gathered changes with a tile: `gathered * before + products * now`.
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

/// Eight integers as floats.
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

/// Turns the first `visible` scores of each row in a tile into the integers that the values are
/// weighted with: exponentials, times the value's scale. The other weights are zero.
fn softmax(
    scores: &mut [[f32; KEYS]; ROWS],
    visible: [usize; ROWS],
    value_scales: &[f32],
    rows: &mut Rows,
    weights: &mut [Fours; KEYS / 4],
) -> [Step; ROWS] {
    /// Scores that are worked on together.
    const TOGETHER: usize = 16;
    let zero = F32x4::splat(0.0);
    let before = F32x4::load(&rows.largest);
    for (r, scores) in scores.iter_mut().enumerate() {
        scores[visible[r]..].fill(f32::NEG_INFINITY);
        let largest = F32x4::splat(rows.largest[r]);
        let scores = scores.as_chunks::<4>().0.iter();
        let largest = scores.fold(largest, |top, x| top.max(F32x4::load(x))).largest();
        rows.largest[r] = largest.to_array()[0];
    }
    let [before] = exp2([before.sub(F32x4::load(&rows.largest))]).map(F32x4::to_array);

    let most = visible[ROWS - 1].next_multiple_of(TOGETHER);
    let mut inverses = [zero; ROWS];
    let steps = std::array::from_fn(|r| {
        if visible[r] == 0 {
            scores[r] = [0.0; KEYS];
            return Step { before: 1.0, now: 0.0 };
        }
        let scores = scores[r][..most].as_chunks_mut::<4>().0;
        let scores = scores.as_chunks_mut::<{ TOGETHER / 4 }>().0;
        // The largest weight sets the step: where a first token draws all attention, as in many
        // models, its value is small, and the weights that matter are those of the other keys.
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
