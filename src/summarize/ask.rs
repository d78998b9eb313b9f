//! One question to the model: its prompt read in chunks, its answer written token by token.

use std::ops::ControlFlow;

use super::plan::{Prompt, PromptStyle};
use super::profile::Profile;
use super::run::{Ahead, Run};
use crate::backend::Backend;
use crate::document::segment;
use crate::error::Result;
use crate::host::{Event, Host, elapsed, let_others_run};
use crate::lm::sampler::Sampler;
use crate::lm::tokenizer::TextStream;
use crate::report::{ChunkReport, FinishReason};

/// A small model repeats itself without it.
const REPETITION_PENALTY: f32 = 1.1;

/// How long others wait for their turn, in milliseconds, within chunks too. One of them may be to
/// cancel the run, which must then have ended within 250 ms.
const TURN_MS: f64 = 75.0;

/// How long an answer may be.
#[derive(Clone, Copy)]
pub struct Extent {
    /// Tokens at most.
    pub tokens: usize,
    /// Sentences at most: a small model does not stop by itself.
    pub sentences: usize,
}

impl Extent {
    /// Of a note, of at most `tokens`.
    pub fn note(profile: Profile, tokens: usize) -> Self {
        Self { tokens: profile.note_tokens().min(tokens), sentences: profile.note_sentences }
    }
}

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// Asks the model one question and returns its answer, telling `on_piece` as it comes.
    pub async fn ask(
        &mut self,
        prompt: &Prompt,
        extent: Extent,
        on_piece: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<String> {
        let ids = self.encode(prompt)?;
        let mut sampler = Sampler::penalizing(REPETITION_PENALTY);
        let first = self.prefill(&ids, extent.tokens, &mut sampler).await?;
        let answer = Answer::new(prompt.lead.clone(), extent, self.asking.style, on_piece);
        self.decode(first, extent.tokens, &mut sampler, answer).await
    }

    /// How likely some tokens are as the answer to a prompt: the logarithm of their probability. The
    /// caller says what it costs.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(super) async fn likelihood(&mut self, prompt: &Prompt, answer: &[u32]) -> Result<f64> {
        let ids = self.encode(prompt)?;
        let (last, before) = ids.split_last().expect("a prompt has tokens");
        let reused = self.resume(&ids, ids.len() + answer.len())?;
        if reused < before.len() {
            self.read(before, reused, None).await?;
        }
        let mut logits = self.session.decode(*last).await?;
        let mut sum = 0.0;
        for (index, id) in answer.iter().enumerate() {
            let_others_run(self.host).await?;
            sum += log_share(&logits, &[*id]);
            if index + 1 < answer.len() {
                logits = self.session.decode(*id).await?;
            }
        }
        self.prompts += 1;
        Ok(sum)
    }

    /// The prompt's tokens, with the first words of the answer behind it.
    pub(super) fn encode(&self, prompt: &Prompt) -> Result<Vec<u32>> {
        let (text, lead) = (prompt.whole(), &prompt.lead);
        let tokenizer = &self.session.model().tokenizer;
        if self.asking.style == PromptStyle::Completion {
            return tokenizer.completion(&format!("{text} {lead}"));
        }
        let mut ids = tokenizer.chat(&text)?;
        if !lead.is_empty() {
            ids.extend(tokenizer.encode(lead)?);
        }
        Ok(ids)
    }

    /// Reads the first `tokens` of a prompt and reserves `room` positions behind all of it. The rest of
    /// the prompt may still change: [`Self::ask`] reads only what differs.
    pub(super) async fn read_ahead(
        &mut self,
        ids: &[u32],
        tokens: usize,
        room: usize,
    ) -> Result<()> {
        let begun = &ids[..tokens];
        // An earlier run did it, and may have read the rest, too.
        if !self.fresh && self.session.has_read(begun) {
            return Ok(());
        }
        let positions = ids.len() + room;
        let reused = self.resume(begun, positions)?;
        self.forecast.begin(self.cost(reused, ids.len() - reused));
        self.read(begun, reused, None).await?;
        self.ahead = Ahead { tokens, positions };
        Ok(())
    }

    /// Reads what the last prompt did not have, with room for an answer, and returns the first token
    /// of that.
    async fn prefill(&mut self, ids: &[u32], answer: usize, sampler: &mut Sampler) -> Result<u32> {
        let begun = self.ahead.tokens > 0;
        let reused = self.resume(ids, ids.len() + answer)?;
        let cost = self.cost(reused, ids.len() - reused);
        match begun {
            true => self.forecast.go_on(cost),
            false => self.forecast.begin(cost),
        }
        let next = self.read(ids, reused, Some(sampler)).await?;
        Ok(next.expect("it was chosen at the end"))
    }

    /// Goes back to where the tokens read so far and a prompt part, and returns that position. What was
    /// read ahead for this prompt does not count as reused.
    fn resume(&mut self, ids: &[u32], positions: usize) -> Result<usize> {
        let ahead = std::mem::take(&mut self.ahead);
        let like: &[u32] = if self.fresh && ahead.tokens == 0 { &[] } else { ids };
        let reused = self.session.resume(like, positions.max(ahead.positions), self.extends)?;
        let before = reused.saturating_sub(ahead.tokens);
        self.report.prefill.reused_tokens += before;
        self.total = self.total.saturating_sub(before);
        let extension = self.session.extension();
        self.report.plan.context_extension = extension.map(|yarn| yarn.to_string());
        Ok(reused)
    }

    /// Reads a prompt in chunks, from `position` on. With a sampler it is the end of the prompt, and the
    /// token that follows is returned.
    async fn read(
        &mut self,
        ids: &[u32],
        mut position: usize,
        mut sampler: Option<&mut Sampler>,
    ) -> Result<Option<u32>> {
        let prompt = self.prompts;
        self.prompts += usize::from(sampler.is_some());
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
            let next = match sampler.as_deref_mut().filter(|_| end == ids.len()) {
                Some(sampler) => Some(self.session.choose(&chunk, sampler).await?),
                None => self.session.finish().await.map(|()| None)?,
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
            if end == ids.len() {
                return Ok(next);
            }
        }
    }

    /// Writes from the token `id` on until the answer ends, at most so many tokens.
    async fn decode<F: FnMut(&str) -> ControlFlow<()>>(
        &mut self,
        mut id: u32,
        tokens: usize,
        sampler: &mut Sampler,
        mut answer: Answer<F>,
    ) -> Result<String> {
        let before = self.report.decode.clone();
        let mut stream = TextStream::default();
        let mut yielded = self.host.now_ms();
        self.report.finish_reason = FinishReason::Stop;
        for left in (0..tokens).rev() {
            let tokenizer = &self.session.model().tokenizer;
            if tokenizer.is_eog(id) || answer.push(&stream.push(tokenizer, id)).is_break() {
                break;
            }
            if left == 0 {
                self.report.finish_reason = FinishReason::Length;
                break;
            }
            let started = self.host.now_ms();
            let chunk = self.session.prefill(&[id])?;
            id = self.session.choose(&chunk, sampler).await?;
            self.host.catch_up().await;
            let now = self.host.now_ms();
            self.report.decode.add(elapsed(started, now));
            if elapsed(yielded, now).is_none_or(|ms| ms >= TURN_MS) {
                let_others_run(self.host).await?;
                yielded = self.host.now_ms();
            }
        }
        let ms = elapsed(before.ms.or(Some(0.0)), self.report.decode.ms);
        self.forecast.wrote(self.report.decode.tokens - before.tokens, ms);
        Ok(answer.finish())
    }
}

/// The logarithm of the share of probability that some tokens have.
pub fn log_share(logits: &[f32], ids: &[u32]) -> f64 {
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let of = |logit: f32| f64::from(logit - most).exp();
    let all: f64 = logits.iter().map(|logit| of(*logit)).sum();
    (ids.iter().map(|id| of(logits[*id as usize])).sum::<f64>() / all).ln()
}

/// An answer as it is written: what stands there, and the rules by which it ends.
struct Answer<F> {
    text: String,
    /// Whether the last line of the paragraph has ended.
    line_ended: bool,
    /// Whether it ends with its first paragraph: it is one sentence, or a text that is gone on with and
    /// has others after that.
    paragraph: bool,
    sentences: usize,
    /// Bytes of the text that were told.
    told: usize,
    on_piece: F,
}

impl<F: FnMut(&str) -> ControlFlow<()>> Answer<F> {
    fn new(lead: String, extent: Extent, style: PromptStyle, on_piece: F) -> Self {
        let sentences = extent.sentences;
        let paragraph = sentences == 1 || style == PromptStyle::Completion;
        Self { text: lead, line_ended: false, paragraph, sentences, told: 0, on_piece }
    }

    /// Adds a piece, tells what is new, and breaks where the answer ends.
    fn push(&mut self, piece: &str) -> ControlFlow<()> {
        // The answer begins with its first visible character.
        let piece = if self.text.is_empty() { piece.trim_start() } else { piece };
        let paragraph_ended = if self.paragraph {
            push_line(&mut self.text, piece, &mut self.line_ended)
        } else {
            self.text.push_str(piece);
            false
        };
        // That a sentence has ended shows when the next one begins.
        let enough = match self.sentences {
            usize::MAX => self.text.len(),
            sentences => first_sentences(&self.text, sentences),
        };
        let sentence_ended = enough < self.text.len();
        if sentence_ended {
            self.text.truncate(enough.max(self.told));
        }
        self.tell()?;
        match sentence_ended || paragraph_ended {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn tell(&mut self) -> ControlFlow<()> {
        if self.text.len() == self.told {
            return ControlFlow::Continue(());
        }
        let new = &self.text[self.told..];
        self.told = self.text.len();
        (self.on_piece)(new)
    }

    /// The whole of it. Where nothing was written but the first words, which the prompt had, they are
    /// told now.
    fn finish(mut self) -> String {
        if self.told == 0 {
            let _ = self.tell();
        }
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

/// Bytes of the first `count` sentences by the rules of Unicode (UAX #29), white space after them
/// included. What is shorter than a sentence can be, such as the number before an item of a list, is
/// taken together with what follows.
fn first_sentences(text: &str, count: usize) -> usize {
    const SHORTEST: usize = 20;
    let (mut begun, mut found) = (0, 0);
    for (at, sentence) in segment::sentences(text) {
        let end = at + sentence.len();
        if end - begun >= SHORTEST {
            (begun, found) = (end, found + 1);
            if found == count {
                return end;
            }
        }
    }
    text.len()
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
        let first = |text: &str| text[..first_sentences(text, 1)].to_string();
        assert_eq!(first_sentences("The cat sat on the mat. It was a large cat. And", 2), 44);
        assert_eq!(first("The cat sat on the mat. It was"), "The cat sat on the mat. ");
        assert_eq!(
            first("The cat sat on 3.5 mats, e.g. this"),
            "The cat sat on 3.5 mats, e.g. this"
        );
        assert_eq!(first("1. The cat sat on the mat.\n- And"), "1. The cat sat on the mat.\n");
        assert_eq!(first(""), "");
    }
}
