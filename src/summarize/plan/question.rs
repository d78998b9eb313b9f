//! What is asked about a document: by the person, by the document itself, or by nobody.

use serde::{Deserialize, Serialize};

/// Asked when neither the person nor the document asks for anything.
pub const DEFAULT_REQUEST: &str = "Summarize the document above in one sentence.";

/// As a person would write them: a small model reads words better than digits.
const NUMBERS: [&str; 13] = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];

/// A request is a last paragraph of at most so many bytes.
const LONGEST_REQUEST: usize = 400;

/// How long a summary shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Length {
    /// A line without a full stop, as short as a sentence of the document allows.
    Headline,
    /// One sentence.
    Sentence,
    /// About three sentences.
    Short,
    /// About six sentences.
    Medium,
    /// About twelve sentences.
    Long,
}

impl Length {
    /// About how many sentences that is.
    pub fn sentences(self) -> usize {
        match self {
            Self::Headline | Self::Sentence => 1,
            Self::Short => 3,
            Self::Medium => 6,
            Self::Long => 12,
        }
    }
}

/// How a summary of more than a sentence is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Form {
    /// As a paragraph that begins with what the whole document is about.
    #[default]
    Paragraph,
    /// As a list, a sentence for each of its points.
    KeyPoints,
}

/// What marks the points of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Format {
    /// "- " before each point, as in Markdown.
    #[default]
    Markdown,
    /// "• " before each point: text without markup.
    PlainText,
}

impl Format {
    /// What stands before a point.
    pub fn bullet(self) -> &'static str {
        match self {
            Self::Markdown => "- ",
            Self::PlainText => "• ",
        }
    }
}

/// What a person may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SummaryRequest<'a> {
    /// How long the summary shall be.
    pub length: Option<Length>,
    /// So many sentences at most, in the place of what `length` says.
    pub sentences: Option<usize>,
    /// How it is set.
    pub form: Form,
    /// What marks the points of a list.
    pub format: Format,
    /// Something else than a summary, or a summary of something: in the place of all requests.
    pub instruction: Option<&'a str>,
}

/// What the answer will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// A line that says what the document is: its own words, shortened by the model.
    Line {
        /// Whether it is a headline.
        headline: bool,
    },
    /// Notes on the document's parts, the most telling ones in their order.
    Points {
        /// So many sentences at most.
        most: usize,
        /// How they are set.
        form: Form,
    },
    /// Whatever the model says to a request.
    Request {
        /// Whether that ends with its first sentence, because one was asked for: a small model goes
        /// on otherwise.
        one_sentence: bool,
    },
}

impl SummaryRequest<'_> {
    /// About how many sentences the summary has.
    pub fn most(&self) -> usize {
        self.sentences.or(self.length.map(Length::sentences)).unwrap_or(1)
    }

    /// What the answer will be, and what the model is asked for it. `request` is the document's own;
    /// `whole` says that the document must be read in one pass, where there are no notes.
    pub fn question(&self, request: Option<&str>, whole: bool) -> (Question, String) {
        let open = self.length.is_none() && self.sentences.is_none();
        let words = self.instruction.or(request.filter(|_| open));
        if let Some(words) = words {
            let lower = words.to_lowercase();
            let one = ["one sentence", "one-sentence", "single sentence", "single-sentence"];
            let one_sentence = one.iter().any(|words| lower.contains(words));
            let question = match self.instruction {
                None if one_sentence => Question::Line { headline: false },
                _ => Question::Request { one_sentence },
            };
            return (question, words.into());
        }
        let length = self.length.unwrap_or(Length::Sentence);
        let most = self.most();
        let number = NUMBERS.get(most).map_or_else(|| most.to_string(), |word| (*word).into());
        if most == 1 {
            let headline = length == Length::Headline;
            return (Question::Line { headline }, request.unwrap_or(DEFAULT_REQUEST).into());
        }
        let in_words = match self.form {
            Form::Paragraph => format!("Summarize the document above in {number} sentences."),
            Form::KeyPoints => format!("List the {number} key points of the document above."),
        };
        let question = match whole {
            true => Question::Request { one_sentence: false },
            false => Question::Points { most, form: self.form },
        };
        (question, in_words)
    }
}

/// Where the part of a text to read ends, and what the text asks for at its end.
pub fn split_request(text: &str) -> (usize, Option<&str>) {
    let end = text.trim_end().len();
    let whole = (text.len(), None);
    let Some(start) = text[..end].rfind("\n\n").map(|at| at + 2) else { return whole };
    let last = text[start..end].trim();
    let lower = last.to_lowercase();
    let is_request = last.len() <= LONGEST_REQUEST
        && !last.starts_with(['#', '-', '*', '>', '|'])
        && asks_for_a_summary(&lower);
    if !is_request || text[..start].trim().is_empty() {
        return whole;
    }
    (start, Some(last))
}

/// Verbs that ask for a summary.
const ORDERS: [&str; 11] = [
    "summarize",
    "summarise",
    "provide",
    "write",
    "give",
    "create",
    "generate",
    "make",
    "produce",
    "draft",
    "condense",
];

/// Whether a last paragraph, in small letters, asks for a summary of what stands above it. A mail that
/// asks for a summary of something else does not, and no text does that begins with "In summary".
fn asks_for_a_summary(last: &str) -> bool {
    let words: Vec<&str> = last.split(|c: char| !c.is_alphanumeric() && c != ';').collect();
    let has = |any: &[&str]| words.iter().any(|word| any.contains(word));
    let summary = words.iter().any(|word| {
        word.starts_with("summar") || ["tl;dr", "tldr", "abstract", "headline"].contains(word)
    });
    let order = has(&ORDERS);
    let this = has(&[
        "above",
        "this",
        "text",
        "document",
        "content",
        "article",
        "following",
        "passage",
        "transcript",
        "sentence",
        "sentences",
        "words",
        "paragraph",
        "points",
    ]);
    // "Summarize.", "TL;DR:"
    let bare = words.iter().filter(|word| !word.is_empty()).count() <= 3
        && ["summar", "tl;dr", "tldr", "please summar"].iter().any(|start| last.starts_with(start));
    // "Can you send me a summary by Friday?"
    let sent = has(&["send", "sent", "sending", "email", "mail", "meeting", "call"]);
    let polite = last.trim_start_matches("please ");
    let ordered = polite.split_whitespace().next().is_some_and(|word| ORDERS.contains(&word));
    bare || summary && !sent && (ordered || order && this)
}
