//! Text to token ids and back, from the vocabulary and chat template in a GGUF file.
//!
//! Document text is always plain text: strings of control tokens (`<|im_end|>`) in it are encoded
//! as ordinary tokens, so that a document can't end its own turn in a chat. Only the chat template
//! produces control tokens.

mod byte_level;
pub mod chat_template;
mod sentence_piece;
mod split;
mod text_stream;
mod vocabulary;

use std::collections::HashMap;
use std::io::{Read, Seek};
use std::ops::Range;

use candle_core::quantized::gguf_file::Value;

use self::byte_level::ByteLevel;
use self::sentence_piece::SentencePiece;
pub use self::text_stream::TextStream;
use self::vocabulary::{Part, Pieces, Whole};
use crate::error::{Error, Result};
use crate::lm::gguf::Gguf;

/// Replaces the user's text while the chat template is rendered; private-use characters that no
/// template contains.
const PLACEHOLDER: &str = "\u{F8FF}\u{E123}\u{F8FF}";

/// What some templates begin an answer with, although they are told not to.
const THINK: &str = "<think>";

/// The end of empty thoughts, as Qwen3's template writes it.
const THOUGHT: &str = "\n\n</think>\n\n";

/// A long text is cut into parts of this many bytes, at the next boundary.
const PIECE: usize = 1 << 14;

/// Text without a boundary is cut at this length, which may change its tokens. Normal text has
/// white space; text without any must not take all memory.
const LONGEST: usize = 4 * PIECE;

/// A model's vocabulary and chat format.
pub struct Tokenizer {
    encoder: Encoder,
    pieces: Pieces,
    whole: Whole,
    /// First token of every prompt.
    bos: Option<u32>,
    /// Tokens before and after the user's text in a single-turn chat, if the file has a template.
    chat: Option<[Vec<u32>; 2]>,
}

/// How text becomes ids.
enum Encoder {
    ByteLevel(Box<ByteLevel>),
    SentencePiece(SentencePiece),
}

/// `tokenizer.ggml.token_type`: the purpose of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text.
    Normal,
    /// Represents no text, or unknown text.
    Control,
    /// Text that is never part of another token.
    Whole,
    /// One byte, written as `<0x0A>`.
    Byte,
}

/// Pieces of a long text that are encoded before others may run, or the run may be cancelled.
const TURN: usize = 4;

/// Tokens of a text and their start offsets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tokens {
    /// Token ids.
    pub ids: Vec<u32>,
    /// The byte offset at which each token begins, not decreasing.
    pub starts: Vec<usize>,
}

impl Tokenizer {
    /// Builds the tokenizer described by the file.
    ///
    /// # Errors
    /// `model-missing-key` for absent keys, `model-tokenizer` for a vocabulary that is unsupported
    /// or contradicts itself.
    pub fn from_gguf<R: Read + Seek>(gguf: &Gguf<R>) -> Result<Self> {
        let tokens = gguf.strings("tokenizer.ggml.tokens")?;
        let template = match gguf.get("tokenizer.chat_template") {
            Some(_) => Some(gguf.string("tokenizer.chat_template")?),
            None => None,
        };
        let kinds = kinds(gguf, &tokens, template.unwrap_or_default())?;
        let (encoder, pieces) = match gguf.string("tokenizer.ggml.model")? {
            "gpt2" => {
                let (encoder, pieces) = ByteLevel::from_gguf(gguf, &tokens, &kinds)?;
                (Encoder::ByteLevel(Box::new(encoder)), pieces)
            }
            "llama" => {
                let (encoder, pieces) = SentencePiece::from_gguf(gguf, &tokens, &kinds)?;
                (Encoder::SentencePiece(encoder), pieces)
            }
            other => {
                let reason = format!("its kind is {other}, and only gpt2 and llama are supported");
                return Err(broken(reason));
            }
        };
        let control: HashMap<&str, u32> = tokens
            .iter()
            .zip(0..)
            .filter(|(_, id)| kinds[*id as usize] == Kind::Control)
            .map(|(token, id)| (*token, id))
            .collect();
        let special = |name: &str| {
            let id = gguf.integer(&format!("tokenizer.ggml.{name}_token_id")).ok();
            id.and_then(|id| Some((u32::try_from(id).ok()?, *tokens.get(id)?)))
        };
        // SentencePiece vocabularies have one unless the file says otherwise.
        let begins = match gguf.get("tokenizer.ggml.add_bos_token") {
            Some(Value::Bool(begins)) => *begins,
            _ => matches!(encoder, Encoder::SentencePiece(_)),
        };
        let bos = special("bos");
        let whole = Whole::new(&tokens, &kinds)?;
        let mut tokenizer = Self {
            encoder,
            pieces,
            whole,
            bos: bos.filter(|_| begins).map(|(id, _)| id),
            chat: None,
        };
        if let Some(template) = template {
            let names = [bos, special("eos")].map(|token| token.map_or("", |(_, name)| name));
            tokenizer.chat = Some(tokenizer.chat_frame(template, names, &control)?);
        }
        Ok(tokenizer)
    }

    /// Number of tokens in the vocabulary.
    pub fn vocabulary(&self) -> usize {
        self.pieces.ends.len()
    }

    /// Encodes plain text; never produces control tokens. Omits bytes that have no token.
    ///
    /// # Errors
    /// `model-tokenizer` if the vocabulary's rules fail.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let mut ids = Vec::new();
        for part in self.whole.parts(text) {
            match (part, &self.encoder) {
                (Part::Whole(id, _), _) => ids.push(id),
                (Part::Text(range), Encoder::ByteLevel(encoder)) => {
                    encoder.encode(&text[range], &mut ids)?;
                }
                (Part::Text(range), Encoder::SentencePiece(encoder)) => {
                    encoder.encode(&self.pieces, &text[range], |id, _| ids.push(id));
                }
            }
        }
        Ok(ids)
    }

    /// Encodes plain text, with the start of each token.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_with_starts(&self, text: &str) -> Result<Tokens> {
        let mut tokens = Tokens { ids: Vec::new(), starts: Vec::new() };
        let mut push = |id, start| {
            tokens.ids.push(id);
            tokens.starts.push(start);
        };
        for part in self.whole.parts(text) {
            match (part, &self.encoder) {
                (Part::Whole(id, start), _) => push(id, start),
                (Part::Text(range), Encoder::ByteLevel(encoder)) => {
                    let from = range.start;
                    encoder.encode_with_starts(&text[range], |id, start| push(id, from + start))?;
                }
                (Part::Text(range), Encoder::SentencePiece(encoder)) => {
                    let from = range.start;
                    encoder.encode(&self.pieces, &text[range], |id, start| push(id, from + start));
                }
            }
        }
        Ok(tokens)
    }

    /// Parts of a long text that have the tokens of the whole, if they are encoded one by one: what
    /// encodes them may do other things in between. One part where that can't be told.
    pub fn turns(&self, text: &str) -> Vec<Range<usize>> {
        let can_tell = matches!(self.encoder, Encoder::ByteLevel(_))
            && self.whole.parts(text).nth(1).is_none();
        let least = if can_tell { PIECE } else { text.len() };
        let ends = pieces(text, least, least.max(LONGEST)).map(|piece| piece.end);
        let ends = ends.skip(TURN - 1).step_by(TURN).take_while(|end| *end < text.len());
        let ends: Vec<usize> = ends.chain([text.len()]).collect();
        let starts = [0].into_iter().chain(ends.iter().copied());
        starts.zip(ends.iter().copied()).map(|(start, end)| start..end).collect()
    }

    /// A prompt for the model to continue.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn completion(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.bos.into_iter().chain(self.encode(text)?).collect())
    }

    /// A conversation in which the user has said `text` and the model is about to answer.
    ///
    /// # Errors
    /// As [`Self::encode`]; `model-tokenizer` for a model without a chat template.
    pub fn chat(&self, text: &str) -> Result<Vec<u32>> {
        self.chat_of(&self.encode(text)?)
    }

    /// [`Self::chat`] with a text in tokens.
    ///
    /// # Errors
    /// `model-tokenizer` for a model without a chat template.
    pub fn chat_of(&self, text: &[u32]) -> Result<Vec<u32>> {
        let Some([before, after]) = &self.chat else {
            return Err(broken("it has no chat template".into()));
        };
        Ok([before, text, after].into_iter().flatten().copied().collect())
    }

    /// The number of tokens before the person's words in [`Self::chat`].
    pub fn chat_start(&self) -> usize {
        self.chat.as_ref().map_or(0, |[before, _]| before.len())
    }

    /// Whether the file has a chat template.
    pub fn has_chat(&self) -> bool {
        self.chat.is_some()
    }

    /// Maximum number of tokens that [`Self::chat`] or [`Self::completion`] adds to the text.
    pub fn overhead(&self) -> usize {
        self.chat.as_ref().map_or(1, |chat| chat.iter().map(Vec::len).sum())
    }

    /// Whether this token ends an answer.
    pub fn is_eog(&self, id: u32) -> bool {
        self.piece(id).is_none()
    }

    /// The bytes of a token, `None` for control tokens and ids outside of the vocabulary.
    fn piece(&self, id: u32) -> Option<&[u8]> {
        self.pieces.get(id)
    }

    /// Renders the template around a placeholder and encodes the text before and after it.
    fn chat_frame(
        &self,
        template: &str,
        [bos, eos]: [&str; 2],
        control: &HashMap<&str, u32>,
    ) -> Result<[Vec<u32>; 2]> {
        let rendered = chat_template::render(template, PLACEHOLDER, [bos, eos])
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
                    ids.extend(self.encode(rest)?);
                    return Ok(ids);
                };
                ids.extend(self.encode(&rest[..at])?);
                ids.push(id);
                rest = &rest[at + len..];
            }
        };
        let mut before = encode(before)?;
        // Some templates include it, others leave it to the program.
        if let Some(bos) = self.bos.filter(|bos| before.first() != Some(bos)) {
            before.insert(0, bos);
        }
        // A summary should begin at once, not after the model's thoughts.
        let after = match after.trim_end() {
            thinks if thinks.ends_with(THINK) => &format!("{thinks}{THOUGHT}"),
            _ => after,
        };
        Ok([before, encode(after)?])
    }
}

/// Splits a text into ranges of at least `least` bytes that end at token boundaries: before white
/// space after a letter or digit, where no token continues. Without a boundary they end after
/// `most` bytes.
fn pieces(text: &str, least: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let from = text.ceil_char_boundary(start + least);
        let mut last_is_word = false;
        let last = text.ceil_char_boundary(start.saturating_add(most));
        let end = text[from..last].char_indices().find(|(_, c)| {
            let ends = c.is_whitespace() && last_is_word;
            last_is_word = c.is_alphanumeric();
            ends
        });
        let piece = start..end.map_or(last, |(at, _)| from + at);
        start = piece.end;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Texts that end an answer, although some files mark them as ordinary. (`llama_vocab` of llama.cpp
/// also corrects them.)
const ENDS: [&str; 12] = [
    "</s>",
    "<EOT>",
    "_<EOT>",
    "<end_of_turn>",
    "<end_of_utterance>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<|end|>",
    "<|eom_id|>",
    "<|eot_id|>",
    "<|im_end|>",
    "<|return|>",
];

/// The kinds of all tokens. Some files mark the tokens of their chat template as words, which would
/// let a document end its own turn.
fn kinds<R: Read + Seek>(gguf: &Gguf<R>, tokens: &[&str], template: &str) -> Result<Vec<Kind>> {
    let types = match gguf.get("tokenizer.ggml.token_type") {
        Some(Value::Array(types)) if types.len() == tokens.len() => types,
        _ => {
            let (key, expected) = ("tokenizer.ggml.token_type".into(), "one integer a token");
            return Err(Error::ModelMissingKey { key, expected });
        }
    };
    let number = |value: &Value| match value {
        Value::I32(number) => i64::from(*number),
        Value::U32(number) => i64::from(*number),
        _ => 1,
    };
    // (`llama_token_type` of llama.cpp.)
    let kind = |(value, token): (_, &&str)| match number(value) {
        _ if ENDS.contains(token) => Kind::Control,
        2 | 3 => Kind::Control,
        4 if is_mark(token) && template.contains(*token) => Kind::Control,
        4 => Kind::Whole,
        6 => Kind::Byte,
        _ => Kind::Normal,
    };
    Ok(types.iter().zip(tokens).map(kind).collect())
}

/// Whether a token looks like a mark between the turns of a conversation: `<start_of_turn>`, `[INST]`.
fn is_mark(token: &str) -> bool {
    let within = |open, close| token.len() > 2 && token.starts_with(open) && token.ends_with(close);
    within('<', '>') || within('[', ']')
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

    const MODEL: &[u8] = include_bytes!("../../tests/fixtures/tiny.gguf");
    const RECORD: &str = include_str!("../../tests/fixtures/golden-tiny.json");

    /// At every possible cut of every recorded string, the tokens are those of the two parts.
    #[wasm_bindgen_test(unsupported = test)]
    fn pieces_have_the_tokens_of_the_whole() {
        let gguf = Gguf::open(Cursor::new(MODEL)).expect("the fixture");
        let tokenizer = Tokenizer::from_gguf(&gguf).expect("its vocabulary");
        let record: Value = serde_json::from_str(RECORD).expect("a record");
        let strings = record["strings"].as_array().expect("strings");
        let strings = strings.iter().filter_map(|string| string["text"].as_str());
        let mut cuts = 0;
        // Each string alone, and all together.
        let together = strings.clone().collect::<String>();
        for text in strings.chain([together.as_str()]) {
            for least in [1, 2, 7] {
                let pieces: Vec<_> = pieces(text, least, usize::MAX).collect();
                assert_eq!(pieces.iter().map(|p| &text[p.clone()]).collect::<String>(), text);
                cuts += pieces.len().saturating_sub(1);
                let ids = |text: &str| tokenizer.encode(text).expect("plain text");
                let parts = pieces.into_iter().flat_map(|piece| ids(&text[piece]));
                assert_eq!(parts.collect::<Vec<_>>(), ids(text), "{text:?} by {least}");
            }
        }
        assert!(cuts > 400, "{cuts}");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn pieces_end_without_a_border() {
        let text = "é".repeat(10) + " a";
        let ends = |most| pieces(&text, 4, most).map(|piece| piece.end).collect::<Vec<_>>();
        assert_eq!(ends(9), [10, 20, 22]);
        assert_eq!(ends(100), [20, 22]);
    }
}
