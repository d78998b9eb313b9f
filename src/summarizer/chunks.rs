//! How many tokens are read at a time.

/// How long a chunk should take: the host hears of a cancellation between two chunks, and within
/// 250 ms of it the run must have ended.
pub const CHUNK_MS: f64 = 150.0;

/// Sizes of prefill chunks: given, or as many tokens as this device reads in [`CHUNK_MS`]. What is
/// computed does not depend on them, only when the host gets its turn.
pub struct Chunks {
    size: usize,
    largest: usize,
    adapts: bool,
}

impl Chunks {
    /// Rows that kernels handle well together; sizes are multiples of this.
    const STEP: usize = 16;

    /// As large as the caller said, or adapting up to `largest`.
    pub fn new(given: Option<usize>, largest: usize) -> Self {
        Self { size: given.unwrap_or(2 * Self::STEP), largest, adapts: given.is_none() }
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
        let ideal = (tokens as f64 * CHUNK_MS / ms) as usize / Self::STEP * Self::STEP;
        // Growing by doubles at most: one lucky time of a coarse clock must not make a long chunk.
        self.size = ideal.clamp(Self::STEP, self.largest).min(2 * self.size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn chunks_take_as_long_as_a_cancellation_may() {
        let mut chunks = Chunks::new(None, 512);
        for _ in 0..20 {
            let tokens = chunks.next();
            chunks.took(tokens, Some(tokens as f64 * 2.0));
        }
        assert_eq!(chunks.next(), 64);
        chunks.took(64, Some(0.0));
        chunks.took(3, Some(1.0));
        assert_eq!(chunks.next(), 64);
        chunks.took(64, Some(10_000.0));
        assert_eq!(chunks.next(), Chunks::STEP);
        let mut given = Chunks::new(Some(7), 512);
        given.took(7, Some(1.0));
        assert_eq!(given.next(), 7);
    }
}
