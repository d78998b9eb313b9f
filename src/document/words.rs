//! Words of a text: which say something, how often they stand there, and what a document is about.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Characters of a word by which it is the same as others: what follows is an ending, mostly.
const STEM: usize = 6;

/// Words that say nothing of what a text is about, with which English can be told.
const STOP_WORDS: [&str; 46] = [
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "been", "by", "can", "for", "from",
    "has", "have", "if", "in", "is", "it", "its", "may", "not", "of", "on", "or", "other", "that",
    "the", "then", "this", "to", "use", "used", "using", "was", "were", "when", "which", "will",
    "with", "you", "your", "we", "our", "they",
];

/// What is said in a text: words long enough to mean something, numbers, and signs of scripts that
/// write a word with one, all in small letters and without their endings.
pub fn terms(text: &str) -> impl Iterator<Item = String> {
    text.unicode_words().filter(|word| is_term(word)).map(stem)
}

fn is_term(word: &str) -> bool {
    let speaks = |c: char| c.is_numeric() || c >= '\u{2E80}';
    word.chars().nth(3).is_some() || word.chars().any(speaks)
}

/// A word in small letters and without its ending.
pub fn stem(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).take(STEM).collect()
}

/// Numbers and names of a sentence, as [`terms`]: words with a digit, or with a capital anywhere but
/// at the beginning.
pub fn names(sentence: &str) -> HashSet<String> {
    let named = |(i, word): &(usize, &str)| {
        word.chars().any(|c| c.is_numeric() || *i > 0 && c.is_uppercase())
    };
    sentence.unicode_words().enumerate().filter(named).map(|(_, word)| stem(word)).collect()
}

/// The words of a whole document, without their endings, and how often they stand there.
pub struct WordCounts(HashMap<String, u32>);

impl WordCounts {
    /// Counts them.
    pub fn new(text: &str) -> Self {
        Self(counted(text.unicode_words().map(stem)))
    }

    /// Whether a sentence has no word that the document lacks, but for short ones.
    pub fn contain_all(&self, sentence: &str) -> bool {
        terms(sentence).all(|term| self.0.contains_key(&term))
    }

    /// How much a sentence says of the document beyond `said`: the mean of its words' logarithms of how
    /// often they stand there.
    pub fn weight(&self, sentence: &str, said: &HashSet<String>) -> f64 {
        let terms: HashSet<String> = terms(sentence).collect();
        let new = terms.iter().filter(|term| !said.contains(*term));
        let weights = new.filter_map(|term| self.0.get(term)).map(|n| f64::from(*n).ln_1p());
        weights.sum::<f64>() / (terms.len() + 2) as f64
    }
}

fn counted(words: impl Iterator<Item = String>) -> HashMap<String, u32> {
    let mut counts = HashMap::new();
    words.for_each(|word| *counts.entry(word).or_default() += 1);
    counts
}

/// What an English document is about, if that has a name: the word that stands most often in it of
/// those at its beginning, unless that is an ordinary one. `is_ordinary` is told the bytes of
/// `opening` where a word stands.
pub fn subject(
    text: &str,
    opening: &str,
    is_ordinary: impl Fn(Range<usize>) -> bool,
) -> Option<String> {
    const SLOPE: f64 = 20.0;
    let counts = counted(tokens_of(text).map(|(_, word)| word.to_lowercase()));
    let count = |word: &str| counts.get(&word.to_lowercase()).copied().unwrap_or(0);
    let stop = |word: &str| STOP_WORDS.contains(&word.to_lowercase().as_str());
    let all: u32 = counts.values().sum();
    let stops = STOP_WORDS.iter().filter_map(|word| counts.get(*word)).sum::<u32>();
    if stops * 10 < all {
        return None;
    }
    let mut best: Option<(f64, bool, &str)> = None;
    for (position, (at, word)) in tokens_of(opening).enumerate() {
        let heading = opening[..at].rfind('\n').map_or(0, |at| at + 1);
        let line = opening[heading..].lines().next().unwrap_or_default();
        // Headings and placeholders are in capitals.
        let says_nothing = word.chars().nth(1).is_none()
            || word.starts_with(char::is_numeric)
            || !word.contains(char::is_lowercase)
            || !line.contains(char::is_lowercase);
        if count(word) < 3 || says_nothing || stop(word) {
            continue;
        }
        let ordinary = is_ordinary(at..at + word.len());
        let weight = if ordinary { 0.5 } else { 1.5 };
        let score = f64::from(count(word)).sqrt() * weight / (1.0 + position as f64 / SLOPE);
        if best.is_none_or(|(other, ..)| score > other) {
            best = Some((score, ordinary, word));
        }
    }
    best.filter(|(_, ordinary, _)| !ordinary).map(|(_, _, word)| word.to_string())
}

/// Words with what holds them together: `mkfs.btrfs`, `Math::BigRat`, `dpkg-architecture`. And where
/// they begin.
fn tokens_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let holds = |c: char| c.is_alphanumeric() || "_:.+'-".contains(c);
    let runs = text.split(move |c| !holds(c)).filter(|run| !run.is_empty());
    runs.filter_map(|run| {
        let word = run.trim_matches(|c: char| !c.is_alphanumeric());
        (!word.is_empty()).then(|| (word.as_ptr() as usize - text.as_ptr() as usize, word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn the_subject_is_a_name_that_comes_early_and_often() {
        let text = "SYNOPSIS\n  fobar [-x]\n\nThe command shows the list of a file. It is a file.\n\
                    fobar is in the file. With fobar you can see all of the file.";
        let subject = |ordinary: &[&str]| {
            let is_ordinary = |at: Range<usize>| ordinary.contains(&&text[at]);
            super::subject(text, text, is_ordinary)
        };
        assert_eq!(subject(&["file"]).as_deref(), Some("fobar"));
        // Nothing but ordinary words: no name.
        assert_eq!(subject(&["file", "fobar"]), None);
        // Another language than English.
        let german = "Kater mögen Milch. Kater schlafen. Kater jagen Mäuse.";
        assert_eq!(super::subject(german, german, |_| false), None);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn words_that_a_document_lacks_are_seen() {
        let words = WordCounts::new("The bees collect pollen in 2024. 蜜蜂采集花粉。");
        assert!(words.contain_all("A bee collected the pollen.") && words.contain_all("花粉"));
        assert!(
            !words.contain_all("Bees collect honey.")
                && !words.contain_all("In 2025.")
                && !words.contain_all("森林")
        );
        let none = HashSet::new();
        let said: HashSet<String> = terms("pollen").collect();
        assert!(words.weight("collect pollen", &none) > words.weight("collect pollen", &said));
        assert!(words.weight("collect pollen", &said) > words.weight("honey", &none));
    }
}
