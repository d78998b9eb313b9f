//! The key and value cache: rotated, transformed and rounded to 8 bits for attention.

use std::ops::Range;

use super::hadamard;
use super::kernel::Quads;
use super::matrix::{PANEL, zeros};
use super::parallel::{Threads, for_each};
use super::simd::{inverse, largest_magnitude, nearest};
use crate::backend::{Attention, AttentionLayer, AttentionShape, Rope, RopeLayout};
use crate::error::{Error, Result};

/// Positions in a tile of keys.
pub const KEYS: usize = 64;

/// Largest magnitude of the integers of a key or a value.
const STEPS: f32 = 127.0;

/// Offset added to a query's integers: kernels read them as unsigned.
pub const QUERY_ZERO: u8 = 64;

/// Maximum number of tokens appended at once to a layer with a sliding window; its ring has room
/// for the window and these tokens.
pub const AT_ONCE: usize = 512;

/// Keys and values of all layers.
pub struct Cache {
    layers: Vec<Layer>,
    /// Shape of the attention.
    pub shape: AttentionShape,
    rotations: Vec<Rotation>,
    positions: usize,
}

/// Rotation angles of a chunk's queries and keys.
pub struct Rotation {
    rope: Rope,
    /// Positions that the angles are for.
    positions: Range<usize>,
    /// `[positions, rope.dims / 2]` cosines and sines.
    angles: Vec<[f32; 2]>,
}

/// Tiles are ordered `[tiles, kv_heads]`, in [`Quads`] as the kernels read them. Tile `t`, which
/// starts at position `t * KEYS`, is stored at `t` modulo the number of tiles: with a sliding
/// window a layer is a ring with room for what is still visible, otherwise it holds all tiles.
struct Layer {
    /// Maximum number of positions that a query sees.
    window: usize,
    /// Index into [`Cache::rotations`].
    rotation: usize,
    /// A tile is `[KEYS / PANEL, head_dim / 4]`: a panel's outputs are keys.
    keys: Vec<Quads>,
    /// A tile is `[head_dim / PANEL, KEYS / 4]`: a panel's outputs are elements of the head.
    values: Vec<Quads>,
    /// `[KEYS]` a tile: weight of one step of a key's integers.
    key_scales: Vec<f32>,
    /// `[KEYS]` a tile: minus the contribution of [`QUERY_ZERO`] to a product with a key.
    key_starts: Vec<i32>,
    /// `[KEYS]` a tile: weight of one step of a value's integers.
    value_scales: Vec<f32>,
}

impl Cache {
    /// An empty cache.
    pub fn new(attention: &Attention) -> Self {
        let mut rotations: Vec<Rotation> = Vec::new();
        let layers = attention.layers.iter().map(|AttentionLayer { rope, window }| {
            let known = rotations.iter().position(|rotation| rotation.rope == *rope);
            let rotation = known.unwrap_or_else(|| {
                rotations.push(Rotation::new(rope.clone()));
                rotations.len() - 1
            });
            Layer::new(window.unwrap_or(usize::MAX), rotation)
        });
        let layers = layers.collect();
        Self { layers, shape: attention.shape, rotations, positions: 0 }
    }

    /// Makes room for positions up to `positions`.
    ///
    /// # Errors
    /// `out-of-memory`; the cache then keeps its size or has grown in part.
    pub fn reserve(&mut self, positions: usize) -> Result<()> {
        let tiles = positions.div_ceil(KEYS);
        if tiles <= self.positions / KEYS {
            return Ok(());
        }
        let bytes = self.layers.iter().map(|layer| tiles_for(layer.window, positions));
        let bytes = bytes.sum::<u64>().saturating_mul(tile_bytes(self.shape));
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        // Allocations are limited to `isize::MAX`; sizes below it don't overflow in `grow`.
        let grown = if bytes <= isize::MAX as usize { self.grow(positions).ok() } else { None };
        grown.ok_or(Error::OutOfMemory { what: "keys and values", bytes })
    }

    /// Grows the cache to `positions`.
    fn grow(&mut self, positions: usize) -> Result<()> {
        fn grow<T: Copy + Default>(v: &mut Vec<T>, len: usize) -> Result<()> {
            // A vector is already long enough if memory ran out while another one grew, or if the
            // layer's ring has its full size.
            if v.len() < len {
                let mut grown = zeros(len)?;
                grown[..v.len()].copy_from_slice(v);
                *v = grown;
            }
            Ok(())
        }
        for layer in &mut self.layers {
            let tiles = tiles_for(layer.window, positions) as usize * self.shape.kv_heads;
            grow(&mut layer.keys, tiles * tile_quads(self.shape))?;
            grow(&mut layer.values, tiles * tile_quads(self.shape))?;
            grow(&mut layer.key_starts, tiles * KEYS)?;
            for scales in [&mut layer.key_scales, &mut layer.value_scales] {
                grow(scales, tiles * KEYS)?;
            }
        }
        self.positions = positions.next_multiple_of(KEYS);
        Ok(())
    }

    /// Bytes of a cache with room for `positions`.
    pub fn bytes_for(attention: &Attention, positions: usize) -> u64 {
        let layers = attention.layers.iter();
        let tiles = layers.map(|layer| tiles_for(layer.window.unwrap_or(usize::MAX), positions));
        tiles.sum::<u64>().saturating_mul(tile_bytes(attention.shape))
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

    /// Maximum number of positions that a query sees in a layer.
    pub fn window(&self, layer: usize) -> usize {
        self.layers[layer].window
    }

    /// A tile of a layer, for one key head.
    pub fn tile(&self, layer: usize, tile: usize, kv_head: usize) -> Tile<'_> {
        let layer = &self.layers[layer];
        let tiles = layer.key_scales.len() / (KEYS * self.shape.kv_heads);
        let at = tile % tiles * self.shape.kv_heads + kv_head;
        let quads = tile_quads(self.shape);
        let (integers, each) = (at * quads..(at + 1) * quads, at * KEYS..(at + 1) * KEYS);
        Tile {
            keys: &layer.keys[integers.clone()],
            values: &layer.values[integers],
            key_scales: &layer.key_scales[each.clone()],
            key_starts: &layer.key_starts[each.clone()],
            value_scales: &layer.value_scales[each],
        }
    }

    /// Angles of a layer's queries and keys, for the positions of its last [`Self::append`].
    pub fn rotation(&self, layer: usize) -> &Rotation {
        &self.rotations[self.layers[layer].rotation]
    }

    /// Stores the rotated keys and the values of a chunk that begins at `start`, both
    /// `[tokens, kv_heads * head_dim]`. At most [`AT_ONCE`] tokens with a sliding window.
    pub fn append(&mut self, layer: usize, start: usize, [k, v]: [&[f32]; 2], threads: Threads) {
        let AttentionShape { kv_heads, head_dim, .. } = self.shape;
        let width = kv_heads * head_dim;
        let end = start + k.len() / width;
        let quads = tile_quads(self.shape);
        // One token is too little work to share.
        let threads = if end - start == 1 { Threads::default() } else { threads };
        let layer = &mut self.layers[layer];
        let rotation = &mut self.rotations[layer.rotation];
        rotation.turn_to(start..end, threads);
        let count = layer.key_scales.len() / (KEYS * kv_heads);
        let (first, last) = (start / KEYS, end.div_ceil(KEYS));
        let tiles = layer.tiles(quads).enumerate().filter_map(|(i, tile)| {
            // The chunk's first tile, or a later one, that belongs in this slot.
            let at = first + (i / kv_heads + count - first % count) % count;
            (at < last).then_some((at, i % kv_heads, tile))
        });
        let tasks: Vec<_> = tiles.collect();
        for_each(threads, tasks.into_iter(), |(at, head, mut tile)| {
            let (first, head) = (at * KEYS, head * head_dim);
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
    fn new(rope: Rope) -> Self {
        Self { rope, positions: 0..0, angles: Vec::new() }
    }

    /// Computes the angles of `positions`, unless cached: all layers of a chunk share them.
    fn turn_to(&mut self, positions: Range<usize>, threads: Threads) {
        /// Positions per task.
        const TASK: usize = 16;
        if self.positions == positions {
            return;
        }
        let pairs = self.rope.dims / 2;
        self.angles.clear();
        self.angles.resize(positions.len() * pairs, [0.0; 2]);
        let tasks = self.angles.chunks_mut((TASK * pairs).max(1)).enumerate();
        let rope = &self.rope;
        for_each(threads, tasks, |(i, angles)| {
            let first = positions.start + i * TASK;
            let computed = rope.angles(first..positions.end.min(first + TASK));
            angles.iter_mut().zip(computed).for_each(|(to, angle)| *to = angle);
        });
        self.positions = positions;
    }

    /// Rotates one head's query or key to `position`, which must be among the cached angles.
    pub fn rotate(&self, head: &mut [f32], position: usize) {
        let half = self.rope.dims / 2;
        let at = (position - self.positions.start) * half;
        let angles = &self.angles[at..at + half];
        let turn = |x: &mut f32, y: &mut f32, [cos, sin]: &[f32; 2]| {
            (*x, *y) = (*x * cos - *y * sin, *x * sin + *y * cos);
        };
        match self.rope.pairs {
            RopeLayout::Interleaved => {
                let pairs = head.as_chunks_mut::<2>().0.iter_mut();
                pairs.zip(angles).for_each(|([x, y], angle)| turn(x, y, angle));
            }
            RopeLayout::Halves => {
                let (low, high) = head[..2 * half].split_at_mut(half);
                let pairs = low.iter_mut().zip(high);
                pairs.zip(angles).for_each(|((x, y), angle)| turn(x, y, angle));
            }
        }
    }
}

/// Tiles that a layer with this window needs for this many positions: a chunk's first query may see
/// the last position of a tile, and its last query the first position of another.
fn tiles_for(window: usize, positions: usize) -> u64 {
    let seen = window.saturating_add(AT_ONCE + 2 * (KEYS - 1)) / KEYS;
    positions.div_ceil(KEYS).min(seen) as u64
}

/// Bytes of a tile over all heads.
fn tile_bytes(shape: AttentionShape) -> u64 {
    let head = 2 * size_of::<Quads>() * tile_quads(shape)
        + KEYS * (2 * size_of::<f32>() + size_of::<i32>());
    (shape.kv_heads as u64).saturating_mul(head as u64)
}

/// Keys and values of one tile and head; see [`Layer`].
pub struct Tile<'a> {
    pub keys: &'a [Quads],
    pub values: &'a [Quads],
    pub key_scales: &'a [f32],
    pub key_starts: &'a [i32],
    pub value_scales: &'a [f32],
}

/// A mutable [`Tile`].
struct TileMut<'a> {
    keys: &'a mut [Quads],
    values: &'a mut [Quads],
    key_scales: &'a mut [f32],
    key_starts: &'a mut [i32],
    value_scales: &'a mut [f32],
}

impl Layer {
    fn new(window: usize, rotation: usize) -> Self {
        Self {
            window,
            rotation,
            keys: Vec::new(),
            values: Vec::new(),
            key_scales: Vec::new(),
            key_starts: Vec::new(),
            value_scales: Vec::new(),
        }
    }

    /// All tiles, with `quads` quads of keys and of values each.
    fn tiles(&mut self, quads: usize) -> impl Iterator<Item = TileMut<'_>> {
        let integers = self.keys.chunks_exact_mut(quads).zip(self.values.chunks_exact_mut(quads));
        let scales = self.key_scales.chunks_exact_mut(KEYS);
        let scales = scales.zip(self.value_scales.chunks_exact_mut(KEYS));
        let starts = self.key_starts.chunks_exact_mut(KEYS);
        integers.zip(scales).zip(starts).map(
            |(((keys, values), (key_scales, value_scales)), key_starts)| TileMut {
                keys,
                values,
                key_scales,
                key_starts,
                value_scales,
            },
        )
    }
}

impl TileMut<'_> {
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

/// [`Quads`] per tile of keys or of values.
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
