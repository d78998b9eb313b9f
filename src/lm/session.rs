//! A conversation with a model: the tokens read so far, and how to continue.

use crate::backend::{Backend, Yarn};
use crate::error::{Error, Result};
use crate::lm::model::Model;
use crate::lm::sampler::Sampler;

/// Maximum context extension factor: the range of the [`Yarn`] paper, from 4,096 positions to
/// 131,072.
pub const MAX_EXTENSION: usize = 32;

/// What a token is worth, by its activations, `[width]`, after the attention of a layer.
pub type Probe = Box<dyn Fn(&[f32]) -> f32>;

/// A model, the tokens that it has read, and their cache.
pub struct Session<B: Backend> {
    backend: B,
    model: Model<B>,
    cache: B::Cache,
    /// Extension of the cache's position embedding past the trained context.
    scaling: Option<Yarn>,
    /// The tokens whose keys and values the cache holds.
    read: Vec<u32>,
    /// Positions written to the cache since it was empty, including abandoned chunks: how far the
    /// rings of keys and values have advanced.
    written: usize,
    /// The index of the layer that a probe watches, and the probe.
    probe: Option<(usize, Probe)>,
    /// What the probe found at each of the tokens read; nothing for tokens read without it.
    probed: Vec<f32>,
}

impl<B: Backend> Session<B> {
    /// An empty session.
    pub fn new(backend: B, model: Model<B>) -> Self {
        let cache = backend.new_cache(&model.config.attention);
        Self {
            backend,
            model,
            cache,
            scaling: None,
            read: Vec::new(),
            written: 0,
            probe: None,
            probed: Vec::new(),
        }
    }

    /// Watches the states after a layer's attention while prompts are read. Clears the session.
    pub fn watch(&mut self, layer: usize, probe: Probe) {
        self.renew(None);
        self.probe = Some((layer, probe));
    }

    /// Whether a probe watches.
    pub fn is_watched(&self) -> bool {
        self.probe.is_some()
    }

    /// What the probe found at the token at `position`; `None` without a probe, and for tokens that
    /// were not read with [`Self::prefill_with`].
    pub fn probed(&self, position: usize) -> Option<f32> {
        self.probed.get(position).copied().filter(|value| !value.is_nan())
    }

    /// The model.
    pub fn model(&self) -> &Model<B> {
        &self.model
    }

    /// The backend.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// Tokens read so far.
    pub fn position(&self) -> usize {
        self.read.len()
    }

    /// Whether the tokens read so far begin with these.
    pub fn has_read(&self, ids: &[u32]) -> bool {
        self.read.starts_with(ids)
    }

    /// Bytes that keys and values take.
    pub fn cache_bytes(&self) -> usize {
        self.backend.cache_bytes(&self.cache)
    }

    /// Bytes of keys and values with room for `positions`; allocates nothing.
    pub fn cache_bytes_for(&self, positions: usize) -> u64 {
        self.backend.cache_bytes_for(&self.model.config.attention, positions)
    }

    /// Extension past the trained context, if any.
    pub fn extension(&self) -> Option<Yarn> {
        self.scaling
    }

    /// Clears the session and makes room for `positions` tokens within the trained context.
    ///
    /// # Errors
    /// `prompt-too-long` past the trained context: the session is then unchanged. `out-of-memory`:
    /// the session and its cache are then empty.
    pub fn start(&mut self, positions: usize) -> Result<()> {
        self.resume(&[], positions, false).map(drop)
    }

    /// Clears the session and makes room for `positions` tokens, also past the trained context: up
    /// to there as [`Self::start`], beyond it by [`Yarn`].
    ///
    /// Keys are stored rotated, so the factor is chosen before the first one: `positions` ÷ trained
    /// context, rounded up to a quarter. So documents of similar length use the same angles, and a
    /// factor is a short number that a float represents exactly.
    ///
    /// # Errors
    /// As [`Self::start`], with [`MAX_EXTENSION`] times the trained context as the limit.
    pub fn extend(&mut self, positions: usize) -> Result<()> {
        self.resume(&[], positions, true).map(drop)
    }

    /// Makes room for `positions` tokens that begin with `prompt` (past the trained context if
    /// `extends`), and keeps only the common prefix of `prompt` and the tokens already read.
    /// Returns the prefix length, which is less than the prompt's, because the scores after its
    /// last token are needed. On the CPU, kept and recomputed state are bit-identical.
    ///
    /// # Errors
    /// As [`Self::start`], or [`Self::extend`].
    pub fn resume(&mut self, prompt: &[u32], positions: usize, extends: bool) -> Result<usize> {
        let context = self.model.config.context;
        let limit = if extends { context.saturating_mul(MAX_EXTENSION) } else { context };
        if positions > limit {
            return Err(Error::PromptTooLong { tokens: positions, limit });
        }
        let factor = (4 * positions).div_ceil(context) as f32 / 4.0;
        let scaling = (positions > context).then_some(Yarn { factor, context });
        if scaling == self.scaling {
            let common = self.read.iter().zip(prompt).take_while(|(a, b)| a == b).count();
            self.truncate(common.min(prompt.len().saturating_sub(1)));
        } else {
            self.renew(scaling);
        }
        let room = self.backend.reserve(&mut self.cache, positions);
        // Drop a partial allocation.
        room.inspect_err(|_| self.renew(None))?;
        Ok(self.position())
    }

    /// Clears the session and frees the cache's memory.
    fn renew(&mut self, scaling: Option<Yarn>) {
        self.read.clear();
        self.probed.clear();
        self.written = 0;
        self.cache = self.backend.new_cache(&self.model.config.attention.scaled(scaling));
        self.scaling = scaling;
    }

    /// Maximum number of positions with this position embedding.
    fn limit(&self) -> usize {
        let context = self.model.config.context;
        // Factors are quarters, see [`Self::extend`].
        self.scaling.map_or(context, |yarn| (f64::from(yarn.factor) * context as f64) as usize)
    }

    /// Forgets everything after the first `position` tokens, keeps their keys and values, and
    /// returns how many remain: zero if a sliding window has advanced by more than
    /// [`Backend::REWIND`], since earlier positions were overwritten.
    pub fn truncate(&mut self, position: usize) -> usize {
        let windows = self.model.config.attention.layers.iter().filter_map(|layer| layer.window);
        let moved_on = windows.min().is_some_and(|window| self.written > window);
        let lost = moved_on && self.written.saturating_sub(position) > B::REWIND;
        self.read.truncate(if lost { 0 } else { position });
        self.probed.truncate(self.read.len());
        if self.read.is_empty() {
            self.written = 0;
        }
        self.position()
    }

    /// Makes room for `tokens` more tokens at once, to avoid copies while they are read.
    ///
    /// # Errors
    /// `prompt-too-long` past the trained context or its [`Self::extend`] limit; `out-of-memory`.
    pub fn reserve(&mut self, tokens: usize) -> Result<()> {
        let limit = self.limit();
        let end = self.position().saturating_add(tokens);
        if end > limit {
            return Err(Error::PromptTooLong { tokens: end, limit });
        }
        self.backend.reserve(&mut self.cache, end)
    }

    /// Reads a chunk of a prompt. May return before a GPU has finished.
    ///
    /// # Errors
    /// As [`Self::reserve`]; `invalid-options` for ids outside of the vocabulary. The session is
    /// then unchanged.
    pub fn prefill(&mut self, ids: &[u32]) -> Result<Prefilled<B>> {
        let start = self.admit(ids)?;
        let activations = self.model.decoder.forward(&self.backend, &mut self.cache, start, ids);
        self.read.extend(ids);
        Ok(Prefilled { activations })
    }

    /// [`Self::prefill`] with pauses: calls `pause`, which may wait, before each layer.
    ///
    /// # Errors
    /// As [`Self::prefill`], and those of `pause`, which end it: the session is then unchanged.
    pub async fn prefill_with(
        &mut self,
        ids: &[u32],
        mut pause: impl AsyncFnMut() -> Result<()>,
    ) -> Result<Prefilled<B>> {
        let start = self.admit(ids)?;
        let decoder = &self.model.decoder;
        let mut pass = decoder.begin(&self.backend, start, ids);
        let mut found = Vec::new();
        for i in 0..decoder.layers() {
            pause().await?;
            pass = decoder.layer(&self.backend, &mut self.cache, i, pass);
            if let Some((_, probe)) = self.probe.as_ref().filter(|(layer, _)| *layer == i) {
                let states = self.backend.read(&pass.x).await?;
                found.extend(states.chunks_exact(self.model.config.width).map(probe));
            }
        }
        self.probed.resize(start, f32::NAN);
        self.probed.extend(found);
        self.read.extend(ids);
        Ok(Prefilled { activations: pass.end(&self.backend) })
    }

    /// Validates a chunk and makes room for it; returns the position of its first token.
    fn admit(&mut self, ids: &[u32]) -> Result<usize> {
        let vocabulary = self.model.config.vocabulary;
        if let Some(id) = ids.iter().find(|id| **id as usize >= vocabulary) {
            let (option, expected) = ("ids", "token ids of the model's vocabulary");
            return Err(Error::InvalidOptions { option, value: id.to_string(), expected });
        }
        self.reserve(ids.len())?;
        let start = self.position();
        self.written = self.written.max(start + ids.len());
        Ok(start)
    }

    /// Waits until all chunks so far have been computed.
    ///
    /// # Errors
    /// `gpu-lost`, `gpu-failed` or `out-of-memory`: the tokens read are then lost.
    pub async fn finish(&self) -> Result<()> {
        self.backend.finish().await
    }

    /// The token after a chunk, selected by `sampler`.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub async fn choose(&self, chunk: &Prefilled<B>, sampler: &mut Sampler) -> Result<u32> {
        let scores = self.model.decoder.logits(&self.backend, &chunk.activations);
        sampler.choose(&self.backend, scores).await
    }

    /// The scores of every token as the successor of a chunk.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub async fn logits(&self, chunk: &Prefilled<B>) -> Result<Vec<f32>> {
        let logits = self.model.decoder.logits(&self.backend, &chunk.activations);
        self.backend.read(&logits).await
    }

    /// Reads one token and returns the scores of its successor.
    ///
    /// # Errors
    /// As [`Self::prefill`] and [`Self::logits`].
    pub async fn decode(&mut self, id: u32) -> Result<Vec<f32>> {
        let chunk = self.prefill(&[id])?;
        self.logits(&chunk).await
    }
}

/// A chunk that has been read: the output of the last layer.
pub struct Prefilled<B: Backend> {
    activations: B::Tensor,
}
