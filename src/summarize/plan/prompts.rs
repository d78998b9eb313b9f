//! What the model is asked, in words.

use serde::{Deserialize, Serialize};

use super::cut::heading_level;
use super::{Line, Plan};
use crate::document::sentences;

/// Asked of each window.
const NOTE_REQUEST: &str = "Summarize the text above in one sentence.";

/// Words of the document's first sentence that the answer begins with.
const LEAD: usize = 3;

/// How the model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum PromptStyle {
    /// In a conversation, by the chat template in the model's file: models that follow instructions.
    Chat,
    /// With a text that it goes on with: models that were not taught to follow any.
    Completion,
}

/// Something to ask the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// What it reads.
    pub text: String,
    /// The first words of its answer, which it goes on with.
    pub lead: String,
}

/// How the model is asked, and what it is told beside the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Asking {
    /// In a conversation or not.
    pub style: PromptStyle,
    /// What the person says about the document; may be empty. It is not summarized.
    pub background: String,
}

impl From<PromptStyle> for Asking {
    fn from(style: PromptStyle) -> Self {
        Self { style, background: String::new() }
    }
}

impl Asking {
    /// What a summary of a whole document is asked with.
    fn answer(&self, text: String, request: &str, line: Option<&Line>) -> Prompt {
        let lead = line.map_or("", |line| lead(&line.sentence));
        self.ask(text, request, lead, "This document")
    }

    /// What a note on a part is asked with.
    fn note(&self, text: String) -> Prompt {
        let first = sentences::first_sentence(&text);
        self.ask(text, NOTE_REQUEST, first.as_deref().map_or("", lead), "This text")
    }

    /// The answer is begun with `lead`. Where that is empty a text goes on with `otherwise`: it must be
    /// begun, where an answer need not be.
    fn ask(&self, mut text: String, request: &str, lead: &str, otherwise: &str) -> Prompt {
        let (request, lead) = match self.style {
            PromptStyle::Chat => (request, lead),
            PromptStyle::Completion if lead.is_empty() => ("Summary:", otherwise),
            PromptStyle::Completion => ("Summary:", lead),
        };
        if !self.background.is_empty() {
            text.push_str("\n\nBackground: ");
            text.push_str(&self.background);
        }
        text.push_str("\n\n");
        text.push_str(request);
        Prompt { text, lead: lead.into() }
    }
}

impl Plan {
    /// The prompt for the answer, over the whole document, or over notes on its windows.
    pub fn answer_prompt(&self, text: &str, notes: &[String], asking: &Asking) -> Prompt {
        let mut prompt = match self.windows.as_slice() {
            [window] => text[window.clone()].trim().to_string(),
            _ => format!("Notes on the parts of a document, in order:\n- {}", notes.join("\n- ")),
        };
        if !self.headings.is_empty() {
            prompt.push_str("\n\nSections of the document:\n- ");
            prompt.push_str(&self.headings.join("\n- "));
        }
        if !self.opening.is_empty() {
            prompt.push_str("\n\nThe document begins:\n\n");
            prompt.push_str(&self.opening);
        }
        asking.answer(prompt, &self.request, self.line.as_ref())
    }
}

/// The prompt for a note on one window.
pub fn note_prompt(window: &str, asking: &Asking) -> Prompt {
    asking.note(passage(window).into())
}

/// A window without the headings that it begins with, which may number what is otherwise alike; the
/// answer's prompt has them in its list. All of it where nothing else is there.
pub fn passage(window: &str) -> &str {
    let mut rest = window.trim();
    while let Some((heading, below)) = rest.split_once('\n')
        && heading_level(heading).is_some()
    {
        rest = below.trim_start();
    }
    rest
}

/// The prompt for one note made of several.
pub fn merge_prompt(notes: &[String], asking: &Asking) -> Prompt {
    asking.note(format!("- {}", notes.join("\n- ")))
}

/// The first words of a sentence, which the model goes on with; all of it would leave nothing to write.
fn lead(sentence: &str) -> &str {
    let mut words = sentence.split_inclusive(char::is_whitespace);
    let bytes: usize = words.by_ref().take(LEAD).map(str::len).sum();
    if words.next().is_none() { "" } else { sentence[..bytes].trim_end() }
}
