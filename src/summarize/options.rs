//! What a run is told, and what is refused.

use serde::{Deserialize, Serialize};

use crate::document::clean::Clean;
use crate::document::kind::Kind;
use crate::error::{Error, Result};
use crate::host::Note;
use crate::summarize::plan::{Form, Format, Length, Plan, PromptStyle, Strategy, SummaryRequest};
use crate::summarize::profile::Wording;

/// The largest document, in bytes.
pub const MAX_DOCUMENT: usize = 10_000_000;

/// The shortest context that a run may be told to keep to: prompts of notes need some room.
const SHORTEST_CONTEXT: usize = 256;

/// Characters that an instruction may have.
pub const LONGEST_INSTRUCTION: usize = 300;

/// Characters that the context of a document may have.
const LONGEST_CONTEXT: usize = 2000;

/// The most sentences that may be asked for.
const MOST_SENTENCES: usize = 24;

/// Bytes that a note from another isolate may have: many times what its tokens need.
const LONGEST_NOTE: usize = 4096;

/// What a run may be told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Options {
    /// When the person asked, on the host's clock; [`Report::first_token_ms`](crate::report::Report::first_token_ms) counts from here.
    pub started_ms: Option<f64>,
    /// Tokens of a prefill chunk. Without it chunks are as large as [`Chunks`](super::chunks::Chunks) finds possible.
    pub chunk: Option<usize>,
    /// How long the summary is. Without it as long as the document asks for at its end, or a sentence.
    pub length: Option<Length>,
    /// So many sentences or key points at most, in the place of what `length` says.
    pub sentences: Option<usize>,
    /// Whether a request at the document's end, such as "Summarize the text above in one sentence.",
    /// comes before `length` and `sentences`. Without it, it does where these say nothing. `false`
    /// takes its paragraph for text like any other.
    pub follow_request: Option<bool>,
    /// How a summary of more than a sentence is set.
    pub form: Form,
    /// What marks the points of a list.
    pub format: Format,
    /// A question to answer instead of a summary. A model that writes follows orders, too; one that quotes
    /// takes them for questions, apart from orders for a summary.
    pub instruction: Option<String>,
    /// What the model should know about the document, such as who it is for. It is not summarized.
    pub context: Option<String>,
    /// Tokens that a prompt's answer may have.
    pub max_tokens: Option<usize>,
    /// Whether to time every kind of operation: [`Report::profile`].
    pub profile: bool,
    /// Whether to read the document in one pass or in windows.
    pub strategy: Strategy,
    /// What kind of document it is; recognized without it.
    pub kind: Option<Kind>,
    /// In whose words the summary is; without it as the model is good at.
    pub wording: Option<Wording>,
    /// How the model is asked; without it in a conversation if its file has a chat template.
    pub prompt: Option<PromptStyle>,
    /// Positions that a prompt and its answer may take, at most those that the model was trained for:
    /// fewer take less memory. A document that doesn't fit is read in windows, or refused where one
    /// pass was asked for.
    pub positions: Option<usize>,
    /// Whether everything is read anew, as measuring asks for: nothing that was read before in this
    /// summarizer, alike in this document, or kept by the host spares any of it. Nor is any of it
    /// kept.
    pub fresh: bool,
    /// Notes on the windows of [`Summarizer::plan`](super::Summarizer::plan) that were taken elsewhere, by
    /// [`Summarizer::note`](super::Summarizer::note); those that are missing are taken here.
    pub notes: Vec<Option<Note>>,
}

impl Options {
    /// Positions that a prompt and its answer may take, of so many that the model was trained for.
    pub(super) fn context_of(&self, trained: usize) -> usize {
        self.positions.map_or(trained, |positions| positions.min(trained))
    }

    /// What the person asked for.
    pub(super) fn wish(&self) -> SummaryRequest<'_> {
        let instruction = self.instruction.as_deref().map(str::trim).filter(|i| !i.is_empty());
        SummaryRequest {
            length: self.length,
            sentences: self.sentences,
            follow_request: self.follow_request,
            form: self.form,
            format: self.format,
            instruction,
        }
    }
}

/// What there is to read in a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Windows {
    /// Tokens of the document.
    pub tokens: usize,
    /// What kind of document it is, for [`Options::kind`].
    pub kind: Kind,
    /// The texts of its windows, in order; one in one pass.
    pub windows: Vec<String>,
    /// Keys of the notes on them, as [`CachedNote::key`](super::note_cache::CachedNote::key); empty
    /// for a window that gets none.
    pub keys: Vec<String>,
}

/// The document as it is read and `clean` makes it, if it can be summarized as the options say.
pub(super) fn checked(text: &str, options: &Options, clean: fn(&str) -> Clean) -> Result<Clean> {
    if text.len() > MAX_DOCUMENT {
        return Err(Error::DocumentTooLarge { bytes: text.len(), limit: MAX_DOCUMENT });
    }
    if let Some(positions) = options.positions.filter(|positions| *positions < SHORTEST_CONTEXT) {
        let (option, expected) = ("positions", "at least 256");
        return Err(Error::InvalidOptions { option, value: positions.to_string(), expected });
    }
    let texts = [
        ("instruction", &options.instruction, LONGEST_INSTRUCTION, "at most 300 characters"),
        ("context", &options.context, LONGEST_CONTEXT, "at most 2000 characters"),
    ];
    for (option, text, limit, expected) in texts {
        let chars = text.as_ref().map_or(0, |text| text.chars().count());
        if chars > limit {
            let value = format!("{chars} characters");
            return Err(Error::InvalidOptions { option, value, expected });
        }
    }
    let numbers = [
        ("chunk", options.chunk, 4096, "between 1 and 4096"),
        ("max_tokens", options.max_tokens, 4096, "between 1 and 4096"),
        ("sentences", options.sentences, MOST_SENTENCES, "between 1 and 24"),
    ];
    for (option, value, most, expected) in numbers {
        if let Some(value) = value.filter(|value| !(1..=most).contains(value)) {
            return Err(Error::InvalidOptions { option, value: value.to_string(), expected });
        }
    }
    let clean = clean(text);
    if clean.was_binary() {
        let at = text.find(char::is_control).unwrap_or_default();
        return Err(Error::DocumentNotText { at });
    }
    match clean.text().trim().is_empty() {
        true => Err(Error::EmptyDocument),
        false => Ok(clean),
    }
}

/// Notes come from other machines.
pub(super) fn check_notes(notes: &[Option<Note>], plan: &Plan) -> Result<()> {
    let windows = if plan.is_one_pass() { 0 } else { plan.windows.len() };
    let wrong =
        |value: String, expected| Err(Error::InvalidOptions { option: "notes", value, expected });
    if notes.len() > windows {
        return wrong(format!("{} notes", notes.len()), "at most one for each window of the plan");
    }
    if let Some(note) = notes.iter().flatten().find(|note| note.text.len() > LONGEST_NOTE) {
        return wrong(format!("{} bytes", note.text.len()), "notes of at most 4096 bytes");
    }
    let mut judged = notes.iter().flatten().flat_map(|note| &note.judged);
    match judged.find(|judged| !judged.worth.is_finite()) {
        Some(judged) => wrong(judged.worth.to_string(), "a finite worth of each sentence"),
        None => Ok(()),
    }
}
