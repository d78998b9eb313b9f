//! What a model is good at, by its size and training. benches/README.md has the measurements.

use serde::{Deserialize, Serialize};

use super::judge::Judge;
use crate::report::Kind;

/// Tokens that a sentence of a note or an answer may have.
pub const SENTENCE: usize = 48;

/// Tokens that an answer of so many sentences may have. One sentence may be as long as three.
pub fn answer_tokens(sentences: usize) -> usize {
    SENTENCE * sentences.max(3)
}

/// Models with fewer parameters quote: what they write in their own words says less than the
/// document's best sentences, and is more often wrong.
const SMALLEST_WRITER: usize = 1_000_000_000;

/// In whose words a summary is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Wording {
    /// In the document's: the sentences that say most, chosen with the model's help.
    Quotes,
    /// In the model's: statements that the document supports; sentences of the document in place of
    /// those that it does not.
    Own,
}

/// How a model is used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// In whose words it summarizes.
    pub wording: Wording,
    /// Tokens of a text up to which it keeps the thread.
    pub window: usize,
    /// Sentences of a note on a window.
    pub note_sentences: usize,
    /// The name of what judges sentences by its states; empty if nothing does.
    pub judge: &'static str,
}

impl Profile {
    /// Of a model with so many parameters, which may follow instructions or not, and has this judge.
    pub fn of(parameters: usize, follows: bool, judge: Option<Judge>) -> Self {
        let writes = follows && parameters >= SMALLEST_WRITER;
        let wording = if writes { Wording::Own } else { Wording::Quotes };
        let window = if writes { 3000 } else { 1500 };
        let judge = judge.filter(|_| follows).map_or("", |judge| judge.name);
        Self { wording, window, note_sentences: if writes { 3 } else { 1 }, judge }
    }

    /// What decides, beside the prompt, what the model reads for a note and what is kept of it: a judge
    /// of other weights, or another choice of the sentences that a prompt repeats, makes other notes.
    pub(super) fn method(self, kind: Kind) -> String {
        match self.wording {
            // Notes of earlier versions, which wrote, are others.
            Wording::Quotes if self.only_reads() => format!("{}, only read", self.judge),
            Wording::Quotes => String::new(),
            Wording::Own => format!("{}, {kind:?} sentences repeated, 1", self.judge),
        }
    }

    /// Whether the model writes no notes: its states say which sentences matter.
    pub(super) fn only_reads(self) -> bool {
        self.wording == Wording::Quotes && !self.judge.is_empty()
    }

    /// Tokens that a note may have.
    pub(super) fn note_tokens(self) -> usize {
        if self.only_reads() { 0 } else { self.note_sentences * SENTENCE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn a_quoting_model_with_a_judge_only_reads() {
        let of = |wording, judge| Profile { wording, window: 1500, note_sentences: 1, judge };
        let method = |profile: Profile| profile.method(Kind::Prose);
        let (reads, notes) = (of(Wording::Quotes, "a judge"), of(Wording::Quotes, ""));
        let writes = of(Wording::Own, "a judge");
        assert_eq!([reads, notes, writes].map(Profile::note_tokens), [0, SENTENCE, SENTENCE]);
        assert_eq!([reads, notes, writes].map(Profile::only_reads), [true, false, false]);
        assert!(method(reads) != method(notes) && method(reads) != "a judge");
    }
}
