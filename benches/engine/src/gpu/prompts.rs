//! Whole prompts: beginnings of the benchmark document, and all of it in one exact pass.

use std::fs::File;
use std::time::Instant;

use anyhow::{Context, Result};
use precis::backend::Backend;
use precis::engine::Engine;
use precis::host::native::{Native, block_on};
use precis::measure::stats::Spread;
use serde::Serialize;

use crate::Effort;

const ARTICLE: &str = include_str!("../../../../tests/fixtures/article.md");

/// Tokens of the first prompt, which warms up and predicts the time of others.
const FIRST: usize = 128;

/// Results of one prompt.
#[derive(Serialize)]
pub struct Prompt {
    pub tokens: usize,
    /// Whether positions exceed the trained context, by YaRN.
    pub extended: bool,
    /// Tokens per second.
    pub prefill: Spread,
    /// Time to encode and read the text, until the first token is known.
    pub first_token_ms: Spread,
    /// Tokens per second.
    pub decode: Spread,
    /// GPU memory of weights, keys, values and buffers.
    pub gpu_bytes: Option<u64>,
    /// Why it was not measured.
    pub left_out: Option<String>,
}

/// The 40k-token workload, composed as in tests/oracle/record.py.
fn document() -> String {
    let iterations: String =
        (1..=8).map(|i| format!("## Iteration {i} of 8\n\n{ARTICLE}\n\n")).collect();
    format!(
        "# 40K Token Benchmark Prompt\n\n{iterations}\
         Based on all the above content, provide a brief one-sentence summary.\n"
    )
}

/// Measures every length that fits the limit.
pub fn measure(engine: &mut Engine<File>, effort: &Effort) -> Result<Vec<Prompt>> {
    let host = Native::new(|_| ());
    let text = document();
    let tokens = engine.tokenizer().encode_with_starts(&text)?;
    let whole = tokens.ids.len();
    let mut lengths = effort.tokens.clone();
    lengths.retain(|length| (1..whole).contains(length));
    lengths.push(whole);
    let context = engine.config().context;

    let first = FIRST.min(whole);
    let mut seconds = 0.0;
    for _ in 0..2 {
        let measured = block_on(engine.measure(&tokens.ids[..first], 1, false, &host))?;
        seconds = measured.prefill.ms.context("the clock moves")? / 1000.0;
    }
    let mut longest = (first, seconds);
    let mut decoding = None;
    let mut prompts = Vec::new();
    for length in lengths {
        // From multiply-adds; an upper bound, since larger prompts use a GPU better.
        let read = longest.1 * macs(engine, length) / macs(engine, longest.0);
        let expected = read + decoding.unwrap_or(0.0);
        let mut prompt = Prompt {
            tokens: length,
            extended: length + effort.decode_tokens > context,
            prefill: Spread::default(),
            first_token_ms: Spread::default(),
            decode: Spread::default(),
            gpu_bytes: None,
            left_out: None,
        };
        let Some(times) = effort.times(expected) else {
            prompt.left_out = Some(effort.too_long(expected));
            prompts.push(prompt);
            continue;
        };
        let beginning = &text[..tokens.starts.get(length).copied().unwrap_or(text.len())];
        let (mut prefill, mut first_token, mut decode) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..times.uncounted + times.counted {
            eprintln!("{length} tokens, {} of {}", i + 1, times.uncounted + times.counted);
            let started = Instant::now();
            engine.tokenizer().encode(beginning)?;
            let encoding = started.elapsed().as_secs_f64() * 1000.0;
            let ids = &tokens.ids[..length];
            let measured = block_on(engine.measure(ids, effort.decode_tokens, false, &host))?;
            let ms = measured.prefill.ms.context("the clock moves")?;
            longest = (length, ms / 1000.0);
            decoding = measured.decode.ms.map(|ms| ms / 1000.0);
            if i >= times.uncounted {
                prefill.extend(measured.prefill.tokens_per_second);
                first_token.push(encoding + ms);
                decode.extend(measured.decode.tokens_per_second);
            }
        }
        prompt.prefill = Spread::of(prefill);
        prompt.first_token_ms = Spread::of(first_token);
        prompt.decode = Spread::of(decode);
        prompt.gpu_bytes = engine.gpu().and_then(Backend::device_bytes);
        prompts.push(prompt);
    }
    Ok(prompts)
}

/// Multiply-adds to read `tokens` tokens.
fn macs(engine: &mut Engine<File>, tokens: usize) -> f64 {
    let linear = (engine.linear_macs() * tokens) as f64;
    let config = engine.config();
    linear + config.attention.macs(0, tokens)
}
