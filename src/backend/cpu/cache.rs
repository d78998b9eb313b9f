//! Keys and values of what was read, as attention reads them: rotated, transformed, rounded to 8 bits.

use std::ops::Range;

use super::hadamard;
use super::kernel::Quads;
use super::matrix::{PANEL, zeros};
use super::parallel::{Threads, for_each};
use super::simd::{inverse, largest_magnitude, nearest};
use crate::backend::{AttentionShape, Rope};
use crate::error::{Error, Result};

/// Positions in a tile of keys.
pub const KEYS: usize = 64;

/// The largest magnitude of the integers of a key or a value.
const STEPS: f32 = 127.0;

/// What is added to the integers of a query: kernels take them as numbers without a sign.
pub const QUERY_ZERO: u8 = 64;

/// Keys and values of all layers.
pub struct Cache {
    layers: Vec<Layer>,
    /// Shape of the attention.
    pub shape: AttentionShape,
    /// Where queries and keys are rotated to.
    pub rotation: Rotation,
    positions: usize,
}

/// The rotations of all positions that there is room for.
pub struct Rotation {
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
        let tiles = positions.div_ceil(KEYS);
        if tiles <= self.positions / KEYS {
            return Ok(());
        }
        let bytes = Self::bytes_for(self.layers.len(), self.shape, positions);
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        // No more than this can be asked for, and whatever is less doesn't overflow on the way.
        let grown = if bytes <= isize::MAX as usize { self.grow(tiles).ok() } else { None };
        grown.ok_or(Error::OutOfMemory { what: "keys and values", bytes })
    }

    /// Makes room for so many tiles, more than there are.
    fn grow(&mut self, tiles: usize) -> Result<()> {
        fn grow<T: Copy + Default>(v: &mut Vec<T>, len: usize) -> Result<()> {
            // It is as long already where memory ran out while another one grew.
            if v.len() < len {
                let mut grown = zeros(len)?;
                grown[..v.len()].copy_from_slice(v);
                *v = grown;
            }
            Ok(())
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
        self.rotation.reach(self.positions..tiles * KEYS)?;
        self.positions = tiles * KEYS;
        Ok(())
    }

    /// Bytes of keys and values of a cache with room for `positions`.
    pub fn bytes_for(layers: usize, shape: AttentionShape, positions: usize) -> u64 {
        let tiles = positions.div_ceil(KEYS) as u64;
        let tile = 2 * size_of::<Quads>() * tile_quads(shape)
            + KEYS * (2 * size_of::<f32>() + size_of::<i32>());
        tiles.saturating_mul((layers * shape.kv_heads) as u64).saturating_mul(tile as u64)
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

    /// A tile of a layer, of one head of keys.
    pub fn tile(&self, layer: usize, tile: usize, kv_head: usize) -> Tile<'_> {
        let layer = &self.layers[layer];
        let at = tile * self.shape.kv_heads + kv_head;
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

    /// Rotates and stores the keys of a chunk that begins at `start`, and its values, both
    /// `[tokens, kv_heads * head_dim]`.
    pub fn append(&mut self, layer: usize, start: usize, [k, v]: [&[f32]; 2], threads: Threads) {
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
    ///
    /// # Errors
    /// `out-of-memory`; nothing has been added then.
    fn reach(&mut self, positions: Range<usize>) -> Result<()> {
        let pairs = positions.len() * (self.rope.dims / 2);
        let bytes = pairs * size_of::<[f32; 2]>();
        self.angles
            .try_reserve_exact(pairs)
            .map_err(|_| Error::OutOfMemory { what: "the angles of positions", bytes })?;
        self.angles.extend(self.rope.angles(positions));
        Ok(())
    }

    /// Rotates one head's query or key to `position`.
    pub fn rotate(&self, head: &mut [f32], position: usize) {
        let half = self.rope.dims / 2;
        let angles = &self.angles[position * half..(position + 1) * half];
        for ([x, y], [cos, sin]) in head.as_chunks_mut::<2>().0.iter_mut().zip(angles) {
            (*x, *y) = (*x * cos - *y * sin, *x * sin + *y * cos);
        }
    }
}

/// Keys and values of one tile and head, as [`Layer`] holds them.
pub struct Tile<'a> {
    pub keys: &'a [Quads],
    pub values: &'a [Quads],
    pub key_scales: &'a [f32],
    pub key_starts: &'a [i32],
    pub value_scales: &'a [f32],
}

/// A [`Tile`] that is written.
struct TileMut<'a> {
    keys: &'a mut [Quads],
    values: &'a mut [Quads],
    key_scales: &'a mut [f32],
    key_starts: &'a mut [i32],
    value_scales: &'a mut [f32],
}

impl Layer {
    /// All tiles, of which the keys, as the values, are `quads` long.
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
