//! What is asked about a document: by the person, by the document itself, or by nobody.

use serde::{Deserialize, Serialize};

/// As a person would write them: a small model reads words better than digits.
const NUMBERS: [&str; 13] = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];

/// How long a summary shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Length {
    /// A line of at most twelve words, without a full stop.
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
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Form {
    /// As a paragraph.
    #[default]
    Paragraph,
    /// As a list, a sentence for each of its points.
    KeyPoints,
}

/// What marks the points of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
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
    /// Whether a request at the document's end comes before `length` and `sentences`. Without it, it
    /// does where these say nothing; `false` takes it for text.
    pub follow_request: Option<bool>,
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
    /// A headline.
    Headline,
    /// A summary.
    Summary {
        /// So many sentences at most.
        sentences: usize,
        /// How they are set.
        form: Form,
    },
    /// The answer to a question about the document.
    Ask,
    /// Whatever a model that writes says to a request.
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

    /// Whether a request of the document decides what is written.
    pub fn is_open(&self) -> bool {
        let unsaid = self.length.is_none() && self.sentences.is_none();
        self.instruction.is_none() && self.follow_request.unwrap_or(unsaid)
    }
}

/// A number as a person would write it.
pub fn number(count: usize) -> String {
    NUMBERS.get(count).map_or_else(|| count.to_string(), |word| (*word).into())
}
