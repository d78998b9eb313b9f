//! SentencePiece's BPE (Kudo and Richardson, arXiv:1808.06226): kind `llama` of GGUF files.
//!
//! Neighbours merge while their concatenation is a token, the highest score first. The file has
//! scores but no merges. The crate `tokenizers` needs merges: half a million string pairs for Gemma
//! 3, with several times the memory, and out of score order if a token has several pairs. The
//! result equals that of llama.cpp's `llm_tokenizer_spm`.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::io::{Read, Seek};

use ahash::RandomState;
use candle_core::quantized::gguf_file::Value;
use hashbrown::HashTable;

use super::{Kind, LONGEST, PIECE, Pieces, broken, pieces};
use crate::error::{Error, Result};
use crate::lm::gguf::Gguf;

/// The space character in tokens.
const SPACE: char = '\u{2581}';

/// A vocabulary of strings with scores.
pub struct SentencePiece {
    /// Ids of ordinary tokens, by hash of their bytes.
    ids: HashTable<u32>,
    hasher: RandomState,
    scores: Vec<f32>,
    /// Tokens of single bytes, for characters without a token.
    bytes: Box<[Option<u32>; 256]>,
    /// Whether a space is assumed before the text.
    space_first: bool,
}

/// A part of a text that may still merge with its neighbours.
#[derive(Clone, Copy)]
struct Symbol {
    start: usize,
    /// 0 once merged into the symbol before.
    len: usize,
    /// Its neighbours; [`NONE`] at the ends.
    before: usize,
    after: usize,
}

const NONE: usize = usize::MAX;

/// Two neighbours that may merge: highest score first, then leftmost.
struct Merge {
    score: f32,
    left: usize,
    right: usize,
    /// Length of both in bytes. If it no longer matches, one of them has merged since.
    len: usize,
}

impl SentencePiece {
    pub fn from_gguf<R: Read + Seek>(
        gguf: &Gguf<R>,
        tokens: &[&str],
        kinds: &[Kind],
    ) -> Result<(Self, Pieces)> {
        let scores = scores(gguf, tokens.len())?;
        let hasher = RandomState::new();
        let mut ids = HashTable::with_capacity(tokens.len());
        let mut pieces = Pieces::default();
        pieces.ends.reserve_exact(tokens.len());
        let mut bytes = Box::new([None; 256]);
        for ((token, kind), id) in tokens.iter().zip(kinds).zip(0..) {
            match kind {
                Kind::Control => pieces.push([]),
                Kind::Byte => {
                    let byte = token.strip_prefix("<0x").and_then(|hex| hex.strip_suffix('>'));
                    let byte = byte.and_then(|hex| u8::from_str_radix(hex, 16).ok());
                    let byte = byte.ok_or_else(|| broken(format!("{token:?} is no byte")))?;
                    bytes[usize::from(byte)] = Some(id);
                    pieces.push([byte]);
                }
                Kind::Whole => pieces.push(token.bytes()),
                Kind::Normal => {
                    pieces.push(token.replace(SPACE, " ").into_bytes());
                    let text = |id: &u32| hasher.hash_one(pieces.get(*id).unwrap_or_default());
                    ids.insert_unique(text(&id), id, text);
                }
            }
        }
        pieces.bytes.shrink_to_fit();
        let space_first = match gguf.get("tokenizer.ggml.add_space_prefix") {
            Some(Value::Bool(first)) => *first,
            _ => true,
        };
        Ok((Self { ids, hasher, scores, bytes, space_first }, pieces))
    }

    /// Passes each token of a text and its start to `push`. Omits bytes without a token.
    pub fn encode(&self, vocabulary: &Pieces, text: &str, mut push: impl FnMut(u32, usize)) {
        for (i, piece) in pieces(text, PIECE, LONGEST).enumerate() {
            let at = piece.start;
            let text = &text[piece];
            let first = self.space_first && i == 0;
            if !first && !text.contains(SPACE) {
                self.merge(vocabulary, text, |id, start| push(id, at + start));
                continue;
            }
            // Lengths of characters change: records where each begins in both texts.
            let mut spelled = String::with_capacity(text.len() + 1);
            let mut starts = Vec::new();
            if first {
                spelled.push(' ');
                starts.push((0, 0));
            }
            for (start, c) in text.char_indices() {
                starts.push((spelled.len(), start));
                spelled.push(if c == SPACE { ' ' } else { c });
            }
            self.merge(vocabulary, &spelled, |id, start| {
                let place = starts.partition_point(|(spelled, _)| *spelled <= start);
                let place = place.checked_sub(1).and_then(|place| starts.get(place));
                push(id, at + place.map_or(0, |(_, start)| *start));
            });
        }
    }

    /// Merges the characters of a text until no merge is left.
    fn merge(&self, vocabulary: &Pieces, text: &str, mut push: impl FnMut(u32, usize)) {
        let mut symbols: Vec<Symbol> = Vec::new();
        for (i, (start, c)) in text.char_indices().enumerate() {
            let before = i.checked_sub(1).unwrap_or(NONE);
            symbols.push(Symbol { start, len: c.len_utf8(), before, after: i + 1 });
        }
        if let Some(last) = symbols.last_mut() {
            last.after = NONE;
        }
        let mut merges = BinaryHeap::new();
        let consider =
            |symbols: &[Symbol], merges: &mut BinaryHeap<Merge>, left: usize, right: usize| {
                let (Some(l), Some(r)) = (symbols.get(left), symbols.get(right)) else { return };
                let len = l.len + r.len;
                if let Some(id) = self.id(vocabulary, &text[l.start..l.start + len]) {
                    let score = self.scores[id as usize];
                    merges.push(Merge { score, left, right, len });
                }
            };
        for right in 1..symbols.len() {
            consider(&symbols, &mut merges, right - 1, right);
        }
        while let Some(Merge { left, right, len, .. }) = merges.pop() {
            let (l, r) = (symbols[left], symbols[right]);
            if l.len == 0 || r.len == 0 || l.len + r.len != len {
                continue;
            }
            symbols[left] = Symbol { len, after: r.after, ..l };
            symbols[right].len = 0;
            if let Some(next) = symbols.get_mut(r.after) {
                next.before = left;
            }
            consider(&symbols, &mut merges, l.before, left);
            consider(&symbols, &mut merges, left, r.after);
        }
        for Symbol { start, len, .. } in symbols.into_iter().filter(|symbol| symbol.len > 0) {
            let spelled = &text[start..start + len];
            match self.id(vocabulary, spelled) {
                Some(id) => push(id, start),
                // Merged symbols are tokens, so this is a single character.
                None => {
                    let bytes = spelled.bytes().filter_map(|byte| self.bytes[usize::from(byte)]);
                    bytes.for_each(|id| push(id, start));
                }
            }
        }
    }

    fn id(&self, vocabulary: &Pieces, text: &str) -> Option<u32> {
        let text = text.as_bytes();
        self.ids.find(self.hasher.hash_one(text), |id| vocabulary.get(*id) == Some(text)).copied()
    }
}

/// Ordered by when merges are done.
impl Ord for Merge {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.left.cmp(&self.left))
    }
}

impl PartialOrd for Merge {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Merge {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Merge {}

fn scores<R: Read + Seek>(gguf: &Gguf<R>, tokens: usize) -> Result<Vec<f32>> {
    let wrong = || Error::ModelMissingKey {
        key: "tokenizer.ggml.scores".into(),
        expected: "one 32-bit number a token",
    };
    let scores = match gguf.get("tokenizer.ggml.scores") {
        Some(Value::Array(scores)) if scores.len() == tokens => scores,
        _ => return Err(wrong()),
    };
    let score = |value: &Value| match value {
        Value::F32(score) => Ok(*score),
        _ => Err(wrong()),
    };
    scores.iter().map(score).collect()
}
