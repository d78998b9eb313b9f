//! The engine's interface to its environment: a clock, yielding, and event reporting.

#[cfg(not(target_arch = "wasm32"))]
pub mod native;

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::report::EnvironmentReport;

/// The environment that the engine runs in.
pub trait Host {
    /// Milliseconds since a fixed moment; `None` where the clock stops during computation.
    fn now_ms(&self) -> Option<f64>;

    /// Where the clock stops during computation, waits for something that advances it. Every
    /// measurement ends with this and a clock read.
    fn catch_up(&self) -> impl Future<Output = ()> {
        std::future::ready(())
    }

    /// Yields to other tasks; `Break` if the caller wants the run to end.
    fn yield_now(&self) -> impl Future<Output = ControlFlow<()>>;

    /// Reports an event to the caller.
    fn emit(&self, event: Event);

    /// Describes this environment.
    fn environment(&self) -> EnvironmentReport;

    /// Bytes of the module's linear memory, if any.
    fn memory_bytes(&self) -> Option<u64>;
}

/// Yields to other tasks.
///
/// # Errors
/// `cancelled` if the caller wants the run to end.
pub async fn let_others_run(host: &impl Host) -> Result<()> {
    match host.yield_now().await {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Cancelled),
    }
}

/// Milliseconds between two readings of a clock; `None` without either.
pub fn elapsed(from: Option<f64>, to: Option<f64>) -> Option<f64> {
    Some(to? - from?)
}

/// Events of a run, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub enum Event {
    /// The plan is made.
    Planned {
        /// Tokens of the document.
        tokens: usize,
        /// Estimated total of prompt tokens to read.
        total: usize,
        /// Parts that the document is read in.
        windows: usize,
        /// `one-pass` or `windows`.
        strategy: String,
        /// Maximum bytes of keys and values, for the longest prompt.
        kv_bytes: u64,
    },
    /// A prompt begins.
    Stage {
        /// Its purpose.
        stage: Stage,
        /// Its index among prompts of this stage, from 0.
        index: usize,
        /// Number of prompts of this stage.
        of: usize,
    },
    /// A chunk has been read.
    Read {
        /// Prompt tokens read so far, over all prompts.
        done: usize,
        /// Estimated total of prompt tokens to read; never below `done`.
        total: usize,
        /// Position of the chunk in its prompt.
        position: usize,
        /// Tokens in the chunk.
        tokens: usize,
        /// Time the chunk took.
        ms: Option<f64>,
        /// Index of the prompt in the run, from 0.
        prompt: usize,
        /// Estimated milliseconds until the summary is complete, including decoding, from the run
        /// so far.
        left_ms: Option<f64>,
    },
    /// The GPU failed and the run restarts elsewhere: discard everything read and written.
    Restarted {
        /// The cause.
        reason: String,
    },
    /// A note was taken. A host can keep it and pass it to
    /// [`NoteCache::keep`](crate::summarize::note_cache::NoteCache::keep) later.
    Noted {
        /// Key of its source, as
        /// [`CachedNote::key`](crate::summarize::note_cache::CachedNote::key).
        key: String,
        /// The note.
        note: Note,
    },
    /// More text of the summary was written.
    Piece {
        /// The text to append.
        text: String,
    },
}

/// Purpose of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Stage {
    /// Notes on one part of the document.
    Window,
    /// Merges several notes into fewer.
    Merge,
    /// The summary.
    Answer,
}

/// A note on one window of a document.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub struct Note {
    /// The model's text; empty if it only reads.
    pub text: String,
    /// Prompt tokens read for it.
    pub tokens: usize,
    /// Time to read them, as [`PrefillReport::ms`](crate::report::PrefillReport::ms).
    pub ms: Option<f64>,
    /// What the model's states say of the window's sentences; empty for a model without a judge.
    #[serde(default)]
    pub judged: Vec<Judged>,
}

/// How much a sentence says, by the state of the model that read it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Judged {
    /// The byte of the window at which the sentence begins.
    pub at: usize,
    /// Its worth, comparable within a document; 0 is usual.
    pub worth: f64,
}
