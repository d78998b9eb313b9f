//! How a document is read: in one pass when it fits, else in windows whose notes are merged.
//!
//! Everything here is pure: text and token positions in, ranges and prompts out. What is decided:
//! 1. A request at the end of the document ("… provide a brief one-sentence summary.") is taken out
//!    and becomes the question; otherwise [`DEFAULT_REQUEST`] is.
//! 2. A document that fits the context beside its prompt and answer is one window, unless a
//!    [`Strategy`] was asked for.
//! 3. A longer one is cut at headings, paragraphs, sentences or words ([`cut`]), by nothing but the
//!    text about each cut: what was read before is found again after an edit elsewhere.
//! 4. The answer is asked over the document's opening, its headings and the windows' notes: notes
//!    alone make a small model drift to a detail of one window.

mod cut;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::cut::{Tokens, heading_level, last_border};

use serde::{Deserialize, Serialize};

/// Asked when the document doesn't ask for anything itself.
pub const DEFAULT_REQUEST: &str = "Summarize the document above in one sentence.";

/// Asked of each window.
const NOTE_REQUEST: &str = "Summarize the text above in one sentence.";

/// Tokens of a window of a document that is too long for one pass. Reading costs grow with a
/// token's position, and a small model loses the thread of long texts.
const WINDOW: usize = 1500;

/// Tokens that a note may have.
pub const NOTE: usize = 56;

/// Tokens for a prompt's own words, and for tokens that differ when a text is encoded in parts.
const SLACK: usize = 48;

/// A request is a last paragraph of at most so many bytes.
const LONGEST_REQUEST: usize = 400;

/// How a document shall be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Strategy {
    /// In one pass when it fits the trained context, or twice that in a model whose layers mostly see
    /// windows of what was read; else in windows of its own, each read by itself.
    #[default]
    Auto,
    /// In one pass, however long it is: past the trained context the model reads with another
    /// position embedding, as [`Session::extend`](crate::session::Session::extend) says.
    OnePass,
    /// In windows, even if it fits the trained context; one that is no longer than a window is
    /// read in one pass all the same.
    Windows,
}

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
    /// The first words of its answer, which stand at the end of [`Self::text`]; empty in a
    /// conversation.
    pub lead: &'static str,
}

impl PromptStyle {
    /// What a summary of a whole document is asked with.
    fn answer(self, text: String, request: &str) -> Prompt {
        self.ask(text, request, "This document")
    }

    /// What a note on a part is asked with.
    fn note(self, text: String) -> Prompt {
        self.ask(text, NOTE_REQUEST, "This text")
    }

    fn ask(self, mut text: String, request: &str, lead: &'static str) -> Prompt {
        match self {
            Self::Chat => {
                text.push_str("\n\n");
                text.push_str(request);
                Prompt { text, lead: "" }
            }
            Self::Completion => {
                text.push_str("\n\nSummary: ");
                text.push_str(lead);
                Prompt { text, lead }
            }
        }
    }
}

/// How a document will be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Byte ranges of the document, in order, covering everything but the request.
    pub windows: Vec<Range<usize>>,
    /// What the answer is asked for.
    pub request: String,
    /// The first sentences, for the prompt of the answer; empty in one pass.
    pub opening: Range<usize>,
    /// The headings in order, each once, for the prompt of the answer; empty in one pass.
    pub headings: Vec<String>,
    /// Tokens that a list of notes may have in one prompt.
    pub notes_budget: usize,
}

/// What a plan has to respect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Positions that a prompt and its answer may take.
    pub context: usize,
    /// The same for a whole document that nobody asked to be read otherwise: more than the context
    /// in a model that hardly reads slower there.
    pub reach: usize,
    /// Tokens that the chat template adds.
    pub overhead: usize,
    /// Tokens that the answer may have.
    pub answer: usize,
}

impl Plan {
    /// Plans the reading of `text`, whose tokens begin at the bytes `starts`.
    pub fn new(text: &str, starts: &[usize], limits: Limits, strategy: Strategy) -> Self {
        let (body, request) = split_request(text);
        let tokens = Tokens(starts);
        let request_tokens = tokens.count(&(body.end..text.len())).max(SLACK);
        let spent = limits.overhead + limits.answer + request_tokens + SLACK;
        let room = |positions: usize| positions.saturating_sub(spent).max(1);
        let (reach, room) = (room(limits.reach), room(limits.context));
        let spent = limits.overhead + NOTE + 2 * SLACK;
        let window = WINDOW.min(limits.context.saturating_sub(spent)).max(1);
        let whole = match strategy {
            Strategy::Auto => reach,
            Strategy::OnePass => usize::MAX,
            Strategy::Windows => room.min(window),
        };
        if tokens.count(&body) <= whole {
            let (opening, headings) = (0..0, Vec::new());
            let notes_budget = room;
            return Self { windows: vec![body], request, opening, headings, notes_budget };
        }
        let windows = cut::windows(text, &body, tokens, window);
        // The answer's prompt: a quarter opening, a quarter headings, half notes.
        let prompt = room.min(WINDOW);
        let opening = body.start..last_border(text, &body, tokens, prompt / 4);
        let headings = headings(text, &body, tokens, prompt / 4);
        Self { windows, request, opening, headings, notes_budget: prompt / 2 }
    }

    /// Whether the answer should end with its first sentence, because that was asked for. A small
    /// model goes on otherwise.
    pub fn asks_for_one_sentence(&self) -> bool {
        let request = self.request.to_lowercase();
        ["one sentence", "one-sentence", "single sentence", "single-sentence"]
            .iter()
            .any(|words| request.contains(words))
    }

    /// Whether the whole document is one window.
    pub fn is_one_pass(&self) -> bool {
        self.windows.len() == 1
    }

    /// Tokens that the longest of the prompts and its answer have at most, for a document of `tokens`.
    pub fn longest_prompt(&self, tokens: usize, limits: Limits) -> usize {
        let around = 2 * SLACK + limits.overhead + limits.answer.max(NOTE);
        match self.is_one_pass() {
            true => tokens + around,
            false => (WINDOW.min(tokens) + around).min(limits.context),
        }
    }

    /// The prompt for the answer, over the whole document, or over notes on its windows.
    pub fn answer_prompt(&self, text: &str, notes: &[String], style: PromptStyle) -> Prompt {
        if self.is_one_pass() {
            return style.answer(text[self.windows[0].clone()].trim().into(), &self.request);
        }
        // What stands last weighs most with a small model: the opening, which names the subject.
        let mut prompt =
            format!("Notes on the parts of a document, in order:\n- {}", notes.join("\n- "));
        if !self.headings.is_empty() {
            prompt.push_str("\n\nSections of the document:\n- ");
            prompt.push_str(&self.headings.join("\n- "));
        }
        prompt.push_str("\n\nThe document begins:\n\n");
        prompt.push_str(text[self.opening.clone()].trim());
        style.answer(prompt, &self.request)
    }
}

/// The prompt for a note on one window.
pub fn note_prompt(window: &str, style: PromptStyle) -> Prompt {
    style.note(passage(window).into())
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
pub fn merge_prompt(notes: &[String], style: PromptStyle) -> Prompt {
    style.note(format!("- {}", notes.join("\n- ")))
}

/// Cuts notes of the given lengths into runs that fit `budget` together, at least two to a run so
/// that every round of merging leaves fewer.
pub fn groups(lengths: &[usize], budget: usize) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut filled = 0;
    for (i, length) in lengths.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if group.len() < 2 || filled + length <= budget => {
                group.end = i + 1;
                filled += length;
            }
            _ => {
                groups.push(i..i + 1);
                filled = *length;
            }
        }
    }
    groups
}

/// Tokens, of those that begin at the bytes `starts`, that begin inside of `range`.
pub fn count(starts: &[usize], range: &Range<usize>) -> usize {
    Tokens(starts).count(range)
}

/// The part of the text to read, and what to ask about it.
fn split_request(text: &str) -> (Range<usize>, String) {
    let end = text.trim_end().len();
    let whole = (0..text.len(), DEFAULT_REQUEST.to_string());
    let Some(start) = text[..end].rfind("\n\n").map(|at| at + 2) else { return whole };
    let last = text[start..end].trim();
    let lower = last.to_lowercase();
    let asks = ["summar", "tl;dr", "tldr"].iter().any(|word| lower.contains(word));
    let is_request =
        asks && last.len() <= LONGEST_REQUEST && !last.starts_with(['#', '-', '*', '>', '|']);
    if !is_request || text[..start].trim().is_empty() {
        return whole;
    }
    (0..start, last.to_string())
}

/// The Markdown headings of a range, each once, in order, of up to `budget` tokens together.
fn headings(text: &str, range: &Range<usize>, tokens: Tokens, budget: usize) -> Vec<String> {
    let mut headings: Vec<String> = Vec::new();
    let mut used = 0;
    let mut at = range.start;
    for line in text[range.clone()].split_inclusive('\n') {
        let here = at..at + line.len();
        at = here.end;
        let heading = line.trim_start_matches('#').trim();
        let is_new = !heading.is_empty() && headings.iter().all(|known| known != heading);
        if heading_level(line).is_none() || !is_new {
            continue;
        }
        // The list's own marks are as many tokens as the heading's.
        used += tokens.count(&here) + 1;
        if used > budget {
            break;
        }
        headings.push(heading.to_string());
    }
    headings
}
