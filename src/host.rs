//! What the engine needs of the place it runs in: a clock, a chance for others to run, and someone
//! to tell.

#[cfg(not(target_arch = "wasm32"))]
pub mod native;

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::report::EnvironmentReport;

/// The place the engine runs in.
pub trait Host {
    /// Milliseconds since any fixed moment, or `None` where the clock stands still while computing.
    fn now_ms(&self) -> Option<f64>;

    /// Waits, where the clock stands still during computation, for something that moves it on. What
    /// is measured ends with this and a look at the clock.
    fn catch_up(&self) -> impl Future<Output = ()> {
        std::future::ready(())
    }

    /// Lets others run; `Break` when the caller wants the run to end.
    fn yield_now(&self) -> impl Future<Output = ControlFlow<()>>;

    /// Tells the caller what is happening.
    fn emit(&self, event: Event);

    /// What is known about this place.
    fn environment(&self) -> EnvironmentReport;

    /// Bytes of the module's linear memory, where there is one.
    fn memory_bytes(&self) -> Option<u64>;
}

/// What happens during a run, as it happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub enum Event {
    /// The plan is made.
    Planned {
        /// Tokens of the document.
        tokens: usize,
        /// Prompt tokens that will be read in all, estimated.
        total: usize,
        /// Parts that the document will be read in.
        windows: usize,
        /// `one-pass` or `windows`.
        strategy: String,
        /// Bytes of keys and values that the longest prompt will take at most.
        kv_bytes: u64,
    },
    /// A prompt is begun.
    Stage {
        /// What it is for.
        stage: Stage,
        /// Which of its kind, from 0.
        index: usize,
        /// How many of its kind there are.
        of: usize,
    },
    /// A chunk has been read.
    Read {
        /// Prompt tokens read so far, all prompts together.
        done: usize,
        /// Prompt tokens that will be read in all, estimated; it never shrinks below `done`.
        total: usize,
        /// Position of the chunk in its prompt.
        position: usize,
        /// Tokens of the chunk.
        tokens: usize,
        /// Time the chunk took.
        ms: Option<f64>,
        /// Which prompt of the run, from 0.
        prompt: usize,
        /// Milliseconds until the summary is written, estimated from the run so far, writing
        /// included.
        left_ms: Option<f64>,
    },
    /// The GPU failed, and the run starts again elsewhere: what was read and written is void.
    Restarted {
        /// What happened.
        reason: String,
    },
    /// A note has been taken. A host that keeps it can hand it to
    /// [`NoteCache::keep`](crate::summarize::note_cache::NoteCache::keep) another time.
    Noted {
        /// Of what it is a note on, as [`CachedNote::key`](crate::summarize::note_cache::CachedNote::key).
        key: String,
        /// The note.
        note: Note,
    },
    /// More of the summary has been written.
    Piece {
        /// The text to append.
        text: String,
    },
}

/// What a prompt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Stage {
    /// Notes on one part of the document.
    Window,
    /// Fewer notes made of many.
    Merge,
    /// The summary.
    Answer,
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
