//! A conversation with a model: what has been read so far, and how to go on.

use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::model::Model;

/// A model, the cache of what it has read, and the position it has reached.
pub struct Session<B: Backend> {
    backend: B,
    model: Model<B>,
    cache: B::Cache,
    position: usize,
}

impl<B: Backend> Session<B> {
    /// A session that has read nothing.
    pub fn new(backend: B, model: Model<B>) -> Self {
        let config = &model.config;
        let cache = backend.new_cache(config.layers, config.attention, config.rope);
        Self { backend, model, cache, position: 0 }
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
        self.position
    }

    /// Bytes that keys and values take.
    pub fn cache_bytes(&self) -> usize {
        self.backend.cache_bytes(&self.cache)
    }

    /// Forgets everything after the first `position` tokens; their keys and values stay.
    pub fn truncate(&mut self, position: usize) {
        self.position = self.position.min(position);
    }

    /// Makes room for `tokens` more tokens at once, so that nothing is moved while they are read.
    ///
    /// # Errors
    /// `prompt-too-long` past the model's context, `out-of-memory`.
    pub fn reserve(&mut self, tokens: usize) -> Result<()> {
        let context = self.model.config.context;
        let end = self.position.saturating_add(tokens);
        if end > context {
            return Err(Error::PromptTooLong { tokens: end, context });
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
        let vocabulary = self.model.config.vocabulary;
        if let Some(id) = ids.iter().find(|id| **id as usize >= vocabulary) {
            let (option, expected) = ("ids", "token ids of the model's vocabulary");
            return Err(Error::InvalidOptions { option, value: id.to_string(), expected });
        }
        self.reserve(ids.len())?;
        let decoder = &self.model.decoder;
        let x = decoder.forward(&self.backend, &mut self.cache, self.position, ids);
        self.position += ids.len();
        Ok(Prefilled { activations: x })
    }

    /// The scores of every token for what follows the last token of a chunk.
    ///
    /// # Errors
    /// `host-failed` when the device is gone.
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
