//! What the states of the model say of a sentence.
//!
//! A model that has read a document up to the end of a sentence holds more of it there than words
//! show. A linear probe (Alain and Bengio, arXiv:1610.01644) of those states tells how likely the
//! sentence belongs in a summary. It was trained on documents whose key sentences or facts were
//! marked; benches/README.md says how, and what it gains. It costs almost nothing beside reading.
//! `benches/quality/judge.py` trains one for a further model.

use std::ops::Range;

use crate::backend::Backend;
use crate::document::sentences::sentences;
use crate::document::structure::Structure;
use crate::error::Result;
use crate::host::{Host, Judged};
use crate::lm::session::Probe;

use super::plan::{KEY_HEADING, KEY_TOKENS, Prompt, PromptStyle, has_key};
use super::run::Run;
use super::salience::{Salience, WORTH, take};

/// A probe for one model.
#[derive(Debug, Clone, Copy)]
pub struct Judge {
    /// Its name, for the keys of notes: other weights are another judge.
    pub name: &'static str,
    /// The index of the layer whose states are looked at.
    pub layer: usize,
    /// The model that it was trained for: [`Model::fingerprint`](crate::lm::model::Model).
    model: u64,
    /// A constant and `[width]`, as little-endian 32-bit floats.
    weights: &'static [u8],
}

const JUDGES: [Judge; 3] = [
    Judge {
        name: "smollm2-135m-instruct, 3",
        layer: 18,
        model: 0x3b87_f8e2_7335_e67f,
        weights: include_bytes!("judge/smollm2-135m-instruct.f32"),
    },
    Judge {
        name: "qwen2.5-coder-0.5b-instruct, 2",
        layer: 13,
        model: 0xf8fa_0ac9_3ef3_1395,
        weights: include_bytes!("judge/qwen2.5-coder-0.5b-instruct.f32"),
    },
    Judge {
        name: "qwen2.5-coder-1.5b-instruct, 1",
        layer: 15,
        model: 0x88c9_fbbe_2593_e0cb,
        weights: include_bytes!("judge/qwen2.5-coder-1.5b-instruct.f32"),
    },
];

impl Judge {
    /// The probe that was trained for the model with this fingerprint, if there is one.
    pub fn of(model: u64) -> Option<Self> {
        JUDGES.into_iter().find(|judge| judge.model == model)
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
    /// A prompt with the sentences that matter most repeated before the request, as far as there is
    /// room, and what was judged. Where a judge can say which these are, the text is read first.
    /// `salience` weighs the document, `read` are its bytes that the prompt begins with.
    pub(super) async fn keyed(
        &mut self,
        prompt: &Prompt,
        answer: usize,
        salience: &mut Salience,
        read: Range<usize>,
    ) -> Result<(Prompt, Vec<Judged>)> {
        let tokenizer = &self.session.model().tokenizer;
        let tokens = tokenizer.encode_with_starts(&prompt.whole())?;
        let spent = tokenizer.overhead() + tokens.ids.len() + answer;
        let mut room = match has_key(salience) {
            true => KEY_TOKENS.min(self.positions.saturating_sub(spent)),
            false => 0,
        };
        let mut judged = Vec::new();
        if self.can_judge() {
            let text = tokens.starts.partition_point(|start| *start < prompt.text.len());
            let (ids, text) = (tokenizer.chat_of(&tokens.ids)?, tokenizer.chat_start() + text);
            self.read_ahead(&ids, text, room + answer).await?;
            judged = self.found(prompt, &tokens.starts);
            let places = judged.iter().map(|judged| (read.start + judged.at, judged.worth));
            salience.judge(places, WORTH);
        }
        room = room.saturating_sub(self.count(KEY_HEADING));
        // With the dash and the line end.
        let fits = |sentence: &str| take(&mut room, self.count(sentence) + 3);
        let prompt = prompt.clone().with_key(salience, fits);
        Ok((prompt, judged))
    }

    /// What was found at the sentences of a prompt whose text was just read; nothing without a judge.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`](crate::lm::tokenizer::Tokenizer::encode).
    pub(super) fn judged(&self, prompt: &Prompt) -> Result<Vec<Judged>> {
        if !self.can_judge() {
            return Ok(Vec::new());
        }
        let tokens = self.session.model().tokenizer.encode_with_starts(&prompt.whole())?;
        Ok(self.found(prompt, &tokens.starts))
    }

    /// The same, of a prompt whose tokens begin at these bytes.
    fn found(&self, prompt: &Prompt, starts: &[usize]) -> Vec<Judged> {
        let before = self.session.model().tokenizer.chat_start();
        let judged = sentences(&prompt.text, &Structure::new(&prompt.text));
        let judged = judged.into_iter().filter_map(|sentence| {
            // The token with the sentence's last byte.
            let token =
                starts.partition_point(|start| *start < sentence.range.end).checked_sub(1)?;
            let worth = self.session.probed(before + token)?;
            // Three digits: notes travel as text.
            let worth = (1000.0 * f64::from(worth)).round() / 1000.0;
            Some(Judged { at: sentence.range.start, worth })
        });
        judged.collect()
    }

    fn can_judge(&self) -> bool {
        self.session.is_watched() && self.asking.style == PromptStyle::Chat
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn a_probe_has_a_constant_and_the_models_width() {
        let lengths = JUDGES.map(|judge| judge.weights.len() / 4);
        assert_eq!(lengths, [1 + 576, 1 + 896, 1 + 1536]);
        assert!(JUDGES.iter().all(|judge| judge.weights.len().is_multiple_of(4)));
    }
}
