//! Model files that are wrong in one place or a few.

use arbitrary::Arbitrary;
use candle_core::quantized::gguf_file::Value;

use crate::common::gguf::File;

/// Files that load.
const GOOD: [&[u8]; 5] = [
    include_bytes!("../../tests/fixtures/tiny.gguf"),
    include_bytes!("../../tests/fixtures/tiny-gemma3.gguf"),
    include_bytes!("../../tests/fixtures/tiny-llama3.gguf"),
    include_bytes!("../../tests/fixtures/tiny-qwen2.gguf"),
    include_bytes!("../../tests/fixtures/tiny-qwen3.gguf"),
];

/// A value of a file's metadata.
#[derive(Debug, Arbitrary)]
pub enum AnyValue {
    U32(u32),
    Small(u8),
    U64(u64),
    I32(i32),
    F32(f32),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    Numbers(Vec<f32>),
}

impl AnyValue {
    fn value(self) -> Value {
        match self {
            Self::U32(number) => Value::U32(number),
            Self::Small(number) => Value::U32(number.into()),
            Self::U64(number) => Value::U64(number),
            Self::I32(number) => Value::I32(number),
            Self::F32(number) => Value::F32(number),
            Self::Bool(is) => Value::Bool(is),
            Self::Text(text) => Value::String(text),
            Self::Texts(texts) => Value::Array(texts.into_iter().map(Value::String).collect()),
            Self::Numbers(numbers) => Value::Array(numbers.into_iter().map(Value::F32).collect()),
        }
    }
}

/// One change to a file. Keys, tensors and items are named by their number.
#[derive(Debug, Arbitrary)]
enum Edit {
    Remove { key: u8 },
    Set { key: u8, value: AnyValue },
    Add { key: String, value: AnyValue },
    Item { key: u8, item: u16, value: AnyValue },
    RemoveTensor { tensor: u8 },
    Tensor { tensor: u8, change: TensorEdit },
    Byte { at: u32, to: u8 },
    Cut { bytes: u16 },
}

/// One change to what a file says of a tensor.
#[derive(Debug, Arbitrary)]
enum TensorEdit {
    Name(String),
    Shape(Vec<u16>),
    HugeShape([u64; 2]),
    Format(u8),
    Place(u32),
}

/// Changes to one of the good files.
#[derive(Debug, Arbitrary)]
pub struct Edits {
    file: u8,
    edits: Vec<Edit>,
}

impl Edits {
    /// The changed file.
    pub fn file(self) -> File {
        thread_local!(static FILES: [File; 5] = GOOD.map(File::read));
        let mut file = FILES.with(|files| files[usize::from(self.file) % files.len()].clone());
        self.edits.into_iter().for_each(|edit| apply(&mut file, edit));
        file
    }
}

/// The place in a list that a number stands for; none in an empty list.
fn place(number: impl Into<usize>, length: usize) -> Option<usize> {
    number.into().checked_rem(length)
}

fn apply(file: &mut File, edit: Edit) {
    let keys = file.metadata.len();
    let tensors = file.tensors.len();
    match edit {
        Edit::Remove { key } => drop(place(key, keys).map(|at| file.metadata.remove(at))),
        Edit::Set { key, value } => {
            if let Some(at) = place(key, keys) {
                file.metadata[at].1 = value.value();
            }
        }
        Edit::Add { key, value } => file.metadata.push((key, value.value())),
        Edit::Item { key, item, value } => {
            let list = place(key, keys).map(|at| &mut file.metadata[at].1);
            if let Some(Value::Array(items)) = list
                && let Some(at) = place(item, items.len())
            {
                items[at] = value.value();
            }
        }
        Edit::RemoveTensor { tensor } => {
            drop(place(tensor, tensors).map(|at| file.tensors.remove(at)));
        }
        Edit::Tensor { tensor, change } => {
            let Some(at) = place(tensor, tensors) else { return };
            let entry = &mut file.tensors[at];
            match change {
                TensorEdit::Name(name) => entry.name = name,
                TensorEdit::Shape(dims) => entry.dims = dims.into_iter().map(u64::from).collect(),
                TensorEdit::HugeShape(dims) => entry.dims = dims.to_vec(),
                TensorEdit::Format(kind) => entry.kind = kind.into(),
                TensorEdit::Place(offset) => entry.offset = offset.into(),
            }
        }
        Edit::Byte { at, to } => {
            if let Some(at) = place(at as usize, file.data.len()) {
                file.data[at] = to;
            }
        }
        Edit::Cut { bytes } => {
            let left = file.data.len().saturating_sub(bytes.into());
            file.data.truncate(left);
        }
    }
}

thread_local! {
    /// The tokens of one letter in a vocabulary of GPT-2's kind: each stands for a byte.
    static LETTERS: Vec<String> = match File::tiny().metadata.into_iter().find(|(key, _)| key.ends_with(".tokens")) {
        Some((_, Value::Array(tokens))) => tokens
            .iter()
            .filter_map(|token| token.to_string().ok().cloned())
            .filter(|token| token.chars().count() == 1)
            .collect(),
        _ => panic!("the fixture has tokens"),
    };
}

/// A tokenizer's part of a file.
#[derive(Debug, Arbitrary)]
pub struct Vocabulary {
    sentence_piece: bool,
    /// Whether it has a token for (nearly) each byte, so that any text can be encoded.
    bytes: bool,
    pre: u8,
    tokens: Vec<String>,
    kinds: Vec<u8>,
    scores: Vec<f32>,
    merges: Vec<(u8, u8)>,
    begin: Option<u8>,
    template: Option<String>,
}

impl Vocabulary {
    /// A file with this vocabulary and nothing else.
    pub fn file(self) -> File {
        let mut tokens = self.tokens;
        let mut kinds: Vec<i32> = self.kinds.into_iter().map(i32::from).collect();
        kinds.resize(tokens.len(), 1);
        if self.bytes {
            if self.sentence_piece {
                tokens.extend((0..=255_u8).map(|byte| format!("<0x{byte:02X}>")));
                kinds.resize(tokens.len(), 6);
            } else {
                tokens.extend(LETTERS.with(Vec::clone));
                kinds.resize(tokens.len(), 1);
            }
        }
        let mut scores = self.scores;
        scores.resize(tokens.len(), 0.0);
        let merges = self.merges.into_iter().map(|(one, other)| {
            let token = |at: u8| tokens.get(usize::from(at)).map_or("", String::as_str);
            Value::String(format!("{} {}", token(one), token(other)))
        });
        let merges = merges.collect();
        let names = ["gpt-2", "smollm", "qwen2", "llama-bpe", "default", "none"];
        let name = |key: &str| format!("tokenizer.ggml.{key}");
        let model = if self.sentence_piece { "llama" } else { "gpt2" };
        let file =
            File { version: 3, metadata: vec![], tensors: vec![], alignment: 32, data: vec![] }
                .set(&name("model"), Value::String(model.into()))
                .set(&name("pre"), Value::String(names[usize::from(self.pre) % names.len()].into()))
                .set(&name("token_type"), Value::Array(kinds.into_iter().map(Value::I32).collect()))
                .set(&name("scores"), Value::Array(scores.into_iter().map(Value::F32).collect()))
                .set(&name("merges"), Value::Array(merges))
                .set(
                    &name("tokens"),
                    Value::Array(tokens.into_iter().map(Value::String).collect()),
                );
        let begin = |file: File, id: u8| file.set(&name("bos_token_id"), Value::U32(id.into()));
        let chat =
            |file: File, template| file.set("tokenizer.chat_template", Value::String(template));
        let file = self.begin.into_iter().fold(file, begin);
        self.template.into_iter().fold(file, chat)
    }
}
