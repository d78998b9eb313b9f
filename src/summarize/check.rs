//! Whether a text says what a sentence says, and where: by words, names and numbers.

use std::collections::HashSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::document::segment;
use crate::document::words::{names, stem, terms};

/// Where a sentence comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Bytes of the few sentences, or lines, that have most of its words.
    pub range: Range<usize>,
    /// Whether what it says is there: most of its words, and all of its names and numbers, in the
    /// part of the text that was looked at.
    pub supported: bool,
}

/// Looks for what a sentence says in a part of a text.
pub fn source(sentence: &str, text: &str, part: Range<usize>) -> Source {
    /// Sentences or lines that a passage may have.
    const LONGEST: usize = 4;
    /// What each costs, so that none is there for nothing.
    const COST: f64 = 0.02;
    /// The share of its words that a part must have.
    const MOST: f64 = 0.7;
    let wanted: HashSet<String> = terms(sentence).collect();
    let mut found: HashSet<String> = HashSet::new();
    let mut units: Vec<(Range<usize>, HashSet<String>)> = Vec::new();
    for (at, unit) in segment::sentences(&text[part.clone()]) {
        let trimmed = unit.trim();
        if trimmed.is_empty() {
            continue;
        }
        let start = part.start + at + unit.len() - unit.trim_start().len();
        let has: HashSet<String> = terms(trimmed).filter(|term| wanted.contains(term)).collect();
        found.extend(has.iter().cloned());
        units.push((start..start + trimmed.len(), has));
    }
    let total = wanted.len().max(1) as f64;
    let mut best = (f64::MIN, part.clone());
    for first in 0..units.len() {
        let mut has: HashSet<&String> = HashSet::new();
        for length in 1..=LONGEST.min(units.len() - first) {
            let (range, more) = &units[first + length - 1];
            if more.is_empty() && (length == 1 || units[first].1.is_empty()) {
                break;
            }
            has.extend(more);
            let score = has.len() as f64 / total - COST * length as f64;
            if score > best.0 {
                best = (score, units[first].0.start..range.end);
            }
        }
    }
    let mut missing = names(sentence);
    for word in text[part].unicode_words() {
        missing.remove(&stem(word));
    }
    let supported = missing.is_empty() && found.len() as f64 >= MOST * total;
    Source { range: best.1, supported }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn a_sentence_leads_to_its_passage() {
        let text = "Bees live in hives. They collect pollen from 40 flowers a day.\n\
                    Anna Schmidt counted them in 2024. Honey is sweet.";
        let found = |sentence: &str| {
            let Source { range, supported } = source(sentence, text, 0..text.len());
            (text[range].to_string(), supported)
        };
        let pollen = "They collect pollen from 40 flowers a day.";
        assert_eq!(found("Pollen is collected from flowers."), (pollen.into(), true));
        assert!(found("Anna Schmidt counted bees.").1);
        // Names and numbers have to be there, whatever else is.
        assert_eq!(found("They collect pollen from 50 flowers a day."), (pollen.into(), false));
        assert!(!found("It was Peter who counted them in 2024.").1);
        assert!(!found("Trains are late again today.").1);
        // Only in the part that it is about.
        assert!(!source("Honey is sweet.", text, 0..20).supported);
        assert_eq!(source("Honey is sweet.", text, 5..5).range, 5..5);
    }
}
