//! The document of a run, and where in it the statements of a summary stand.

use std::ops::Range;

use super::options::Options;
use super::points::Point;
use super::salience::Salience;
use crate::document::clean::Clean;
use crate::document::kind::{self, Kind};
use crate::document::language;
use crate::document::segment;
use crate::document::sentences;
use crate::document::structure::Structure;
use crate::error::Result;
use crate::host::{Host, elapsed, let_others_run};
use crate::lm::tokenizer::{Tokenizer, Tokens};
use crate::report::{PointReport, Support};

/// A text and what it consists of.
pub struct Document<'a> {
    pub text: &'a str,
    pub structure: Structure,
    pub kind: Kind,
    /// As a tag of BCP 47, if it is clear.
    pub language: Option<&'static str>,
    pub salience: Salience,
}

impl<'a> Document<'a> {
    pub fn new(text: &'a str, options: &Options) -> Self {
        let structure = Structure::new(text);
        let kind = options.kind.unwrap_or_else(|| kind::recognize(text, &structure).0);
        let salience = Salience::new(text, &structure, kind);
        let language = language::recognize(text, &structure);
        Self { text, structure, kind, language, salience }
    }
}

/// The tokens of a text, with pauses for the host, because a text of some megabytes takes seconds; and
/// the milliseconds of these pauses.
///
/// # Errors
/// Those of the tokenizer; `cancelled` when the host says so.
pub async fn encoded(tokenizer: &Tokenizer, text: &str, host: &impl Host) -> Result<(Tokens, f64)> {
    let (mut tokens, mut paused) = (Tokens::default(), 0.0);
    for Range { start, end } in tokenizer.turns(text) {
        if start > 0 {
            host.catch_up().await;
            let before = host.now_ms();
            let_others_run(host).await?;
            paused += elapsed(before, host.now_ms()).unwrap_or(0.0);
        }
        let part = tokenizer.encode_with_starts(&text[start..end])?;
        tokens.ids.extend(part.ids);
        tokens.starts.extend(part.starts.iter().map(|place| start + place));
    }
    Ok((tokens, paused))
}

/// The report's points: passages are those of the text as it was given, in characters.
pub fn placed(text: &Clean, points: Vec<Point>) -> Vec<PointReport> {
    let place = |Point { text: statement, range, support }| {
        let passage = &text.text()[range.clone()];
        let last = passage.char_indices().next_back();
        let start = text.original(range.start);
        let end = last.map_or(start, |(at, _)| text.original(range.start + at) + 1);
        // A sentence that the model copied is a quotation.
        let copied = support == Support::Supported
            && sentences::is_sentence(&statement)
            && segment::sentences(&spaced(passage)).any(|(_, s)| s.trim() == spaced(&statement));
        let support = if copied { Support::Quoted } else { support };
        let supported = support != Support::Unsupported;
        PointReport { text: statement, start, end, supported, support }
    };
    points.into_iter().map(place).collect()
}

/// A text with one space for any white space.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn a_copied_sentence_is_a_quotation() {
        let clean = Clean::new("The old bridge was closed\nin May. It opens again.");
        let support = |statement: &str| {
            let (text, support) = (statement.to_string(), Support::Supported);
            placed(&clean, vec![Point { text, range: 0..34, support }])[0].support
        };
        assert_eq!(support("The old bridge was closed in May."), Support::Quoted);
        assert_eq!(support("The bridge was closed in May."), Support::Supported);
        // What follows "nobody said" is no quotation.
        assert_eq!(support("bridge was closed in May."), Support::Supported);
        // Not a sentence: an answer of a word, for example.
        assert_eq!(support("May"), Support::Supported);
    }
}
