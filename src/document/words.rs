//! Words of a text: which say something, and which are names.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

/// Characters of a word by which it is the same as others: what follows is an ending, mostly.
const STEM: usize = 6;

/// What programs write before what they log.
pub const LEVELS: [&str; 7] = ["FATAL", "ERROR", "WARNING", "WARN", "INFO", "DEBUG", "TRACE"];

/// What is said in a text: words long enough to mean something and numbers, in small letters and
/// without their endings; in scripts without spaces, every two signs that stand side by side.
pub fn terms(text: &str) -> impl Iterator<Item = String> {
    let spaced = text.unicode_words().filter(|word| is_term(word)).map(stem);
    spaced.chain(pairs(text))
}

fn is_term(word: &str) -> bool {
    let long = word.chars().nth(3).is_some() || word.chars().any(char::is_numeric);
    long && !word.starts_with(is_unspaced)
}

/// Whether a sign belongs to a script that puts no spaces between words: Chinese, Japanese, Thai, Lao,
/// Khmer, Burmese.
pub fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Every two neighbours in runs of signs without spaces; a lone sign by itself.
fn pairs(text: &str) -> impl Iterator<Item = String> {
    let letter = |c: char| is_unspaced(c) && c.is_alphanumeric();
    text.split(move |c| !letter(c)).filter(|run| !run.is_empty()).flat_map(|run| {
        let next = run.chars().skip(1).map(Some).chain([None]);
        let lone = run.chars().nth(1).is_none();
        run.chars().zip(next).filter_map(move |(a, b)| match b {
            Some(b) => Some([a, b].iter().collect()),
            None => lone.then(|| a.to_string()),
        })
    })
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

/// A text with every run of digits as one sign: equal for running heads that differ in a number.
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_numeric() {
            true if out.ends_with('#') => {}
            true => out.push('#'),
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn terms_are_what_is_said() {
        let of = |text| terms(text).collect::<Vec<_>>();
        assert_eq!(of("The Bees collected it in 2024."), ["bees", "collec", "2024"]);
        assert_eq!(of("蜜蜂采集。花 x"), ["蜜蜂", "蜂采", "采集", "花"]);
        assert_eq!(of("ผึ้ง"), ["ผึ", "ง"]);
        assert_eq!(names("The bees met Anna Schmidt in 2024.").len(), 3);
    }
}
