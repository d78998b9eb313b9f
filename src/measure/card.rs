//! A result card: what a device showed in one run of the [suite](crate::measure::suite).
//!
//! Its JSON form is the schema `precis.result/1` (docs/precis.result-1.schema.json, generated from
//! these types); docs/measuring.md says how each figure comes about. Cards travel between people,
//! so one that is read is somebody else's data: [`Card::parse`] bounds it and computes everything
//! that follows from its measurements anew.

mod export;
mod judge;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::measure::stats::Spread;
use crate::report::{
    BackendReport, EnvironmentReport, LoadReport, MemoryReport, ModelReport, Peaks, rate, reported,
};

/// Version of the schema.
pub const SCHEMA: &str = "precis.result/1";

/// Bytes of a card's JSON at most: a full run has 100,000.
pub const MAX_BYTES: usize = 1 << 20;

/// Characters of one text in a card at most.
const MAX_TEXT: usize = 600;

/// Entries of one list in a card at most: the chunks of the longest prompt, and to spare.
const MAX_ENTRIES: usize = 4096;

/// Lists and objects within each other at most.
const MAX_DEPTH: usize = 12;

/// How far a configuration's logits may be from the recorded ones: what rounding to 8 bits costs at
/// one position, four times as large as in the mean (tests/common/tolerance.rs).
pub const CERTIFIED: f64 = 3e-3;

/// No figure here is as large.
const MAX_NUMBER: f64 = 1e39;

reported! {
    /// What a device showed in one run of the suite.
    pub struct Card {
        /// [`SCHEMA`].
        pub schema: String,
        /// What the person calls the device.
        pub name: String,
        /// When the run ended: RFC 3339, in UTC.
        pub created: String,
        /// The model that read.
        pub model: ModelReport,
        /// Where it ran.
        pub environment: EnvironmentReport,
        /// How it was measured.
        pub method: Method,
        /// What was measured, side by side: one entry for each way to compute.
        pub configurations: Vec<Configuration>,
        /// Why the figures can't be believed; nothing where they can.
        pub invalid: Vec<String>,
        /// Why they may differ the next time; nothing where they should not.
        pub unsteady: Vec<String>,
    }

    /// How a run of the suite was measured.
    pub struct Method {
        /// `quick`, `standard` or `full`.
        pub suite: String,
        /// Measurements of each figure, after a warm-up that is not counted.
        pub repetitions: usize,
        /// Pause before each measurement.
        pub rest_ms: f64,
        /// Tokens of the benchmark document, whose first so many are the prompts.
        pub document_tokens: usize,
        /// SHA-256 of these token ids as little-endian 32-bit integers.
        pub document_sha256: String,
        /// What was not measured, and why.
        pub left_out: Vec<LeftOut>,
    }

    /// Something that was not measured.
    pub struct LeftOut {
        /// Name of the configuration.
        pub configuration: String,
        /// `prefill of 8192 tokens`.
        pub what: String,
        /// Why.
        pub reason: String,
    }

    /// One way to compute, and what it showed.
    pub struct Configuration {
        /// `wasm-relaxed-simd, 2 threads`.
        pub name: String,
        /// What computed.
        pub backend: BackendReport,
        /// SHA-256 of the WebAssembly module or of the program.
        pub module_sha256: Option<String>,
        /// How the model came into memory.
        pub load: LoadReport,
        /// Where its file was: `network`, `storage` or `disk`.
        pub loaded_from: String,
        /// The smallest step of the clock.
        pub clock_ms: Option<f64>,
        /// Whether it computes what it should.
        pub certificate: Option<Certificate>,
        /// Encoding the benchmark document, in tokens a second.
        pub tokenize: Spread,
        /// Reading, by length.
        pub prefill: Vec<Reading>,
        /// Writing, by length.
        pub decode: Vec<Writing>,
        /// What its kernels do at best.
        pub peak: Peaks,
        /// Memory in use at the end.
        pub memory: MemoryReport,
        /// The same product before each measurement: its best speed, in 10⁹ multiply-adds a second.
        pub pulse: Spread,
        /// Its median speed ÷ its best one, each time: what others take of the device shows here.
        pub undisturbed: Spread,
        /// Documents of 2,048 tokens that could be read, and answered in 64 tokens, in a minute.
        pub score: Option<f64>,
    }

    /// Distance of a configuration's logits from recorded ones.
    pub struct Certificate {
        /// Tokens of the prompt: the first of the benchmark's article.
        pub tokens: usize,
        /// Logits that were compared: all of the last position's.
        pub logits: usize,
        /// Sum of squared differences from llama.cpp's without rounding ÷ sum of squares.
        pub distance: f64,
        /// The largest that passes.
        pub bound: f64,
    }

    /// Reading prompts of one length, with nothing in the cache.
    pub struct Reading {
        /// Length.
        pub tokens: usize,
        /// From the first chunk's start until the first token of an answer is chosen.
        pub first_token_ms: Spread,
        /// `tokens ÷ first_token_ms`, in tokens a second.
        pub tokens_per_second: Spread,
        /// Multiply-adds of the linear layers and of attention for so many tokens, in 10⁹ a second of
        /// the median time.
        pub gmacs_per_second: Option<f64>,
        /// That, divided by the peak of the numbers that products are made in.
        pub efficiency: Option<f64>,
        /// Speed over position, in the measurement in the middle.
        pub curve: Vec<CurvePoint>,
    }

    /// Speed of one chunk.
    pub struct CurvePoint {
        /// Tokens read when it ended.
        pub position: usize,
        /// Tokens a second.
        pub tokens_per_second: f64,
    }

    /// Writing tokens one by one.
    pub struct Writing {
        /// How many.
        pub tokens: usize,
        /// Tokens that had been read before.
        pub after: usize,
        /// Time for one, choosing it included.
        pub token_ms: Spread,
        /// `1 ÷ token_ms`, in tokens a second.
        pub tokens_per_second: Spread,
    }
}

impl Reading {
    /// Of measurements of `tokens` tokens, in milliseconds each.
    pub fn of(tokens: usize, ms: Vec<f64>, curve: Vec<CurvePoint>) -> Self {
        let speeds = ms.iter().filter_map(|ms| rate(tokens, Some(*ms))).collect();
        let [first_token_ms, tokens_per_second] = [ms, speeds].map(Spread::of);
        Self { tokens, first_token_ms, tokens_per_second, curve, ..Self::default() }
    }
}

impl Writing {
    /// Of measurements of `tokens` tokens, in milliseconds for one token each.
    pub fn of(tokens: usize, after: usize, ms: Vec<f64>) -> Self {
        let speeds = ms.iter().filter_map(|ms| rate(1, Some(*ms))).collect();
        let [token_ms, tokens_per_second] = [ms, speeds].map(Spread::of);
        Self { tokens, after, token_ms, tokens_per_second }
    }
}

impl Card {
    /// Reads a card that anybody may have made.
    ///
    /// # Errors
    /// `invalid-card`: it is too large, no card, or its figures are impossible.
    pub fn parse(json: &str) -> Result<Self> {
        if json.len() > MAX_BYTES {
            return Err(refused(format!("it has {} bytes, of {MAX_BYTES} at most", json.len())));
        }
        let value: Value = serde_json::from_str(json).map_err(|e| refused(e.to_string()))?;
        bounded(&value, MAX_DEPTH)?;
        match value.get("schema").and_then(Value::as_str) {
            Some(SCHEMA) => {}
            Some(other) => return Err(refused(format!("its schema is {other:?}, not {SCHEMA:?}"))),
            None => return Err(refused(format!("it lacks the schema {SCHEMA:?}"))),
        }
        let mut card: Self = serde_json::from_value(value).map_err(|e| refused(e.to_string()))?;
        card.settle();
        // What follows from impossible measurements is no better.
        let value = serde_json::to_value(&card).map_err(|e| refused(e.to_string()))?;
        bounded(&value, MAX_DEPTH)?;
        Ok(card)
    }

    /// As JSON.
    ///
    /// # Errors
    /// `host-failed`, where a figure is no number.
    pub fn json(&self) -> Result<String> {
        serde_json::to_string_pretty(self)
            .map_err(|e| Error::Host { reason: format!("the card has no JSON form: {e}") })
    }
}

/// Refuses what no card has: whatever would take the page's time, memory or layout.
fn bounded(value: &Value, depth: usize) -> Result<()> {
    if depth == 0 {
        return Err(refused("its lists are too deep".into()));
    }
    let text = |text: &str| match text.chars().count() > MAX_TEXT
        || text.chars().any(char::is_control)
    {
        true => Err(refused(format!("a text is longer than {MAX_TEXT} characters or not plain"))),
        false => Ok(()),
    };
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) => match number.as_f64() {
            Some(number) if (0.0..=MAX_NUMBER).contains(&number) => Ok(()),
            _ => Err(refused(format!("the figure {number} is impossible"))),
        },
        Value::String(string) => text(string),
        Value::Array(list) if list.len() > MAX_ENTRIES => {
            Err(refused(format!("a list has {} entries, of {MAX_ENTRIES} at most", list.len())))
        }
        Value::Array(list) => list.iter().try_for_each(|value| bounded(value, depth - 1)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            text(name)?;
            bounded(value, depth - 1)
        }),
    }
}

fn refused(reason: String) -> Error {
    Error::InvalidCard { reason }
}
