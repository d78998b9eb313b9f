//! What is written when the document has been read: a line, points, or whatever was asked for.

use std::ops::ControlFlow;

use super::ask::Extent;
use super::draft::Draft;
use super::plan::{Form, Plan, Question};
use super::points::{Answer, Point, candidates, line_notes, most_notes, opening, set, sources};
use super::run::Run;
use crate::backend::Backend;
use crate::document::segment;
use crate::document::words::{self, WordCounts};
use crate::error::Result;
use crate::host::{Event, Host, Stage};

/// Tokens that a line may have: more than a sentence of a document takes, which the model shortens.
const LINE: usize = 64;

/// What an answer is written from.
struct Material<'a> {
    text: &'a str,
    plan: &'a Plan,
    /// Those that its prompt has.
    notes: Vec<String>,
}

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// Answers the plan's question about `text`, of whose windows there are these notes; `tell` is
    /// given the answer piece by piece.
    pub async fn answer(
        &mut self,
        text: &str,
        plan: &Plan,
        notes: Vec<String>,
        tokens: usize,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Answer> {
        let body = plan.body();
        let (answer, points) = match plan.question {
            Question::Points { most, form } => {
                let (words, all) = (WordCounts::new(text), candidates(text, plan, &notes));
                let line = match form {
                    Form::Paragraph => {
                        let notes = line_notes(&words, plan, all.clone());
                        let read = Material { text, plan, notes };
                        Some(self.write_line(&read, &words, false, tokens, tell).await?)
                    }
                    Form::KeyPoints => None,
                };
                let line = line.map(|text| Point { text, part: body.clone() });
                let (list, points) = set(&words, all, line, most, plan.bullet, tell);
                match list.is_empty() {
                    // Nothing in it reads as a sentence: the model says what it makes of it.
                    true => {
                        let few = notes.into_iter().take(most_notes(plan)).collect();
                        let notes = self.merge(few, plan.notes_budget).await?;
                        let read = Material { text, plan, notes };
                        self.only_point(&read, &words, tokens, tell).await?
                    }
                    false => (list, points),
                }
            }
            Question::Line { headline } => {
                let words = WordCounts::new(text);
                let notes = line_notes(&words, plan, candidates(text, plan, &notes));
                let read = Material { text, plan, notes };
                if plan.bullet.is_empty() {
                    let line = self.write_line(&read, &words, headline, tokens, tell).await?;
                    (line.clone(), vec![Point { text: line, part: body.clone() }])
                } else {
                    self.only_point(&read, &words, tokens, tell).await?
                }
            }
            Question::Request { one_sentence } => {
                let notes = self.merge(notes, plan.notes_budget).await?;
                let read = Material { text, plan, notes };
                let extent = Extent { tokens, one_sentence };
                let answer = self.write(&read, extent, telling(tell)).await?;
                let sentences = segment::sentences(&answer).map(|(_, s)| s.trim());
                let points = sentences.filter(|s| words::terms(s).next().is_some());
                let points = points.map(|s| Point { text: s.into(), part: body.clone() }).collect();
                (answer, points)
            }
        };
        if answer.trim().is_empty() {
            let own = opening(&text[body.clone()]);
            tell(&own);
            let points = vec![Point { text: own.clone(), part: body }];
            return Ok(Answer { text: own, points: sources(text, points) });
        }
        Ok(Answer { text: answer, points: sources(text, points) })
    }

    /// A list of one point.
    async fn only_point(
        &mut self,
        read: &Material<'_>,
        words: &WordCounts,
        tokens: usize,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(String, Vec<Point>)> {
        let bullet = read.plan.bullet;
        tell(bullet);
        let mut line = self.write_line(read, words, false, tokens, tell).await?;
        if line.trim().is_empty() {
            line = opening(&read.text[read.plan.body()]);
            tell(&line);
        }
        let point = Point { text: line.clone(), part: read.plan.body() };
        Ok((format!("{bullet}{line}"), vec![point]))
    }

    /// What the model says to the plan's request, as it comes.
    async fn write(
        &mut self,
        read: &Material<'_>,
        extent: Extent,
        on_piece: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<String> {
        self.host.emit(Event::Stage { stage: Stage::Answer, index: 0, of: 1 });
        let prompt = read.plan.answer_prompt(read.text, &read.notes, &self.asking);
        self.ask(&prompt, extent, on_piece).await
    }

    /// A line, in words of the document: those of its first sentence where the model's are none.
    async fn write_line(
        &mut self,
        read: &Material<'_>,
        words: &WordCounts,
        headline: bool,
        tokens: usize,
        tell: &mut dyn FnMut(&str),
    ) -> Result<String> {
        let Some(line) = &read.plan.line else {
            let extent = Extent { tokens, one_sentence: true };
            return self.write(read, extent, telling(tell)).await;
        };
        let mut draft = Draft::new(line, headline, tell);
        let extent = Extent { tokens: tokens.min(LINE), one_sentence: true };
        let written = self.write(read, extent, |piece| draft.push(piece)).await?;
        Ok(draft.finish(&written, words))
    }
}

/// Hands every piece on.
fn telling(tell: &mut dyn FnMut(&str)) -> impl FnMut(&str) -> ControlFlow<()> {
    |piece| {
        tell(piece);
        ControlFlow::Continue(())
    }
}
