//! What there is to do in a suite.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BEFORE_WRITING, Document, SHORT_ANSWER};
use crate::measure::bench::Measurement;
use crate::measure::card::Certificate;
use crate::report::{MemoryReport, Peaks};

/// How much a suite measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Kind {
    /// 512 and 2,048 tokens, 64 written; under a minute.
    Quick,
    /// 8,192 tokens and one iteration of the benchmark as well, 256 written; ten minutes.
    Standard,
    /// The whole benchmark, an iteration at a time; an hour.
    Full,
}

impl Kind {
    /// As cards say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Full => "full",
        }
    }

    /// Time that it may take for each configuration, warm-up and peaks aside.
    pub(super) fn budget_ms(self) -> f64 {
        60_000.0
            * match self {
                Self::Quick => 0.9,
                Self::Standard => 10.0,
                Self::Full => 60.0,
            }
    }

    /// Time for the device to cool down before each measurement.
    pub(super) fn rest_ms(self) -> f64 {
        match self {
            Self::Quick => 200.0,
            Self::Standard | Self::Full => 1000.0,
        }
    }

    /// What it measures, what matters most first.
    pub(super) fn steps(self, document: &Document) -> Vec<Step> {
        let iterations = match self {
            Self::Quick => 0,
            Self::Standard => 1,
            Self::Full => document.ends.len(),
        };
        let long = (self != Self::Quick).then_some(8192);
        let mut lengths: Vec<usize> =
            long.into_iter().chain(document.ends.iter().take(iterations).copied()).collect();
        lengths.sort_unstable();
        let write = |tokens| Step::Write { tokens, after: BEFORE_WRITING };
        let long_write = (self != Self::Quick).then(|| write(256));
        [write(SHORT_ANSWER), Step::Read { tokens: 2048 }]
            .into_iter()
            .chain(long_write)
            .chain(lengths.into_iter().map(|tokens| Step::Read { tokens }))
            .filter(|step| step.reads() <= document.tokens)
            .collect()
    }
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Task {
    /// Which configuration does it.
    pub configuration: usize,
    /// What it does.
    pub step: Step,
    /// How long that should take; 0 where nothing is known yet.
    pub expected_ms: f64,
}

/// What a configuration does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Step {
    /// Encode the benchmark document.
    Tokenize,
    /// Compare logits with recorded ones.
    Certify,
    /// Read and write so many tokens, which does not count.
    WarmUp {
        /// Tokens to read.
        tokens: usize,
        /// Tokens to write.
        write: usize,
    },
    /// Nothing for a while.
    Rest {
        /// For how long.
        ms: f64,
    },
    /// The same product as always.
    Pulse,
    /// Read the first so many tokens of the document.
    Read {
        /// How many.
        tokens: usize,
    },
    /// Write tokens after reading.
    Write {
        /// How many.
        tokens: usize,
        /// Tokens to read before.
        after: usize,
    },
    /// Measure what the device does at best.
    Peaks,
}

impl Step {
    /// Tokens that it reads.
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

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub enum Outcome {
    /// Of [`Step::Tokenize`]: its speed, several times.
    Tokenized {
        /// Tokens a second.
        tokens_per_second: Vec<f64>,
    },
    /// Of [`Step::Certify`].
    Certified {
        /// None where nothing is recorded for this model.
        certificate: Option<Certificate>,
    },
    /// Of [`Step::Pulse`].
    Pulse {
        /// The best speed, in 10⁹ multiply-adds a second.
        gmacs: Option<f64>,
        /// The median one ÷ the best.
        undisturbed: Option<f64>,
    },
    /// Of everything that reads.
    Measured {
        /// What was measured.
        measurement: Measurement,
    },
    /// Of [`Step::Peaks`].
    Peaks {
        /// What the device does at best.
        peak: Peaks,
        /// Memory in use before that.
        memory: MemoryReport,
    },
    /// Of [`Step::Rest`].
    Rested,
    /// Of anything: it could not be done.
    Failed {
        /// Why.
        reason: String,
    },
}
