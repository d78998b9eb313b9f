//! The product: a document in, its summary and a report out.

mod chunks;
mod run;

use serde::{Deserialize, Serialize};

use self::chunks::Chunks;
use self::run::{Length, Run, elapsed};
use crate::backend::Backend;
use crate::bench;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::plan::{Limits, Plan, Strategy};
use crate::report::{
    BackendReport, DocumentReport, LoadReport, MemoryReport, ModelReport, PlanReport, Report,
    SCHEMA,
};
use crate::runtime::{Event, Host, Stage};
use crate::session::Session;

/// The largest document, in bytes.
pub const MAX_DOCUMENT: usize = 10_000_000;

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
}

/// Summarizes documents, one at a time, with one model.
pub struct Summarizer<B: Backend> {
    session: Session<B>,
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
            architecture: model.config.architecture.clone(),
            quant: model.quant.name().into(),
            parameters: model.parameters,
            context: model.config.context,
            linear_macs: model.linear_macs,
            attention_macs: model.config.attention_macs(),
        };
        let session = Session::new(backend, model);
        Self {
            session,
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

    /// Reads `text` and summarizes it.
    ///
    /// # Errors
    /// `empty-document`, `document-too-large`, `invalid-options`, `cancelled` when the host says
    /// so, and what the session says. After any of them the next run starts afresh.
    pub async fn run(&mut self, text: &str, options: &Options, host: &impl Host) -> Result<Report> {
        let called_ms = host.now_ms();
        check(text, options)?;
        let model = self.session.model();
        let context = model.config.context;
        let answer = options.max_tokens.unwrap_or(ANSWER).min(context / 4);

        let before = host.now_ms();
        let tokens = model.tokenizer.encode_with_starts(text)?;
        let tokenize_ms = elapsed(before, host.now_ms());
        let limits = Limits { context, overhead: model.tokenizer.chat_overhead(), answer };
        let plan = Plan::new(text, &tokens.starts, limits, options.strategy);
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
        let prompts = if plan.is_one_pass() { 1 } else { plan.windows.len() + 1 };
        let total = tokens.ids.len() + prompts * limits.overhead;
        let total = total + if plan.is_one_pass() { 0 } else { 3 * plan.notes_budget / 2 };
        host.emit(Event::Planned {
            tokens: tokens.ids.len(),
            total,
            windows: plan.windows.len(),
            strategy: strategy.into(),
            kv_bytes: self.session.cache_bytes_for(plan.longest_prompt(tokens.ids.len(), limits)),
        });
        drop(tokens);

        // Ends one of a run that was cancelled, too.
        self.session.backend().profile(options.profile);
        let widest = self.session.model().config.widest();
        let limits = self.session.backend().chunk_limits(widest);
        let chunks = options.chunk.map_or_else(|| Chunks::new(limits), Chunks::given);
        let chunks = match self.tokens_per_ms {
            Some(tokens_per_ms) => chunks.expecting(tokens_per_ms),
            None => chunks,
        };
        let mut run = Run {
            session: &mut self.session,
            host,
            report: &mut report,
            chunks,
            total,
            prompts: 0,
            extends: options.strategy == Strategy::OnePass,
        };
        let notes = run.take_notes(text, &plan).await?;
        run.host.emit(Event::Stage { stage: Stage::Answer, index: 0, of: 1 });
        let started = options.started_ms.or(called_ms);
        let mut first_ms = None;
        let prompt = plan.answer_prompt(text, &notes);
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
        let clock = "the clock stands still during computation here";
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
            ("first_token_ms", report.first_token_ms.is_none(), "no text was written"),
            ("decode.ms", report.decode.ms.is_none(), "no token was fed back"),
            (
                "decode.tokens_per_second",
                report.decode.tokens_per_second.is_none(),
                "no token was fed back",
            ),
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
    for (option, value) in [("chunk", options.chunk), ("max_tokens", options.max_tokens)] {
        if let Some(value) = value.filter(|value| !(1..=4096).contains(value)) {
            let expected = "between 1 and 4096";
            return Err(Error::InvalidOptions { option, value: value.to_string(), expected });
        }
    }
    Ok(())
}
