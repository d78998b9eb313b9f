//! Whether a text says what a sentence says, and where: by words, names, numbers, negation and reasons.

use std::collections::HashSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::document::segment;
use crate::document::words::{is_unspaced, names, stem, terms};

/// Where a sentence comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Bytes of the few sentences, or lines, that have most of its words.
    pub range: Range<usize>,
    /// Whether what it says is there: most of its words, all of its names and numbers in the part of
    /// the text that was looked at, and a negation or a reason only where that has one, too.
    pub supported: bool,
}

/// Sentences or lines that a passage may have.
const LONGEST: usize = 4;

/// What each costs, so that none is there for nothing.
const COST: f64 = 0.02;

/// The share of its words that a part must have.
const MOST: f64 = 0.7;

/// The share of its words that the passage must have.
const PASSAGE: f64 = 0.5;

/// Looks for what a sentence says in a part of a text.
pub fn source(sentence: &str, text: &str, part: Range<usize>) -> Source {
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
    let mut best = (f64::MIN, 0.0, part.clone());
    for first in 0..units.len() {
        let mut has: HashSet<&String> = HashSet::new();
        for length in 1..=LONGEST.min(units.len() - first) {
            let (range, more) = &units[first + length - 1];
            if more.is_empty() && (length == 1 || units[first].1.is_empty()) {
                break;
            }
            has.extend(more);
            let share = has.len() as f64 / total;
            let score = share - COST * length as f64;
            if score > best.0 {
                best = (score, share, units[first].0.start..range.end);
            }
        }
    }
    let mut missing = names(sentence);
    for word in text[part].unicode_words() {
        missing.remove(&stem(word));
    }
    let (_, share, range) = best;
    let supported = missing.is_empty()
        && found.len() as f64 >= MOST * total
        && share >= PASSAGE
        && (!negates(sentence) || negates(&text[range.clone()]))
        && (!has_any(sentence, &REASONS) || gives_reason(&text[range.clone()]));
    Source { range, supported }
}

/// Words that make one thing the reason of another. Small models join facts with them that have nothing
/// to do with each other.
const REASONS: [&str; 35] = [
    "because",
    "due to",
    "owing to",
    "thanks to",
    "as a result",
    "therefore",
    "caused",
    "causing",
    "led to",
    "leading to",
    "so that",
    "resulting in",
    "weil",
    "wegen",
    "aufgrund",
    "deshalb",
    "daher",
    "dadurch",
    "sodass",
    "parce que",
    "à cause",
    "en raison",
    "grâce à",
    "porque",
    "debido a",
    "a causa",
    "gracias a",
    "perché",
    "grazie a",
    "omdat",
    "vanwege",
    "daardoor",
    "потому",
    "из за",
    "因为",
];

/// Words with which a text may give a reason, too.
const LOOSE_REASONS: [&str; 20] = [
    "so", "since", "thus", "hence", "reason", "reasons", "why", "means", "meant", "cause",
    "result", "da", "denn", "grund", "donc", "car", "por eso", "pues", "quindi", "dus",
];

/// Whether a passage gives a reason for something.
fn gives_reason(passage: &str) -> bool {
    has_any(passage, REASONS.iter().chain(&LOOSE_REASONS))
}

/// Whether a text has one of some words or phrases.
fn has_any<'a>(text: &str, phrases: impl IntoIterator<Item = &'a &'a str>) -> bool {
    let words: Vec<String> = text.unicode_words().map(str::to_lowercase).collect();
    let spaced = format!(" {} ", words.join(" "));
    // In a script without spaces a word stands between others.
    phrases.into_iter().any(|phrase| match phrase.chars().any(is_unspaced) {
        true => text.contains(*phrase),
        false => spaced.contains(&format!(" {phrase} ")),
    })
}

/// Whether a text denies something, in the languages whose words for it are known here.
fn negates(text: &str) -> bool {
    const NEGATIONS: [&str; 34] = [
        "not", "no", "never", "none", "nobody", "nothing", "without", "cannot", "neither", "nor",
        "refused", "denied", "nicht", "kein", "keine", "keinen", "niemand", "nie", "ohne", "ne",
        "pas", "jamais", "aucun", "sans", "sin", "nunca", "ningún", "nadie", "non", "mai", "niet",
        "geen", "не", "нет",
    ];
    text.unicode_words().any(|word| {
        let lower = word.to_lowercase();
        NEGATIONS.contains(&lower.as_str()) || lower.ends_with("n't") || lower.ends_with("n’t")
    })
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
        // Nor may it deny what the text says.
        assert!(!found("They do not collect pollen from flowers.").1);
        assert!(!found("Honey isn't sweet.").1);
        // Nor may it make one thing the reason of another.
        assert!(!found("They collect pollen from 40 flowers a day because bees live in hives.").1);
        let given = "The bridge is closed, since two hangers had cracks.";
        assert!(
            source("The bridge is closed because two hangers had cracks.", given, 0..given.len())
                .supported
        );
        // Only in the part that it is about.
        assert!(!source("Honey is sweet.", text, 0..20).supported);
        assert_eq!(source("Honey is sweet.", text, 5..5).range, 5..5);
    }
}
