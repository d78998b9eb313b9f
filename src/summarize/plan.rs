//! How a document is read: in one pass when it fits, else in windows whose notes are merged.
//!
//! Everything here is pure: text and token positions in, ranges and prompts out. What is decided:
//! 1. What is asked: by the person ([`SummaryRequest`]), by the document at its end ("… provide a brief
//!    one-sentence summary."), or by nobody ([`DEFAULT_REQUEST`]).
//! 2. A line or an answer over a document that fits the context beside them is one pass, unless a
//!    [`Strategy`] was asked for. Points are notes, so their document is always read in windows.
//! 3. Windows are cut at headings, paragraphs, sentences or words ([`cut`]), by nothing but the text
//!    about each cut: what was read before is found again after an edit elsewhere.
//! 4. The answer is asked over all of the document, or its headings and the windows' notes, and then
//!    its opening once more: a small model drifts to a detail without it. It is begun with the first
//!    words of the document's first sentence, as a note is with its window's: a small model that is
//!    left to begin says that "the text provides an overview". benches/README.md has what this gains.

mod cut;
mod prompts;
mod question;
#[cfg(test)]
mod tests;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use self::cut::{Tokens, heading_level, last_border};
pub use self::prompts::{Asking, Prompt, PromptStyle, merge_prompt, note_prompt, passage};
use self::question::split_request;
pub use self::question::{DEFAULT_REQUEST, Form, Format, Length, Question, SummaryRequest};
use crate::document::{sentences, words};

/// Tokens of a window of a document that is too long for one pass. Reading costs grow with a
/// token's position, and a small model loses the thread of long texts.
const WINDOW: usize = 1500;

/// Tokens that a note may have.
pub const NOTE: usize = 56;

/// Tokens that a note's mark takes in a list.
pub const LIST_MARK: usize = 3;

/// Tokens for a prompt's own words, and for tokens that differ when a text is encoded in parts.
const SLACK: usize = 48;

/// Tokens of a document's beginning that stand once more before the request: what stands last weighs
/// most with a small model, and the beginning says what the whole is about.
const OPENING: usize = 400;

/// Tokens of the windows that points are taken from, in a document that has fewer for each.
const SHORTEST_WINDOW: usize = 64;

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
    /// position embedding, as [`Session::extend`](crate::lm::session::Session::extend) says.
    OnePass,
    /// In windows, even if it fits the trained context; one that is no longer than a window is
    /// read in one pass all the same.
    Windows,
}

/// A line that a summary may consist of, in the document's own words.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The document's first sentence.
    pub sentence: String,
    /// What it is about, where that has a name which the sentence leaves out.
    pub subject: Option<String>,
}

impl Line {
    fn new(
        text: &str,
        body: &Range<usize>,
        opening: &Range<usize>,
        tokens: Tokens,
    ) -> Option<Self> {
        let (body_text, first) = (&text[body.clone()], &text[opening.clone()]);
        // Where a document begins with tables and lists, its first sentence may be far.
        let sentence =
            sentences::first_sentence(first).or_else(|| sentences::first_sentence(body_text))?;
        let is_ordinary = |word: Range<usize>| {
            // A token has the space before its word.
            let space = usize::from(first[..word.start].ends_with(' '));
            let [start, end] = [word.start - space, word.end].map(|at| opening.start + at);
            tokens.count(&(start..end)) < 2
        };
        let subject = words::subject(body_text, first, is_ordinary);
        let bare = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let subject = subject.filter(|subject| !bare(&sentence).contains(&bare(subject)));
        Some(Self { sentence, subject })
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
    /// The beginning once more, for the prompt of the answer; empty where that is all there is.
    pub opening: String,
    /// Tokens that this adds to a prompt of one pass.
    pub reminder: usize,
    /// What the answer may say in the document's own words, where it is a line.
    pub line: Option<Line>,
    /// The headings in order, each once, for the prompt of the answer; empty in one pass.
    pub headings: Vec<String>,
    /// Tokens that a list of notes may have in one prompt.
    pub notes_budget: usize,
    /// What stands before each point of a list; empty where none was asked for.
    pub bullet: &'static str,
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
    pub fn new(
        text: &str,
        starts: &[usize],
        limits: Limits,
        strategy: Strategy,
        wish: SummaryRequest,
    ) -> Self {
        let (end, own) = split_request(text);
        let body = 0..end;
        let tokens = Tokens(starts);
        let (question, request) = wish.question(own, strategy == Strategy::OnePass);
        // A token has a byte at least.
        let asked = request.len().max(SLACK);
        let beginning = body.start..last_border(text, &body, tokens, OPENING);
        let length = tokens.count(&body);
        // A document of little more than its beginning needs no reminder of it.
        let reminder = if length > 3 * OPENING { tokens.count(&beginning) } else { 0 };
        let spent = limits.overhead + limits.answer + asked + SLACK;
        let room = |positions: usize| positions.saturating_sub(spent).max(1);
        let [reach, room] = [limits.reach, limits.context].map(room);
        let spent = limits.overhead + NOTE + 2 * SLACK;
        let window = WINDOW.min(limits.context.saturating_sub(spent)).max(1);
        let windows = match question {
            Question::Points { most, .. } => {
                let window = (length / (2 * most)).clamp(SHORTEST_WINDOW.min(window), window);
                Some(window)
            }
            _ => {
                let whole = match strategy {
                    Strategy::Auto => reach.saturating_sub(reminder),
                    Strategy::OnePass => usize::MAX,
                    Strategy::Windows => room.min(window),
                };
                (length > whole).then_some(window)
            }
        };
        let windows = match windows {
            Some(window) => cut::windows(text, &body, tokens, window),
            None => vec![body.clone()],
        };
        let bullet = match question {
            Question::Points { form: Form::KeyPoints, .. } => wish.format.bullet(),
            _ => "",
        };
        // Points of a single part are what is said of the whole.
        let question = match question {
            Question::Points { .. } if windows.len() == 1 => Question::Line { headline: false },
            question => question,
        };
        let line = matches!(question, Question::Line { .. } | Question::Points { .. });
        let line = if line { Line::new(text, &body, &beginning, tokens) } else { None };
        // The answer's prompt: a quarter opening, a quarter headings, half notes.
        let prompt = room.min(WINDOW);
        let (opening, headings) = match windows.len() {
            1 if reminder > 0 => (beginning, Vec::new()),
            1 => (0..0, Vec::new()),
            _ => {
                let end = last_border(text, &body, tokens, OPENING.min(prompt / 4));
                (body.start..end, headings(text, &body, tokens, prompt / 4))
            }
        };
        let opening = sentences::blocks(&text[opening]).join("\n");
        let notes_budget = if windows.len() == 1 { room } else { prompt / 2 };
        Self { windows, question, request, opening, reminder, line, headings, notes_budget, bullet }
    }

    /// What is read: everything but the document's own request.
    pub fn body(&self) -> Range<usize> {
        0..self.windows.last().map_or(0, |last| last.end)
    }

    /// Whether the whole document is one window.
    pub fn is_one_pass(&self) -> bool {
        self.windows.len() == 1
    }

    /// Tokens that the longest of the prompts and its answer have at most, for a document of `tokens`.
    pub fn longest_prompt(&self, tokens: usize, limits: Limits) -> usize {
        let around = 2 * SLACK + limits.overhead + limits.answer.max(NOTE);
        match self.is_one_pass() {
            true => tokens + self.reminder + around,
            false => (WINDOW.min(tokens) + around).min(limits.context),
        }
    }
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
