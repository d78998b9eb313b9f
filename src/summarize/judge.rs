//! What the states of the model say of a sentence.
//!
//! A model that has read a document up to the end of a sentence holds more of it there than words
//! show. A linear probe (Alain and Bengio, arXiv:1610.01644) of those states tells how likely the
//! sentence belongs in a summary. It was trained on documents whose key sentences or facts were
//! marked; benches/README.md says how, and what it gains. It costs almost nothing beside reading.

use crate::backend::Backend;
use crate::document::sentences::sentences;
use crate::document::structure::Structure;
use crate::error::Result;
use crate::host::{Host, Judged};
use crate::lm::model::{Architecture, Config};
use crate::lm::session::Probe;

use super::plan::{Prompt, PromptStyle};
use super::run::Run;

/// A probe for one model.
#[derive(Debug, Clone, Copy)]
pub struct Judge {
    /// Its name, for the keys of notes: other weights are another judge.
    pub name: &'static str,
    /// The index of the layer whose states are looked at.
    pub layer: usize,
    /// A constant and `[width]`, as little-endian 32-bit floats.
    weights: &'static [u8],
}

/// SmolLM2-135M-Instruct.
const SMOLLM2: Judge = Judge {
    name: "smollm2-135m-instruct, 1",
    layer: 18,
    weights: include_bytes!("judge/smollm2-135m-instruct.f32"),
};

impl Judge {
    /// The probe that was trained for a model of this shape and context, if there is one.
    pub fn of(config: &Config, follows: bool) -> Option<Self> {
        let Config { architecture, width, vocabulary, context, .. } = *config;
        let shape = (architecture, config.layers(), width, vocabulary, context);
        (follows && shape == (Architecture::Llama, 30, 576, 49_152, 8192)).then_some(SMOLLM2)
    }

    /// It, for a [`Session`](crate::lm::session::Session).
    pub fn probe(self) -> Probe {
        let bytes = self.weights.as_chunks::<4>().0;
        let all: Vec<f32> = bytes.iter().map(|four| f32::from_le_bytes(*four)).collect();
        Box::new(move |state| {
            let (constant, weights) = all.split_first().expect("a constant stands first");
            constant + weights.iter().zip(state).map(|(weight, x)| weight * x).sum::<f32>()
        })
    }
}

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// What was found at the sentences of a prompt that was just read; nothing without a judge.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`](crate::lm::tokenizer::Tokenizer::encode).
    pub(super) fn judged(&self, prompt: &Prompt) -> Result<Vec<Judged>> {
        if !self.session.is_watched() || self.asking.style != PromptStyle::Chat {
            return Ok(Vec::new());
        }
        let tokenizer = &self.session.model().tokenizer;
        let starts = tokenizer.encode_with_starts(&prompt.text)?.starts;
        let before = tokenizer.chat_start();
        // The request stands last.
        let read = prompt.text.rsplit_once("\n\n").map_or("", |(read, _)| read);
        let judged = sentences(read, &Structure::new(read));
        let judged = judged.into_iter().filter_map(|sentence| {
            // The token with the sentence's last byte.
            let token =
                starts.partition_point(|start| *start < sentence.range.end).checked_sub(1)?;
            let worth = self.session.probed(before + token)?;
            // Three digits: notes travel as text.
            let worth = (1000.0 * f64::from(worth)).round() / 1000.0;
            Some(Judged { at: sentence.range.start, worth })
        });
        Ok(judged.collect())
    }
}
