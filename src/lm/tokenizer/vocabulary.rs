//! A vocabulary's tokens: those matched as whole strings, and the bytes of all.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::{Kind, broken};
use crate::error::Result;

/// Strings that are tokens wherever they occur.
pub struct Whole {
    finder: AhoCorasick,
    ids: Vec<u32>,
}

/// A part of a text.
pub enum Part {
    /// One token, and where it begins.
    Whole(u32, usize),
    /// Text for the encoder.
    Text(Range<usize>),
}

impl Whole {
    /// Collects the whole-string tokens of a vocabulary, by kind.
    pub fn new(tokens: &[&str], kinds: &[Kind]) -> Result<Self> {
        let whole =
            tokens.iter().zip(kinds).zip(0..).filter(|((_, kind), _)| **kind == Kind::Whole);
        let (texts, ids): (Vec<&str>, Vec<u32>) = whole
            .filter(|((text, _), _)| !text.is_empty())
            .map(|((text, _), id)| (*text, id))
            .unzip();
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(texts);
        Ok(Self { finder: finder.map_err(|e| broken(e.to_string()))?, ids })
    }

    /// All parts of a text, in order.
    pub fn parts(&self, text: &str) -> impl Iterator<Item = Part> {
        let mut at = 0;
        let found = self.finder.find_iter(text).map(Some).chain([None]);
        let parts = found.flat_map(move |found| {
            let end = found.map_or(text.len(), |found| found.start());
            let before = at..end;
            let id = found.and_then(|found| self.ids.get(found.pattern().as_usize()));
            at = found.map_or(text.len(), |found| found.end());
            [Some(Part::Text(before)), id.map(|id| Part::Whole(*id, end))]
        });
        parts.flatten().filter(|part| !matches!(part, Part::Text(range) if range.is_empty()))
    }
}

/// The bytes of all tokens, in a tenth of the memory of one vector per token.
#[derive(Default)]
pub struct Pieces {
    /// Bytes of all tokens, concatenated.
    pub bytes: Vec<u8>,
    /// End of each token's bytes. A token without bytes is a control token.
    pub ends: Vec<u32>,
}

impl Pieces {
    /// Adds the next token's bytes.
    pub fn push(&mut self, bytes: impl IntoIterator<Item = u8>) {
        self.bytes.extend(bytes);
        self.ends.push(self.bytes.len() as u32);
    }

    /// The bytes of a token, `None` for control tokens and ids outside of the vocabulary.
    pub fn get(&self, id: u32) -> Option<&[u8]> {
        let id = id as usize;
        let start = if id == 0 { 0 } else { *self.ends.get(id - 1)? };
        let piece = &self.bytes[start as usize..*self.ends.get(id)? as usize];
        (!piece.is_empty()).then_some(piece)
    }
}
