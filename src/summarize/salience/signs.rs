//! What the words and the place of a sentence tell of its weight.

use unicode_segmentation::UnicodeSegmentation;

use super::cues::{self, is_about, is_telling, tells};
use crate::document::kind::Kind;
use crate::document::sentences;
use crate::document::words::is_unspaced;

/// How much more a sentence counts that says what the text is, or names it.
pub const ABOUT: f64 = 0.4;

/// How much more a sentence counts that is labelled as a decision, and one that follows it.
const DECISION: [f64; 2] = [1.5, 0.75];

/// Characters of a word, on average, in scripts without spaces.
const CHARS_OF_A_WORD: usize = 2;

/// What is known of a sentence beside its words.
pub struct Signs {
    /// How much it says of what many sentences say, from 0 to 1.
    pub central: f64,
    /// How much it says of the title, from 0 to 1.
    pub titled: f64,
    /// How much more it counts for what stands above it.
    pub heading: f64,
    /// Where it stands, from 0 to 1.
    pub far: f64,
    /// Whether it is an item of a list.
    pub item: bool,
    /// Whether it has the label of a decision.
    pub labelled: bool,
    /// Whether it has it, or follows one that has.
    pub decided: bool,
}

impl Signs {
    /// How much a sentence says by all of this, and by its words.
    pub fn score(&self, sentence: &str, kind: Kind) -> f64 {
        let wide = sentence.chars().filter(|c| is_unspaced(*c)).count();
        let words: Vec<&str> = sentence.unicode_words().collect();
        let length =
            if wide > 0 { sentence.chars().count() / CHARS_OF_A_WORD } else { words.len() };
        let length = length.max(1) as f64;
        let lower = sentence.to_lowercase();
        let first: Option<String> = words.first().map(|word| word.to_lowercase());
        let numbers = cues::numbers(&words).min(3) as f64 / 3.0;
        let named = |(i, word): &(usize, &&str)| {
            *i > 0 && word.starts_with(char::is_uppercase) && word.len() > 1
        };
        let names = words.iter().enumerate().filter(named).count().min(3) as f64 / 3.0;
        let personal = (10.0 * cues::personal(&words) as f64 / length).min(1.0);
        let ended = sentence.trim_end_matches(['"', '”', '’', ')', '」', '*']);
        let question = sentences::is_question(ended);
        let complete = sentences::is_sentence(sentence) || self.item && length >= 5.0;
        let fragment = !(complete || self.labelled);
        // A decision may be short.
        let shortest = if self.decided { 5.0 } else { 10.0 };
        let decided = if self.labelled { DECISION[0] } else { DECISION[1] };
        let quoted = sentence.starts_with(['"', '“', '„', '«', '「']);
        // In a tale or a talk people speak of themselves, and not always in sentences.
        let spoken = matches!(kind, Kind::Story | Kind::Transcript | Kind::Chat | Kind::Mail);
        self.central
            + 0.35 * numbers
            + 0.15 * names
            + 0.25 * (tells(&lower).min(2) as f64 / 2.0)
            + 0.25 * flag(is_telling(&lower))
            + ABOUT * flag(is_about(&lower))
            + self.heading
            + 0.35 * self.titled
            - if spoken { 0.2 } else { 0.5 } * personal
            - 0.8 * flag(question)
            - 0.4 * flag(quoted && !spoken)
            - 0.15 * flag(first.is_some_and(|word| cues::is_conjunction(&word)))
            - (6.0 * cues::hesitations(&words) as f64 / length).min(1.0)
            - 0.5 * flag(cues::is_contact(sentence))
            - 0.6 * flag(fragment)
            - 0.9 * flag(fragment && !spoken && sentences::is_title_or_row(sentence))
            + decided * flag(self.decided)
            - 0.6 * ((shortest - length) / 10.0).max(0.0)
            - 0.3 * ((length - 40.0) / 20.0).clamp(0.0, 2.0)
            - 0.1 * flag(self.far > 0.85 && kind == Kind::Prose)
    }
}

/// 1 if something is so, else 0.
pub fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}
