//! The state of one run, which reading, noting and writing share.

use super::chunks::Chunks;
use super::forecast::{self, Forecast};
use super::note_cache::NoteCache;
use super::plan::Asking;
use super::profile::Profile;
use crate::backend::Backend;
use crate::host::Host;
use crate::lm::session::Session;
use crate::report::Report;

/// One run in progress.
pub struct Run<'a, B: Backend, H> {
    pub(super) session: &'a mut Session<B>,
    pub(super) host: &'a H,
    pub(super) report: &'a mut Report,
    pub(super) chunks: Chunks,
    /// Prompt tokens in all, estimated.
    pub(super) total: usize,
    pub(super) forecast: Forecast,
    /// Prompts so far.
    pub(super) prompts: usize,
    /// What was read of the next prompt before all of it was known.
    pub(super) ahead: Ahead,
    /// Whether a prompt may go past the trained context.
    pub(super) extends: bool,
    /// Positions that a prompt and its answer may take.
    pub(super) positions: usize,
    pub(super) asking: Asking,
    pub(super) profile: Profile,
    /// Notes of this run and of those before.
    pub(super) memory: &'a mut NoteCache,
    /// Whether everything is read, whatever was read before.
    pub(super) fresh: bool,
}

/// The beginning of a prompt that was read before the rest was known.
#[derive(Clone, Copy, Default)]
pub struct Ahead {
    /// Its tokens.
    pub tokens: usize,
    /// Positions that there is room for, the answer's included.
    pub positions: usize,
}

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// Multiply-adds, weighed, of reading so many tokens from a position on.
    pub(super) fn cost(&self, start: usize, tokens: usize) -> f64 {
        let model = self.session.model();
        forecast::cost(&model.config, model.linear_macs, start, tokens)
    }

    /// Tokens of a text; its bytes if it can't be encoded.
    pub(super) fn count(&self, text: &str) -> usize {
        self.session.model().tokenizer.encode(text).map_or(text.len(), |ids| ids.len())
    }
}
