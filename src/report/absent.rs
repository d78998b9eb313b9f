//! Explains missing figures.

use super::Report;

impl Report {
    /// Records a reason for each missing figure.
    pub fn explain_absent(&mut self) {
        let clock = "the clock stands still during computation here";
        let decode = if self.decode.tokens == 0 { "no token was fed back" } else { clock };
        for (path, is_null, reason) in [
            ("model.sha256", self.model.sha256.is_none(), "the file was not hashed"),
            ("document.tokenize_ms", self.document.tokenize_ms.is_none(), clock),
            (
                "document.language",
                self.document.language.is_none(),
                "the document has too few sentences, or could be in several languages",
            ),
            ("backend.adapter", self.backend.adapter.is_none(), "no GPU was used"),
            ("backend.reason", self.backend.reason.is_none(), "the caller chose"),
            (
                "load.read_ms",
                self.load.read_ms.is_none(),
                "the file was read while it was prepared",
            ),
            ("load.prepare_ms", self.load.prepare_ms.is_none(), clock),
            ("load.pipelines_ms", self.load.pipelines_ms.is_none(), "no GPU was used"),
            (
                "plan.context_extension",
                self.plan.context_extension.is_none(),
                "no position past the trained context was used",
            ),
            ("prefill.ms", self.prefill.ms.is_none(), clock),
            ("prefill.tokens_per_second", self.prefill.tokens_per_second.is_none(), clock),
            (
                "first_token_ms",
                self.first_token_ms.is_none(),
                if self.summary.is_empty() { "no text was written" } else { clock },
            ),
            ("decode.ms", self.decode.ms.is_none(), decode),
            ("decode.tokens_per_second", self.decode.tokens_per_second.is_none(), decode),
            ("memory.wasm_bytes", self.memory.wasm_bytes.is_none(), "this is not WebAssembly"),
            ("memory.gpu_bytes", self.memory.gpu_bytes.is_none(), "no GPU was used"),
            ("peak.gemm_gmacs", self.peak.gemm_gmacs.is_none(), clock),
            (
                "peak.bandwidth_gbs",
                self.peak.bandwidth_gbs.is_none(),
                "measuring it takes more memory than a summary may; the benchmark does",
            ),
            ("profile", self.profile.is_none(), "not asked for: it costs some of the speed"),
            ("peak.efficiency", self.peak.efficiency.is_none(), clock),
            (
                "environment.user_agent",
                self.environment.user_agent.is_none(),
                "the host has no name",
            ),
            (
                "environment.logical_cores",
                self.environment.logical_cores.is_none(),
                "the host does not tell",
            ),
            (
                "environment.cross_origin_isolated",
                self.environment.cross_origin_isolated.is_none(),
                "there is no page",
            ),
            (
                "environment.hidden_during_run",
                self.environment.hidden_during_run.is_none(),
                "there is no page",
            ),
            ("environment.clock", self.environment.clock.is_none(), "the host does not tell"),
        ] {
            if is_null {
                self.explain(path, reason);
            }
        }
    }
}
