//! The product: a document in, its summary and a report out.

mod chunks;
mod forecast;
mod run;

use std::collections::HashSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use self::chunks::Chunks;
use self::forecast::Forecast;
use self::run::{Length, Run, elapsed};
use crate::backend::Backend;
use crate::bench;
use crate::error::{Error, Result};
use crate::memory::{self, Memory};
use crate::model::Model;
use crate::plan::{self, Limits, Plan, PromptStyle, Strategy};
use crate::report::{
    BackendReport, DocumentReport, LoadReport, MemoryReport, ModelReport, PlanReport, Report,
    SCHEMA,
};
use crate::runtime::{Event, Host, Stage};
use crate::session::Session;

/// The largest document, in bytes.
pub const MAX_DOCUMENT: usize = 10_000_000;

/// The shortest context that a run may be told to keep to: prompts of notes need some room.
const SHORTEST_CONTEXT: usize = 256;

/// Bytes that a note from elsewhere may have: many times what [`crate::plan::NOTE`] tokens need.
const LONGEST_NOTE: usize = 4096;

/// How many times the trained context a model of windows reads in one pass without being asked to.
const FARTHER: usize = 2;

/// Tokens that a summary may have unless the caller says otherwise.
const ANSWER: usize = 96;

/// What a run may be told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Options {
    /// When the person asked, on the host's clock; [`Report::first_token_ms`] counts from here.
    pub started_ms: Option<f64>,
    /// Tokens of a prefill chunk. Without it chunks are as large as [`Chunks`] finds possible.
    pub chunk: Option<usize>,
    /// Tokens that the summary may have.
    pub max_tokens: Option<usize>,
    /// Whether to time every kind of operation: [`Report::profile`].
    pub profile: bool,
    /// Whether to read the document in one pass or in windows.
    pub strategy: Strategy,
    /// How the model is asked; without it in a conversation if its file has a chat template.
    pub prompt: Option<PromptStyle>,
    /// Positions that a prompt and its answer may take, at most those that the model was trained for:
    /// fewer take less memory. A document that doesn't fit is read in windows, or refused where one
    /// pass was asked for.
    pub context: Option<usize>,
    /// Whether everything is read anew, as measuring asks for: nothing that was read before in this
    /// summarizer, alike in this document, or kept by the host spares any of it. Nor is any of it
    /// kept.
    pub fresh: bool,
    /// Notes on the windows of [`Summarizer::plan`] that were taken elsewhere, by
    /// [`Summarizer::note`]; those that are missing are taken here.
    pub notes: Vec<Option<Note>>,
}

/// A note on one window of a document.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub struct Note {
    /// What the model wrote.
    pub text: String,
    /// Prompt tokens that it read for that.
    pub tokens: usize,
    /// Time of reading them, as [`PrefillReport::ms`](crate::report::PrefillReport::ms).
    pub ms: Option<f64>,
}

/// What there is to read in a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Windows {
    /// Tokens of the document.
    pub tokens: usize,
    /// The texts of its windows, in order; one in one pass.
    pub windows: Vec<String>,
}

/// Summarizes documents, one at a time, with one model.
pub struct Summarizer<B: Backend> {
    session: Session<B>,
    memory: Memory,
    model: ModelReport,
    backend: BackendReport,
    load: LoadReport,
    peak_gmacs: Option<f64>,
    tokens_per_ms: Option<f64>,
    copy_gbs: Option<f64>,
}

impl<B: Backend> Summarizer<B> {
    /// Takes a loaded model; the reports say what the caller knows of how it came about.
    pub fn new(
        backend: B,
        model: Model<B>,
        (id, sha256): (String, Option<String>),
        backend_report: BackendReport,
        load: LoadReport,
    ) -> Self {
        let report = ModelReport {
            id,
            sha256,
            architecture: model.config.architecture.name().into(),
            quant: model.quant.name().into(),
            parameters: model.parameters,
            context: model.config.context,
            linear_macs: model.linear_macs,
            attention_macs: model.config.attention_macs(),
            window_macs: model.config.window_macs(),
        };
        let session = Session::new(backend, model);
        Self {
            session,
            memory: Memory::default(),
            model: report,
            backend: backend_report,
            load,
            peak_gmacs: None,
            tokens_per_ms: None,
            copy_gbs: None,
        }
    }

    /// Begins every run with chunks for a device that reads so fast, in tokens a millisecond.
    pub fn expecting(self, tokens_per_ms: Option<f64>) -> Self {
        Self { tokens_per_ms, ..self }
    }

    /// What reports say of the backend.
    pub fn backend(&self) -> &BackendReport {
        &self.backend
    }

    /// What reports say of the model.
    pub fn model(&self) -> &ModelReport {
        &self.model
    }

    /// What reports say of how it came into memory.
    pub fn loaded(&self) -> &LoadReport {
        &self.load
    }

    /// The session with the model, for measuring and counting.
    pub fn session(&mut self) -> &mut Session<B> {
        &mut self.session
    }

    /// Notes on what was read before.
    pub fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// Reads `text` and summarizes it.
    ///
    /// # Errors
    /// `empty-document`, `document-too-large`, `invalid-options`, `cancelled` when the host says
    /// so, and what the session says. After any of them the next run starts afresh.
    pub async fn run(&mut self, text: &str, options: &Options, host: &impl Host) -> Result<Report> {
        let called_ms = host.now_ms();
        check(text, options)?;
        let tokens = self.session.model().tokenizer.encode_with_starts(text)?;
        host.catch_up().await;
        let tokenize_ms = elapsed(called_ms, host.now_ms());
        let limits = self.limits(options);
        let answer = limits.answer;
        let plan = Plan::new(text, &tokens.starts, limits, options.strategy);
        check_notes(&options.notes, &plan)?;
        if let Some(limit) = options.context.filter(|_| plan.is_one_pass()) {
            let tokens = tokens.ids.len() + limits.overhead + answer;
            if tokens > limit {
                return Err(Error::PromptTooLong { tokens, limit });
            }
        }
        let strategy = if plan.is_one_pass() { "one-pass" } else { "windows" };

        let mut report = Report {
            schema: SCHEMA.into(),
            model: self.model.clone(),
            document: DocumentReport {
                chars: text.chars().count(),
                tokens: tokens.ids.len(),
                tokenize_ms,
            },
            backend: self.backend.clone(),
            load: self.load.clone(),
            plan: PlanReport {
                strategy: strategy.into(),
                windows: plan.windows.len(),
                request: plan.request.clone(),
                ..PlanReport::default()
            },
            ..Report::default()
        };
        let lengths = self.prompts(text, &tokens.starts, &plan, limits, options);
        let total = lengths.iter().sum();
        host.emit(Event::Planned {
            tokens: tokens.ids.len(),
            total,
            windows: plan.windows.len(),
            strategy: strategy.into(),
            kv_bytes: self.session.cache_bytes_for(plan.longest_prompt(tokens.ids.len(), limits)),
        });
        drop(tokens);

        let mut run = self.begin(options, host, &mut report, &lengths);
        let notes = run.take_notes(text, &plan, &options.notes).await?;
        run.host.emit(Event::Stage { stage: Stage::Answer, index: 0, of: 1 });
        let started = options.started_ms.or(called_ms);
        let mut first_ms = None;
        let prompt = plan.answer_prompt(text, &notes, run.style);
        let length = Length { tokens: answer, one_sentence: plan.asks_for_one_sentence() };
        let summary = run
            .ask(&prompt, length, |piece| {
                if first_ms.is_none() {
                    first_ms = elapsed(started, host.now_ms());
                }
                host.emit(Event::Piece { text: piece.into() });
            })
            .await?;
        report.summary = summary;
        report.first_token_ms = first_ms;
        let operations = self.session.backend().profile(false);
        report.profile = options.profile.then_some(operations);
        self.finish(&mut report, host).await?;
        Ok(report)
    }

    /// How `text` will be read.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn plan(&self, text: &str, options: &Options) -> Result<Windows> {
        check(text, options)?;
        let tokens = self.session.model().tokenizer.encode_with_starts(text)?;
        let plan = Plan::new(text, &tokens.starts, self.limits(options), options.strategy);
        let windows = plan.windows.into_iter().map(|window| text[window].into()).collect();
        Ok(Windows { tokens: tokens.ids.len(), windows })
    }

    /// Takes a note on one window of a document that is summarized elsewhere.
    ///
    /// # Errors
    /// As [`Self::run`]; `prompt-too-long` for more than a window.
    pub async fn note(
        &mut self,
        window: &str,
        options: &Options,
        host: &impl Host,
    ) -> Result<Note> {
        check(window, options)?;
        let mut report = Report::default();
        let limit = self.limits(options).context;
        let tokens = self.session.model().tokenizer.encode(window)?.len();
        if tokens > limit {
            return Err(Error::PromptTooLong { tokens, limit });
        }
        let mut run = self.begin(options, host, &mut report, &[tokens]);
        let prompt = plan::note_prompt(window, run.style);
        run.take_note(&prompt).await
    }

    /// The windows of which there is no note yet, of those that are alike the first.
    fn unread(&self, text: &str, plan: &Plan, options: &Options) -> Vec<Range<usize>> {
        let style = self.style(options);
        let mut known = HashSet::new();
        let windows = plan.windows.iter().enumerate();
        let unread = windows.filter(|(index, window)| {
            let key = memory::key(&plan::note_prompt(&text[(*window).clone()], style).text);
            let elsewhere = options.notes.get(*index).is_some_and(Option::is_some);
            let before = self.memory.note(&key).is_some() || !known.insert(key);
            !elsewhere && (options.fresh || !before)
        });
        unread.map(|(_, window)| window.clone()).collect()
    }

    /// How the model is asked.
    fn style(&self, options: &Options) -> PromptStyle {
        options.prompt.unwrap_or(match self.session.model().tokenizer.has_chat() {
            true => PromptStyle::Chat,
            false => PromptStyle::Completion,
        })
    }

    fn limits(&self, options: &Options) -> Limits {
        let model = self.session.model();
        let trained = model.config.context;
        let context = options.context.map_or(trained, |context| context.min(trained));
        let answer = options.max_tokens.unwrap_or(ANSWER).min(context / 4);
        let reach = if self.reaches_far(options) { FARTHER * context } else { context };
        Limits { context, reach, overhead: model.tokenizer.overhead(), answer }
    }

    /// Whether one pass may go past the trained context without being asked to: layers that see
    /// windows take as long far out as anywhere, and never see a distance that is new to them.
    fn reaches_far(&self, options: &Options) -> bool {
        let has_windows = self.session.model().config.window_macs() > 0;
        has_windows && options.context.is_none() && options.strategy == Strategy::Auto
    }

    /// Tokens of the prompts that a run will ask, in order, estimated.
    fn prompts(
        &self,
        text: &str,
        starts: &[usize],
        plan: &Plan,
        limits: Limits,
        options: &Options,
    ) -> Vec<usize> {
        if plan.is_one_pass() {
            return vec![plan::count(starts, &plan.windows[0]) + limits.overhead];
        }
        let windows = self.unread(text, plan, options);
        let tokens = windows.iter().map(|window| plan::count(starts, window) + limits.overhead);
        // Notes that are too many for one prompt are read, and others written, once at least.
        let merges = windows.len() * plan::NOTE / 2 / plan.notes_budget.max(1);
        let merges = std::iter::repeat_n(plan.notes_budget + limits.overhead, merges);
        // The answer's prompt: an opening, headings and notes.
        tokens.chain(merges).chain([2 * plan.notes_budget + limits.overhead]).collect()
    }

    /// A run of which no prompt has been asked yet; `lengths` are their tokens.
    fn begin<'a, H: Host>(
        &'a mut self,
        options: &Options,
        host: &'a H,
        report: &'a mut Report,
        lengths: &[usize],
    ) -> Run<'a, B, H> {
        // Ends one of a run that was cancelled, too.
        self.session.backend().profile(options.profile);
        let widest = self.session.model().config.widest();
        let limits = self.session.backend().chunk_limits(widest);
        let chunks = options.chunk.map_or_else(|| Chunks::new(limits), Chunks::given);
        let chunks = match self.tokens_per_ms {
            Some(tokens_per_ms) => chunks.expecting(tokens_per_ms),
            None => chunks,
        };
        let asked = options.strategy == Strategy::OnePass && options.context.is_none();
        let extends = asked || self.reaches_far(options);
        let style = self.style(options);
        let model = self.session.model();
        let cost = |tokens: &usize| forecast::cost(&model.config, model.linear_macs, 0, *tokens);
        let forecast = Forecast::new(lengths.iter().map(cost));
        let total = lengths.iter().sum();
        let (session, memory, fresh) = (&mut self.session, &mut self.memory, options.fresh);
        let prompts = 0;
        Run {
            session,
            host,
            report,
            chunks,
            total,
            forecast,
            prompts,
            extends,
            style,
            memory,
            fresh,
        }
    }

    /// Adds what is known only at the end, and says why what is missing is missing.
    async fn finish(&mut self, report: &mut Report, host: &impl Host) -> Result<()> {
        report.memory = MemoryReport {
            wasm_bytes: host.memory_bytes(),
            gpu_bytes: self.session.backend().device_bytes(),
            kv_bytes: self.session.cache_bytes() as u64,
        };
        if self.peak_gmacs.is_none() {
            self.peak_gmacs = bench::peak_gmacs(self.session.backend(), host).await?;
        }
        if self.copy_gbs.is_none() {
            self.copy_gbs = self.session.backend().copy_gbs().await?;
        }
        report.peak.gemm_gmacs = self.peak_gmacs;
        report.peak.bandwidth_gbs = self.copy_gbs;
        let macs = self.session.model().linear_macs as f64;
        report.peak.efficiency = (report.prefill.tokens_per_second)
            .zip(self.peak_gmacs)
            .map(|(speed, peak)| macs * speed / (peak * 1e9));
        report.environment = host.environment();
        report.environment.version = env!("CARGO_PKG_VERSION").into();
        report.forget_zeros();
        let clock = "the clock stands still during computation here";
        let decode = if report.decode.tokens == 0 { "no token was fed back" } else { clock };
        for (path, is_null, reason) in [
            ("model.sha256", report.model.sha256.is_none(), "the file was not hashed"),
            ("document.tokenize_ms", report.document.tokenize_ms.is_none(), clock),
            ("backend.adapter", report.backend.adapter.is_none(), "no GPU was used"),
            ("backend.reason", report.backend.reason.is_none(), "the caller chose"),
            (
                "load.read_ms",
                report.load.read_ms.is_none(),
                "the file was read while it was prepared",
            ),
            ("load.prepare_ms", report.load.prepare_ms.is_none(), clock),
            ("load.pipelines_ms", report.load.pipelines_ms.is_none(), "no GPU was used"),
            (
                "plan.context_extension",
                report.plan.context_extension.is_none(),
                "no position past the trained context was used",
            ),
            ("prefill.ms", report.prefill.ms.is_none(), clock),
            ("prefill.tokens_per_second", report.prefill.tokens_per_second.is_none(), clock),
            (
                "first_token_ms",
                report.first_token_ms.is_none(),
                if report.summary.is_empty() { "no text was written" } else { clock },
            ),
            ("decode.ms", report.decode.ms.is_none(), decode),
            ("decode.tokens_per_second", report.decode.tokens_per_second.is_none(), decode),
            ("memory.wasm_bytes", report.memory.wasm_bytes.is_none(), "this is not WebAssembly"),
            ("memory.gpu_bytes", report.memory.gpu_bytes.is_none(), "no GPU was used"),
            ("peak.gemm_gmacs", report.peak.gemm_gmacs.is_none(), clock),
            (
                "peak.bandwidth_gbs",
                report.peak.bandwidth_gbs.is_none(),
                "measuring it takes more memory than a summary may; the benchmark does",
            ),
            ("profile", report.profile.is_none(), "not asked for: it costs some of the speed"),
            ("peak.efficiency", report.peak.efficiency.is_none(), clock),
            (
                "environment.user_agent",
                report.environment.user_agent.is_none(),
                "the host has no name",
            ),
            (
                "environment.logical_cores",
                report.environment.logical_cores.is_none(),
                "the host does not tell",
            ),
            (
                "environment.cross_origin_isolated",
                report.environment.cross_origin_isolated.is_none(),
                "there is no page",
            ),
            (
                "environment.hidden_during_run",
                report.environment.hidden_during_run.is_none(),
                "there is no page",
            ),
            ("environment.clock", report.environment.clock.is_none(), "the host does not tell"),
        ] {
            if is_null {
                report.explain(path, reason);
            }
        }
        Ok(())
    }
}

fn check(text: &str, options: &Options) -> Result<()> {
    if text.len() > MAX_DOCUMENT {
        return Err(Error::DocumentTooLarge { bytes: text.len(), limit: MAX_DOCUMENT });
    }
    if text.trim().is_empty() {
        return Err(Error::EmptyDocument);
    }
    if let Some(at) = text.find('\0') {
        return Err(Error::DocumentNotText { at });
    }
    if let Some(context) = options.context.filter(|context| *context < SHORTEST_CONTEXT) {
        let (option, expected) = ("context", "at least 256");
        return Err(Error::InvalidOptions { option, value: context.to_string(), expected });
    }
    for (option, value) in [("chunk", options.chunk), ("max_tokens", options.max_tokens)] {
        if let Some(value) = value.filter(|value| !(1..=4096).contains(value)) {
            let expected = "between 1 and 4096";
            return Err(Error::InvalidOptions { option, value: value.to_string(), expected });
        }
    }
    Ok(())
}

/// Notes come from other machines.
fn check_notes(notes: &[Option<Note>], plan: &Plan) -> Result<()> {
    let windows = if plan.is_one_pass() { 0 } else { plan.windows.len() };
    let wrong =
        |value: String, expected| Err(Error::InvalidOptions { option: "notes", value, expected });
    if notes.len() > windows {
        return wrong(format!("{} notes", notes.len()), "at most one for each window of the plan");
    }
    match notes.iter().flatten().find(|note| note.text.len() > LONGEST_NOTE) {
        Some(note) => wrong(format!("{} bytes", note.text.len()), "notes of at most 4096 bytes"),
        None => Ok(()),
    }
}
