//! Tasks of a suite.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BEFORE_WRITING, Document, PULSE_MS, SHORT_ANSWER};
use crate::measure::bench::Measurement;
use crate::measure::card::Certificate;
use crate::report::{MemoryReport, Peaks};

/// Measurements of each figure, if the budget allows them: the fewest for which the median has an
/// interval of 95 %.
pub(super) const FEWEST: usize = 6;

/// Measurements of a figure at most.
pub(super) const MOST: usize = 20;

/// A figure is measured again until the ends of its median's interval are this near to the median.
pub(crate) const PRECISION: f64 = 0.03;

/// The first steps of every suite, of which the score is made.
pub(super) const SCORED_STEPS: usize = 2;

/// Extent of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum SuiteKind {
    /// 512 and 2,048 tokens, 64 decoded; under a minute.
    Quick,
    /// Also 8,192 tokens, one iteration of the benchmark with 64 decoded after it, and 256 decoded
    /// after 512; ten minutes.
    Standard,
    /// The whole benchmark, iteration by iteration, with 64 decoded after each; an hour.
    Full,
}

impl SuiteKind {
    /// Name in cards.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Full => "full",
        }
    }

    /// Time budget per configuration, excluding warm-up and peaks.
    pub(super) fn budget_ms(self) -> f64 {
        60_000.0
            * match self {
                Self::Quick => 0.9,
                Self::Standard => 10.0,
                Self::Full => 60.0,
            }
    }

    /// Cool-down time before each measurement.
    pub(super) fn rest_ms(self) -> f64 {
        match self {
            Self::Quick => 200.0,
            Self::Standard | Self::Full => 1000.0,
        }
    }

    /// Expected time of a measurement with its rest and pulse.
    pub(super) fn whole_ms(self, ms: f64) -> f64 {
        ms + PULSE_MS + self.rest_ms()
    }

    /// Its measurements, most important first.
    pub(super) fn steps(self, document: &Document) -> Vec<Step> {
        let iterations = match self {
            Self::Quick => 0,
            Self::Standard => 1,
            Self::Full => document.ends.len(),
        };
        let write = |tokens, after| Step::Write { tokens, after };
        // All positions that the default model was trained for, and none to write at.
        let long = (self != Self::Quick).then_some(Step::Read { tokens: 8192 });
        // Writing right after a long text was read adds little time.
        let ends = document.ends.iter().take(iterations).map(|end| write(SHORT_ANSWER, *end));
        let mut lengths: Vec<Step> = long.into_iter().chain(ends).collect();
        lengths.sort_by_key(Step::reads);
        let long_write = (self != Self::Quick).then(|| write(256, BEFORE_WRITING));
        [write(SHORT_ANSWER, BEFORE_WRITING), Step::Read { tokens: 2048 }]
            .into_iter()
            .chain(long_write)
            .chain(lengths)
            .filter(|step| step.reads() <= document.tokens)
            .collect()
    }
}

/// A step for one configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Task {
    /// Index of the configuration.
    pub configuration: usize,
    /// The step.
    pub step: Step,
    /// Expected time; 0 if unknown.
    pub expected_ms: f64,
}

/// A step of a configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Step {
    /// Encode the benchmark document.
    Tokenize,
    /// Compare logits with recorded ones.
    Certify,
    /// Read and decode tokens without counting.
    WarmUp {
        /// Tokens to read.
        tokens: usize,
        /// Tokens to decode.
        write: usize,
    },
    /// Pause.
    Rest {
        /// Duration in milliseconds.
        ms: f64,
    },
    /// Measure the fixed matrix product.
    Pulse,
    /// Read the beginning of the document.
    Read {
        /// Number of tokens.
        tokens: usize,
    },
    /// Decode tokens after reading.
    Write {
        /// Number of tokens.
        tokens: usize,
        /// Tokens to read first.
        after: usize,
    },
    /// Measure the device's peak speeds.
    Peaks,
}

impl Step {
    /// Number of tokens that it reads.
    fn reads(&self) -> usize {
        match self {
            Self::Read { tokens } | Self::WarmUp { tokens, .. } => *tokens,
            Self::Write { after, .. } => *after,
            _ => 0,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Tokenize => f.write_str("encoding the document"),
            Self::Certify => f.write_str("comparing logits with recorded ones"),
            Self::WarmUp { .. } => f.write_str("warming up"),
            Self::Rest { .. } => f.write_str("resting"),
            Self::Pulse => f.write_str("taking the pulse"),
            Self::Read { tokens } => write!(f, "reading {tokens} tokens"),
            Self::Write { tokens, after } => {
                write!(f, "reading {after} tokens, writing {tokens}")
            }
            Self::Peaks => f.write_str("measuring peaks"),
        }
    }
}

/// Result of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub enum Outcome {
    /// Of [`Step::Tokenize`]: several measurements of its speed.
    Tokenized {
        /// Tokens per second.
        tokens_per_second: Vec<f64>,
    },
    /// Of [`Step::Certify`].
    Certified {
        /// `None` if nothing is recorded for this model.
        certificate: Option<Certificate>,
    },
    /// Of [`Step::Pulse`].
    Pulse {
        /// The best speed, in 10⁹ multiply-adds per second.
        gmacs: Option<f64>,
        /// The median speed ÷ the best.
        undisturbed: Option<f64>,
    },
    /// Of every step that reads.
    Measured {
        /// The measurement.
        measurement: Measurement,
    },
    /// Of [`Step::Peaks`].
    Peaks {
        /// Peak speeds of the device.
        peak: Peaks,
        /// Memory in use before.
        memory: MemoryReport,
    },
    /// Of [`Step::Rest`].
    Rested,
    /// Of any step: it failed.
    Failed {
        /// The reason.
        reason: String,
    },
}
