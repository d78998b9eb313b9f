//! How a document is read: which prompts are asked, in which order, and how many tokens they have.
//!
//! Everything here is pure: text and token positions in, ranges and prompts out. What is decided:
//! 1. What is asked: by the person ([`SummaryRequest`]), by the document at its end ("… provide a brief
//!    one-sentence summary."), or a sentence.
//! 2. A document that is short enough for its model to be good at is one pass. Others are cut into
//!    windows at headings, paragraphs, sentences or words ([`cut`]), by nothing but the text about each
//!    cut: what was read before is found again after an edit elsewhere.
//! 3. Which prompts that takes: [`Plan::prompts`], one list for forecast and run.

mod cut;
mod passages;
mod prompts;
mod question;
mod request;
#[cfg(test)]
mod tests;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use self::cut::Tokens;
use self::prompts::FEWEST_WITH_KEY;
pub use self::prompts::{
    Asking, KEY_HEADING, Prompt, PromptStyle, has_key, headline_request, listed, passage,
    summary_request,
};
pub use self::question::{Form, Format, Length, Question, SummaryRequest};
pub use self::request::split_request;
use super::note_cache;
use super::profile::{Profile, SENTENCE, Wording};
use crate::document::kind::Kind;
use crate::host::Stage;

/// Tokens for a prompt's own words, and for tokens that differ when a text is encoded in parts.
const SLACK: usize = 48;

/// Tokens of the sentences that a prompt repeats, at most.
pub const KEY_TOKENS: usize = 300;

/// Tokens of notes in the prompt of an answer, at most.
const NOTES: usize = 1200;

/// How a document shall be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Strategy {
    /// In one pass when it is short enough for the model to keep the thread, else in windows.
    #[default]
    Auto,
    /// In one pass, however long it is: past the trained context the model reads with another
    /// position embedding, as [`Session::extend`](crate::lm::session::Session::extend) says.
    OnePass,
    /// In windows; a document that is no longer than a window is one pass all the same.
    Windows,
}

/// What a plan has to respect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Positions that a prompt and its answer may take.
    pub context: usize,
    /// Tokens that the chat template and the person's background add.
    pub overhead: usize,
    /// Tokens that the answer may have.
    pub answer: usize,
}

impl Limits {
    /// Tokens of the sentences that a prompt repeats, at most.
    fn key(self) -> usize {
        KEY_TOKENS.min(self.context / 6)
    }
}

/// A prompt of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What it is for.
    pub stage: Stage,
    /// The window that it is about.
    pub window: usize,
    /// What is asked; `None` for an answer whose prompt has notes that are yet to be taken.
    pub prompt: Option<Prompt>,
    /// The key of its note.
    pub key: String,
    /// Its tokens, estimated.
    pub tokens: usize,
}

impl Planned {
    /// A note on a window of a document of this kind.
    pub fn note(
        window: usize,
        prompt: Prompt,
        kind: Kind,
        profile: Profile,
        tokens: usize,
    ) -> Self {
        let key = note_cache::key(&prompt.whole(), &prompt.lead, &profile.method(kind));
        Self { stage: Stage::Window, window, prompt: Some(prompt), key, tokens }
    }

    /// The answer.
    fn answer(prompt: Option<Prompt>, tokens: usize) -> Self {
        Self { stage: Stage::Answer, window: 0, prompt, key: String::new(), tokens }
    }
}

/// How a document will be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Byte ranges of the document, in order, covering everything but the request.
    pub windows: Vec<Range<usize>>,
    /// What the answer will be.
    pub question: Question,
    /// What the model is asked for it.
    pub request: String,
    /// The document's own request at its end, whether it is followed or not; empty if it has
    /// none, or if it is taken for text.
    pub closing_request: String,
    /// What kind of document it is.
    pub kind: Kind,
    /// In whose words the summary is written.
    pub wording: Wording,
    /// What will be asked, in order: of each window that needs a note, and at last for the answer.
    pub prompts: Vec<Planned>,
    /// Tokens that notes may have in the answer's prompt.
    pub notes_budget: usize,
    /// Tokens that the last prompt's answer may have.
    pub answer: usize,
    /// How it is read: `one-pass`, `windows`, or `passages` that match a question.
    pub strategy: &'static str,
    /// What stands before each point of a list; empty where none was asked for.
    pub bullet: &'static str,
}

/// A document and everything that decides how it is read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The document.
    pub text: &'a str,
    /// The bytes at which its tokens begin.
    pub starts: &'a [usize],
    /// What kind of document it is.
    pub kind: Kind,
    /// How the model is used.
    pub profile: Profile,
    /// How it is asked.
    pub asking: &'a Asking,
    /// What is possible.
    pub limits: Limits,
    /// How the person wants it read.
    pub strategy: Strategy,
    /// What the person asked for.
    pub wish: SummaryRequest<'a>,
}

impl Plan {
    /// The keys of the notes on its windows, empty for a window that gets none.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = vec![String::new(); self.windows.len()];
        for Planned { window, key, .. } in
            self.prompts.iter().filter(|planned| planned.stage == Stage::Window)
        {
            keys[*window].clone_from(key);
        }
        keys
    }

    /// Plans a reading.
    pub fn new(reading: Reading) -> Self {
        let Reading { text, kind, profile, limits, wish, .. } = reading;
        let (end, own) = match wish.follow_request {
            Some(false) => (text.len(), None),
            _ => split_request(text),
        };
        let (body, tokens) = (0..end, Tokens(reading.starts));
        let question = wish.question(own, profile.wording);
        let request = match question {
            Question::Headline => headline_request(kind),
            Question::Summary { .. } if own.is_some() && wish.is_open() => {
                own.unwrap_or_default().into()
            }
            Question::Summary { sentences, form } => summary_request(kind, sentences, form),
            Question::Ask | Question::Request { .. } => {
                wish.instruction.or(own).unwrap_or_default().into()
            }
        };
        let repeated = if profile.wording == Wording::Own { limits.key() } else { 0 };
        let room = |answer: usize, request: usize| {
            let spent = limits.overhead + answer + request + repeated + SLACK;
            limits.context.saturating_sub(spent).max(1)
        };
        // A token has at least two bytes, except in texts that no request consists of.
        let answer = match (question, profile.wording) {
            (Question::Summary { .. }, Wording::Quotes) => profile.note_tokens().min(limits.answer),
            _ => limits.answer,
        };
        let whole = room(answer, request.len() / 2);
        let window = profile.window.min(room(profile.note_tokens(), SLACK));
        let is_whole = match reading.strategy {
            Strategy::OnePass => true,
            Strategy::Auto => tokens.count(&body) <= profile.window.min(whole),
            Strategy::Windows => tokens.count(&body) <= window.min(whole),
        };
        let windows = match is_whole {
            true => vec![body.clone()],
            false => cut::windows(text, &body, tokens, window),
        };
        let bullet = match question {
            Question::Summary { form: Form::KeyPoints, .. } => wish.format.bullet(),
            _ => "",
        };
        let strategy = if windows.len() == 1 { "one-pass" } else { "windows" };
        let mut plan = Self {
            windows,
            question,
            request,
            closing_request: own.unwrap_or_default().into(),
            kind,
            wording: profile.wording,
            prompts: Vec::new(),
            notes_budget: NOTES.min(whole / 2),
            answer,
            strategy,
            bullet,
        };
        plan.prompts = plan.planned(reading, whole);
        plan
    }

    /// What will be asked.
    fn planned(&mut self, reading: Reading, room: usize) -> Vec<Planned> {
        let Reading { text, asking, limits, .. } = reading;
        let tokens = Tokens(reading.starts);
        if self.question == Question::Ask && self.wording == Wording::Quotes {
            self.strategy = "passages";
            return vec![Planned::answer(None, TRIED * (SENTENCE + limits.overhead))];
        }
        // Tokens of the sentences that the prompt of a text of so many tokens repeats.
        let repeated = |count: usize| match count > FEWEST_WITH_KEY * SENTENCE / 2 {
            true => limits.key(),
            false => 0,
        };
        let answer = |text: &str, count: usize, request: &str| {
            let prompt = asking.about(text, request, "This document");
            let repeats = match (self.question, self.wording) {
                (Question::Headline, _) | (Question::Summary { .. }, Wording::Own) => {
                    repeated(count)
                }
                _ => 0,
            };
            let tokens = count + repeats + limits.overhead + request.len() / 4;
            Planned::answer(Some(prompt), tokens)
        };
        if self.is_one_pass() {
            let body = self.body();
            let (whole, count) = (&text[body.clone()], tokens.count(&body));
            let planned = match (self.question, self.wording) {
                // The model says which sentences matter.
                (Question::Summary { .. }, Wording::Quotes) => answer(
                    whole,
                    count,
                    &prompts::note_request(self.kind, reading.profile.note_sentences),
                ),
                _ => answer(whole, count, &self.request),
            };
            return vec![planned];
        }
        if self.question == Question::Ask
            && let Some(found) = passages::matching(
                text,
                &self.body(),
                tokens,
                &self.request,
                room.min(reading.profile.window),
            )
        {
            self.strategy = "passages";
            let count = found.iter().map(|part| tokens.count(part)).sum();
            let joined: Vec<&str> = found.iter().map(|part| text[part.clone()].trim()).collect();
            return vec![answer(&joined.join("\n\n[…]\n\n"), count, &self.request)];
        }
        let mut planned: Vec<Planned> = Vec::new();
        for (index, window) in self.windows.iter().enumerate() {
            let prompt = asking.note(&text[window.clone()], self.kind, reading.profile);
            let count = tokens.count(window);
            let repeats = if self.wording == Wording::Own { repeated(count) } else { 0 };
            let tokens = count + repeats + limits.overhead + SLACK / 2;
            planned.push(Planned::note(index, prompt, self.kind, reading.profile, tokens));
        }
        if self.needs_answer() {
            let notes = self.windows.len() * reading.profile.note_sentences * SENTENCE / 2;
            let tokens = notes.min(self.notes_budget) + limits.overhead + self.request.len() / 4;
            planned.push(Planned::answer(None, tokens));
        }
        planned
    }

    /// Whether the model writes the answer from notes: a few sentences do, and so does whatever is no
    /// summary. Longer summaries are made of the notes themselves.
    fn needs_answer(&self) -> bool {
        match self.question {
            Question::Headline | Question::Ask | Question::Request { .. } => true,
            Question::Summary { sentences, form } => {
                self.wording == Wording::Own && sentences <= MOST_WRITTEN && form == Form::Paragraph
            }
        }
    }

    /// Whether the model is asked for an answer, beside notes.
    pub fn has_answer(&self) -> bool {
        self.prompts.last().is_some_and(|last| last.stage == Stage::Answer)
    }

    /// The prompt of the answer, where it is known before the notes are.
    pub fn planned_answer(&self) -> Option<&Prompt> {
        self.prompts.last().filter(|_| self.has_answer())?.prompt.as_ref()
    }

    /// What is read: everything but the document's own request.
    pub fn body(&self) -> Range<usize> {
        0..self.windows.last().map_or(0, |last| last.end)
    }

    /// Whether the whole document is one window.
    pub fn is_one_pass(&self) -> bool {
        self.windows.len() == 1
    }

    /// Tokens of the longest prompt with its answer.
    pub fn longest_prompt(&self, limits: Limits) -> usize {
        let longest = self.prompts.iter().map(|prompt| prompt.tokens).max().unwrap_or(0);
        (longest + limits.answer + SLACK).min(limits.context)
    }
}

/// Sentences that the model writes from notes; more of them are notes.
const MOST_WRITTEN: usize = 4;

/// Sentences that a model that quotes looks at to answer a question.
pub const TRIED: usize = 10;
