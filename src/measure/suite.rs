//! The benchmark suite: what is measured, in which order, and how results are combined.
//!
//! A suite only names the next step ([`Suite::next_task`]) and takes its result
//! ([`Suite::record`]), because computation happens in several places: in workers of a page, each
//! with its own module, or in one native process. So the method is written once, for all of them.
//!
//! Each configuration encodes the document, has its logits compared with recorded ones, and reads
//! an uncounted prompt, whose time decides what fits the budget. Then come the repetitions in
//! rounds: every length in every configuration, which take turns in going first, so that changes
//! during a run affect all alike. Figures that are not known well enough by then are measured in
//! further rounds, as long as the budget lasts. Before each measurement come a rest and a pulse,
//! always the same small product, which shows other changes.

mod entry;
mod perform;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use self::entry::{Entry, at};
pub use self::perform::{Golden, Prompts, benchmark};
pub(crate) use self::perform::{clock_ms, perform};
pub(crate) use self::tasks::PRECISION;
use self::tasks::{FEWEST, MOST, SCORED_STEPS};
pub use self::tasks::{Outcome, Step, SuiteKind, Task};
use crate::backend::webgpu::Products;
use crate::measure::card::{Card, LeftOut, Method, SCHEMA};
use crate::report::{BackendReport, EnvironmentReport, LoadReport, ModelReport};

/// Tokens of the uncounted prompt, and tokens decoded after it.
const WARM_UP: (usize, usize) = (512, 8);

/// Tokens read before decoding is measured, at least.
pub(crate) const BEFORE_WRITING: usize = 512;

/// Length of the answer whose prompt also counts as read.
const SHORT_ANSWER: usize = 64;

/// Time of a pulse, and of the overhead of a measurement.
const PULSE_MS: f64 = 150.0;

/// Time to measure peaks.
const PEAKS_MS: f64 = 1500.0;

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
    /// Measurements of which there may be more than [`FEWEST`].
    repeated: Vec<Repeated>,
    /// What the plan leaves of each configuration's budget.
    spare_ms: Vec<f64>,
    /// Rounds of measurements that were scheduled.
    rounds: usize,
    /// Whether the peaks, the last tasks, were scheduled.
    ending: bool,
    /// Expected time of the whole plan at most, once planned.
    planned_ms: Option<f64>,
    left_out: Vec<LeftOut>,
}

/// A measurement that may be repeated.
struct Repeated {
    configuration: usize,
    step: Step,
    /// Expected time of the measurement alone.
    ms: f64,
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
        Self {
            kind,
            document,
            entries,
            queue,
            current: None,
            repeated: Vec::new(),
            spare_ms: Vec::new(),
            rounds: 0,
            ending: false,
            planned_ms: None,
            left_out: Vec::new(),
        }
    }

    /// The next task; `None` at the end.
    pub fn next_task(&mut self) -> Option<Task> {
        if self.queue.is_empty() && self.planned_ms.is_none() {
            self.plan();
        }
        if self.queue.is_empty() && !self.ending {
            self.measure_again();
        }
        if self.queue.is_empty() && !self.ending {
            self.end();
        }
        self.current = self.queue.pop_front();
        self.current.clone()
    }

    /// Takes the result of the last task.
    pub fn record(&mut self, outcome: Outcome) {
        let Some(Task { configuration, step, expected_ms }) = self.current.take() else { return };
        if let (Outcome::Measured { measurement }, Some(spare)) =
            (&outcome, self.spare_ms.get_mut(configuration))
        {
            // What took longer than expected leaves less for repetitions.
            let took = measurement.prefill.ms.unwrap_or(0.0) + measurement.decode.ms.unwrap_or(0.0);
            *spare = (*spare - (took - expected_ms).max(0.0)).max(0.0);
        }
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
                at(&mut entry.written, (tokens, after)).push(measurement);
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
        let left_ms = self.planned_ms.map(|_| self.left_ms());
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
                repetitions: MOST,
                precision: Some(PRECISION),
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

    /// Schedules [`FEWEST`] rounds of measurements, and leaves out what exceeds the budget.
    fn plan(&mut self) {
        let wanted = self.kind.steps(&self.document);
        let configurations = self.entries.len();
        let times: Vec<_> = (0..configurations).map(|c| self.afford(c, &wanted)).collect();
        for (i, step) in wanted.iter().enumerate() {
            for (configuration, times) in times.iter().enumerate() {
                if let Some((ms, FEWEST)) = times[i] {
                    self.repeated.push(Repeated { configuration, step: step.clone(), ms });
                }
            }
        }
        for round in 0..FEWEST {
            for (i, step) in wanted.iter().enumerate() {
                for c in (0..configurations).map(|c| (c + round) % configurations) {
                    if let Some((ms, _)) = times[c][i].filter(|(_, times)| round < *times) {
                        self.queue.extend(self.measurement(c, step, ms));
                    }
                }
            }
        }
        self.rounds = FEWEST;
        self.planned_ms = Some(self.left_ms());
    }

    /// Expected time of what is left, at most.
    fn left_ms(&self) -> f64 {
        let queued: f64 = self.queue.iter().chain(&self.current).map(|task| task.expected_ms).sum();
        if self.ending {
            return queued;
        }
        let warm = self.entries.iter().filter(|entry| entry.warm.is_some()).count();
        let peaks = warm as f64 * PEAKS_MS;
        let again = |configuration: usize| {
            let unknown = self.unknown().filter(|r| r.configuration == configuration);
            let rounds = MOST.saturating_sub(self.rounds) as f64;
            let most: f64 = unknown.map(|r| rounds * self.kind.whole_ms(r.ms)).sum();
            most.min(self.spare_ms[configuration])
        };
        queued + peaks + (0..self.spare_ms.len()).map(again).sum::<f64>()
    }

    /// What may be measured again, because its figures are not known well enough.
    fn unknown(&self) -> impl Iterator<Item = &Repeated> {
        self.repeated.iter().filter(|r| !self.entries[r.configuration].knows(&r.step))
    }

    /// Schedules one more round of what is not known well enough, as far as the budget allows.
    fn measure_again(&mut self) {
        if self.rounds >= MOST {
            return;
        }
        let mut again: Vec<(usize, Step, f64)> =
            self.unknown().map(|r| (r.configuration, r.step.clone(), r.ms)).collect();
        // Another configuration goes first each time, within each step.
        let count = self.entries.len();
        let turn = |c: usize| (c + count - self.rounds % count) % count;
        let place = |step: &Step| self.repeated.iter().position(|r| r.step == *step);
        again.sort_by_key(|(configuration, step, _)| (place(step), turn(*configuration)));
        for (configuration, step, ms) in again {
            let spare = self.spare_ms[configuration] - self.kind.whole_ms(ms);
            if spare >= 0.0 {
                self.spare_ms[configuration] = spare;
                self.queue.extend(self.measurement(configuration, &step, ms));
            }
        }
        self.rounds += 1;
    }

    /// Schedules the peaks.
    fn end(&mut self) {
        self.ending = true;
        for (configuration, entry) in self.entries.iter().enumerate() {
            if entry.warm.is_some() {
                let (step, expected_ms) = (Step::Peaks, PEAKS_MS);
                self.queue.push_back(Task { configuration, step, expected_ms });
            }
        }
    }

    /// Expected time of each wanted step in a configuration, and its repetitions; `None` if it exceeds
    /// the budget, or if the warm-up failed.
    fn afford(&mut self, configuration: usize, wanted: &[Step]) -> Vec<Option<(f64, usize)>> {
        let (entry, kind) = (&self.entries[configuration], self.kind);
        let mut left = kind.budget_ms();
        let mut afford = |(i, step): (usize, &Step)| {
            let one = entry.expected_ms(step)?;
            let each = kind.whole_ms(one);
            // However slow the device is, it gets a score, if need be from fewer repetitions.
            let times = match i < SCORED_STEPS {
                true => ((left / each) as usize).clamp(1, FEWEST),
                false => FEWEST,
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
        let times = wanted.iter().enumerate().map(&mut afford).collect();
        self.spare_ms.push(left.max(0.0));
        times
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
        self.repeated.retain(|r| r.configuration != configuration || r.step != *step);
        let warm_up = matches!(step, Step::WarmUp { .. });
        self.queue
            .retain(|task| task.configuration != configuration || !(warm_up || task.step == *step));
        match step {
            Step::Read { tokens } => entry.read.retain(|(length, _)| length != tokens),
            Step::Write { tokens, after } => {
                entry.written.retain(|(lengths, _)| *lengths != (*tokens, *after));
                if *tokens == SHORT_ANSWER {
                    entry.read.retain(|(length, _)| length != after);
                }
            }
            _ => {}
        }
    }
}
