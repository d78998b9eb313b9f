//! The benchmark suite: what is measured, in which order, and how results are combined.
//!
//! A suite only names the next step ([`Suite::next_task`]) and takes its result
//! ([`Suite::record`]), because computation happens in several places: in workers of a page, each
//! with its own module, or in one native process. So the method is written once, for all of them.
//!
//! Each configuration encodes the document, has its logits compared with recorded ones, and reads
//! an uncounted prompt, whose time decides what fits the budget. Then come the repetitions in
//! rounds: every length in every configuration, which take turns in going first, so that changes
//! during a run affect all alike. Before each measurement come a rest and a pulse, always the same
//! small product, which shows other changes.

mod perform;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

pub use self::perform::{Golden, Prompts, benchmark};
pub(crate) use self::perform::{clock_ms, perform};
pub use self::tasks::{Outcome, Step, SuiteKind, Task};
use self::tasks::{REPETITIONS, SCORED_STEPS};
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

/// Tokens of the uncounted prompt, and tokens decoded after it.
const WARM_UP: (usize, usize) = (512, 8);

/// Tokens read before decoding is measured.
const BEFORE_WRITING: usize = 512;

/// Length of the answer whose prompt also counts as read: the shortest prompt serves both.
const SHORT_ANSWER: usize = 64;

/// Time of a pulse, and of the overhead of a measurement.
const PULSE_MS: f64 = 150.0;

/// Time to measure peaks.
const PEAKS_MS: f64 = 1500.0;

/// Maximum points of a curve.
const POINTS: usize = 48;

/// What a suite needs to know about the benchmark document.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Document {
    /// Its tokens.
    pub tokens: usize,
    /// SHA-256 of their ids as little-endian 32-bit integers.
    pub sha256: String,
    /// End of each iteration, in tokens.
    pub ends: Vec<usize>,
}

/// What a suite needs to know about a configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub struct Facts {
    /// `wasm-relaxed-simd, 2 threads`.
    pub name: String,
    /// The loaded model.
    pub model: ModelReport,
    /// The backend.
    pub backend: BackendReport,
    /// How the model was loaded.
    pub load: LoadReport,
    /// Source of the model file: `network`, `storage` or `disk`.
    pub loaded_from: String,
    /// SHA-256 of the WebAssembly module or of the program.
    pub module_sha256: Option<String>,
    /// Resolution of the clock.
    pub clock_ms: Option<f64>,
    /// Number format of a GPU's products.
    pub products: Option<Products>,
}

/// Progress of a suite.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub struct Progress {
    /// Completed share of the expected time, 0 to 1. `None` until the speed is known.
    pub done: Option<f64>,
    /// Remaining time. `None` like `done`.
    pub left_ms: Option<f64>,
    /// The current step, in words.
    pub doing: String,
}

/// A run of the suite.
pub struct Suite {
    kind: SuiteKind,
    document: Document,
    entries: Vec<Entry>,
    queue: VecDeque<Task>,
    current: Option<Task>,
    /// Expected time of the whole plan, once planned.
    planned_ms: Option<f64>,
    left_out: Vec<LeftOut>,
}

/// State of a configuration.
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
    /// A suite without measurements.
    pub fn new(kind: SuiteKind, document: Document, configurations: Vec<Facts>) -> Self {
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

    /// The next task; `None` at the end.
    pub fn next_task(&mut self) -> Option<Task> {
        if self.queue.is_empty() && self.planned_ms.is_none() {
            self.plan();
        }
        self.current = self.queue.pop_front();
        self.current.clone()
    }

    /// Takes the result of the last task.
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
            // A rest, or a result of another kind.
            _ => {}
        }
    }

    /// Progress; a running task counts as not started.
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

    /// The card with all measurements so far. `environment` says whether the page was hidden.
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

    /// Schedules the measurements, and leaves out what exceeds the budget.
    fn plan(&mut self) {
        let wanted = self.kind.steps(&self.document);
        let configurations = self.entries.len();
        let times: Vec<_> = (0..configurations).map(|c| self.afford(c, &wanted)).collect();
        for round in 0..REPETITIONS {
            for (i, step) in wanted.iter().enumerate() {
                for c in (0..configurations).map(|c| (c + round) % configurations) {
                    if let Some((ms, _)) = times[c][i].filter(|(_, times)| round < *times) {
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

    /// Expected time of each wanted step in a configuration, and its repetitions; `None` if it exceeds
    /// the budget, or if the warm-up failed.
    fn afford(&mut self, configuration: usize, wanted: &[Step]) -> Vec<Option<(f64, usize)>> {
        let entry = &self.entries[configuration];
        let mut left = self.kind.budget_ms();
        let mut afford = |(i, step): (usize, &Step)| {
            let one = entry.expected_ms(step)?;
            let each = one + PULSE_MS + self.kind.rest_ms();
            // However slow the device is, it gets a score, if need be from fewer repetitions.
            let times = match i < SCORED_STEPS {
                true => ((left / each) as usize).clamp(1, REPETITIONS),
                false => REPETITIONS,
            };
            let all = times as f64 * each;
            if i >= SCORED_STEPS && all > left {
                let [needed, left] = [all, left.max(0.0)].map(|ms| ms / 60_000.0);
                let reason = format!("it would take {needed:.1} minutes, and {left:.1} are left");
                self.left_out.push(entry.left_out(step, reason));
                return None;
            }
            left -= all;
            Some((one, times))
        };
        wanted.iter().enumerate().map(&mut afford).collect()
    }

    fn measurement(&self, configuration: usize, step: &Step, ms: f64) -> [Task; 3] {
        let task = |step, expected_ms| Task { configuration, step, expected_ms };
        let rest = self.kind.rest_ms();
        [task(Step::Rest { ms: rest }, rest), task(Step::Pulse, PULSE_MS), task(step.clone(), ms)]
    }

    /// Drops a failed step; a failed warm-up drops the whole configuration.
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

/// The entry for `tokens`, created if missing.
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

    /// Expected time of a measurement, from the warm-up's time and the cost of attention.
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
