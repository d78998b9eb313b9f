//! Notes: a sentence on each window, and fewer sentences made of many.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::ask::{Extent, elapsed};
use super::note_cache::{self, CachedNote};
use super::plan::{self, Plan, Prompt};
use super::run::Run;
use crate::backend::Backend;
use crate::error::Result;
use crate::host::{Event, Host, Note, Stage};

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// A note on one window, or on several notes, and whether it was remembered: what was asked
    /// before is answered from memory.
    pub async fn take_note(&mut self, prompt: &Prompt) -> Result<(Note, bool)> {
        let key = note_cache::key(prompt);
        if let Some(note) = self.memory.note(&key).filter(|_| !self.fresh) {
            self.report.plan.remembered_tokens += note.tokens;
            return Ok((note.clone(), true));
        }
        let before = (self.report.prefill.tokens, self.report.prefill.ms);
        let text = self.ask(prompt, Extent::NOTE, |_| ControlFlow::Continue(())).await?;
        let tokens = self.report.prefill.tokens - before.0;
        let ms = elapsed(before.1.or(Some(0.0)), self.report.prefill.ms);
        let note = Note { text, tokens, ms };
        if !self.fresh {
            self.memory.keep(CachedNote { key: key.clone(), note: note.clone() });
            self.host.emit(Event::Noted { key, note: note.clone() });
        }
        Ok((note, false))
    }

    /// Notes on every window, but for those that were `taken` elsewhere; none in one pass.
    pub async fn take_notes(
        &mut self,
        text: &str,
        plan: &Plan,
        taken: &[Option<Note>],
    ) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        if plan.is_one_pass() {
            return Ok(notes);
        }
        let of = plan.windows.len();
        for (index, window) in plan.windows.iter().enumerate() {
            if let Some(note) = taken.get(index).and_then(Option::as_ref) {
                self.report.plan.elsewhere += 1;
                self.report.plan.elsewhere_tokens += note.tokens;
                notes.push(note.text.clone());
                continue;
            }
            self.host.emit(Event::Stage { stage: Stage::Window, index, of });
            let prompt = plan::note_prompt(&text[window.clone()], &self.asking);
            let (note, remembered) = self.take_note(&prompt).await?;
            self.report.plan.remembered += usize::from(remembered);
            notes.push(note.text);
        }
        Ok(notes)
    }

    /// Notes merged until they fit the prompt of the answer.
    pub async fn merge(&mut self, mut notes: Vec<String>, budget: usize) -> Result<Vec<String>> {
        // What stands there twice says no more than once.
        let mut seen = HashSet::new();
        notes.retain(|note| seen.insert(note.clone()));
        loop {
            let mut lengths = Vec::new();
            for note in &mut notes {
                // A text can have more tokens when it is encoded than it was written in.
                let starts = self.session.model().tokenizer.encode_with_starts(note)?.starts;
                let end = starts.get(plan::NOTE).copied().unwrap_or(note.len());
                note.truncate(note.floor_char_boundary(end));
                lengths.push(starts.len().min(plan::NOTE) + plan::LIST_MARK);
            }
            if lengths.iter().sum::<usize>() <= budget || notes.len() <= 1 {
                return Ok(notes);
            }
            self.report.plan.merges += 1;
            let groups = plan::groups(&lengths, budget);
            let of = groups.len();
            let mut merged = Vec::new();
            for (index, group) in groups.into_iter().enumerate() {
                self.host.emit(Event::Stage { stage: Stage::Merge, index, of });
                let prompt = plan::merge_prompt(&notes[group], &self.asking);
                merged.push(self.take_note(&prompt).await?.0.text);
            }
            notes = merged;
        }
    }
}
