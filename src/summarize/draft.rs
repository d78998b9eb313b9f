//! A line that the model writes and that the document's own words back.

use std::ops::ControlFlow;

use super::plan::Line;
use crate::document::sentences;
use crate::document::words::WordCounts;

/// Words that a headline, and a sentence, keep at least where they are cut.
const SHORTEST: [usize; 2] = [4, 6];

/// A line as it comes: told as far as it is also the document's own, since what stands there in the
/// end is one of both.
pub struct Draft<'a> {
    /// The document's sentence.
    own: String,
    /// What stands before either.
    subject: String,
    least: usize,
    headline: bool,
    written: String,
    /// Bytes of `own` that were told.
    told: usize,
    tell: &'a mut dyn FnMut(&str),
}

impl<'a> Draft<'a> {
    /// Of the document's line, told to `tell`.
    pub fn new(line: &Line, headline: bool, tell: &'a mut dyn FnMut(&str)) -> Self {
        let subject = line.subject.as_ref().map_or_else(String::new, |name| format!("{name}: "));
        let [short, long] = SHORTEST;
        let least = if headline { short } else { long };
        let own = cut(&line.sentence, least, headline);
        Self { own, subject, least, headline, written: String::new(), told: 0, tell }
    }

    /// Goes on until the sentence could end.
    pub fn push(&mut self, piece: &str) -> ControlFlow<()> {
        self.written.push_str(piece);
        let bytes = self.own.bytes().zip(self.written.bytes());
        let common = bytes.take_while(|(a, b)| a == b).count();
        // A word that has not ended may become another, and so may what follows a comma.
        let words = self.own[..self.own.floor_char_boundary(common)].rfind(char::is_whitespace);
        let sure = self.own[..words.unwrap_or(0)].trim_end_matches(|c: char| !c.is_alphanumeric());
        let end = sure.len();
        self.tell_up_to(end);
        match sentences::clause(&self.written, self.least) {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }

    fn tell_up_to(&mut self, end: usize) {
        if end > self.told {
            let subject = if self.told == 0 { self.subject.as_str() } else { "" };
            (self.tell)(&format!("{subject}{}", &self.own[self.told..end]));
            self.told = end;
        }
    }

    /// What was written, if it ended and says nothing that the document doesn't; the document's own
    /// sentence otherwise.
    pub fn finish(self, written: &str, document: &WordCounts) -> String {
        let ended = sentences::clause(written, self.least).is_some()
            || written.trim_end().ends_with(['.', '!', '?', '。', '！', '？']);
        let plain = sentences::plain(written);
        let line = cut(&plain, self.least, self.headline);
        let stands = ended && sentences::is_sentence(&cut(&plain, self.least, false));
        let stands = stands && line.starts_with(&self.own[..self.told]);
        let stands = stands && document.contain_all(&line);
        let line = if stands { line } else { self.own };
        match self.told {
            0 => (self.tell)(&format!("{}{line}", self.subject)),
            told => (self.tell)(&line[told..]),
        }
        self.subject + &line
    }
}

/// A sentence without what it can do without; a headline without its end, too.
fn cut(sentence: &str, least: usize, headline: bool) -> String {
    let mut line = match sentences::clause(sentence, least) {
        Some(end) => sentence[..end].to_string() + ".",
        None => sentence.trim_end().to_string(),
    };
    if headline {
        line.truncate(line.trim_end_matches(['.', '。']).len());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    const DOCUMENT: &str = "The cat sat on the mat and slept there. It was a large cat.";

    /// What a draft tells and ends with, of an answer in these pieces.
    fn drafted(pieces: &[&str], headline: bool) -> (Vec<String>, String) {
        let line = Line {
            sentence: "The cat sat on the mat and slept there.".into(),
            subject: Some("Tom".into()),
        };
        let mut told = Vec::new();
        let mut tell = |piece: &str| told.push(piece.to_string());
        let mut draft = Draft::new(&line, headline, &mut tell);
        let mut written = String::new();
        for piece in pieces {
            written.push_str(piece);
            if draft.push(piece).is_break() {
                break;
            }
        }
        let line = draft.finish(&written, &WordCounts::new(DOCUMENT));
        assert_eq!(told.concat(), line, "what was told is what stands there");
        (told, line)
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn the_models_words_stand_where_the_document_has_them() {
        let (told, line) =
            drafted(&["The cat", " sat", " on", " the", " large", " mat", "."], false);
        assert_eq!(line, "Tom: The cat sat on the large mat.");
        // Told as far as both agree, and then at once.
        assert_eq!(told, ["Tom: The", " cat", " sat", " on", " the", " large mat."]);
        let (_, line) = drafted(&["The cat sat on the mat."], true);
        assert_eq!(line, "Tom: The cat sat on the mat");
        let (_, line) =
            drafted(&["The cat", " sat on the large mat,", " which", " is", " wrong"], false);
        assert_eq!(line, "Tom: The cat sat on the large mat.");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn the_documents_own_sentence_stands_for_words_that_it_lacks() {
        for pieces in [
            &["The cat", " sat on a trampoline."][..],
            // Broken off.
            &["The cat", " sat on"],
            &["A dog."],
            &[],
        ] {
            let own = "Tom: The cat sat on the mat and slept there.";
            assert_eq!(drafted(pieces, false).1, own, "{pieces:?}");
        }
    }
}
