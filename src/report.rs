//! Every figure that Précis reports: its definition and its unit, once.
//!
//! A figure that could not be had is `null`, never 0, and [`Report::absent`] says why. Times are
//! wall-clock milliseconds of the [`Host`](crate::host::Host)'s clock. The JSON form is the
//! schema `precis.report/1`; fields may be added to it, and none changes its meaning.

mod absent;

use std::collections::BTreeMap;

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
    /// What a run did, on what, and how fast.
    pub struct Report {
        /// [`SCHEMA`].
        pub schema: String,
        /// The model that was run.
        pub model: ModelReport,
        /// The document that was read.
        pub document: DocumentReport,
        /// What computed.
        pub backend: BackendReport,
        /// How the model came into memory.
        pub load: LoadReport,
        /// How the document was read.
        pub plan: PlanReport,
        /// Reading speed.
        pub prefill: PrefillReport,
        /// From the press of Summarize (or the call) to the first token of the summary.
        pub first_token_ms: Option<f64>,
        /// Writing speed.
        pub decode: DecodeReport,
        /// Memory in use at the end of the run.
        pub memory: MemoryReport,
        /// What this device can do at best, measured in this run.
        pub peak: PeakReport,
        /// Where it ran.
        pub environment: EnvironmentReport,
        /// Time of each kind of operation, reading and writing together, where it was asked for:
        /// looking at the clock that often costs some of the speed.
        pub profile: Option<Vec<OperationReport>>,
        /// The summary.
        pub summary: String,
        /// The sentences of the summary and where they come from.
        pub points: Vec<PointReport>,
        /// Why each figure that is null could not be had, by its path (`load.pipelines_ms`).
        pub absent: BTreeMap<String, String>,
    }

    /// The model that was run.
    pub struct ModelReport {
        /// Its id in the catalogue, or its file name.
        pub id: String,
        /// SHA-256 of the file, lower-case hexadecimal, verified when it was fetched.
        pub sha256: Option<String>,
        /// `general.architecture` of the file.
        pub architecture: String,
        /// Storage format of its linear layers.
        pub quant: String,
        /// Number of weights.
        pub parameters: usize,
        /// Positions it was trained for.
        pub context: usize,
        /// Multiply-adds of the linear layers for one token that is read.
        pub linear_macs: usize,
        /// Multiply-adds of attention for one token, for each position up to its own, in layers that
        /// see all of them.
        pub attention_macs: usize,
        /// Multiply-adds of attention for one token in layers that see a window, once that is full;
        /// 0 in cards that are older than such models.
        #[serde(default)]
        pub window_macs: usize,
    }

    /// The document that was read.
    pub struct DocumentReport {
        /// Unicode characters.
        pub chars: usize,
        /// Tokens of the document alone, without any prompt around it.
        pub tokens: usize,
        /// Time to encode the document once.
        pub tokenize_ms: Option<f64>,
    }

    /// What computed.
    pub struct BackendReport {
        /// `wasm-simd`, `wasm-relaxed-simd`, `webgpu` or `native`.
        pub kind: String,
        /// Threads that computed.
        pub threads: usize,
        /// Name of the GPU.
        pub adapter: Option<String>,
        /// Instruction sets or GPU features in use.
        pub features: Vec<String>,
        /// Why this build of the engine and this many threads.
        pub reason: Option<String>,
    }

    /// How the model came into memory.
    pub struct LoadReport {
        /// Time to fetch the file or to find it in storage, before it was parsed.
        pub read_ms: Option<f64>,
        /// Time to read its tensors, pack them and build the tokenizer.
        pub prepare_ms: Option<f64>,
        /// Time of the first run of each way to compute in the GPU's trial, before the model is
        /// loaded: compiling pipelines is nearly all of it.
        pub pipelines_ms: Option<f64>,
        /// Size of the file.
        pub bytes: u64,
    }

    /// How the document was read.
    pub struct PlanReport {
        /// `one-pass` or `windows`.
        pub strategy: String,
        /// Parts that the document was read in; 1 in one pass.
        pub windows: usize,
        /// How many of them had been read before, by other devices or other calls, which is no part of
        /// this report's figures.
        #[serde(default)]
        pub elsewhere: usize,
        /// Prompt tokens that were read for that.
        #[serde(default)]
        pub elsewhere_tokens: usize,
        /// How many of them were read before, or alike in this document: their notes were kept. No
        /// part of the speeds.
        #[serde(default)]
        pub remembered: usize,
        /// Prompt tokens that were read for that then.
        #[serde(default)]
        pub remembered_tokens: usize,
        /// Rounds of merging notes before the answer; 0 when they fitted at once.
        pub merges: usize,
        /// Tokens of the largest chunk.
        pub chunk: usize,
        /// How positions past the trained context were reached: `YaRN, factor 5.75`.
        pub context_extension: Option<String>,
        /// The request that the answer followed: the document's own last line, or the default.
        pub request: String,
    }

    /// Reading speed. Loading, encoding, waiting for the host between chunks and reused tokens
    /// are no part of it.
    pub struct PrefillReport {
        /// Prompt tokens that were computed, all prompts of the run together.
        pub tokens: usize,
        /// Prompt tokens whose keys and values were there already.
        pub reused_tokens: usize,
        /// Sum of the chunks' times. The last chunk of a prompt ends when its logits have been
        /// read back.
        pub ms: Option<f64>,
        /// `tokens / ms`, in tokens a second.
        pub tokens_per_second: Option<f64>,
        /// Every chunk in order.
        pub chunks: Vec<ChunkReport>,
    }

    /// One chunk of a prompt.
    pub struct ChunkReport {
        /// Which prompt of the run, from 0.
        pub prompt: usize,
        /// Position of its first token in that prompt.
        pub position: usize,
        /// Its tokens.
        pub tokens: usize,
        /// Time from its start until it had been computed.
        pub ms: Option<f64>,
    }

    /// Writing speed.
    pub struct DecodeReport {
        /// Tokens that were fed back, one at a time, to get the next; all answers together.
        pub tokens: usize,
        /// Time for these, choosing the tokens included.
        pub ms: Option<f64>,
        /// `tokens / ms`, in tokens a second.
        pub tokens_per_second: Option<f64>,
    }

    /// Memory in use at the end of the run, which is its peak: WebAssembly memory never shrinks.
    pub struct MemoryReport {
        /// The module's linear memory.
        pub wasm_bytes: Option<u64>,
        /// GPU buffers.
        pub gpu_bytes: Option<u64>,
        /// Keys and values.
        pub kv_bytes: u64,
    }

    /// What this device can do at best, measured in this run with the engine's own kernels, on all
    /// of the run's threads or on its GPU.
    pub struct PeakReport {
        /// Quantized matrix product of 64 by 576 (on a GPU 1024 by 576) with 1536 by 576, in 10⁹
        /// multiply-adds a second.
        pub gemm_gmacs: Option<f64>,
        /// Copying memory, in 10⁹ bytes read and written a second: on a GPU 64 MiB of its own.
        pub bandwidth_gbs: Option<f64>,
        /// Multiply-adds of the linear layers for `prefill.tokens`, a second of `prefill.ms`,
        /// divided by `gemm_gmacs`: what attention and everything else leave of the peak.
        pub efficiency: Option<f64>,
    }

    /// What a device does at best, by plain kernels of ours. None where it can't, or the clock
    /// stands still.
    pub struct Peaks {
        /// Multiply-adds of 32-bit floats in registers, in 10⁹ a second.
        pub f32_gmacs: Option<f64>,
        /// Multiply-adds of 16-bit floats in registers, in 10⁹ a second.
        pub f16_gmacs: Option<f64>,
        /// Multiply-adds of 8-bit integers, in 10⁹ a second: on a GPU in registers
        /// (`dot4I8Packed`), on a processor the engine's own product of 64 by 576 with 1536 by 576.
        pub int8_gmacs: Option<f64>,
        /// Copying memory, in 10⁹ bytes read and written a second.
        pub copy_gbs: Option<f64>,
    }

    /// A sentence of the summary.
    pub struct PointReport {
        /// The sentence.
        pub text: String,
        /// Where the passage that says most of it begins, in characters (Unicode scalar values) of the
        /// document.
        pub start: usize,
        /// Where it ends.
        pub end: usize,
        /// Whether the document says it, as far as words tell: most of its words, all of its names
        /// and all of its numbers stand in the part that it is about.
        pub supported: bool,
    }

    /// All operations of one kind.
    pub struct OperationReport {
        /// What it does.
        pub name: String,
        /// How often.
        pub calls: usize,
        /// Time for all of them: as the thread that asks for them sees it, or on a GPU as the GPU
        /// does.
        pub ms: f64,
        /// 10⁹ multiply-adds of all of them, as many as the result needs: masked scores and padding
        /// are none. Only products and attention are counted.
        pub gmacs: Option<f64>,
    }

    /// Where it ran.
    pub struct EnvironmentReport {
        /// The browser's or runtime's name for itself.
        pub user_agent: Option<String>,
        /// Logical processors.
        pub logical_cores: Option<usize>,
        /// Whether the page may share memory and has the fine clock.
        pub cross_origin_isolated: Option<bool>,
        /// Whether the page was hidden at any time during the run, which slows it.
        pub hidden_during_run: Option<bool>,
        /// What the clock does during computation: `runs`; or `stands still`, and then every time that
        /// is measured ends with waiting for something that moves it on.
        #[serde(default)]
        pub clock: Option<String>,
        /// Version of Précis.
        pub version: String,
    }
}

impl Report {
    /// Times during which the clock did not move say nothing.
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

    /// Says why the figure at `path` is null.
    pub fn explain(&mut self, path: &str, reason: &str) {
        self.absent.insert(path.into(), reason.into());
    }
}

impl ModelReport {
    /// Multiply-adds that reading so many tokens takes, as if all windows were full.
    pub fn macs(&self, tokens: usize) -> f64 {
        let each = (self.linear_macs + self.window_macs) as f64;
        let [tokens, attention] = [tokens, self.attention_macs].map(|n| n as f64);
        tokens * (each + attention * (tokens + 1.0) / 2.0)
    }
}

impl OperationReport {
    /// Adds a call to those of its name; `macs` are its multiply-adds, 0 where it has none.
    pub fn add(all: &mut Vec<Self>, name: &str, ms: f64, macs: f64) {
        let gmacs = (macs > 0.0).then_some(macs / 1e9);
        match all.iter_mut().find(|operation| operation.name == name) {
            Some(operation) => {
                operation.calls += 1;
                operation.ms += ms;
                // Of some kinds only a part has multiply-adds, such as what comes before a product.
                operation.gmacs = operation.gmacs.map_or(gmacs, |sum| Some(sum + macs / 1e9));
            }
            None => all.push(Self { name: name.into(), calls: 1, ms, gmacs }),
        }
    }

    /// 10⁹ multiply-adds a second.
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

/// `count` a second, where the time is known and the clock has moved.
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
