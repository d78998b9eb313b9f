//! Text to token ids and back, from the vocabulary and chat template in a GGUF file.
//!
//! Pasted text is always plain text: the strings of control tokens (`<|im_end|>`) inside it are
//! spelled out in ordinary tokens, so that a document can't end its own turn in a chat. Control
//! tokens come from the chat template alone.

use std::collections::HashMap;
use std::io::{Read, Seek};
use std::ops::Range;

use candle_core::quantized::gguf_file::Value;
use minijinja::{Environment, context};
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;

use crate::error::{Error, Result};
use crate::gguf::Gguf;

/// `tokenizer.ggml.token_type` of control tokens.
const CONTROL: i64 = 3;

/// Stands for the person's text while the chat template is rendered; private-use characters, which
/// no template has.
const PLACEHOLDER: &str = "\u{F8FF}\u{E123}\u{F8FF}";

/// Instructions that a chat template may take: a hundred times what real ones do, and an end to
/// those that would never have one.
const TEMPLATE_STEPS: u64 = 100_000;

/// Bytes of a text that are encoded at a time: the encoder takes a hundred bytes of memory for each.
const PIECE: usize = 1 << 14;

/// What is longer without a border is cut all the same, and may have other tokens there: text has white
/// space, and what has none must not take all memory.
const LONGEST: usize = 4 * PIECE;

/// A model's vocabulary and the form of its conversations.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    pieces: Pieces,
    /// What stands before and after the person's text in a chat of one question.
    chat: [Vec<u32>; 2],
}

/// The bytes of all tokens, in a tenth of the memory that a vector for each would take.
#[derive(Default)]
struct Pieces {
    bytes: Vec<u8>,
    /// Where each token's bytes end. Control tokens have none; one that has none is a control token.
    ends: Vec<u32>,
}

/// A text's tokens and where they begin in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tokens {
    /// Token ids.
    pub ids: Vec<u32>,
    /// For each token the byte of the text at which it begins, not decreasing.
    pub starts: Vec<usize>,
}

impl Tokenizer {
    /// Builds the tokenizer that the file describes.
    ///
    /// # Errors
    /// `model-missing-key` for absent keys, `model-tokenizer` for a vocabulary of another kind
    /// than the byte-level BPE that is supported, or one that contradicts itself.
    pub fn from_gguf<R: Read + Seek>(gguf: &Gguf<R>) -> Result<Self> {
        let kind = (gguf.string("tokenizer.ggml.model")?, gguf.string("tokenizer.ggml.pre")?);
        if kind != ("gpt2", "smollm") {
            return Err(broken(format!(
                "its kind is {}/{}, and only gpt2/smollm is supported",
                kind.0, kind.1
            )));
        }
        let tokens = gguf.strings("tokenizer.ggml.tokens")?;
        let control = control_tokens(gguf, tokens.len())?;
        let merges = gguf
            .strings("tokenizer.ggml.merges")?
            .into_iter()
            .map(|merge| match merge.split_once(' ') {
                Some((a, b)) => Ok((a.to_string(), b.to_string())),
                None => Err(broken(format!("the merge {merge:?} has no space"))),
            })
            .collect::<Result<Vec<_>>>()?;
        // A vocabulary may lack a token for some byte (SmolLM2's lacks 21 control characters).
        // Such bytes get ids past its end, which [`Self::encode`] leaves out again: they then keep
        // their neighbours from merging and are dropped after that, as in llama.cpp.
        let bytes = byte_characters();
        let mut vocab: ahash::AHashMap<String, u32> =
            tokens.iter().zip(0..).map(|(t, i)| ((*t).to_string(), i)).collect();
        let stand_ins = bytes.keys().map(char::to_string).zip(tokens.len() as u32..);
        for (character, id) in stand_ins {
            vocab.entry(character).or_insert(id);
        }
        let bpe = BPE::builder()
            .vocab_and_merges(vocab, merges)
            .build()
            .map_err(|e| broken(e.to_string()))?;
        let mut inner = tokenizers::Tokenizer::new(bpe);
        inner.with_pre_tokenizer(Some(Sequence::new(vec![
            PreTokenizerWrapper::Digits(Digits::new(true)),
            PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, false, true)),
        ])));

        let mut pieces = Pieces::default();
        pieces.ends.reserve_exact(tokens.len());
        for (token, control) in tokens.iter().zip(&control) {
            if !control {
                // Ordinary tokens outside of the alphabet are plain text (user-defined ones).
                let piece =
                    token.chars().map(|c| bytes.get(&c).copied()).collect::<Option<Vec<_>>>();
                pieces.bytes.extend(piece.as_deref().unwrap_or(token.as_bytes()));
            }
            pieces.ends.push(pieces.bytes.len() as u32);
        }
        pieces.bytes.shrink_to_fit();

        let mut tokenizer = Self { inner, pieces, chat: [Vec::new(), Vec::new()] };
        let control: HashMap<&str, u32> = tokens
            .iter()
            .zip(0..)
            .filter(|(_, id)| control[*id as usize])
            .map(|(token, id)| (*token, id))
            .collect();
        tokenizer.chat = tokenizer.chat_frame(gguf.string("tokenizer.chat_template")?, &control)?;
        Ok(tokenizer)
    }

    /// Number of tokens in the vocabulary.
    pub fn vocabulary(&self) -> usize {
        self.pieces.ends.len()
    }

    /// Encodes plain text; control tokens are never produced. Bytes for which the vocabulary has
    /// no token are left out.
    ///
    /// # Errors
    /// `model-tokenizer` when the vocabulary's rules fail.
    pub fn encode(&self, text: &str) -> Result<Tokens> {
        let mut ids = Vec::new();
        for piece in pieces(text, PIECE, LONGEST) {
            let piece = &text[piece];
            let encoded =
                self.inner.encode_fast(piece, false).map_err(|e| broken(e.to_string()))?;
            ids.extend(encoded.get_ids().iter().filter(|id| self.is_token(**id)));
        }
        Ok(Tokens { ids, starts: Vec::new() })
    }

    /// Encodes plain text and says where each token begins.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_with_starts(&self, text: &str) -> Result<Tokens> {
        let mut tokens = Tokens { ids: Vec::new(), starts: Vec::new() };
        for piece in pieces(text, PIECE, LONGEST) {
            let encoded = self.inner.encode(&text[piece.clone()], false);
            let encoded = encoded.map_err(|e| broken(e.to_string()))?;
            for (id, (start, _)) in encoded.get_ids().iter().zip(encoded.get_offsets()) {
                if self.is_token(*id) {
                    tokens.ids.push(*id);
                    tokens.starts.push(piece.start + start);
                }
            }
        }
        Ok(tokens)
    }

    /// A conversation in which the person has said `text` and the model is about to answer.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn chat(&self, text: &str) -> Result<Vec<u32>> {
        let [before, after] = &self.chat;
        Ok([before, &self.encode(text)?.ids, after].into_iter().flatten().copied().collect())
    }

    /// Tokens that [`Self::chat`] adds to the text.
    pub fn chat_overhead(&self) -> usize {
        self.chat.iter().map(Vec::len).sum()
    }

    /// Whether the model ends its answer with this token.
    pub fn ends_answer(&self, id: u32) -> bool {
        self.piece(id).is_none()
    }

    /// Whether the vocabulary has this id: a byte without a token has one past its end.
    fn is_token(&self, id: u32) -> bool {
        (id as usize) < self.pieces.ends.len()
    }

    /// The bytes of a token, `None` for control tokens and ids outside of the vocabulary.
    fn piece(&self, id: u32) -> Option<&[u8]> {
        let Pieces { bytes, ends } = &self.pieces;
        let id = id as usize;
        let start = if id == 0 { 0 } else { *ends.get(id - 1)? };
        let piece = &bytes[start as usize..*ends.get(id)? as usize];
        (!piece.is_empty()).then_some(piece)
    }

    /// Renders the template around a placeholder and encodes what stands before and after it.
    fn chat_frame(&self, template: &str, control: &HashMap<&str, u32>) -> Result<[Vec<u32>; 2]> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(TEMPLATE_STEPS));
        let rendered = environment
            .render_str(
                template,
                context! {
                    messages => [context! { role => "user", content => PLACEHOLDER }],
                    add_generation_prompt => true,
                },
            )
            .map_err(|e| broken(format!("its chat template fails: {e:#}")))?;
        let Some((before, after)) = rendered.split_once(PLACEHOLDER) else {
            return Err(broken("its chat template leaves the message out".into()));
        };
        let encode = |text: &str| -> Result<Vec<u32>> {
            let mut ids = Vec::new();
            let mut rest = text;
            loop {
                let found = control
                    .iter()
                    .filter_map(|(token, id)| Some((rest.find(token)?, token.len(), *id)))
                    .min_by_key(|(at, len, _)| (*at, usize::MAX - len));
                let Some((at, len, id)) = found else {
                    ids.extend(self.encode(rest)?.ids);
                    return Ok(ids);
                };
                ids.extend(self.encode(&rest[..at])?.ids);
                ids.push(id);
                rest = &rest[at + len..];
            }
        };
        Ok([encode(before)?, encode(after)?])
    }
}

/// Turns tokens into text as they come, never half a character.
#[derive(Debug, Default)]
pub struct TextStream {
    pending: Vec<u8>,
}

impl TextStream {
    /// Adds a token and returns the text that is complete by now; it may be empty.
    pub fn push(&mut self, tokenizer: &Tokenizer, id: u32) -> String {
        self.pending.extend_from_slice(tokenizer.piece(id).unwrap_or_default());
        let mut text = String::new();
        let mut used = 0;
        for chunk in self.pending.utf8_chunks() {
            text.push_str(chunk.valid());
            used += chunk.valid().len();
            let invalid = chunk.invalid();
            if used + invalid.len() == self.pending.len() && begins_character(invalid) {
                break;
            }
            if !invalid.is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
                used += invalid.len();
            }
        }
        self.pending.drain(..used);
        text
    }
}

/// Whether these bytes, which are not UTF-8, could become a character if more bytes followed.
fn begins_character(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => false,
        Err(error) => error.error_len().is_none(),
    }
}

/// Ranges of a text, in order, of at least so many bytes, that end where no token goes on: before white
/// space that follows something else, which every token keeps apart from what is before it. Where there
/// is none they end after so many bytes at most.
fn pieces(text: &str, least: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let from = text.ceil_char_boundary(start + least);
        let mut last_is_space = true;
        let last = text.ceil_char_boundary(start.saturating_add(most));
        let end = text[from..last].char_indices().find(|(_, c)| {
            let ends = c.is_whitespace() && !last_is_space;
            last_is_space = c.is_whitespace();
            ends
        });
        let piece = start..end.map_or(last, |(at, _)| from + at);
        start = piece.end;
        (!piece.is_empty()).then_some(piece)
    })
}

fn control_tokens<R: Read + Seek>(gguf: &Gguf<R>, tokens: usize) -> Result<Vec<bool>> {
    let types = match gguf.get("tokenizer.ggml.token_type") {
        Some(Value::Array(types)) if types.len() == tokens => types,
        _ => {
            let (key, expected) = ("tokenizer.ggml.token_type".into(), "one integer a token");
            return Err(Error::ModelMissingKey { key, expected });
        }
    };
    Ok(types
        .iter()
        .map(|t| match t {
            Value::I32(t) => i64::from(*t) == CONTROL,
            Value::U32(t) => i64::from(*t) == CONTROL,
            _ => false,
        })
        .collect())
}

/// GPT-2's printable stand-ins for bytes: printable Latin-1 characters stand for themselves, the
/// other bytes for the characters from U+0100 on, in order.
/// (`bytes_to_unicode` of <https://github.com/openai/gpt-2/blob/master/src/encoder.py>)
fn byte_characters() -> HashMap<char, u8> {
    let printable = |b: &u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let others = (0..=u8::MAX).filter(|b| !printable(b));
    let others = others.zip(0x100u32..).filter_map(|(b, c)| Some((char::from_u32(c)?, b)));
    (0..=u8::MAX).filter(printable).map(|b| (char::from(b), b)).chain(others).collect()
}

fn broken(reason: String) -> Error {
    Error::ModelTokenizer { reason }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::Value;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    const MODEL: &[u8] = include_bytes!("../tests/fixtures/tiny.gguf");
    const RECORD: &str = include_str!("../tests/fixtures/golden-tiny.json");

    /// Where a text may be cut its tokens are those of its parts, for every string that is recorded.
    #[wasm_bindgen_test(unsupported = test)]
    fn pieces_have_the_tokens_of_the_whole() {
        let gguf = Gguf::open(Cursor::new(MODEL)).expect("the fixture");
        let tokenizer = Tokenizer::from_gguf(&gguf).expect("its vocabulary");
        let record: Value = serde_json::from_str(RECORD).expect("a record");
        let strings = record["strings"].as_array().expect("strings");
        let strings = strings.iter().filter_map(|string| string["text"].as_str());
        let mut cuts = 0;
        // All by themselves, and all together.
        let together = strings.clone().collect::<String>();
        for text in strings.chain([together.as_str()]) {
            for least in [1, 2, 7] {
                let pieces: Vec<_> = pieces(text, least, usize::MAX).collect();
                assert_eq!(pieces.iter().map(|p| &text[p.clone()]).collect::<String>(), text);
                cuts += pieces.len().saturating_sub(1);
                let ids = |text: &str| tokenizer.encode(text).expect("plain text").ids;
                let parts = pieces.into_iter().flat_map(|piece| ids(&text[piece]));
                assert_eq!(parts.collect::<Vec<_>>(), ids(text), "{text:?} by {least}");
            }
        }
        assert!(cuts > 500, "{cuts}");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn pieces_end_without_a_border() {
        let text = "é".repeat(10) + " a";
        let ends = |most| pieces(&text, 4, most).map(|piece| piece.end).collect::<Vec<_>>();
        assert_eq!(ends(9), [10, 20, 22]);
        assert_eq!(ends(100), [20, 22]);
    }
}
