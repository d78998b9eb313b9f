//! Every figure that Précis reports, with its definition and unit.
//!
//! A missing figure is `null`, never 0, and [`Report::absent`] says why. Times are wall-clock
//! milliseconds of the [`Host`](crate::host::Host)'s clock. The JSON form is the schema
//! `precis.report/1`; fields may be added, but never change their meaning.

mod absent;
mod enums;

use std::collections::BTreeMap;

pub use self::enums::{FinishReason, Kind, Support};

/// Version of the schema.
pub const SCHEMA: &str = "precis.report/1";

macro_rules! reported {
    ($($(#[$meta:meta])* pub struct $name:ident { $($body:tt)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
        #[cfg_attr(target_arch = "wasm32", tsify(missing_as_null, hashmap_as_object))]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        pub struct $name { $($body)* }
    )*};
}
pub(crate) use reported;

reported! {
    /// What a run did, where, and how fast.
    pub struct Report {
        /// [`SCHEMA`].
        pub schema: String,
        /// The model.
        pub model: ModelReport,
        /// The document.
        pub document: DocumentReport,
        /// The backend.
        pub backend: BackendReport,
        /// How the model was loaded.
        pub load: LoadReport,
        /// How the document was read.
        pub plan: PlanReport,
        /// Reading speed.
        pub prefill: PrefillReport,
        /// Time from pressing Summarize (or the call) to the first token of the summary.
        pub first_token_ms: Option<f64>,
        /// Writing speed.
        pub decode: DecodeReport,
        /// Memory in use at the end of the run.
        pub memory: MemoryReport,
        /// Peak speeds of this device, measured in this run.
        pub peak: PeakReport,
        /// Where it ran.
        pub environment: EnvironmentReport,
        /// Time of each kind of operation, in reading and decoding together, if requested: timing
        /// each operation costs some speed.
        pub profile: Option<Vec<OperationReport>>,
        /// The summary.
        pub summary: String,
        /// Why the summary ended.
        #[serde(default)]
        pub finish_reason: FinishReason,
        /// The sentences of the summary and their sources.
        pub points: Vec<PointReport>,
        /// Why each null figure is missing, by its path (`load.pipelines_ms`).
        pub absent: BTreeMap<String, String>,
    }

    /// The model.
    pub struct ModelReport {
        /// Its catalogue id, or its file name.
        pub id: String,
        /// SHA-256 of the file, lower-case hexadecimal, verified at download.
        pub sha256: Option<String>,
        /// `general.architecture` of the file.
        pub architecture: String,
        /// Storage format of its linear layers.
        pub quant: String,
        /// Number of weights.
        pub parameters: usize,
        /// Trained context, in positions.
        pub context: usize,
        /// Multiply-adds of the linear layers per token read.
        pub linear_macs: usize,
        /// Multiply-adds of full attention per token and visible position, over all such layers.
        pub attention_macs: usize,
        /// Multiply-adds of attention per token in layers with a sliding window, once it is full; 0
        /// in cards from before such models.
        #[serde(default)]
        pub window_macs: usize,
    }

    /// The document.
    pub struct DocumentReport {
        /// Unicode characters.
        pub chars: usize,
        /// Tokens of the document alone, without the prompt around it.
        pub tokens: usize,
        /// Time to encode the document once.
        pub tokenize_ms: Option<f64>,
        /// What kind of document it is, as recognized or as the options say.
        #[serde(default)]
        pub kind: Option<Kind>,
        /// The language of most of its sentences as a tag of BCP 47, such as `en`, as recognized.
        #[serde(default)]
        pub language: Option<String>,
    }

    /// The backend.
    pub struct BackendReport {
        /// `wasm-simd`, `wasm-relaxed-simd`, `webgpu` or `native`.
        pub kind: String,
        /// Number of compute threads.
        pub threads: usize,
        /// Name of the GPU.
        pub adapter: Option<String>,
        /// Instruction sets or GPU features in use.
        pub features: Vec<String>,
        /// Why this engine build and thread count were chosen.
        pub reason: Option<String>,
    }

    /// How the model was loaded.
    pub struct LoadReport {
        /// Time to fetch the file, or to find it in storage, before parsing.
        pub read_ms: Option<f64>,
        /// Time to read its tensors, pack them and build the tokenizer.
        pub prepare_ms: Option<f64>,
        /// Time of the first run of each number format in the GPU's trial, before the model is
        /// loaded: mostly compilation of pipelines.
        pub pipelines_ms: Option<f64>,
        /// Size of the file.
        pub bytes: u64,
    }

    /// How the document was read.
    pub struct PlanReport {
        /// `one-pass`, `windows`, `passages` (those that match a question), `as-is` for a text that is
        /// too short to summarize, or `digest` for a table, a log or a source file.
        pub strategy: String,
        /// Parts that the document was read in; 1 for a single pass.
        pub windows: usize,
        /// Parts read before, by other devices or other calls; excluded from this report's figures.
        #[serde(default)]
        pub elsewhere: usize,
        /// Prompt tokens read for those parts.
        #[serde(default)]
        pub elsewhere_tokens: usize,
        /// Parts with a cached note, from an earlier run or an equal part of this document;
        /// excluded from speeds.
        #[serde(default)]
        pub remembered: usize,
        /// Prompt tokens read for those notes.
        #[serde(default)]
        pub remembered_tokens: usize,
        /// Rounds of merging notes before the answer. Notes are no longer merged: always 0.
        pub merges: usize,
        /// Tokens in the largest chunk.
        pub chunk: usize,
        /// How the context was extended: `YaRN, factor 5.75`.
        pub context_extension: Option<String>,
        /// What the model was asked for the summary: the document's own request at its end, or ours.
        pub request: String,
        /// The document's own request at its end, followed or not; empty if it has none, or if
        /// `follow_request` is false.
        #[serde(default)]
        pub closing_request: String,
    }

    /// Reading speed, excluding loading, encoding, waiting for the host between chunks, and reused
    /// tokens.
    pub struct PrefillReport {
        /// Prompt tokens computed, over all prompts of the run.
        pub tokens: usize,
        /// Prompt tokens whose keys and values were cached.
        pub reused_tokens: usize,
        /// Sum of the chunks' times. The last chunk of a prompt ends when its logits have been read
        /// back.
        pub ms: Option<f64>,
        /// `tokens / ms`, in tokens per second.
        pub tokens_per_second: Option<f64>,
        /// All chunks, in order.
        pub chunks: Vec<ChunkReport>,
    }

    /// One chunk of a prompt.
    pub struct ChunkReport {
        /// Index of the prompt in the run, from 0.
        pub prompt: usize,
        /// Position of its first token in that prompt.
        pub position: usize,
        /// Number of tokens.
        pub tokens: usize,
        /// Time from its start until it was computed.
        pub ms: Option<f64>,
    }

    /// Writing speed.
    pub struct DecodeReport {
        /// Tokens fed back, one at a time, to get the next; over all answers.
        pub tokens: usize,
        /// Time for these, including token selection.
        pub ms: Option<f64>,
        /// `tokens / ms`, in tokens per second.
        pub tokens_per_second: Option<f64>,
    }

    /// Memory in use at the end of the run: its peak, since WebAssembly memory never shrinks.
    pub struct MemoryReport {
        /// The module's linear memory.
        pub wasm_bytes: Option<u64>,
        /// GPU buffers.
        pub gpu_bytes: Option<u64>,
        /// Keys and values.
        pub kv_bytes: u64,
    }

    /// Peak speeds of this device, measured in this run with the engine's own kernels, on all of
    /// the run's threads or on its GPU.
    pub struct PeakReport {
        /// Quantized matrix product of 64 by 576 (on a GPU 1024 by 576) with 1536 by 576, in 10⁹
        /// multiply-adds per second.
        pub gemm_gmacs: Option<f64>,
        /// Memory copy, in 10⁹ bytes read and written per second; on a GPU 64 MiB in its memory.
        pub bandwidth_gbs: Option<f64>,
        /// Multiply-adds of the linear layers for `prefill.tokens` per second of `prefill.ms`,
        /// divided by `gemm_gmacs`: the share of the peak left by attention and everything else.
        pub efficiency: Option<f64>,
    }

    /// Peak speeds of a device, from synthetic kernels. `None` if unsupported, or if the clock does
    /// not advance during computation.
    pub struct Peaks {
        /// Multiply-adds of 32-bit floats in registers, in 10⁹ per second.
        pub f32_gmacs: Option<f64>,
        /// Multiply-adds of 16-bit floats in registers, in 10⁹ per second.
        pub f16_gmacs: Option<f64>,
        /// Multiply-adds of 8-bit integers, in 10⁹ per second: on a GPU in registers
        /// (`dot4I8Packed`), on a CPU the engine's own product of 64 by 576 with 1536 by 576.
        pub int8_gmacs: Option<f64>,
        /// Memory copy, in 10⁹ bytes read and written per second.
        pub copy_gbs: Option<f64>,
    }

    /// A sentence of the summary.
    pub struct PointReport {
        /// The sentence.
        pub text: String,
        /// Start of the passage that covers most of it, in characters (Unicode scalar values) of
        /// the document.
        pub start: usize,
        /// End of that passage.
        pub end: usize,
        /// Whether the document supports it: [`Self::support`] is not `unsupported`.
        pub supported: bool,
        /// In whose words it is, and whether the document supports it.
        #[serde(default)]
        pub support: Support,
    }

    /// All operations of one kind.
    pub struct OperationReport {
        /// The operation.
        pub name: String,
        /// Number of calls.
        pub calls: usize,
        /// Total time, measured on the calling thread, or on a GPU by the GPU.
        pub ms: f64,
        /// 10⁹ multiply-adds in total that the result needs, without masked scores and padding.
        /// Counted for products and attention only.
        pub gmacs: Option<f64>,
    }

    /// Where it ran.
    pub struct EnvironmentReport {
        /// The browser's or runtime's name for itself.
        pub user_agent: Option<String>,
        /// Logical CPU cores.
        pub logical_cores: Option<usize>,
        /// Whether the page may share memory and has the high-resolution clock.
        pub cross_origin_isolated: Option<bool>,
        /// Whether the page was hidden at any time during the run, which slows it.
        pub hidden_during_run: Option<bool>,
        /// Behaviour of the clock during computation: `runs` or `stands still`; in the latter case
        /// every measurement ends by waiting for something that advances it.
        #[serde(default)]
        pub clock: Option<String>,
        /// Version of Précis.
        pub version: String,
    }
}

impl Report {
    /// Removes times during which the clock did not advance.
    pub fn forget_zeros(&mut self) {
        if self.prefill.ms == Some(0.0) {
            self.prefill.ms = None;
            self.prefill.chunks.iter_mut().for_each(|chunk| chunk.ms = None);
        }
        for ms in [
            &mut self.document.tokenize_ms,
            &mut self.load.prepare_ms,
            &mut self.first_token_ms,
            &mut self.decode.ms,
        ] {
            ms.take_if(|ms| *ms == 0.0);
        }
    }

    /// Records why the figure at `path` is null.
    pub fn explain(&mut self, path: &str, reason: &str) {
        self.absent.insert(path.into(), reason.into());
    }
}

impl ModelReport {
    /// Multiply-adds to read `tokens` tokens, as if all sliding windows were full.
    pub fn macs(&self, tokens: usize) -> f64 {
        let each = (self.linear_macs + self.window_macs) as f64;
        let [tokens, attention] = [tokens, self.attention_macs].map(|n| n as f64);
        tokens * (each + attention * (tokens + 1.0) / 2.0)
    }
}

impl OperationReport {
    /// Adds a call to the entry with its name; `macs` are its multiply-adds, or 0.
    pub fn add(all: &mut Vec<Self>, name: &str, ms: f64, macs: f64) {
        let gmacs = (macs > 0.0).then_some(macs / 1e9);
        match all.iter_mut().find(|operation| operation.name == name) {
            Some(operation) => {
                operation.calls += 1;
                operation.ms += ms;
                // Some calls of a kind have no multiply-adds, such as the preparation of a product.
                operation.gmacs = operation.gmacs.map_or(gmacs, |sum| Some(sum + macs / 1e9));
            }
            None => all.push(Self { name: name.into(), calls: 1, ms, gmacs }),
        }
    }

    /// 10⁹ multiply-adds per second.
    pub fn gmacs_per_second(&self) -> Option<f64> {
        self.gmacs.filter(|_| self.ms > 0.0).map(|gmacs| gmacs / self.ms * 1000.0)
    }
}

impl PrefillReport {
    /// Adds a chunk to the sums.
    pub fn add(&mut self, chunk: ChunkReport) {
        self.ms = if self.chunks.is_empty() { chunk.ms } else { sum(self.ms, chunk.ms) };
        self.tokens += chunk.tokens;
        self.tokens_per_second = rate(self.tokens, self.ms);
        self.chunks.push(chunk);
    }
}

impl DecodeReport {
    /// Adds one token and the time it took.
    pub fn add(&mut self, ms: Option<f64>) {
        self.ms = if self.tokens == 0 { ms } else { sum(self.ms, ms) };
        self.tokens += 1;
        self.tokens_per_second = rate(self.tokens, self.ms);
    }
}

/// `count` per second, if the time is known and not zero.
pub fn rate(count: usize, ms: Option<f64>) -> Option<f64> {
    ms.filter(|ms| *ms > 0.0).map(|ms| count as f64 / ms * 1000.0)
}

fn sum(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    Some(a? + b?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn prefill_adds_chunks_up() {
        let mut prefill = PrefillReport::default();
        prefill.add(ChunkReport { prompt: 0, position: 0, tokens: 30, ms: Some(100.0) });
        prefill.add(ChunkReport { prompt: 0, position: 30, tokens: 10, ms: Some(60.0) });
        assert_eq!((prefill.tokens, prefill.ms), (40, Some(160.0)));
        assert_eq!(prefill.tokens_per_second, Some(250.0));
        prefill.add(ChunkReport { prompt: 1, position: 0, tokens: 1, ms: None });
        assert_eq!((prefill.ms, prefill.tokens_per_second), (None, None));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn operations_add_up_by_name() {
        let mut all = Vec::new();
        for (name, macs) in [("norm", 0.0), ("product", 0.0), ("product", 2e9), ("product", 1e9)] {
            OperationReport::add(&mut all, name, 500.0, macs);
        }
        assert_eq!((all[0].calls, all[0].gmacs, all[0].gmacs_per_second()), (1, None, None));
        assert_eq!((all[1].calls, all[1].ms, all[1].gmacs), (3, 1500.0, Some(3.0)));
        assert_eq!(all[1].gmacs_per_second(), Some(2.0));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_clock_that_stands_still_gives_no_speed() {
        assert_eq!(rate(5, Some(0.0)), None);
        assert_eq!(rate(5, None), None);
    }
}
