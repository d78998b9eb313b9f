//! The sentences of a document that answer a question, for models that quote.
//!
//! What a small model answers in its own words is often made up. It judges better than it writes: a
//! sentence answers a question if it makes the question likelier (Sachan et al., "Improving Passage
//! Retrieval with Zero-Shot Question Generation", arXiv:2204.07496). The model scores only the sentences
//! that share most of the question's rarer words, or stand beside one that does. benches/README.md says
//! how often that finds the answer.

use super::plan::TRIED;
use super::points::{LONGEST_QUOTE, Material, Point, words};
use super::run::Run;
use super::salience::Candidate;
use crate::backend::Backend;
use crate::document::sentences;
use crate::error::Result;
use crate::host::Host;

/// Bytes of a sentence at most. A longer one with few words is a key or an address.
const LONGEST: usize = 1000;

/// Sentences of an answer.
const QUOTED: usize = 3;

/// How much the words of the sentence before count, and those of the one behind: an answer often stands
/// beside the question's words.
const BESIDE: [f64; 2] = [0.3, 0.2];

/// How much a sentence's salience counts when sentences that match the question are put in order.
const SALIENT: f64 = 0.15;

/// The least that a quoted sentence is worth. Its worth is the share of the question's words that stand in
/// it or beside it, and how much likelier it makes a token of the question. In documents about something
/// else the best sentences are worth less.
const LEAST: f64 = 0.5;

/// How much less than the best sentence a further one may be worth.
const BEHIND: f64 = 1.2;

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// The sentences that answer a question, best first; none if the document has no answer.
    ///
    /// # Errors
    /// As [`Self::likelihood`].
    pub(super) async fn find(
        &mut self,
        material: &Material<'_>,
        question: &str,
    ) -> Result<Vec<Point>> {
        let candidates = &material.salience.candidates;
        let shares = material.salience.shares(question);
        // Questions don't answer a question, and nothing longer than a quotation is quoted.
        let says = |i: &usize| {
            let text = &candidates[*i].sentence.text;
            !sentences::is_question(text) && text.len() <= LONGEST && words(text) <= LONGEST_QUOTE
        };
        let mut order: Vec<usize> = (0..candidates.len()).filter(says).collect();
        let matching = |i: usize| {
            let before = i.checked_sub(1).map_or(0.0, |i| shares[i]);
            let behind = shares.get(i + 1).copied().unwrap_or(0.0);
            shares[i] + BESIDE[0] * before + BESIDE[1] * behind
        };
        let promise = |i: usize| matching(i) + SALIENT * candidates[i].score;
        order.sort_by(|a, b| promise(*b).total_cmp(&promise(*a)));
        order.truncate(TRIED);
        if order.is_empty() {
            return Ok(Vec::new());
        }
        let ids = self.session.model().tokenizer.encode(question)?;
        let overhead = self.session.model().tokenizer.overhead();
        let lengths = order.iter().map(|i| self.count(&candidates[*i].sentence.text) + overhead);
        let tokens = lengths.sum();
        self.forecast.begin(self.cost(0, tokens));
        self.total = self.report.prefill.tokens + tokens;
        let without = self.likelihood_of(&ids, "…").await?;
        let mut found: Vec<(f64, &Candidate)> = Vec::new();
        for index in order {
            let candidate = &candidates[index];
            let likelier = self.likelihood_of(&ids, &candidate.sentence.text).await? - without;
            found.push((matching(index) + likelier / ids.len().max(1) as f64, candidate));
        }
        let best = found.iter().map(|(worth, _)| *worth).fold(f64::MIN, f64::max);
        found.retain(|(worth, _)| *worth >= LEAST.max(best - BEHIND));
        let rank = |(worth, candidate): &(f64, &Candidate)| worth + SALIENT * candidate.score;
        found.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
        let quoted = found.into_iter().take(QUOTED);
        Ok(quoted.map(|(_, candidate)| material.quoted(candidate)).collect())
    }

    /// How likely a question is after a passage: the logarithm.
    async fn likelihood_of(&mut self, question: &[u32], passage: &str) -> Result<f64> {
        let prompt = self.asking.question_about(passage);
        self.likelihood(&prompt, question).await
    }
}
