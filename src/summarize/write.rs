//! What is written when the document has been read: statements that the document supports.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::ask::Extent;
use super::check;
use super::plan::{Prompt, Question, listed, passage};
use super::points::{Answer, Material, Point, opening, statements, words};
use super::profile::{SENTENCE, Wording};
use super::run::Run;
use super::salience::{Candidate, choose, take};
use crate::backend::Backend;
use crate::document::segment;
use crate::error::Result;
use crate::host::{Event, Host, Note, Stage};
use crate::report::{FinishReason, Support};

/// Sentences of an answer to a question.
const ANSWER: usize = 3;

/// Sentences of the document that a headline is written from.
const KEY_SENTENCES: usize = 6;

/// What is said where the document does not answer a question.
const NOT_SAID: &str = "The document does not say.";

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// Answers the plan's question from the document and the notes on its windows; `tell` is given the
    /// answer piece by piece.
    pub async fn answer(
        &mut self,
        mut material: Material<'_>,
        notes: Vec<Note>,
        tokens: usize,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Answer> {
        let plan = material.plan;
        // A question is answered by what is like it, not by what matters in the document.
        if !plan.is_one_pass() && plan.question != Question::Ask {
            material.salience.weigh_windows(material.text, material.structure, plan.kind);
        }
        for (note, window) in notes.iter().zip(&plan.windows) {
            material.judge(&note.judged, passage(&material.text[window.clone()]));
        }
        let notes: Vec<String> = notes.into_iter().map(|note| note.text).collect();
        if plan.has_answer() {
            self.host.emit(Event::Stage { stage: Stage::Answer, index: 0, of: 1 });
        }
        let answer = match plan.question {
            Question::Headline => {
                material.vote(&notes, self.profile);
                let extent = Extent { tokens: SENTENCE, sentences: 1 };
                let prompt = self.answer_prompt(&mut material, &notes, extent).await?;
                let written = match plan.wording {
                    Wording::Own => {
                        self.ask(&prompt, extent, |_| ControlFlow::Continue(())).await?
                    }
                    // It only reads: what it would write is worse than a title or a part of a sentence.
                    Wording::Quotes => {
                        self.ask(&prompt, extent, |_| ControlFlow::Break(())).await?;
                        String::new()
                    }
                };
                let headline = self.headline(&material, &prompt, extent.tokens, &written);
                let point = headline.await?;
                tell(&point.text);
                Answer { text: point.text.clone(), points: vec![point] }
            }
            Question::Summary { sentences, .. } => {
                if plan.wording == Wording::Quotes {
                    let votes = match plan.planned_answer() {
                        Some(prompt) => {
                            let extent = Extent::note(self.profile, tokens);
                            let note =
                                self.ask(prompt, extent, |_| ControlFlow::Continue(())).await?;
                            let read = material.text[plan.body()].trim();
                            material.judge(&self.judged(prompt)?, read);
                            vec![note]
                        }
                        None => notes.clone(),
                    };
                    material.vote(&votes, self.profile);
                }
                let extent = Extent { tokens, sentences };
                let prompt = match plan.wording == Wording::Own && plan.has_answer() {
                    true => Some(self.answer_prompt(&mut material, &notes, extent).await?),
                    false => None,
                };
                let mut summary = Statements::new(&material, sentences, tell);
                match (plan.wording, prompt) {
                    (Wording::Quotes, _) => summary.fill(),
                    (Wording::Own, Some(prompt)) => {
                        self.ask(&prompt, extent, |piece| summary.push(piece)).await?;
                        summary.end();
                        summary.fill();
                    }
                    (Wording::Own, None) => {
                        let noted = material.noted(&notes);
                        let all = noted.iter().chain(&material.salience.candidates);
                        let words = material.words();
                        let chosen = material.chosen(all, HashSet::new(), sentences, words);
                        chosen.into_iter().for_each(|point| summary.add(point));
                    }
                }
                summary.answer()
            }
            Question::Ask if plan.wording == Wording::Quotes => {
                let points = self.find(&material, &plan.request).await?;
                let texts: Vec<&str> = points.iter().map(|point| point.text.as_str()).collect();
                let text = if points.is_empty() { NOT_SAID.into() } else { texts.join(" ") };
                tell(&text);
                Answer { text, points }
            }
            Question::Ask | Question::Request { .. } => {
                let sentences = match plan.question {
                    Question::Ask => ANSWER,
                    Question::Request { one_sentence: true } => 1,
                    _ => usize::MAX,
                };
                let extent = Extent { tokens, sentences };
                let prompt = self.answer_prompt(&mut material, &notes, extent).await?;
                let told = |piece: &str| {
                    tell(piece);
                    ControlFlow::Continue(())
                };
                let text = self.ask(&prompt, extent, told).await?;
                let points = sourced(&material, &text);
                Answer { text, points }
            }
        };
        if plan.wording == Wording::Quotes || !plan.has_answer() {
            // What was asked last was a note.
            self.report.finish_reason = FinishReason::Stop;
        }
        if answer.text.trim().is_empty() {
            let point = opening(material.text, plan.body());
            tell(&point.text);
            return Ok(Answer { text: point.text.clone(), points: vec![point] });
        }
        Ok(answer)
    }

    /// The prompt of the answer: as planned, with the sentences that matter most where a summary is
    /// written; or with the notes.
    async fn answer_prompt(
        &mut self,
        material: &mut Material<'_>,
        notes: &[String],
        extent: Extent,
    ) -> Result<Prompt> {
        let plan = material.plan;
        if let Some(prompt) = plan.planned_answer() {
            if !matches!(plan.question, Question::Headline | Question::Summary { .. }) {
                return Ok(prompt.clone());
            }
            let read = material.text[plan.body()].trim();
            let start = read.as_ptr() as usize - material.text.as_ptr() as usize;
            let read = start..start + read.len();
            let salience = &mut material.salience;
            return Ok(self.keyed(prompt, extent.tokens, salience, read).await?.0);
        }
        let text = match plan.question {
            Question::Headline if plan.wording == Wording::Quotes => {
                material.salience.key(KEY_SENTENCES, |_| true).join(" ")
            }
            _ => self.notes_that_fit(material, notes),
        };
        Ok(self.asking.about(&text, &plan.request, "This document"))
    }

    /// The notes that say most, in order, as many as the prompt has room for.
    fn notes_that_fit(&self, material: &Material<'_>, notes: &[String]) -> String {
        let mut left = material.plan.notes_budget;
        let noted = material.noted(notes);
        let fits = |c: &Candidate| take(&mut left, self.count(&c.sentence.text) + 2);
        let mut best = choose(noted.iter(), HashSet::new(), fits, notes.len() * 3);
        if best.is_empty() {
            let all = noted.iter().chain(&material.salience.candidates);
            best = choose(all, HashSet::new(), |_| true, (left / SENTENCE).clamp(1, 24));
        }
        best.sort_by_key(|candidate| candidate.sentence.range.start);
        listed(&best.iter().map(|candidate| &candidate.sentence.text).collect::<Vec<_>>())
    }
}

/// A summary as it comes: each statement is checked when it is complete, and told as it will stay.
struct Statements<'a> {
    material: &'a Material<'a>,
    sentences: usize,
    /// How much a statement must say: as much as the last of twice as many sentences of the document.
    bar: f64,
    /// What the model wrote since the last statement.
    pending: String,
    said: HashSet<u32>,
    text: String,
    points: Vec<Point>,
    tell: &'a mut dyn FnMut(&str),
}

impl<'a> Statements<'a> {
    fn new(material: &'a Material<'a>, sentences: usize, tell: &'a mut dyn FnMut(&str)) -> Self {
        Self {
            material,
            sentences,
            bar: material.salience.bar(2 * sentences),
            pending: String::new(),
            said: HashSet::new(),
            text: String::new(),
            points: Vec::new(),
            tell,
        }
    }

    fn push(&mut self, piece: &str) -> ControlFlow<()> {
        self.pending.push_str(piece);
        while let Some(end) = complete(&self.pending) {
            let sentence: String = self.pending.drain(..end).collect();
            self.settle(&sentence);
        }
        match self.points.len() >= self.sentences {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Takes what was written last.
    fn end(&mut self) {
        for sentence in statements(&std::mem::take(&mut self.pending)) {
            self.settle(&sentence);
        }
    }

    fn settle(&mut self, sentence: &str) {
        for statement in statements(sentence) {
            // What the model picked must say about as much as the document's best sentences.
            let settled = self.material.settle(&statement, &self.said);
            if let Some(point) = settled.filter(|point| self.material.is_worth(point, self.bar)) {
                self.add(point);
            }
        }
    }

    fn add(&mut self, point: Point) {
        let repeats = self.points.iter().any(|other| other.text == point.text);
        if repeats || self.points.len() >= self.sentences {
            return;
        }
        self.said.extend(self.material.salience.terms(&point.text));
        let before = match self.points.is_empty() {
            true => self.material.plan.bullet.to_string(),
            false => self.material.separator(),
        };
        let piece = format!("{before}{}", point.text);
        (self.tell)(&piece);
        self.text.push_str(&piece);
        self.points.push(point);
    }

    /// Adds sentences of the document where the model wrote less than was asked for.
    fn fill(&mut self) {
        let left = self.material.words().saturating_sub(words(&self.text));
        let most = self.sentences - self.points.len();
        if most == 0 || !self.points.is_empty() && 3 * left < self.material.words() {
            return;
        }
        let all = &self.material.salience.candidates;
        for point in self.material.chosen(all.iter(), self.said.clone(), most, left) {
            self.add(point);
        }
    }

    fn answer(self) -> Answer {
        Answer { text: self.text, points: self.points }
    }
}

/// Where the first sentence ends that another one follows, or its line ends.
fn complete(text: &str) -> Option<usize> {
    let begun = text.len() - text.trim_start().len();
    let line = text[begun..].find('\n').map(|at| begun + at + 1);
    let mut ends =
        segment::sentences(&text[begun..]).map(|(at, sentence)| begun + at + sentence.len());
    let sentence = ends.find(|end| text[..*end].trim().len() >= 20).filter(|end| *end < text.len());
    match (line, sentence) {
        (Some(line), Some(sentence)) => Some(line.min(sentence)),
        (line, sentence) => line.or(sentence),
    }
}

/// The sentences of an answer and where they come from.
fn sourced(material: &Material<'_>, text: &str) -> Vec<Point> {
    let point = |sentence: String| {
        let settled = material.settle(&sentence, &HashSet::new());
        let supported = settled.as_ref().is_some_and(|point| point.support == Support::Supported);
        let range = settled.map_or_else(
            || check::source(&sentence, material.text, material.plan.body()).range,
            |point| point.range,
        );
        let support = if supported { Support::Supported } else { Support::Unsupported };
        Point { text: sentence, range, support }
    };
    let sentences = segment::sentences(text).map(|(_, sentence)| sentence.trim());
    let sentences = sentences.filter(|sentence| sentence.chars().any(char::is_alphanumeric));
    sentences.map(|sentence| point(sentence.into())).collect()
}
