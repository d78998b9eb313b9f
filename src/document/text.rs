//! Blocks, sentences and words of a text: what a summary begins with and is checked against.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Words of a sentence at least; headings, synopses and options have fewer.
const WORDS_OF_A_SENTENCE: usize = 4;

/// Characters of a sentence at least, in a script without spaces.
const CHARS_OF_A_SENTENCE: usize = 8;

/// Words of a sentence at most: what is longer is a list, or code.
const LONGEST_SENTENCE: usize = 80;

/// Characters of a word by which it is the same as others: what follows is an ending, mostly.
const STEM: usize = 6;

/// Words that say nothing of what a text is about, with which English can be told.
const STOP_WORDS: [&str; 46] = [
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "been", "by", "can", "for", "from",
    "has", "have", "if", "in", "is", "it", "its", "may", "not", "of", "on", "or", "other", "that",
    "the", "then", "this", "to", "use", "used", "using", "was", "were", "when", "which", "will",
    "with", "you", "your", "we", "our", "they",
];

/// Lines of one indentation without an empty one between them, each joined with spaces; the first one
/// may be indented more. A heading is by itself, without its marks; what is drawn under one is left
/// out.
pub fn blocks(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    // The lines of the block that the next one may belong to, and their indentation.
    let mut open: Option<(usize, usize)> = None;
    for line in text.lines() {
        let words = line.trim();
        let drawn = words.len() > 2 && words.chars().all(|c| "=-*_~+".contains(c));
        if words.is_empty() || drawn {
            open = None;
            continue;
        }
        let heading = words.starts_with('#');
        let indent = line.len() - line.trim_start().len();
        let goes_on = open.filter(|(lines, above)| {
            !heading && (*above == indent || *lines == 1 && *above > indent)
        });
        let words = words.trim_start_matches('#').split_whitespace();
        match (blocks.last_mut(), goes_on) {
            (Some(block), Some(_)) => words.for_each(|word| {
                block.push(' ');
                block.push_str(word);
            }),
            _ => blocks.push(words.collect::<Vec<_>>().join(" ")),
        }
        open = (!heading).then(|| (goes_on.map_or(1, |(lines, _)| lines + 1), indent));
    }
    blocks
}

/// The first sentence of a text, in [`plain`] words.
pub fn first_sentence(text: &str) -> Option<String> {
    let blocks = blocks(text);
    let mut sentences = blocks.iter().flat_map(|block| block.split_sentence_bounds());
    sentences.find_map(|sentence| {
        let sentence = plain(sentence.trim());
        (is_sentence(&sentence) && !is_notice(&sentence)).then_some(sentence)
    })
}

/// Whether this is about rights in a text, not what the text is about.
pub fn is_notice(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let signs = ["©", "rights reserved", "permitted to copy"];
    lower.starts_with("copyright") || signs.iter().any(|sign| lower.contains(sign))
}

/// Whether this has a sentence's length and end, half of its words are nothing but letters, and its
/// brackets close.
pub fn is_sentence(text: &str) -> bool {
    let count = |c: char| text.matches(c).count();
    let closes = [('(', ')'), ('[', ']'), ('{', '}')].iter().all(|(a, b)| count(*a) == count(*b));
    let text = text.trim_end_matches(['"', '”', '’', ')']);
    if !closes || text.ends_with("...") {
        return false;
    }
    if text.ends_with(['。', '！', '？']) {
        return text.chars().count() >= CHARS_OF_A_SENTENCE;
    }
    let words = text.split_whitespace();
    let of_letters = |word: &&str| {
        let word = word.trim_end_matches([',', ';', ':', '.', '!', '?']);
        word.starts_with(char::is_alphabetic)
            && word.chars().all(|c| c.is_alphabetic() || "'’-".contains(c))
    };
    let (count, plain) = (words.clone().count(), words.filter(of_letters).count());
    // Of code and of diagrams.
    let signs = text.chars().filter(|c| "{}|<>=/\\*+#^~".contains(*c)).count();
    (WORDS_OF_A_SENTENCE..=LONGEST_SENTENCE).contains(&count)
        && 2 * plain >= count
        && 40 * signs <= text.chars().count()
        && text.ends_with(['.', '!', '?', '؟', '।'])
}

/// A sentence without what it has in brackets, and without marks of emphasis and lists.
pub fn plain(sentence: &str) -> String {
    let mut out = String::with_capacity(sentence.len());
    let mut rest = sentence.trim_start_matches(['*', '-', '>', '+', '•', ' ']);
    while let Some(c) = rest.chars().next() {
        let close = [('<', '>'), ('(', ')'), ('[', ']')].into_iter().find(|(open, _)| *open == c);
        let inside = close.and_then(|(_, close)| rest.find(close)).map(|end| &rest[..=end]);
        if let Some(inside) = inside {
            rest = &rest[inside.len()..];
            if out.is_empty() || out.ends_with(' ') {
                rest = rest.trim_start();
            }
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let doubled = "*_".contains(c) && (rest.starts_with(c) || out.ends_with(c));
        if doubled || c == '`' {
            rest = rest.strip_prefix(c).unwrap_or(rest);
        } else {
            if ",.;:".contains(c) {
                out.truncate(out.trim_end().len());
            }
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Where a sentence may end early, because what follows is only about what was said: in bytes, after
/// so many words at least. English, and signs that others have, too.
pub fn clause(sentence: &str, least: usize) -> Option<usize> {
    const AFTER_COMMA: [&str; 25] = [
        "which",
        "while",
        "whose",
        "where",
        "because",
        "as",
        "so",
        "with",
        "without",
        "allowing",
        "including",
        "such",
        "using",
        "although",
        "though",
        "but",
        "designed",
        "used",
        "by",
        "for",
        "in",
        "to",
        "when",
        "if",
        "unless",
    ];
    const AFTER_WORD: [&str; 4] = ["which", "whose", "while", "because"];
    // "The conditions under which", "all of whose".
    const GOES_ON: [&str; 16] = [
        "about", "and", "at", "by", "for", "from", "in", "into", "of", "on", "or", "over",
        "through", "to", "under", "with",
    ];
    let (mut before, mut end, mut last) = (0, 0, "");
    for word in sentence.split_whitespace() {
        let at = word.as_ptr() as usize - sentence.as_ptr() as usize;
        let ended = sentence[..end].chars().next_back();
        let whole = sentence[at + word.len()..].starts_with(char::is_whitespace);
        let dash = matches!(word, "-" | "–" | "—" | "--");
        let goes_on = match ended {
            Some(',') => whole && AFTER_COMMA.contains(&word),
            Some(';') => true,
            // A sentence may begin with a name in small letters. "e.g." ends none.
            Some('.') => sentence[..end - 1].ends_with(char::is_alphabetic) && last.len() > 4,
            _ => whole && AFTER_WORD.contains(&word) && !GOES_ON.contains(&last),
        };
        if before >= least && (dash || goes_on) {
            return Some(sentence[..end].trim_end_matches([',', ';', ':', '.', ' ']).len());
        }
        before += usize::from(!dash);
        end = at + word.len();
        last = word;
    }
    None
}

/// What is said in a text: words long enough to mean something, numbers, and signs of scripts that
/// write a word with one, all in small letters and without their endings.
pub fn terms(text: &str) -> impl Iterator<Item = String> {
    text.unicode_words().filter(|word| is_term(word)).map(stem)
}

fn is_term(word: &str) -> bool {
    let speaks = |c: char| c.is_numeric() || c >= '\u{2E80}';
    word.chars().nth(3).is_some() || word.chars().any(speaks)
}

fn stem(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).take(STEM).collect()
}

/// Numbers and names of a sentence, as [`terms`]: words with a digit, or with a capital anywhere but
/// at the beginning.
fn names(sentence: &str) -> HashSet<String> {
    let named = |(i, word): &(usize, &str)| {
        word.chars().any(|c| c.is_numeric() || *i > 0 && c.is_uppercase())
    };
    sentence.unicode_words().enumerate().filter(named).map(|(_, word)| stem(word)).collect()
}

/// The words of a whole document, without their endings, and how often they stand there.
pub struct Words(HashMap<String, u32>);

impl Words {
    /// Counts them.
    pub fn new(text: &str) -> Self {
        Self(counted(text.unicode_words().map(stem)))
    }

    /// Whether a sentence has no word that the document lacks, but for short ones.
    pub fn have(&self, sentence: &str) -> bool {
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
    for (at, unit) in text[part.clone()].split_sentence_bound_indices() {
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
