//! Byte-level BPE: kind `gpt2` of GGUF files. The crate `tokenizers` merges the tokens of a word.

use std::collections::HashMap;
use std::io::{Read, Seek};
use std::ops::Range;
use std::sync::Mutex;

use tokenizers::Model;
use tokenizers::models::bpe::BPE;

use super::split::Pattern;
use super::{Kind, LONGEST, PIECE, Pieces, broken, pieces};
use crate::error::Result;
use crate::lm::gguf::Gguf;

/// A vocabulary of byte strings and its merge rules.
pub struct ByteLevel {
    model: BPE,
    pattern: Pattern,
    vocabulary: usize,
    /// The character of each byte in the vocabulary's strings.
    characters: [char; 256],
    known: Mutex<Known>,
}

/// The most words that are remembered, the most bytes of one, and the most tokens of all: together
/// they take up to two megabytes.
const KNOWN: usize = 1 << 14;
const KNOWN_BYTES: usize = 32;
const KNOWN_TOKENS: usize = 4 * KNOWN;

/// Tokens of words that were encoded before: a text repeats most of its words.
#[derive(Default)]
struct Known {
    words: ahash::AHashMap<Box<str>, Range<usize>>,
    /// Id, and start in its word in bytes.
    tokens: Vec<(u32, u32)>,
    /// How many of `tokens` belong to `words`. After them may be those of the last word.
    kept: usize,
}

impl ByteLevel {
    pub fn from_gguf<R: Read + Seek>(
        gguf: &Gguf<R>,
        tokens: &[&str],
        kinds: &[Kind],
    ) -> Result<(Self, Pieces)> {
        let pre = gguf.string("tokenizer.ggml.pre")?;
        let pattern = match pre {
            "smollm" => Pattern::Smollm,
            "qwen2" => Pattern::Qwen2,
            "llama-bpe" => Pattern::Llama3,
            other => {
                return Err(broken(format!(
                    "its kind is gpt2/{other}, and of these only smollm, qwen2 and llama-bpe are \
                     supported"
                )));
            }
        };
        // A vocabulary may lack tokens for some bytes (SmolLM2's lacks 21 control characters). Such
        // bytes get ids past its end, which [`Self::encode`] omits: as in llama.cpp, they keep
        // their neighbours from merging and are then dropped.
        let bytes = byte_characters();
        let mut vocab: ahash::AHashMap<String, u32> =
            tokens.iter().zip(0..).map(|(t, i)| ((*t).to_string(), i)).collect();
        let stand_ins = bytes.keys().map(char::to_string).zip(tokens.len() as u32..);
        for (character, id) in stand_ins {
            vocab.entry(character).or_insert(id);
        }
        let merges = gguf
            .strings("tokenizer.ggml.merges")?
            .into_iter()
            .filter_map(|merge| {
                let Some((a, b)) = merge.split_once(' ') else {
                    return Some(Err(broken(format!("the merge {merge:?} has no space"))));
                };
                // A pair with a part that is not a token never occurs.
                let occurs = vocab.contains_key(a) && vocab.contains_key(b);
                occurs.then(|| match vocab.contains_key(&[a, b].concat()) {
                    true => Ok((a.to_string(), b.to_string())),
                    // `build` panics on some of these.
                    false => Err(broken(format!("the merge {merge:?} makes no token"))),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let model = BPE::builder()
            .vocab_and_merges(vocab, merges)
            // Words that are tokens are not split. (Also in llama.cpp.)
            .ignore_merges(pre == "llama-bpe")
            // `known` is the cache.
            .cache_capacity(0)
            .build()
            .map_err(|e| broken(e.to_string()))?;

        let mut pieces = Pieces::default();
        pieces.ends.reserve_exact(tokens.len());
        for (token, kind) in tokens.iter().zip(kinds) {
            // Ordinary tokens outside of the alphabet are plain text (user-defined).
            let piece = token.chars().map(|c| bytes.get(&c).copied()).collect::<Option<Vec<_>>>();
            let text = || piece.unwrap_or_else(|| token.as_bytes().to_vec());
            pieces.push(if *kind == Kind::Control { Vec::new() } else { text() });
        }
        pieces.bytes.shrink_to_fit();
        let mut characters = ['\0'; 256];
        for (character, byte) in bytes {
            characters[usize::from(byte)] = character;
        }
        let known = Mutex::default();
        Ok((Self { model, pattern, vocabulary: tokens.len(), characters, known }, pieces))
    }

    /// As [`Tokenizer::encode`](super::Tokenizer::encode).
    pub fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<()> {
        self.encode_with_starts(text, |id, _| ids.push(id))
    }

    /// The same; passes each token and its start to `push`.
    pub fn encode_with_starts(&self, text: &str, mut push: impl FnMut(u32, usize)) -> Result<()> {
        // Never waits for another thread that encodes: this one remembers its own words.
        let mut own = Known::default();
        let mut shared = self.known.try_lock().ok();
        let known = shared.as_deref_mut().unwrap_or(&mut own);
        for piece in pieces(text, PIECE, LONGEST) {
            let mut start = piece.start;
            for word in self.pattern.words(&text[piece]) {
                for (id, at) in known.tokens(self, word)? {
                    push(*id, start + *at as usize);
                }
                start += word.len();
            }
        }
        Ok(())
    }

    /// Appends the tokens of a word; bytes that have no token are left out. A token that begins within
    /// a character starts where the character does.
    fn merge(&self, word: &str, tokens: &mut Vec<(u32, u32)>) -> Result<()> {
        let text: String = word.bytes().map(|byte| self.characters[usize::from(byte)]).collect();
        let mut at = 0;
        for token in self.model.tokenize(&text).map_err(|e| broken(e.to_string()))? {
            if self.is_token(token.id) {
                tokens.push((token.id, word.floor_char_boundary(at) as u32));
            }
            at += token.value.chars().count();
        }
        Ok(())
    }

    /// Whether the vocabulary has this id; bytes without a token have ids past its end.
    fn is_token(&self, id: u32) -> bool {
        (id as usize) < self.vocabulary
    }
}

impl Known {
    /// The tokens of a word.
    fn tokens(&mut self, encoder: &ByteLevel, word: &str) -> Result<&[(u32, u32)]> {
        if let Some(range) = self.words.get(word) {
            return Ok(&self.tokens[range.clone()]);
        }
        if self.words.len() == KNOWN || self.kept > KNOWN_TOKENS {
            *self = Self::default();
        }
        self.tokens.truncate(self.kept);
        encoder.merge(word, &mut self.tokens)?;
        let range = self.kept..self.tokens.len();
        if word.len() <= KNOWN_BYTES {
            self.words.insert(word.into(), range.clone());
            self.kept = range.end;
        }
        Ok(&self.tokens[range])
    }
}

/// GPT-2's printable stand-ins for bytes: printable Latin-1 characters represent themselves, other
/// bytes map to the characters from U+0100, in order. (`bytes_to_unicode` of
/// <https://github.com/openai/gpt-2/blob/master/src/encoder.py>)
fn byte_characters() -> HashMap<char, u8> {
    let printable = |b: &u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let others = (0..=u8::MAX).filter(|b| !printable(b));
    let others = others.zip(0x100u32..).filter_map(|(b, c)| Some((char::from_u32(c)?, b)));
    (0..=u8::MAX).filter(printable).map(|b| (char::from(b), b)).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tokenizers::pre_tokenizers::PreTokenizerWrapper;
    use tokenizers::pre_tokenizers::byte_level::ByteLevel as Bytes;
    use tokenizers::pre_tokenizers::sequence::Sequence;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::lm::tokenizer::split::tests::twin;
    use crate::lm::tokenizer::{Encoder, Tokenizer};

    const MODELS: [&[u8]; 3] = [
        include_bytes!("../../../tests/fixtures/tiny.gguf"),
        include_bytes!("../../../tests/fixtures/tiny-qwen2.gguf"),
        include_bytes!("../../../tests/fixtures/tiny-llama3.gguf"),
    ];
    const ARTICLE: &str = include_str!("../../../tests/fixtures/article.md");
    const HARD: &str =
        "'s 'S naïve e\u{301} \u{0}\u{1}\u{ad} ไทย語 🐝\u{200d}🐝  1234 ½\r\n\n \t x\u{a0} ...!?";

    /// Tokens and starts are those of the whole pipeline of `tokenizers`, whether words are known or not.
    #[wasm_bindgen_test(unsupported = test)]
    fn tokens_are_those_of_the_crate() {
        // More different words than are remembered.
        let letters = |mut i: usize| {
            let mut word = String::from(" ");
            while i > 0 {
                word.push(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'é'][i % 8]);
                i /= 8;
            }
            word
        };
        let words: String = (0..KNOWN + 99).map(letters).collect();
        let long = "long".repeat(40);
        for model in MODELS {
            let gguf = Gguf::open(Cursor::new(model)).expect("a fixture");
            let tokenizer = Tokenizer::from_gguf(&gguf).expect("its vocabulary");
            let Encoder::ByteLevel(encoder) = tokenizer.encoder else { panic!("a byte-level one") };
            let mut steps = twin(encoder.pattern);
            steps.push(PreTokenizerWrapper::ByteLevel(Bytes::new(false, false, false)));
            let mut pipeline = tokenizers::Tokenizer::new(encoder.model.clone());
            pipeline.with_pre_tokenizer(Some(Sequence::new(steps)));
            let remembered = || encoder.known.lock().expect("no panic").words.len();
            // A word that is too long to be remembered stands between those that are not.
            for text in [&long, ARTICLE, HARD, &words, &long, HARD, ARTICLE] {
                let expected = pipeline.encode(text, false).expect("a text");
                let starts = expected.get_offsets().iter().map(|(start, _)| *start);
                let mut expected: Vec<(u32, usize)> =
                    expected.get_ids().iter().copied().zip(starts).collect();
                expected.retain(|(id, _)| encoder.is_token(*id));
                let mut tokens = Vec::new();
                encoder.encode_with_starts(text, |id, at| tokens.push((id, at))).expect("a text");
                assert!(tokens == expected, "{:?} {:.20}", encoder.pattern, text);
            }
            // With more words than it may remember, it began again.
            assert!((1..KNOWN).contains(&remembered()), "{}", remembered());
        }
    }
}
