//! The passages of a document that match a question: BM25 (Robertson and Zaragoza, "The Probabilistic
//! Relevance Framework: BM25 and Beyond", 2009).

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::cut::{self, Tokens};
use crate::document::words::terms;
use crate::summarize::salience::take;

/// Tokens of a passage.
const PASSAGE: usize = 250;

/// How soon more occurrences of a word count for little, and how much long passages are held against
/// themselves: the usual values.
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// The passages that match `question` best, in the document's order, of `budget` tokens together;
/// `None` if nothing matches.
pub fn matching(
    text: &str,
    body: &Range<usize>,
    tokens: Tokens,
    question: &str,
    budget: usize,
) -> Option<Vec<Range<usize>>> {
    let wanted: HashSet<String> = terms(question).collect();
    let passages = cut::windows(text, body, tokens, PASSAGE.min(budget));
    let counted: Vec<(HashMap<String, f64>, f64)> =
        passages.iter().map(|part| counts(&text[part.clone()], &wanted)).collect();
    let mean = counted.iter().map(|(_, length)| length).sum::<f64>() / counted.len().max(1) as f64;
    let total = counted.len() as f64;
    let idf = |term: &String| {
        let with = counted.iter().filter(|(counts, _)| counts.contains_key(term)).count() as f64;
        (1.0 + (total - with + 0.5) / (with + 0.5)).ln()
    };
    let idf: HashMap<&String, f64> = wanted.iter().map(|term| (term, idf(term))).collect();
    let score = |(counts, length): &(HashMap<String, f64>, f64)| -> f64 {
        let norm = K1 * (1.0 - B + B * length / mean.max(1.0));
        counts.iter().map(|(term, n)| idf[term] * n * (K1 + 1.0) / (n + norm)).sum()
    };
    let scores: Vec<f64> = counted.iter().map(score).collect();
    let mut best: Vec<usize> = (0..passages.len()).filter(|i| scores[*i] > 0.0).collect();
    best.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let mut left = budget;
    best.retain(|index| take(&mut left, tokens.count(&passages[*index])));
    best.sort_unstable();
    (!best.is_empty()).then(|| best.into_iter().map(|index| passages[index].clone()).collect())
}

/// How often the wanted words occur in a passage, and how many words it has.
fn counts(passage: &str, wanted: &HashSet<String>) -> (HashMap<String, f64>, f64) {
    let (mut counts, mut length) = (HashMap::new(), 0.0);
    for term in terms(passage) {
        length += 1.0;
        if wanted.contains(&term) {
            *counts.entry(term).or_insert(0.0) += 1.0;
        }
    }
    (counts, length)
}
