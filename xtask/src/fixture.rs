//! Writes `tests/fixtures/tiny.gguf`: a random two-layer model with the real one's shape of file.
//!
//! The tests run on it where the 98 MB model would be too slow or is not there. It keeps every property that the loader
//! and the forward pass depend on (architecture, quant types, tied embedding, grouped heads, metadata keys, a byte-level
//! vocabulary with control tokens), and leaves out only the size. Everything is derived from constants in this file with
//! integer and f32 arithmetic, so the same bytes come out on every machine.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};

const LAYERS: usize = 2;
const WIDTH: usize = 64;
const FEED_FORWARD: usize = 96;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const HEAD_WIDTH: usize = WIDTH / HEADS;
const CONTEXT: u32 = 512;
const VOCABULARY: usize = 512;
/// Found by trial among 80: the greedy tokens that are recorded are varied, hold no control token, are the same whether
/// llama.cpp rounds activations or not, and each leads the second best by more than 0.02.
const SEED: u64 = 27;

/// Ids 0, 1 and 2 are the ones that the real model gives these tokens.
const CONTROL_TOKENS: [&str; 5] =
    ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<file_sep>"];
const TOKEN_TYPE_NORMAL: i32 = 1;
const TOKEN_TYPE_CONTROL: i32 = 3;
/// llama.cpp's number for "mostly Q4_1".
const FILE_TYPE_Q4_1: u32 = 3;

const CHAT_TEMPLATE: &str = "{% for message in messages %}\
{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a tiny model in a test<|im_end|>\n' }}{% endif %}\
{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}\
{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// What the merges are learned from. Ordinary prose, so that ordinary prose is split into a few letters a token.
const TRAINING_TEXT: &str = "\
The reader opens a long document and wants to know what is in it. The page reads the text in chunks, and the time that \
each chunk takes is written down where the work was done. When the last chunk has been read, the model begins to write \
a short summary of the whole. Nothing that the reader has pasted leaves the device: the weights are fetched once, kept \
in local storage, and checked against a hash before they are used again. \
A service is a small program with one task. It runs in its own process, and other services talk to it over the network \
with messages. The architecture of a large application is the sum of such decisions: which component owns which data, \
how a request finds its way through the system, what happens when a part of it is slow or has failed, and how a change \
is deployed without stopping the others. Testing, monitoring and deployment are part of the design. Performance is \
measured before it is improved, because an implementation that looks fast is often not. Caching reduces the number of \
requests to the database; replication makes reading cheaper and writing more expensive; consistency has a price. \
Security is everyone's concern: authentication says who someone is, authorization says what they're allowed to do, and \
encryption keeps the information private while it is in transit. Developers shouldn't trust input from outside. \
I'm not sure that it's the best solution, but we'll see; if they've a better one, we'd use it. This is an example of \
the kind of sentence that the test reads. There are others, for instance this one, and then there is the conclusion: \
software that is simple to understand is simple to change, and software that is changed with care stays simple. \
Distributed systems are different. Each machine keeps its own state, messages between machines may be lost or arrive \
twice, and no clock is common to all. Patterns for these conditions are well understood: queues between producers and \
consumers, transactions that are undone by compensating actions, timeouts with a limited number of retries, and \
circuit breakers that stop calling a service which does not answer. Good interfaces hide the internal structure of a \
module, so that the implementation can be replaced independently. Containers and orchestration platforms provide \
isolation, scaling and automated recovery; continuous integration builds and tests every change. Logs, metrics and \
traces make the behavior of the whole observable. Teams should organize around business capabilities and have the \
responsibility for what they develop, from the first requirement to operation in production.";

/// Writes the model to `path`, replacing what is there.
///
/// # Errors
/// If the file cannot be written, or the training text yields too few merges to fill the vocabulary.
pub fn write_tiny(path: &Path) -> Result<()> {
    let vocabulary = Vocabulary::train(TRAINING_TEXT)?;
    let metadata = metadata(&vocabulary);
    let tensors = tensors()?;
    let metadata: Vec<_> = metadata.iter().map(|(name, value)| (*name, value)).collect();
    let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let mut writer = BufWriter::new(file);
    gguf_file::write(&mut writer, &metadata, &tensors)?;
    writer.into_inner().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

/// The keys of the real file, in its order.
fn metadata(vocabulary: &Vocabulary) -> Vec<(&'static str, Value)> {
    let text = |s: &str| Value::String(s.to_owned());
    let size = |n: usize| Value::U32(n as u32);
    let texts = |all: &[String]| Value::Array(all.iter().map(|s| text(s)).collect());
    let token_types = (0..vocabulary.tokens.len())
        .map(|id| {
            Value::I32(if id < CONTROL_TOKENS.len() {
                TOKEN_TYPE_CONTROL
            } else {
                TOKEN_TYPE_NORMAL
            })
        })
        .collect();
    vec![
        ("general.architecture", text("llama")),
        ("general.type", text("model")),
        ("general.name", text("Tiny test model")),
        ("general.basename", text("tiny")),
        ("general.size_label", text("130K")),
        ("general.license", text("mit")),
        ("general.languages", texts(&["en".to_owned()])),
        ("llama.block_count", size(LAYERS)),
        ("llama.context_length", Value::U32(CONTEXT)),
        ("llama.embedding_length", size(WIDTH)),
        ("llama.feed_forward_length", size(FEED_FORWARD)),
        ("llama.attention.head_count", size(HEADS)),
        ("llama.attention.head_count_kv", size(KV_HEADS)),
        ("llama.rope.freq_base", Value::F32(10_000.0)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("general.file_type", Value::U32(FILE_TYPE_Q4_1)),
        ("llama.vocab_size", size(VOCABULARY)),
        ("llama.rope.dimension_count", size(HEAD_WIDTH)),
        ("tokenizer.ggml.add_space_prefix", Value::Bool(false)),
        ("tokenizer.ggml.add_bos_token", Value::Bool(false)),
        ("tokenizer.ggml.model", text("gpt2")),
        ("tokenizer.ggml.pre", text("smollm")),
        ("tokenizer.ggml.tokens", texts(&vocabulary.tokens)),
        ("tokenizer.ggml.token_type", Value::Array(token_types)),
        ("tokenizer.ggml.merges", texts(&vocabulary.merges)),
        ("tokenizer.ggml.bos_token_id", Value::U32(1)),
        ("tokenizer.ggml.eos_token_id", Value::U32(2)),
        ("tokenizer.ggml.unknown_token_id", Value::U32(0)),
        ("tokenizer.ggml.padding_token_id", Value::U32(2)),
        ("tokenizer.chat_template", text(CHAT_TEMPLATE)),
        ("general.quantization_version", Value::U32(2)),
    ]
}

/// Names and weights, `[out, in]`. The spreads keep each layer's contribution well above the residual that it is added
/// to: with a tied embedding a dominant residual would make the model repeat its last token for ever.
fn tensors() -> Result<Vec<(String, QTensor)>> {
    const KV_WIDTH: usize = KV_HEADS * HEAD_WIDTH;
    const LINEAR: GgmlDType = GgmlDType::Q4_1;
    let mut random = Random(SEED);
    let mut tensors = vec![(
        "token_embd.weight".to_owned(),
        matrix(&mut random, VOCABULARY, WIDTH, 0.3, GgmlDType::Q8_0)?,
    )];
    for layer in 0..LAYERS {
        let mut push =
            |name: &str, tensor| tensors.push((format!("blk.{layer}.{name}.weight"), tensor));
        push("attn_norm", norm(&mut random)?);
        push("ffn_down", matrix(&mut random, WIDTH, FEED_FORWARD, 0.25, LINEAR)?);
        push("ffn_gate", matrix(&mut random, FEED_FORWARD, WIDTH, 0.2, LINEAR)?);
        push("ffn_up", matrix(&mut random, FEED_FORWARD, WIDTH, 0.2, LINEAR)?);
        push("ffn_norm", norm(&mut random)?);
        push("attn_k", matrix(&mut random, KV_WIDTH, WIDTH, 0.13, LINEAR)?);
        push("attn_output", matrix(&mut random, WIDTH, WIDTH, 0.25, LINEAR)?);
        push("attn_q", matrix(&mut random, WIDTH, WIDTH, 0.13, LINEAR)?);
        push("attn_v", matrix(&mut random, KV_WIDTH, WIDTH, 0.2, LINEAR)?);
    }
    tensors.push(("output_norm.weight".to_owned(), norm(&mut random)?));
    Ok(tensors)
}

/// Elements of the given standard deviation about a mean that is not 0, so that a forgotten minimum term of Q4_1 shows.
fn matrix(
    random: &mut Random,
    rows: usize,
    columns: usize,
    deviation: f32,
    dtype: GgmlDType,
) -> Result<QTensor> {
    let values: Vec<f32> =
        (0..rows * columns).map(|_| deviation * (random.normal() + 0.05)).collect();
    Ok(QTensor::quantize(&Tensor::from_vec(values, (rows, columns), &Device::Cpu)?, dtype)?)
}

/// Gains from 0.5 to 1.5: far enough from 1 that a forgotten gain shows.
fn norm(random: &mut Random) -> Result<QTensor> {
    let values: Vec<f32> = (0..WIDTH).map(|_| 0.5 + random.uniform()).collect();
    Ok(QTensor::quantize(&Tensor::from_vec(values, WIDTH, &Device::Cpu)?, GgmlDType::F32)?)
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1), of 24 bits: exact in f32.
    fn uniform(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    /// Nearly normal, mean 0 and variance 1: the sum of 12 uniforms. Box–Muller's logarithm and cosine differ in the
    /// last bit from one platform's library to the next; a sum does not.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }
}

/// Byte-level BPE: control tokens, the 256 bytes, then one token a merge.
struct Vocabulary {
    tokens: Vec<String>,
    /// "left right", the earliest learned first.
    merges: Vec<String>,
}

impl Vocabulary {
    /// Learns the most frequent adjacent pair, over and over (Sennrich, Haddow and Birch, 2016). Ties go to the pair that
    /// sorts first, which makes the outcome independent of the hash map's order.
    fn train(text: &str) -> Result<Self> {
        let mut tokens: Vec<String> = CONTROL_TOKENS.map(str::to_owned).into();
        tokens.extend((0..=255).map(|byte| byte_symbol(byte).to_string()));
        let mut merges = Vec::new();
        let mut words = words(text);
        while tokens.len() < VOCABULARY {
            let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
            for pair in words.iter().flat_map(|word| word.windows(2)) {
                *counts.entry((&pair[0], &pair[1])).or_default() += 1;
            }
            let best = counts.into_iter().max_by(|(a, m), (b, n)| m.cmp(n).then_with(|| b.cmp(a)));
            let Some(((left, right), count)) = best else {
                break;
            };
            if count < 2 {
                break;
            }
            let (left, right) = (left.to_owned(), right.to_owned());
            for word in &mut words {
                merge(word, &left, &right);
            }
            merges.push(format!("{left} {right}"));
            tokens.push(left + &right);
        }
        ensure!(
            tokens.len() == VOCABULARY,
            "the training text yields {} tokens, not {VOCABULARY}",
            tokens.len()
        );
        Ok(Self { tokens, merges })
    }
}

/// Replaces every `left` followed by `right` with the two joined.
fn merge(word: &mut Vec<String>, left: &str, right: &str) {
    let mut at = 0;
    while at + 1 < word.len() {
        if word[at] == left && word[at + 1] == right {
            let tail = word.remove(at + 1);
            word[at].push_str(&tail);
        }
        at += 1;
    }
}

/// The text as words in byte symbols. A word is letters, with the one space before it; anything else stands alone. That is
/// narrower than the pre-tokenizer's rule, so no merge learned here can cross one of its boundaries.
fn words(text: &str) -> Vec<Vec<String>> {
    let mut words: Vec<Vec<String>> = Vec::new();
    let mut previous = '\n';
    for character in text.chars() {
        let continues =
            character.is_ascii_alphabetic() && (previous.is_ascii_alphabetic() || previous == ' ');
        if !continues {
            words.push(Vec::new());
        }
        let mut buffer = [0; 4];
        let symbols =
            character.encode_utf8(&mut buffer).bytes().map(|byte| byte_symbol(byte).to_string());
        words.last_mut().expect("the first character starts a word").extend(symbols);
        previous = character;
    }
    words
}

/// The printable character that stands for a byte in GPT-2's vocabularies: itself where it prints in Latin-1, and the
/// rest in order from U+0100 on.
fn byte_symbol(byte: u8) -> char {
    let prints = |b: u8| matches!(b, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    if prints(byte) {
        return byte as char;
    }
    let rank = (0..byte).filter(|&b| !prints(b)).count() as u32;
    char::from_u32(0x100 + rank).expect("below the surrogates")
}
