//! What the model is asked, in words.

use serde::{Deserialize, Serialize};

use super::question::{Form, number};
use crate::document::kind::Kind;
use crate::document::sentences::heading_level;
use crate::summarize::profile::Profile;
use crate::summarize::salience::Salience;

/// How the model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum PromptStyle {
    /// In a conversation, by the chat template in the model's file: models that follow instructions.
    Chat,
    /// With a text to continue: models that were not taught to follow instructions.
    Completion,
}

/// Something to ask the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// What it is about.
    pub text: String,
    /// What the person says about it, and what is asked, behind it.
    pub request: String,
    /// The first words of the answer; empty in a conversation.
    pub lead: String,
}

impl Prompt {
    /// All that the model reads before it answers.
    pub fn whole(&self) -> String {
        format!("{}\n\n{}", self.text, self.request)
    }

    /// The same with the most telling sentences of the text once more, as many as `fits` takes: what
    /// stands last weighs most with a small model.
    pub fn with_key(self, salience: &Salience, fits: impl FnMut(&str) -> bool) -> Self {
        let key = salience.key(KEY, fits);
        if key.is_empty() {
            return self;
        }
        let text = format!("{}{KEY_HEADING}\n- {}", self.text, key.join("\n- "));
        Self { text, ..self }
    }
}

/// What stands above the sentences that a prompt repeats.
pub const KEY_HEADING: &str = "\n\nThe most important statements of the text:";

/// Whether a prompt repeats sentences of a text.
pub fn has_key(salience: &Salience) -> bool {
    salience.candidates.len() >= FEWEST_WITH_KEY
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
    /// A request about a text. A completion model is given the text and the word "Summary" instead.
    pub fn about(&self, text: &str, request: &str, lead: &str) -> Prompt {
        let (request, lead) = match self.style {
            PromptStyle::Chat => (request, ""),
            PromptStyle::Completion => ("Summary:", lead),
        };
        let request = match self.background.as_str() {
            "" => request.into(),
            background => format!("Background: {background}\n\n{request}"),
        };
        Prompt { text: text.trim().into(), request, lead: lead.into() }
    }

    /// A passage, of which a question is asked that it answers.
    pub fn question_about(&self, passage: &str) -> Prompt {
        let request = match self.style {
            PromptStyle::Chat => "Write a question that this passage answers.",
            PromptStyle::Completion => "A question that this passage answers:",
        };
        let text = format!("Passage: {passage}");
        Prompt { text, request: request.into(), lead: String::new() }
    }

    /// A note on one window of a document, by nothing but the window: isolates that share a document
    /// ask the same.
    pub fn note(&self, window: &str, kind: Kind, profile: Profile) -> Prompt {
        self.about(passage(window), &note_request(kind, profile.note_sentences), "This text")
    }
}

/// What a note is asked with.
pub fn note_request(kind: Kind, sentences: usize) -> String {
    let Words { thing, tell } = Words::of(kind);
    let count = in_sentences(sentences);
    format!("Summarize the {thing} above in {count}. {tell} Name people, dates and amounts.")
}

/// Sentences that a prompt repeats.
const KEY: usize = 8;

/// A text of fewer sentences repeats none.
pub(super) const FEWEST_WITH_KEY: usize = 12;

/// What a summary of a document is asked with.
pub fn summary_request(kind: Kind, sentences: usize, form: Form) -> String {
    let Words { thing, tell } = Words::of(kind);
    match (form, sentences) {
        (Form::KeyPoints, _) => {
            let count = number(sentences);
            format!(
                "List the {count} most important points of the {thing} above, one short sentence each. {tell}"
            )
        }
        (Form::Paragraph, 1) => {
            format!("Summarize the {thing} above in one sentence of at most 30 words. {tell}")
        }
        (Form::Paragraph, _) => note_request(kind, sentences),
    }
}

/// What a headline is asked with.
pub fn headline_request(kind: Kind) -> String {
    let thing = Words::of(kind).thing;
    format!("Write a headline of at most ten words for the {thing} above.")
}

/// The notes on the parts of a document, as a text to summarize.
pub fn listed<S: AsRef<str>>(notes: &[S]) -> String {
    let mut text = String::from("Notes on the parts of a document, in order:");
    for note in notes {
        text.push_str("\n- ");
        text.push_str(note.as_ref());
    }
    text
}

fn in_sentences(count: usize) -> String {
    format!("{} {}", number(count), if count == 1 { "sentence" } else { "sentences" })
}

/// What is asked of a kind of document.
struct Words {
    /// What it is called.
    thing: &'static str,
    /// What to tell of it.
    tell: &'static str,
}

impl Words {
    fn of(kind: Kind) -> Self {
        let (thing, tell) = match kind {
            Kind::Transcript | Kind::Chat => (
                "conversation",
                "Say what was proposed and decided, who objected, and who does what by when.",
            ),
            Kind::Minutes => ("minutes", "Say what was decided, and who does what by when."),
            Kind::Mail => {
                ("mail", "Say what the writer reports and wants, from whom, and until when.")
            }
            Kind::Story => ("story", "Say who does what, what changes, and how it ends."),
            Kind::Contract => (
                "rules",
                "Say who must or may do what, what it costs, when it begins and how it ends.",
            ),
            Kind::Paper => ("paper", "Say what was done, what was found, and what follows."),
            Kind::Technical => ("document", "Say what it is or proposes, why, and how it works."),
            Kind::ReleaseNotes => {
                ("release notes", "Say what is new, what changed and what to watch for.")
            }
            Kind::Table | Kind::Log | Kind::Code | Kind::Prose => {
                ("text", "Say what happened or was decided, who did it, and what happens next.")
            }
        };
        Self { thing, tell }
    }
}

/// A window without the headings that it begins with, which may number what is otherwise alike. All
/// of it where nothing else is there.
pub fn passage(window: &str) -> &str {
    let mut rest = window.trim();
    while let Some((heading, below)) = rest.split_once('\n')
        && heading_level(heading).is_some()
    {
        rest = below.trim_start();
    }
    rest
}
