//! A conversation with a model: what has been read so far, and how to go on.

use crate::backend::{Backend, Yarn};
use crate::error::{Error, Result};
use crate::lm::model::Model;
use crate::lm::sampler::Sampler;

/// How many times its trained context a model may be made to reach: as far as the paper of
/// [`Yarn`] goes, from 4,096 positions to 131,072.
pub const MAX_EXTENSION: usize = 32;

/// A model, what it has read, and the cache of that.
pub struct Session<B: Backend> {
    backend: B,
    model: Model<B>,
    cache: B::Cache,
    /// How the cache's position embedding reaches past the trained context.
    scaling: Option<Yarn>,
    /// The tokens whose keys and values the cache holds.
    read: Vec<u32>,
    /// Positions that the cache has been written to since it was empty, be it by a chunk that was
    /// given up: where rings of keys and values have come to.
    written: usize,
}

impl<B: Backend> Session<B> {
    /// A session that has read nothing.
    pub fn new(backend: B, model: Model<B>) -> Self {
        let cache = backend.new_cache(&model.config.attention);
        Self { backend, model, cache, scaling: None, read: Vec::new(), written: 0 }
    }

    /// The model.
    pub fn model(&self) -> &Model<B> {
        &self.model
    }

    /// What the model runs on.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// Tokens read so far.
    pub fn position(&self) -> usize {
        self.read.len()
    }

    /// Bytes that keys and values take.
    pub fn cache_bytes(&self) -> usize {
        self.backend.cache_bytes(&self.cache)
    }

    /// Bytes that keys and values take once there is room for `positions`, before any is made.
    pub fn cache_bytes_for(&self, positions: usize) -> u64 {
        self.backend.cache_bytes_for(&self.model.config.attention, positions)
    }

    /// How positions past the trained context are reached; `None` where they aren't.
    pub fn extension(&self) -> Option<Yarn> {
        self.scaling
    }

    /// Forgets everything and makes room for `positions` tokens within the trained context.
    ///
    /// # Errors
    /// `prompt-too-long` past the trained context: the session is then as it was. `out-of-memory`:
    /// it is then empty, and so is its cache.
    pub fn start(&mut self, positions: usize) -> Result<()> {
        self.resume(&[], positions, false).map(drop)
    }

    /// Forgets everything and makes room for `positions` tokens, past the trained context too: as
    /// [`Self::start`] up to there, and by [`Yarn`] beyond.
    ///
    /// Keys are stored rotated, so the factor is chosen before the first one: `positions` ÷ trained
    /// context, rounded up to a quarter. Documents of about the same length are then read with the
    /// same angles, and a factor is a short number that a float holds exactly.
    ///
    /// # Errors
    /// As [`Self::start`], with [`MAX_EXTENSION`] times the trained context as the limit.
    pub fn extend(&mut self, positions: usize) -> Result<()> {
        self.resume(&[], positions, true).map(drop)
    }

    /// Makes room for `positions` tokens that begin with `prompt`, past the trained context where it
    /// `extends`, and forgets all but what the prompt's beginning has in common with what was read.
    /// Returns how many tokens that is: fewer than the prompt has, since it is the scores after its
    /// last one that are wanted. On the processor, what is kept is what would be computed again, to
    /// the bit.
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
        // What could be had is worth nothing by itself.
        room.inspect_err(|_| self.renew(None))?;
        Ok(self.position())
    }

    /// Forgets everything and gives the cache's memory back.
    fn renew(&mut self, scaling: Option<Yarn>) {
        self.read.clear();
        self.written = 0;
        self.cache = self.backend.new_cache(&self.model.config.attention.scaled(scaling));
        self.scaling = scaling;
    }

    /// Positions that there are with this position embedding.
    fn limit(&self) -> usize {
        let context = self.model.config.context;
        // Quarters of a context, as [`Self::extend`] makes them.
        self.scaling.map_or(context, |yarn| (f64::from(yarn.factor) * context as f64) as usize)
    }

    /// Forgets everything after the first `position` tokens, whose keys and values stay, and returns
    /// how many these are: none where a layer's window has moved on by more than [`Backend::REWIND`],
    /// since it has let go of what it would see from there.
    pub fn truncate(&mut self, position: usize) -> usize {
        let windows = self.model.config.attention.layers.iter().filter_map(|layer| layer.window);
        let moved_on = windows.min().is_some_and(|window| self.written > window);
        let lost = moved_on && self.written.saturating_sub(position) > B::REWIND;
        self.read.truncate(if lost { 0 } else { position });
        if self.read.is_empty() {
            self.written = 0;
        }
        self.position()
    }

    /// Makes room for `tokens` more tokens at once, so that nothing is moved while they are read.
    ///
    /// # Errors
    /// `prompt-too-long` past the trained context, or past what [`Self::extend`] made of it;
    /// `out-of-memory`.
    pub fn reserve(&mut self, tokens: usize) -> Result<()> {
        let limit = self.limit();
        let end = self.position().saturating_add(tokens);
        if end > limit {
            return Err(Error::PromptTooLong { tokens: end, limit });
        }
        self.backend.reserve(&mut self.cache, end)
    }

    /// Reads a chunk of a prompt. On a backend with a device of its own this may return before
    /// the device is done.
    ///
    /// # Errors
    /// As [`Self::reserve`]; `invalid-options` for ids outside of the vocabulary. The session is
    /// then as it was.
    pub fn prefill(&mut self, ids: &[u32]) -> Result<Prefilled<B>> {
        let start = self.admit(ids)?;
        let activations = self.model.decoder.forward(&self.backend, &mut self.cache, start, ids);
        self.read.extend(ids);
        Ok(Prefilled { activations })
    }

    /// [`Self::prefill`] with pauses: `pause` is called before each layer, and may wait.
    ///
    /// # Errors
    /// As [`Self::prefill`], and those of `pause`, which end it: the session is then as it was.
    pub async fn prefill_with(
        &mut self,
        ids: &[u32],
        mut pause: impl AsyncFnMut() -> Result<()>,
    ) -> Result<Prefilled<B>> {
        let start = self.admit(ids)?;
        let decoder = &self.model.decoder;
        let mut pass = decoder.begin(&self.backend, start, ids);
        for i in 0..decoder.layers() {
            pause().await?;
            pass = decoder.layer(&self.backend, &mut self.cache, i, pass);
        }
        self.read.extend(ids);
        Ok(Prefilled { activations: pass.end(&self.backend) })
    }

    /// Makes room for a chunk, if it can be read, and returns the position of its first token.
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

    /// Waits until every chunk so far has been computed.
    ///
    /// # Errors
    /// `gpu-lost`, `gpu-failed` or `out-of-memory`: what was read is then lost.
    pub async fn finish(&self) -> Result<()> {
        self.backend.finish().await
    }

    /// What follows the last token of a chunk, by `sampler`'s choice.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub async fn choose(&self, chunk: &Prefilled<B>, sampler: &mut Sampler) -> Result<u32> {
        let scores = self.model.decoder.logits(&self.backend, &chunk.activations);
        sampler.choose(&self.backend, scores).await
    }

    /// The scores of every token for what follows the last token of a chunk.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub async fn logits(&self, chunk: &Prefilled<B>) -> Result<Vec<f32>> {
        let logits = self.model.decoder.logits(&self.backend, &chunk.activations);
        self.backend.read(&logits).await
    }

    /// Reads one token and returns the scores of what follows it.
    ///
    /// # Errors
    /// As [`Self::prefill`] and [`Self::logits`].
    pub async fn decode(&mut self, id: u32) -> Result<Vec<f32>> {
        let chunk = self.prefill(&[id])?;
        self.logits(&chunk).await
    }
}

/// A chunk that has been read: what the last layer made of it.
pub struct Prefilled<B: Backend> {
    activations: B::Tensor,
}
