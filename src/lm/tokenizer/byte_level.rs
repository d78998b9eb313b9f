//! Byte-level BPE, with the crate `tokenizers`: kind `gpt2` of GGUF files.

use std::collections::HashMap;
use std::io::{Read, Seek};

use tokenizers::SplitDelimiterBehavior;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel as Bytes;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};

use super::{Kind, LONGEST, PIECE, Pieces, broken, pieces};
use crate::error::Result;
use crate::lm::gguf::Gguf;

/// The word pattern of Llama 3 and, with single digits, of Qwen 2 and 3. (From their
/// `tokenizer.json`, and `llm_tokenizer_bpe` of llama.cpp.)
macro_rules! words {
    ($digits:literal) => {
        concat!(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}",
            $digits,
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        )
    };
}

/// A vocabulary of byte strings and its merge rules.
pub struct ByteLevel {
    inner: tokenizers::Tokenizer,
    vocabulary: usize,
}

impl ByteLevel {
    pub fn from_gguf<R: Read + Seek>(
        gguf: &Gguf<R>,
        tokens: &[&str],
        kinds: &[Kind],
    ) -> Result<(Self, Pieces)> {
        let pre = gguf.string("tokenizer.ggml.pre")?;
        let words = |pattern: &str| {
            let (pattern, behaviour) =
                (SplitPattern::Regex(pattern.into()), SplitDelimiterBehavior::Isolated);
            let split = Split::new(pattern, behaviour, false).map_err(|e| broken(e.to_string()))?;
            Ok(PreTokenizerWrapper::Split(split))
        };
        let bytes = |words| PreTokenizerWrapper::ByteLevel(Bytes::new(false, false, words));
        let steps = match pre {
            "smollm" => vec![PreTokenizerWrapper::Digits(Digits::new(true)), bytes(true)],
            "qwen2" => vec![words(words!(""))?, bytes(false)],
            "llama-bpe" => vec![words(words!("{1,3}"))?, bytes(false)],
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
        let bpe = BPE::builder()
            .vocab_and_merges(vocab, merges)
            // Words that are tokens are not split. (Also in llama.cpp.)
            .ignore_merges(pre == "llama-bpe")
            .build()
            .map_err(|e| broken(e.to_string()))?;
        let mut inner = tokenizers::Tokenizer::new(bpe);
        inner.with_pre_tokenizer(Some(Sequence::new(steps)));

        let mut pieces = Pieces::default();
        pieces.ends.reserve_exact(tokens.len());
        for (token, kind) in tokens.iter().zip(kinds) {
            // Ordinary tokens outside of the alphabet are plain text (user-defined).
            let piece = token.chars().map(|c| bytes.get(&c).copied()).collect::<Option<Vec<_>>>();
            let text = || piece.unwrap_or_else(|| token.as_bytes().to_vec());
            pieces.push(if *kind == Kind::Control { Vec::new() } else { text() });
        }
        pieces.bytes.shrink_to_fit();
        Ok((Self { inner, vocabulary: tokens.len() }, pieces))
    }

    /// As [`Tokenizer::encode`](super::Tokenizer::encode).
    pub fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<()> {
        for piece in pieces(text, PIECE, LONGEST) {
            let encoded = self.inner.encode_fast(&text[piece], false);
            let encoded = encoded.map_err(|e| broken(e.to_string()))?;
            ids.extend(encoded.get_ids().iter().filter(|id| self.is_token(**id)));
        }
        Ok(())
    }

    /// The same; passes each token and its start to `push`.
    pub fn encode_with_starts(&self, text: &str, mut push: impl FnMut(u32, usize)) -> Result<()> {
        for piece in pieces(text, PIECE, LONGEST) {
            let encoded = self.inner.encode(&text[piece.clone()], false);
            let encoded = encoded.map_err(|e| broken(e.to_string()))?;
            for (id, (start, _)) in encoded.get_ids().iter().zip(encoded.get_offsets()) {
                if self.is_token(*id) {
                    push(*id, piece.start + start);
                }
            }
        }
        Ok(())
    }

    /// Whether the vocabulary has this id; bytes without a token have ids past its end.
    fn is_token(&self, id: u32) -> bool {
        (id as usize) < self.vocabulary
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
