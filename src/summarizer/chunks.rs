//! How many tokens are read at a time.

use std::ops::RangeInclusive;

/// How long a chunk should take: the host hears of a cancellation between two chunks, and within
/// 250 ms of it the run must have ended.
pub const CHUNK_MS: f64 = 150.0;

/// Sizes of prefill chunks: given, or as many tokens as this device reads in [`CHUNK_MS`]. What is
/// computed does not depend on them, only when the host gets its turn.
pub struct Chunks {
    size: usize,
    limits: RangeInclusive<usize>,
    adapts: bool,
}

/// Rows that kernels handle well together; sizes are multiples of this, as far as they reach it.
const STEP: usize = 16;

impl Chunks {
    /// Adapting within `limits`.
    pub fn new(limits: RangeInclusive<usize>) -> Self {
        let size = (2 * STEP).min(4 * limits.start()).min(*limits.end());
        Self { size, limits, adapts: true }
    }

    /// Always as large as the caller said.
    pub fn given(size: usize) -> Self {
        Self { size, limits: size..=size, adapts: false }
    }

    /// Begins with what a device of this speed is expected to read in half the time.
    pub fn expecting(mut self, tokens_per_ms: f64) -> Self {
        if self.adapts {
            self.size = self.sized(tokens_per_ms * CHUNK_MS / 2.0);
        }
        self
    }

    /// Tokens of the next chunk.
    pub fn next(&self) -> usize {
        self.size
    }

    /// Learns from a chunk.
    pub fn took(&mut self, tokens: usize, ms: Option<f64>) {
        let Some(ms) = ms.filter(|ms| self.adapts && *ms > 0.0 && tokens == self.size) else {
            return;
        };
        // Growing by doubles at most: one lucky time of a coarse clock must not make a long chunk.
        self.size = self.sized(tokens as f64 * CHUNK_MS / ms).min(2 * self.size);
    }

    fn sized(&self, ideal: f64) -> usize {
        let ideal = ideal as usize;
        let step = if ideal < STEP { *self.limits.start() } else { STEP };
        (ideal / step * step).clamp(*self.limits.start(), *self.limits.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn chunks_take_as_long_as_a_cancellation_may() {
        let mut chunks = Chunks::new(16..=512);
        for _ in 0..20 {
            let tokens = chunks.next();
            chunks.took(tokens, Some(tokens as f64 * 2.0));
        }
        assert_eq!(chunks.next(), 64);
        chunks.took(64, Some(0.0));
        chunks.took(3, Some(1.0));
        assert_eq!(chunks.next(), 64);
        chunks.took(64, Some(10_000.0));
        assert_eq!(chunks.next(), STEP);
        let mut slow = Chunks::new(4..=4096);
        slow.took(slow.next(), Some(10_000.0));
        assert_eq!(slow.next(), 4);
        let fast = Chunks::new(4..=4096).expecting(30.0);
        assert_eq!(fast.next(), 2240);
        let mut given = Chunks::given(7);
        given.took(7, Some(1.0));
        assert_eq!(given.next(), 7);
    }
}
