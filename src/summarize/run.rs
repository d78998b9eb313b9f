//! One run: prompts read in chunks, answers written token by token.

use std::collections::HashSet;
use std::ops::ControlFlow;

use unicode_segmentation::UnicodeSegmentation;

use super::Note;
use super::chunks::Chunks;
use super::forecast::{self, Forecast};
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::host::{Event, Host, Stage};
use crate::lm::sampler::{Sampler, Sampling};
use crate::lm::session::Session;
use crate::lm::tokenizer::TextStream;
use crate::report::{ChunkReport, DecodeReport, Report};
use crate::summarize::note_cache::{self, Memory, Remembered};
use crate::summarize::plan::{self, Asking, Plan, Prompt, PromptStyle};

/// A small model repeats itself without it.
const REPETITION_PENALTY: f32 = 1.1;

/// How long others wait for their turn, in milliseconds, within chunks too. One of them may be to
/// cancel the run, which must then have ended within 250 ms.
const TURN_MS: f64 = 75.0;

/// One run in progress.
pub struct Run<'a, B: Backend, H> {
    pub session: &'a mut Session<B>,
    pub host: &'a H,
    pub report: &'a mut Report,
    pub chunks: Chunks,
    /// Prompt tokens in all, estimated.
    pub total: usize,
    pub forecast: Forecast,
    /// Prompts so far.
    pub prompts: usize,
    /// Whether a prompt may go past the trained context.
    pub extends: bool,
    pub asking: Asking,
    /// Notes of this run and of those before.
    pub memory: &'a mut Memory,
    /// Whether everything is read, whatever was read before.
    pub fresh: bool,
}

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
        let text = self.ask(prompt, NOTE, |_| ControlFlow::Continue(())).await?;
        let tokens = self.report.prefill.tokens - before.0;
        let ms = elapsed(before.1.or(Some(0.0)), self.report.prefill.ms);
        let note = Note { text, tokens, ms };
        if !self.fresh {
            self.memory.keep(Remembered { key: key.clone(), note: note.clone() });
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

    /// Asks the model one question and returns its answer, telling `on_piece` as it comes.
    pub async fn ask(
        &mut self,
        prompt: &Prompt,
        length: Extent,
        mut on_piece: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<String> {
        let Prompt { text, lead } = prompt;
        let tokenizer = &self.session.model().tokenizer;
        let mut ids = match self.asking.style {
            PromptStyle::Chat => tokenizer.chat(text)?,
            PromptStyle::Completion => tokenizer.completion(&format!("{text} {lead}"))?,
        };
        if self.asking.style == PromptStyle::Chat && !lead.is_empty() {
            ids.extend(tokenizer.encode(lead)?);
        }
        let positions = ids.len() + length.tokens;
        let like: &[u32] = if self.fresh { &[] } else { &ids };
        let reused = self.session.resume(like, positions, self.extends)?;
        self.report.prefill.reused_tokens += reused;
        self.total = self.total.saturating_sub(reused);
        let extension = self.session.extension();
        self.report.plan.context_extension = extension.map(|yarn| yarn.to_string());
        let sampling = Sampling { repetition_penalty: REPETITION_PENALTY, ..Sampling::greedy() };
        let mut sampler = Sampler::new(sampling);
        self.forecast.begin(self.cost(reused, ids.len() - reused));
        let mut id = self.read(&ids, reused, &mut sampler).await?;

        let before = self.report.decode.clone();
        let mut stream = TextStream::default();
        let mut text = lead.clone();
        let mut told = 0;
        let mut line_ended = false;
        let mut yielded = self.host.now_ms();
        for left in (0..length.tokens).rev() {
            let tokenizer = &self.session.model().tokenizer;
            if tokenizer.ends_answer(id) {
                break;
            }
            let piece = stream.push(tokenizer, id);
            // The answer begins with its first visible character.
            let piece = if text.is_empty() { piece.trim_start() } else { &piece };
            // One sentence is one paragraph, and a text that is gone on with has others after that.
            let paragraph = length.one_sentence || self.asking.style == PromptStyle::Completion;
            let last = paragraph && push_line(&mut text, piece, &mut line_ended);
            if !paragraph {
                text.push_str(piece);
            }
            // That a sentence has ended shows when the next one begins.
            let first = first_sentence(&text);
            let ended = length.one_sentence && first < text.len();
            if ended {
                text.truncate(first.max(told));
            }
            let mut stopped = false;
            if text.len() > told {
                stopped = on_piece(&text[told..]).is_break();
                told = text.len();
            }
            if ended || last || stopped || left == 0 {
                break;
            }
            let started = self.host.now_ms();
            let chunk = self.session.prefill(&[id])?;
            id = self.session.choose(&chunk, &mut sampler).await?;
            self.host.catch_up().await;
            let now = self.host.now_ms();
            self.report.decode.add(elapsed(started, now));
            if elapsed(yielded, now).is_none_or(|ms| ms >= TURN_MS) {
                let_others_run(self.host).await?;
                yielded = self.host.now_ms();
            }
        }
        let DecodeReport { tokens, ms, .. } = &self.report.decode;
        let ms = elapsed(before.ms.or(Some(0.0)), *ms);
        self.forecast.wrote(tokens - before.tokens, ms);
        if told == 0 && !text.is_empty() {
            // Nothing was written but the first words, which the prompt had.
            let _ = on_piece(&text);
        }
        text.truncate(text.trim_end().len());
        Ok(text)
    }

    /// Reads a prompt in chunks, from `position` on, and returns the token that follows it.
    async fn read(
        &mut self,
        ids: &[u32],
        mut position: usize,
        sampler: &mut Sampler,
    ) -> Result<u32> {
        let prompt = self.prompts;
        self.prompts += 1;
        loop {
            let_others_run(self.host).await?;
            let end = ids.len().min(position + self.chunks.next());
            let tokens = end - position;
            let started = self.host.now_ms();
            let (host, mut yielded) = (self.host, started);
            let pause = async || {
                if elapsed(yielded, host.now_ms()).is_some_and(|ms| ms >= TURN_MS) {
                    let_others_run(host).await?;
                    yielded = host.now_ms();
                }
                Ok(())
            };
            let chunk = self.session.prefill_with(&ids[position..end], pause).await?;
            let next = match end == ids.len() {
                true => Some(self.session.choose(&chunk, sampler).await?),
                false => self.session.finish().await.map(|()| None)?,
            };
            self.host.catch_up().await;
            let ms = elapsed(started, self.host.now_ms());
            self.chunks.took(tokens, ms);
            self.report.plan.chunk = self.report.plan.chunk.max(tokens);
            self.report.prefill.add(ChunkReport { prompt, position, tokens, ms });
            let done = self.report.prefill.tokens;
            self.total = self.total.max(done);
            self.forecast.took(tokens, self.cost(position, tokens), ms);
            let (total, left_ms) = (self.total, self.forecast.left_ms());
            self.host.emit(Event::Read { done, total, position, tokens, ms, prompt, left_ms });
            position = end;
            if let Some(next) = next {
                return Ok(next);
            }
        }
    }

    fn cost(&self, start: usize, tokens: usize) -> f64 {
        let model = self.session.model();
        forecast::cost(&model.config, model.linear_macs, start, tokens)
    }
}

async fn let_others_run(host: &impl Host) -> Result<()> {
    match host.yield_now().await {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Cancelled),
    }
}

/// How long an answer may be.
#[derive(Clone, Copy)]
pub struct Extent {
    pub tokens: usize,
    /// Whether it ends with its first sentence.
    pub one_sentence: bool,
}

/// A note is one sentence.
const NOTE: Extent = Extent { tokens: plan::NOTE, one_sentence: true };

/// Bytes of the first sentence by the rules of Unicode (UAX #29), white space after it included.
/// What is shorter than a sentence can be, such as the number before an item of a list, is taken
/// together with what follows.
fn first_sentence(text: &str) -> usize {
    const SHORTEST: usize = 20;
    let mut end = 0;
    for sentence in text.split_sentence_bounds() {
        end += sentence.len();
        if end >= SHORTEST {
            break;
        }
    }
    end
}

/// Adds a piece to a paragraph: lines go on after a space, as in texts whose lines are all of one
/// width. Whether the paragraph has ended with it.
fn push_line(text: &mut String, piece: &str, line_ended: &mut bool) -> bool {
    for c in piece.chars() {
        match (c, *line_ended) {
            ('\n', true) => return true,
            ('\n', false) => *line_ended = !text.is_empty(),
            (c, true) if c.is_whitespace() => {}
            (c, _) => {
                if std::mem::take(line_ended) && !text.ends_with(char::is_whitespace) {
                    text.push(' ');
                }
                text.push(c);
            }
        }
    }
    false
}

pub fn elapsed(from: Option<f64>, to: Option<f64>) -> Option<f64> {
    Some(to? - from?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn lines_are_joined_up_to_a_blank_one() {
        let join = |pieces: &[&str]| {
            let (mut text, mut line_ended) = (String::new(), false);
            let ended = pieces.iter().any(|piece| push_line(&mut text, piece, &mut line_ended));
            (text, ended)
        };
        assert_eq!(join(&["The cat", " sat\n", "on the", " mat."]).0, "The cat sat on the mat.");
        assert_eq!(join(&["The cat \n  sat", "\n"]), ("The cat sat".into(), false));
        assert_eq!(join(&["The cat.\n", "\nMore"]), ("The cat.".into(), true));
        assert_eq!(join(&["The cat.\n \n"]), ("The cat.".into(), true));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_sentence_ends_where_the_next_begins() {
        let first = |text: &str| text[..first_sentence(text)].to_string();
        assert_eq!(first("The cat sat on the mat. It was"), "The cat sat on the mat. ");
        assert_eq!(
            first("The cat sat on 3.5 mats, e.g. this"),
            "The cat sat on 3.5 mats, e.g. this"
        );
        assert_eq!(first("1. The cat sat on the mat.\n- And"), "1. The cat sat on the mat.\n");
        assert_eq!(first(""), "");
    }
}
