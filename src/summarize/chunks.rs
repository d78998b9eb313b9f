//! How many tokens are read at a time.

use std::ops::RangeInclusive;

/// Sizes of prefill chunks: given, or as many tokens as this device reads in a given time. What is
/// computed does not depend on them.
pub struct Chunks {
    size: usize,
    limits: RangeInclusive<usize>,
    /// How long one should take; `None` where all are as large as the caller said.
    ms: Option<f64>,
}

/// Rows that kernels handle well together; sizes are multiples of this, as far as they reach it.
const STEP: usize = 16;

impl Chunks {
    /// As many as take `ms`, within `limits`.
    pub fn new(limits: RangeInclusive<usize>, ms: f64) -> Self {
        let size = (2 * STEP).min(4 * limits.start()).min(*limits.end());
        Self { size, limits, ms: Some(ms) }
    }

    /// Always as large as the caller said.
    pub fn given(size: usize) -> Self {
        Self { size, limits: size..=size, ms: None }
    }

    /// Begins with what a device of this speed is expected to read in half the time.
    pub fn expecting(mut self, tokens_per_ms: f64) -> Self {
        if let Some(ms) = self.ms {
            self.size = self.sized(tokens_per_ms * ms / 2.0);
        }
        self
    }

    /// Tokens of the next chunk.
    pub fn next(&self) -> usize {
        self.size
    }

    /// Learns from a chunk.
    pub fn took(&mut self, tokens: usize, ms: Option<f64>) {
        let Some((ideal, ms)) = self.ms.zip(ms) else { return };
        if ms <= 0.0 || tokens != self.size {
            return;
        }
        // Growing by doubles at most: one lucky time of a coarse clock must not make a long chunk.
        self.size = self.sized(tokens as f64 * ideal / ms).min(2 * self.size);
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
    fn chunks_take_as_long_as_they_should() {
        let mut chunks = Chunks::new(16..=512, 150.0);
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
        let mut slow = Chunks::new(4..=4096, 150.0);
        slow.took(slow.next(), Some(10_000.0));
        assert_eq!(slow.next(), 4);
        let fast = Chunks::new(4..=4096, 150.0).expecting(30.0);
        assert_eq!(fast.next(), 2240);
        let mut given = Chunks::given(7);
        given.took(7, Some(1.0));
        assert_eq!(given.next(), 7);
    }
}
