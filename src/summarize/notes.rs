//! Notes: what is kept of each window.

use std::ops::ControlFlow;

use super::ask::Extent;
use super::note_cache::CachedNote;
use super::plan::{Plan, Planned};
use super::profile::Wording;
use super::run::Run;
use super::salience::Salience;
use crate::backend::Backend;
use crate::document::kind::Kind;
use crate::document::structure::Structure;
use crate::error::Result;
use crate::host::{Event, Host, Note, Stage, elapsed};

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// A note on one window, and whether it was cached.
    pub async fn take_note(&mut self, planned: &Planned, kind: Kind) -> Result<(Note, bool)> {
        let Planned { key, prompt: Some(prompt), .. } = planned else {
            return Ok((Note::default(), true));
        };
        if let Some(note) = self.memory.note(key).filter(|_| !self.fresh) {
            self.report.plan.remembered_tokens += note.tokens;
            return Ok((note.clone(), true));
        }
        let before = (self.report.prefill.tokens, self.report.prefill.ms);
        let extent = Extent::note(self.profile, usize::MAX);
        let on_piece = |_: &str| ControlFlow::Continue(());
        let (text, judged) = match self.profile.wording {
            Wording::Own => {
                let passage = &prompt.text;
                let mut salience = Salience::new(passage, &Structure::new(passage), kind);
                let read = 0..passage.len();
                let (prompt, judged) =
                    self.keyed(prompt, extent.tokens, &mut salience, read).await?;
                (self.ask(&prompt, extent, on_piece).await?, judged)
            }
            Wording::Quotes => {
                let text = self.ask(prompt, extent, on_piece).await?;
                (text, self.judged(prompt)?)
            }
        };
        let tokens = self.report.prefill.tokens - before.0;
        let ms = elapsed(before.1.or(Some(0.0)), self.report.prefill.ms);
        let note = Note { text, tokens, ms, judged };
        if !self.fresh {
            self.memory.keep(CachedNote { key: key.clone(), note: note.clone() });
            self.host.emit(Event::Noted { key: key.clone(), note: note.clone() });
        }
        Ok((note, false))
    }

    /// Notes on the windows of a plan that has prompts for them, but for those that were `taken` by
    /// other isolates.
    pub async fn take_notes(&mut self, plan: &Plan, taken: &[Option<Note>]) -> Result<Vec<Note>> {
        let mut notes = Vec::new();
        let planned = plan.prompts.iter().filter(|prompt| prompt.stage == Stage::Window);
        let of = planned.clone().count();
        for prompt in planned {
            let index = prompt.window;
            if let Some(note) = taken.get(index).and_then(Option::as_ref) {
                self.report.plan.elsewhere += 1;
                self.report.plan.elsewhere_tokens += note.tokens;
                notes.push(note.clone());
                continue;
            }
            self.host.emit(Event::Stage { stage: Stage::Window, index, of });
            let (note, remembered) = self.take_note(prompt, plan.kind).await?;
            self.report.plan.remembered += usize::from(remembered);
            notes.push(note);
        }
        Ok(notes)
    }
}
