//! What was measured in one configuration.

use super::tasks::{FEWEST, PRECISION};
use super::{Facts, SHORT_ANSWER, Step};
use crate::measure::bench::Measurement;
use crate::measure::card::{Certificate, Configuration, CurvePoint, LeftOut, Reading, Writing};
use crate::measure::stats::Spread;
use crate::report::{ChunkReport, MemoryReport, Peaks, rate};

/// Maximum points of a curve.
const POINTS: usize = 48;

/// State of a configuration.
pub struct Entry {
    pub facts: Facts,
    pub certificate: Option<Certificate>,
    pub tokenize: Vec<f64>,
    pub warm: Option<Measurement>,
    /// By length.
    pub read: Vec<(usize, Vec<Measurement>)>,
    /// By number of tokens, and of those read before.
    pub written: Vec<((usize, usize), Vec<Measurement>)>,
    pub peak: Peaks,
    pub memory: MemoryReport,
    pub pulse: Vec<f64>,
    pub undisturbed: Vec<f64>,
}

/// The entry for `key`, created if missing.
pub fn at<K: PartialEq>(all: &mut Vec<(K, Vec<Measurement>)>, key: K) -> &mut Vec<Measurement> {
    let index = all.iter().position(|(other, _)| *other == key).unwrap_or_else(|| {
        all.push((key, Vec::new()));
        all.len() - 1
    });
    &mut all[index].1
}

impl Entry {
    pub fn new(facts: Facts) -> Self {
        Self {
            facts,
            certificate: None,
            tokenize: Vec::new(),
            warm: None,
            read: Vec::new(),
            written: Vec::new(),
            peak: Peaks::default(),
            memory: MemoryReport::default(),
            pulse: Vec::new(),
            undisturbed: Vec::new(),
        }
    }

    /// Expected time of a measurement, from the warm-up's time and the cost of attention.
    pub fn expected_ms(&self, step: &Step) -> Option<f64> {
        let warm = self.warm.as_ref()?;
        let cost = |tokens: usize| self.facts.model.macs(tokens).max(1.0);
        let one = warm.prefill.ms? / cost(warm.prefill.tokens.max(1));
        let written = warm.decode.ms? / warm.decode.tokens.max(1) as f64;
        match step {
            Step::Read { tokens } => Some(one * cost(*tokens)),
            Step::Write { tokens, after } => {
                // A token costs more the more there is before it.
                let at = |tokens: usize| cost(tokens + 1) - cost(tokens);
                let slower = at(*after) / at(warm.prefill.tokens).max(1.0);
                Some(one * cost(*after) + *tokens as f64 * written * slower.max(1.0))
            }
            _ => None,
        }
    }

    /// Whether the figures of a step are known well enough, or can't be known at all, because the
    /// clock stands still.
    pub fn knows(&self, step: &Step) -> bool {
        let precise = |measurements: usize, spread: Spread| {
            let known = spread.precision().is_none_or(|part| part <= PRECISION);
            measurements >= FEWEST && known
        };
        match step {
            Step::Read { tokens } => {
                let all = self.read.iter().find(|(length, _)| length == tokens);
                all.is_some_and(|(tokens, all)| {
                    precise(all.len(), reading(*tokens, all).first_token_ms)
                })
            }
            Step::Write { tokens, after } => {
                let all = self.written.iter().find(|(lengths, _)| *lengths == (*tokens, *after));
                let reads = *tokens == SHORT_ANSWER;
                all.is_some_and(|((tokens, after), all)| {
                    precise(all.len(), writing((*tokens, *after), all).token_ms)
                        && (!reads || self.knows(&Step::Read { tokens: *after }))
                })
            }
            _ => true,
        }
    }

    pub fn left_out(&self, step: &Step, reason: String) -> LeftOut {
        LeftOut { configuration: self.facts.name.clone(), what: step.to_string(), reason }
    }

    pub fn configuration(&self) -> Configuration {
        let Facts { name, backend, load, loaded_from, module_sha256, clock_ms, .. } =
            self.facts.clone();
        let mut prefill: Vec<Reading> =
            self.read.iter().map(|(tokens, all)| reading(*tokens, all)).collect();
        prefill.sort_by_key(|reading| reading.tokens);
        let mut decode: Vec<Writing> =
            self.written.iter().map(|(lengths, all)| writing(*lengths, all)).collect();
        decode.sort_by_key(|writing| (writing.after, writing.tokens));
        Configuration {
            name,
            backend,
            module_sha256,
            load,
            loaded_from,
            clock_ms,
            certificate: self.certificate.clone(),
            tokenize: Spread::of(self.tokenize.clone()),
            prefill,
            decode,
            peak: self.peak.clone(),
            memory: self.memory.clone(),
            pulse: Spread::of(self.pulse.clone()),
            undisturbed: Spread::of(self.undisturbed.clone()),
            score: None,
        }
    }
}

fn reading(tokens: usize, all: &[Measurement]) -> Reading {
    let ms: Vec<f64> = all.iter().filter_map(|m| m.prefill.ms).collect();
    let mut ordered: Vec<&Measurement> = all.iter().collect();
    ordered.sort_by(|a, b| a.prefill.ms.unwrap_or(0.0).total_cmp(&b.prefill.ms.unwrap_or(0.0)));
    let middle = ordered.get(ordered.len() / 2).map(|m| curve(&m.prefill.chunks));
    Reading::of(tokens, ms, middle.unwrap_or_default())
}

fn writing((tokens, after): (usize, usize), all: &[Measurement]) -> Writing {
    let one = |m: &Measurement| Some(m.decode.ms? / m.decode.tokens.max(1) as f64);
    Writing::of(tokens, after, all.iter().filter_map(one).collect())
}

/// Speeds of chunks, combined to at most [`POINTS`] points.
fn curve(chunks: &[ChunkReport]) -> Vec<CurvePoint> {
    let together = chunks.len().div_ceil(POINTS).max(1);
    let point = |chunks: &[ChunkReport]| {
        let tokens = chunks.iter().map(|chunk| chunk.tokens).sum();
        let ms = chunks.iter().map(|chunk| chunk.ms).sum::<Option<f64>>();
        let last = chunks.last()?;
        let position = last.position + last.tokens;
        Some(CurvePoint { position, tokens_per_second: rate(tokens, ms)? })
    };
    chunks.chunks(together).filter_map(point).collect()
}
