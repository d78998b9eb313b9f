//! What the states of the model say of a sentence.
//!
//! A model that has read a document up to the end of a sentence holds more of it there than words
//! show. A probe (Alain and Bengio, arXiv:1610.01644) of those states, with one hidden layer, tells how
//! likely the sentence belongs in a summary. It was trained on documents whose key sentences or facts
//! were marked; benches/README.md says how, and what it gains. It costs almost nothing beside reading.
//! `benches/quality/judge.py` trains one for a further model.

use std::ops::Range;

use half::f16;

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
    /// Numbers of a state.
    width: usize,
    /// Little-endian floats: `[width]` means and `[width]` inverse deviations of the state's numbers,
    /// `[hidden]` constants and `[hidden]` weights of the hidden units (32 bits); `[width, hidden]`
    /// weights to them (16 bits).
    weights: &'static [u8],
}

/// Those of the Qwens are linear: a unit each for sums above and below 0, and one for a constant.
const JUDGES: [Judge; 3] = [
    Judge {
        name: "smollm2-135m-instruct, 4",
        layer: 18,
        model: 0x3b87_f8e2_7335_e67f,
        width: 576,
        weights: include_bytes!("judge/smollm2-135m-instruct.probe"),
    },
    Judge {
        name: "qwen2.5-coder-0.5b-instruct, 2",
        layer: 13,
        model: 0xf8fa_0ac9_3ef3_1395,
        width: 896,
        weights: include_bytes!("judge/qwen2.5-coder-0.5b-instruct.probe"),
    },
    Judge {
        name: "qwen2.5-coder-1.5b-instruct, 1",
        layer: 15,
        model: 0x88c9_fbbe_2593_e0cb,
        width: 1536,
        weights: include_bytes!("judge/qwen2.5-coder-1.5b-instruct.probe"),
    },
];

impl Judge {
    /// The probe that was trained for the model with this fingerprint, if there is one.
    pub fn of(model: u64) -> Option<Self> {
        JUDGES.into_iter().find(|judge| judge.model == model)
    }

    /// It, for a [`Session`](crate::lm::session::Session).
    pub fn probe(self) -> Probe {
        let hidden = (self.weights.len() - 8 * self.width) / (8 + 2 * self.width);
        let (floats, halves) = self.weights.split_at(8 * (self.width + hidden));
        let floats = floats.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        let halves = halves.as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes));
        let mut floats: Vec<f32> = floats.collect();
        let units = floats.split_off(2 * self.width);
        let to_hidden: Vec<f32> = halves.map(f16::to_f32).collect();
        Box::new(move |state| {
            let (means, inverse_deviations) = floats.split_at(state.len());
            let (constants, to_worth) = units.split_at(hidden);
            let mut sums = constants.to_vec();
            let even = state.iter().zip(means).zip(inverse_deviations);
            for (((x, mean), inverse), weights) in even.zip(to_hidden.chunks_exact(hidden)) {
                let x = (x - mean) * inverse;
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight * x);
            }
            sums.iter().zip(to_worth).map(|(sum, weight)| weight * sum.max(0.0)).sum()
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
    fn a_probe_has_the_models_width_and_whole_units() {
        for Judge { name, width, weights, .. } in JUDGES {
            assert_eq!((weights.len() - 8 * width) % (8 + 2 * width), 0, "{name}");
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_probe_is_a_hidden_layer_of_what_is_positive() {
        // Two numbers, three units; sums of 1, -1 and 3.5 for the state below.
        let floats: [f32; 10] = [1.0, 2.0, 0.5, 2.0, 0.0, 0.0, 0.5, 2.0, 100.0, 10.0];
        let halves = [1.0, -1.0, 1.0, 0.0, 0.0, 1.0].map(f16::from_f32);
        let floats = floats.iter().flat_map(|float| float.to_le_bytes());
        let halves = halves.iter().flat_map(|half| half.to_le_bytes());
        let weights: Vec<u8> = floats.chain(halves).collect();
        let judge = Judge { name: "", layer: 0, model: 0, width: 2, weights: weights.leak() };
        assert_eq!(judge.probe()(&[3.0, 3.0]), 2.0 * 1.0 + 10.0 * 3.5);
    }
}
