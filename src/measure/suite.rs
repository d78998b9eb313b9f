//! The measuring suite: what is measured, in which order, and what becomes of it.
//!
//! A suite only says what to do next ([`Suite::next_task`]) and takes what came of it
//! ([`Suite::record`]), since what computes lives in several places: in workers of a page, each with
//! a module of its own, or in one native process. So the method stands here once, for all of them.
//!
//! Each configuration encodes the document, has its logits compared with recorded ones, and reads a
//! prompt that does not count. From the time of that follows what its
//! budget allows. Then come the
//! repetitions in rounds: every length, in every configuration, which take turns in going first; so
//! what changes during a run changes all of them. Before each measurement there is a rest and a
//! pulse, the same small product every time, which shows what else changes.

mod perform;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

pub use self::perform::{Golden, Prompts, benchmark};
pub(crate) use self::perform::{clock_ms, perform};
pub use self::tasks::{Kind, Outcome, Step, Task};
use crate::backend::webgpu::Products;
use crate::measure::bench::Measurement;
use crate::measure::card::{
    Card, Certificate, Configuration, CurvePoint, LeftOut, Method, Reading, SCHEMA, Writing,
};
use crate::measure::stats::Spread;
use crate::report::{
    BackendReport, ChunkReport, EnvironmentReport, LoadReport, MemoryReport, ModelReport, Peaks,
    rate,
};

/// Tokens of the prompt that does not count, and tokens written after it.
const WARM_UP: (usize, usize) = (512, 8);

/// Tokens that are read before tokens that are written are measured.
const BEFORE_WRITING: usize = 512;

/// Tokens of the answer whose prompt counts as read, too: the shortest prompt is read once for both.
const SHORT_ANSWER: usize = 64;

/// Measurements of each figure.
const REPETITIONS: usize = 5;

/// Time of a pulse, and of everything around a measurement.
const PULSE_MS: f64 = 150.0;

/// Time of measuring peaks.
const PEAKS_MS: f64 = 1500.0;

/// Points of a curve at most.
const POINTS: usize = 48;

/// What a suite has to know of the benchmark document.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Document {
    /// Its tokens.
    pub tokens: usize,
    /// SHA-256 of their ids as little-endian 32-bit integers.
    pub sha256: String,
    /// Where each of its iterations ends, in tokens.
    pub ends: Vec<usize>,
}

/// What a suite has to know of a configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub struct Facts {
    /// `wasm-relaxed-simd, 2 threads`.
    pub name: String,
    /// The model that it has loaded.
    pub model: ModelReport,
    /// What computes.
    pub backend: BackendReport,
    /// How the model came into memory.
    pub load: LoadReport,
    /// Where its file was: `network`, `storage` or `disk`.
    pub loaded_from: String,
    /// SHA-256 of the WebAssembly module or of the program.
    pub module_sha256: Option<String>,
    /// The smallest step of the clock.
    pub clock_ms: Option<f64>,
    /// What a GPU multiplies in.
    pub products: Option<Products>,
}

/// How far a suite is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub struct Progress {
    /// Part that is done by the time it takes, 0 to 1. `None` while nothing is known of the speed.
    pub done: Option<f64>,
    /// Time until the end. `None` as `done`.
    pub left_ms: Option<f64>,
    /// What is being done, in words.
    pub doing: String,
}

/// A run of the suite.
pub struct Suite {
    kind: Kind,
    document: Document,
    entries: Vec<Entry>,
    queue: VecDeque<Task>,
    current: Option<Task>,
    /// Expected time of all that was planned, once it has been.
    planned_ms: Option<f64>,
    left_out: Vec<LeftOut>,
}

/// What is known of a configuration by now.
struct Entry {
    facts: Facts,
    certificate: Option<Certificate>,
    tokenize: Vec<f64>,
    warm: Option<Measurement>,
    read: Vec<(usize, Vec<Measurement>)>,
    written: Vec<(usize, Vec<Measurement>)>,
    peak: Peaks,
    memory: MemoryReport,
    pulse: Vec<f64>,
    undisturbed: Vec<f64>,
}

impl Suite {
    /// A suite that has measured nothing yet.
    pub fn new(kind: Kind, document: Document, configurations: Vec<Facts>) -> Self {
        let entries: Vec<Entry> = configurations.into_iter().map(Entry::new).collect();
        let first = [
            Step::Tokenize,
            Step::Certify,
            Step::WarmUp { tokens: WARM_UP.0.min(document.tokens), write: WARM_UP.1 },
        ];
        let task = |configuration, step| Task { configuration, step, expected_ms: 0.0 };
        let queue = (0..entries.len())
            .flat_map(|i| first.iter().map(move |step| task(i, step.clone())))
            .collect();
        let (current, planned_ms, left_out) = (None, None, Vec::new());
        Self { kind, document, entries, queue, current, planned_ms, left_out }
    }

    /// What to do now; `None` at the end.
    pub fn next_task(&mut self) -> Option<Task> {
        if self.queue.is_empty() && self.planned_ms.is_none() {
            self.plan();
        }
        self.current = self.queue.pop_front();
        self.current.clone()
    }

    /// Takes what came of the last task.
    pub fn record(&mut self, outcome: Outcome) {
        let Some(Task { configuration, step, .. }) = self.current.take() else { return };
        let Some(entry) = self.entries.get_mut(configuration) else { return };
        match (step, outcome) {
            (step, Outcome::Failed { reason }) => self.leave_out(configuration, &step, reason),
            (Step::Tokenize, Outcome::Tokenized { tokens_per_second }) => {
                entry.tokenize = tokens_per_second;
            }
            (Step::Certify, Outcome::Certified { certificate }) => entry.certificate = certificate,
            (Step::WarmUp { .. }, Outcome::Measured { measurement }) => {
                entry.warm = Some(measurement);
            }
            (Step::Pulse, Outcome::Pulse { gmacs, undisturbed }) => {
                entry.pulse.extend(gmacs);
                entry.undisturbed.extend(undisturbed);
            }
            (Step::Read { tokens }, Outcome::Measured { measurement }) => {
                at(&mut entry.read, tokens).push(measurement);
            }
            (Step::Write { tokens, after }, Outcome::Measured { measurement }) => {
                if tokens == SHORT_ANSWER {
                    at(&mut entry.read, after).push(measurement.clone());
                }
                at(&mut entry.written, tokens).push(measurement);
            }
            (Step::Peaks, Outcome::Peaks { peak, memory }) => {
                (entry.peak, entry.memory) = (peak, memory);
            }
            // A rest, or an answer to something else.
            _ => {}
        }
    }

    /// How far it is; while a task is done, that one counts as not begun.
    pub fn progress(&self) -> Progress {
        let queued = self.queue.iter().chain(&self.current).map(|task| task.expected_ms);
        let left_ms = self.planned_ms.map(|_| queued.sum());
        let done = self.planned_ms.zip(left_ms).map(|(planned, left): (f64, f64)| match planned {
            0.0 => 1.0,
            planned => 1.0 - left / planned,
        });
        let doing = self.current.as_ref().map_or(String::new(), |task| {
            let name = self.entries.get(task.configuration).map_or("", |e| &e.facts.name);
            format!("{}: {}", name, task.step)
        });
        Progress { done, left_ms, doing }
    }

    /// The card, whatever has been measured by now. `environment` says whether the page was hidden.
    pub fn card(&self, name: String, created: String, environment: EnvironmentReport) -> Card {
        let mut environment = environment;
        environment.version = env!("CARGO_PKG_VERSION").into();
        let mut card = Card {
            schema: SCHEMA.into(),
            name,
            created,
            model: self.entries.first().map(|e| e.facts.model.clone()).unwrap_or_default(),
            environment,
            method: Method {
                suite: self.kind.name().into(),
                repetitions: REPETITIONS,
                rest_ms: self.kind.rest_ms(),
                document_tokens: self.document.tokens,
                document_sha256: self.document.sha256.clone(),
                left_out: self.left_out.clone(),
            },
            configurations: self.entries.iter().map(Entry::configuration).collect(),
            ..Card::default()
        };
        card.settle();
        card
    }

    /// Puts down what is measured, and leaves out what the budget has no time for.
    fn plan(&mut self) {
        let wanted = self.kind.steps(&self.document);
        let configurations = self.entries.len();
        let times: Vec<_> = (0..configurations).map(|c| self.afford(c, &wanted)).collect();
        for round in 0..REPETITIONS {
            for (i, step) in wanted.iter().enumerate() {
                for c in (0..configurations).map(|c| (c + round) % configurations) {
                    if let Some(ms) = times[c][i] {
                        self.queue.extend(self.measurement(c, step, ms));
                    }
                }
            }
        }
        for (configuration, entry) in self.entries.iter().enumerate() {
            if entry.warm.is_some() {
                let (step, expected_ms) = (Step::Peaks, PEAKS_MS);
                self.queue.push_back(Task { configuration, step, expected_ms });
            }
        }
        self.planned_ms = Some(self.queue.iter().map(|task| task.expected_ms).sum());
    }

    /// How long each wanted step takes a configuration; `None` for what its budget has no time for,
    /// and for everything if it could not even warm up.
    fn afford(&mut self, configuration: usize, wanted: &[Step]) -> Vec<Option<f64>> {
        let entry = &self.entries[configuration];
        let mut left = self.kind.budget_ms();
        let mut afford = |(i, step): (usize, &Step)| {
            let one = entry.expected_ms(step)?;
            let all = REPETITIONS as f64 * (one + PULSE_MS + self.kind.rest_ms());
            // Something has to be measured, however slow the device is.
            if i > 0 && all > left {
                let [needed, left] = [all, left.max(0.0)].map(|ms| ms / 60_000.0);
                let reason = format!("it would take {needed:.1} minutes, and {left:.1} are left");
                self.left_out.push(entry.left_out(step, reason));
                return None;
            }
            left -= all;
            Some(one)
        };
        wanted.iter().enumerate().map(&mut afford).collect()
    }

    fn measurement(&self, configuration: usize, step: &Step, ms: f64) -> [Task; 3] {
        let task = |step, expected_ms| Task { configuration, step, expected_ms };
        let rest = self.kind.rest_ms();
        [task(Step::Rest { ms: rest }, rest), task(Step::Pulse, PULSE_MS), task(step.clone(), ms)]
    }

    /// What failed once is not tried again, and neither is what begins with it.
    fn leave_out(&mut self, configuration: usize, step: &Step, reason: String) {
        let Some(entry) = self.entries.get_mut(configuration) else { return };
        self.left_out.push(entry.left_out(step, reason));
        let warm_up = matches!(step, Step::WarmUp { .. });
        self.queue
            .retain(|task| task.configuration != configuration || !(warm_up || task.step == *step));
        match step {
            Step::Read { tokens } => entry.read.retain(|(length, _)| length != tokens),
            Step::Write { tokens, after } => {
                entry.written.retain(|(length, _)| length != tokens);
                if *tokens == SHORT_ANSWER {
                    entry.read.retain(|(length, _)| length != after);
                }
            }
            _ => {}
        }
    }
}

/// What belongs to `tokens`.
fn at(all: &mut Vec<(usize, Vec<Measurement>)>, tokens: usize) -> &mut Vec<Measurement> {
    let index = all.iter().position(|(length, _)| *length == tokens).unwrap_or_else(|| {
        all.push((tokens, Vec::new()));
        all.len() - 1
    });
    &mut all[index].1
}

impl Entry {
    fn new(facts: Facts) -> Self {
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

    /// How long a measurement will take, by that of the warm-up and by the growth of attention.
    fn expected_ms(&self, step: &Step) -> Option<f64> {
        let warm = self.warm.as_ref()?;
        let cost = |tokens: usize| self.facts.model.macs(tokens).max(1.0);
        let one = warm.prefill.ms? / cost(warm.prefill.tokens.max(1));
        let written = warm.decode.ms? / warm.decode.tokens.max(1) as f64;
        match step {
            Step::Read { tokens } => Some(one * cost(*tokens)),
            Step::Write { tokens, after } => Some(one * cost(*after) + *tokens as f64 * written),
            _ => None,
        }
    }

    fn left_out(&self, step: &Step, reason: String) -> LeftOut {
        LeftOut { configuration: self.facts.name.clone(), what: step.to_string(), reason }
    }

    fn configuration(&self) -> Configuration {
        let Facts { name, backend, load, loaded_from, module_sha256, clock_ms, .. } =
            self.facts.clone();
        let mut prefill: Vec<Reading> =
            self.read.iter().map(|(tokens, all)| reading(*tokens, all)).collect();
        prefill.sort_by_key(|reading| reading.tokens);
        let mut decode: Vec<Writing> =
            self.written.iter().map(|(tokens, all)| writing(*tokens, all)).collect();
        decode.sort_by_key(|writing| writing.tokens);
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

fn writing(tokens: usize, all: &[Measurement]) -> Writing {
    let one = |m: &Measurement| Some(m.decode.ms? / m.decode.tokens.max(1) as f64);
    let after = all.first().map_or(0, |m| m.prefill.tokens);
    Writing::of(tokens, after, all.iter().filter_map(one).collect())
}

/// Speeds of chunks, as many of them together as [`POINTS`] ask for.
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
