//! A result card: the results of one run of the [suite](crate::measure::suite) on a device.
//!
//! Its JSON form is the schema `precis.result/1` (docs/precis.result-1.schema.json, generated from
//! these types); docs/measuring.md defines each figure. Cards come from other people, so they are
//! untrusted: [`Card::parse`] checks their limits and recomputes everything derived from
//! measurements.

mod check;
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

/// Maximum bytes of a card's JSON; a full run has 100,000.
pub const MAX_BYTES: usize = 1 << 20;

/// Maximum characters of a text in a card.
const MAX_TEXT: usize = 600;

/// Maximum entries of a list in a card: more than the chunks of the longest prompt.
const MAX_ENTRIES: usize = 4096;

/// Maximum nesting of lists and objects.
const MAX_DEPTH: usize = 12;

/// Largest accepted distance of a configuration's logits from the recorded ones: the cost of
/// rounding to 8 bits at one position, four times that of the mean (tests/common/tolerance.rs).
pub const CERTIFIED: f64 = 3e-3;

/// Upper bound of every figure.
const MAX_NUMBER: f64 = 1e39;

reported! {
    /// The results of one run of the suite on a device.
    pub struct Card {
        /// [`SCHEMA`].
        pub schema: String,
        /// The user's name for the device.
        pub name: String,
        /// End of the run: RFC 3339, in UTC.
        pub created: String,
        /// The model.
        pub model: ModelReport,
        /// Where it ran.
        pub environment: EnvironmentReport,
        /// How it was measured.
        pub method: Method,
        /// The results: one entry for each way to compute.
        pub configurations: Vec<Configuration>,
        /// Why the figures are invalid; empty if they are valid.
        pub invalid: Vec<String>,
        /// Why the figures may not be repeatable; empty if they should be.
        pub unsteady: Vec<String>,
    }

    /// How a run of the suite was measured.
    pub struct Method {
        /// `quick`, `standard` or `full`.
        pub suite: String,
        /// Measurements of each figure, at most, after an uncounted warm-up.
        pub repetitions: usize,
        /// A figure was measured again, as long as there was time, until the ends of its median's
        /// interval were this near to the median, as a part of it. `None` in cards from before.
        #[serde(default)]
        pub precision: Option<f64>,
        /// Pause before each measurement.
        pub rest_ms: f64,
        /// Tokens of the benchmark document; each prompt is its beginning.
        pub document_tokens: usize,
        /// SHA-256 of these token ids as little-endian 32-bit integers.
        pub document_sha256: String,
        /// What was not measured, and why.
        pub left_out: Vec<LeftOut>,
    }

    /// A figure that was not measured.
    pub struct LeftOut {
        /// Name of the configuration.
        pub configuration: String,
        /// `prefill of 8192 tokens`.
        pub what: String,
        /// The reason.
        pub reason: String,
    }

    /// One way to compute, and its results.
    pub struct Configuration {
        /// `wasm-relaxed-simd, 2 threads`.
        pub name: String,
        /// The backend.
        pub backend: BackendReport,
        /// SHA-256 of the WebAssembly module or of the program.
        pub module_sha256: Option<String>,
        /// How the model was loaded.
        pub load: LoadReport,
        /// Source of the model file: `network`, `storage` or `disk`.
        pub loaded_from: String,
        /// Resolution of the clock.
        pub clock_ms: Option<f64>,
        /// Check that its results are correct.
        pub certificate: Option<Certificate>,
        /// Encoding the benchmark document, in tokens per second.
        pub tokenize: Spread,
        /// Reading, by length.
        pub prefill: Vec<Reading>,
        /// Writing, by length.
        pub decode: Vec<Writing>,
        /// Peak speeds of its kernels.
        pub peak: Peaks,
        /// Memory in use at the end.
        pub memory: MemoryReport,
        /// Best speed of a fixed product before each measurement, in 10⁹ multiply-adds per second.
        pub pulse: Spread,
        /// Its median ÷ best speed, each time: shows how busy other programs keep the device.
        pub undisturbed: Spread,
        /// Documents of 2,048 tokens, each read and answered in 64 tokens, per minute.
        pub score: Option<f64>,
    }

    /// Distance of a configuration's logits from the recorded ones.
    pub struct Certificate {
        /// Tokens of the prompt: the first ones of the benchmark's article.
        pub tokens: usize,
        /// Logits compared: all of the last position.
        pub logits: usize,
        /// Sum of squared differences from llama.cpp's unquantized logits ÷ sum of squares.
        pub distance: f64,
        /// The largest distance that passes.
        pub bound: f64,
    }

    /// Reading prompts of one length, with an empty cache.
    pub struct Reading {
        /// Length.
        pub tokens: usize,
        /// From the start of the first chunk until the first token of an answer is chosen.
        pub first_token_ms: Spread,
        /// `tokens ÷ first_token_ms`, in tokens per second.
        pub tokens_per_second: Spread,
        /// Multiply-adds of the linear layers and of attention, in 10⁹ per second of the median
        /// time.
        pub gmacs_per_second: Option<f64>,
        /// `gmacs_per_second` ÷ the peak of the number format used in products.
        pub efficiency: Option<f64>,
        /// Speed over position, in the median measurement.
        pub curve: Vec<CurvePoint>,
    }

    /// Speed of one chunk.
    pub struct CurvePoint {
        /// Position at its end, in tokens.
        pub position: usize,
        /// Tokens per second.
        pub tokens_per_second: f64,
    }

    /// Writing tokens one by one.
    pub struct Writing {
        /// Number of tokens.
        pub tokens: usize,
        /// Tokens read before.
        pub after: usize,
        /// Time per token, including its selection.
        pub token_ms: Spread,
        /// `1 ÷ token_ms`, in tokens per second.
        pub tokens_per_second: Spread,
    }
}

impl Reading {
    /// From measurements of `tokens` tokens, in milliseconds each.
    pub fn of(tokens: usize, ms: Vec<f64>, curve: Vec<CurvePoint>) -> Self {
        let speeds = ms.iter().filter_map(|ms| rate(tokens, Some(*ms))).collect();
        let [first_token_ms, tokens_per_second] = [ms, speeds].map(Spread::of);
        Self { tokens, first_token_ms, tokens_per_second, curve, ..Self::default() }
    }
}

impl Writing {
    /// From measurements of `tokens` tokens, in milliseconds per token.
    pub fn of(tokens: usize, after: usize, ms: Vec<f64>) -> Self {
        let speeds = ms.iter().filter_map(|ms| rate(1, Some(*ms))).collect();
        let [token_ms, tokens_per_second] = [ms, speeds].map(Spread::of);
        Self { tokens, after, token_ms, tokens_per_second }
    }
}

impl Card {
    /// Reads an untrusted card.
    ///
    /// # Errors
    /// `invalid-card`: it is too large, not a card, or has impossible figures.
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
        // Derived figures may be impossible, too.
        let value = serde_json::to_value(&card).map_err(|e| refused(e.to_string()))?;
        bounded(&value, MAX_DEPTH)?;
        Ok(card)
    }

    /// As JSON.
    ///
    /// # Errors
    /// `host-failed` if a figure is not finite.
    pub fn json(&self) -> Result<String> {
        serde_json::to_string_pretty(self)
            .map_err(|e| Error::Host { reason: format!("the card has no JSON form: {e}") })
    }
}

/// Rejects values that would cost the page too much time, memory or space.
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
