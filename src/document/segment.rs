//! Where sentences end: by the rules of Unicode, but for abbreviations and lists, and in linear time.

mod abbreviations;
mod lists;

use unicode_segmentation::UnicodeSegmentation;

/// So many characters in a row that are neither letters nor digits end a sentence, whatever they are:
/// the rules of Unicode would look through all of them at each of them.
const LONGEST_GAP: usize = 32;

/// Bytes of the end of a sentence in which its last two words stand.
const LONGEST_WORD: usize = 64;

/// Words that a number with a full stop comes before in German.
const COUNTED: [&str; 16] = [
    "Januar",
    "Jänner",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
    "Jahrhundert",
    "Weltkrieg",
    "Auflage",
];

/// The sentences of a text with the white space after them, and the byte at which each begins.
pub fn sentences(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut ends = ends(text).into_iter();
    let mut start = 0;
    std::iter::from_fn(move || {
        let end = ends.next()?;
        let sentence = (start, &text[start..end]);
        start = end;
        Some(sentence)
    })
}

/// Where sentences end, in order; the last at the end of the text.
fn ends(text: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut items = lists::items(text).into_iter().map(|item| item.start).peekable();
    for (start, piece) in pieces(text) {
        for (at, sentence) in piece.split_sentence_bound_indices() {
            let (from, end) = (start + at, start + at + sentence.len());
            // An item of a list begins where its number stands, not after that.
            let mut cuts: Vec<usize> = unmarked(sentence).map(|cut| from + cut).collect();
            cuts.extend(std::iter::from_fn(|| items.next_if(|at| *at < end)));
            cuts.sort_unstable();
            for cut in cuts {
                if cut > ends.last().copied().unwrap_or(0) {
                    ends.push(cut);
                }
            }
            let begun = ends.last().copied().unwrap_or(0);
            if end == start + piece.len() && end > begun
                || !goes_on(&text[begun..end], &text[end..])
            {
                ends.push(end);
            }
        }
    }
    ends
}

/// Where sentences end within one that Unicode finds: before a number, before an ellipsis, and after the
/// Greek and the Armenian sign, which other languages use otherwise.
fn unmarked(sentence: &str) -> impl Iterator<Item = usize> {
    sentence.match_indices(['.', ';', ':']).filter_map(|(at, sign)| {
        let rest = &sentence[at + 1..];
        let next = rest.trim_start_matches(' ');
        if next.len() == rest.len() || next.is_empty() {
            return None;
        }
        let last = sentence[..at].chars().next_back()?;
        let ends = match sign {
            ";" => {
                ('\u{370}'..='\u{3ff}').contains(&last) || ('\u{1f00}'..='\u{1fff}').contains(&last)
            }
            ":" => ('\u{531}'..='\u{587}').contains(&last),
            _ => {
                next.starts_with(|c: char| c.is_ascii_digit())
                    && ends_before_number(&sentence[..at], next)
                    || next
                        .strip_prefix("...")
                        .is_some_and(|after| after.starts_with(char::is_alphabetic))
            }
        };
        ends.then_some(at + 1 + rest.len() - next.len())
    })
}

/// Whether a sentence ends before a number: after a word in small letters that is no abbreviation, if
/// words follow.
fn ends_before_number(before: &str, next: &str) -> bool {
    let near = &before[before.floor_char_boundary(before.len().saturating_sub(LONGEST_WORD))..];
    let word = near.rsplit(' ').next().unwrap_or_default();
    let near = &next[..next.floor_char_boundary(LONGEST_WORD)];
    let after = near.trim_start_matches(|c: char| c.is_ascii_digit() || ".,".contains(c));
    word.chars().count() > 3
        && word.chars().all(char::is_lowercase)
        && !abbreviations::counts(word)
        && after.strip_prefix(' ').is_some_and(|after| after.starts_with(char::is_alphabetic))
}

/// Parts of a text that no sentence reaches over.
fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut cuts = Vec::new();
    let mut gap = 0;
    for (at, c) in text.char_indices() {
        if c.is_alphanumeric() {
            if gap > LONGEST_GAP {
                cuts.push(at);
            }
            gap = 0;
        } else {
            gap += 1;
            // A gap of megabytes is cut, too.
            if gap % LONGEST_GAP == 0 && gap > LONGEST_GAP {
                cuts.push(at);
            }
        }
    }
    cuts.push(text.len());
    let mut start = 0;
    cuts.into_iter().filter_map(move |end| {
        let piece = (start, &text[start..end]);
        start = end;
        (!piece.1.is_empty()).then_some(piece)
    })
}

/// Whether a sentence that Unicode ends here continues: its last word is an abbreviation, or what ends it
/// does not end a sentence.
fn goes_on(sentence: &str, rest: &str) -> bool {
    let line_ended = sentence.ends_with(['\n', '\u{2029}']);
    // A heading or an item ends with its line.
    if line_ended && rest.trim_start_matches([' ', '\t']).starts_with(['\n', '#', '-', '*']) {
        return false;
    }
    let trimmed = sentence.trim_end();
    let spaced = trimmed.len() < sentence.len();
    let next = rest.chars().next().unwrap_or('\n');
    if lists::is_mark(trimmed) {
        return true;
    }
    // A picture in Markdown.
    if trimmed.ends_with("![") {
        return true;
    }
    // A mark before a closing backtick is part of code, such as Rust's `?`.
    if next == '`' && !spaced {
        return true;
    }
    // "Yahoo! in the …", "Really?" she asked.
    let bare = trimmed.trim_end_matches(['"', '\'', '”', '’', '»']);
    if trimmed.ends_with('!') || bare.len() < trimmed.len() && bare.ends_with(['!', '?']) {
        return next.is_lowercase();
    }
    if trimmed.ends_with("...") && !spaced && next.is_alphabetic() || bare.ends_with("[...]") {
        return true;
    }
    let Some(before) = trimmed.strip_suffix('.') else { return false };
    // Words left out, and no end: ". . ." has three points.
    if let Some(before) = before.strip_suffix(". . ") {
        return !before.ends_with(". ") && !before.ends_with('.');
    }
    let near = &before[before.floor_char_boundary(before.len().saturating_sub(LONGEST_WORD))..];
    let mut words = near.rsplit(|c: char| c.is_whitespace() || "([\"'“‘".contains(c));
    let word = words.next().unwrap_or_default();
    let previous = words.next().unwrap_or_default();
    if word.bytes().all(|b| b.is_ascii_digit()) && !word.is_empty() {
        return word.len() <= 2 && COUNTED.iter().any(|counted| rest.starts_with(counted));
    }
    let lower = word.to_lowercase();
    if abbreviations::goes_on(&lower) || next.is_numeric() && abbreviations::counts(&lower) {
        return true;
    }
    let near = &rest[..rest.floor_char_boundary(LONGEST_WORD)];
    let following = near.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let starts = || abbreviations::starts(&following.to_lowercase());
    let mut letters = word.chars();
    if let (Some(letter), None) = (letters.next(), letters.next()) {
        let uncased = letter.is_alphabetic() && !letter.is_uppercase() && !letter.is_lowercase();
        // "z. B.", "J. R. Smith".
        let another = rest.chars().nth(1) == Some('.') && next.is_alphabetic();
        let named = letter.is_uppercase() && next.is_uppercase() && before.len() > word.len();
        // "size S. I have", "you and I. Did".
        let ends = previous.starts_with(char::is_lowercase) && (letter == 'I' || starts());
        return another || uncased || named && !ends;
    }
    // "the U.S. Government", but not "in the U.S. How about you?".
    let dotted = word.contains('.') && word.split('.').all(|part| part.chars().nth(1).is_none());
    (dotted || abbreviations::may_end(&lower)) && next.is_uppercase() && !starts()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).map(|(_, sentence)| sentence).collect()
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn abbreviations_do_not_end_sentences() {
        let statement = "The opening statement of Mr. John Smith lasted two hours. It was long.";
        assert_eq!(
            split(statement)[0],
            "The opening statement of Mr. John Smith lasted two hours. "
        );
        assert_eq!(split(statement).len(), 2);
        assert_eq!(split("See Fig. 3 and J. R. Smith. He is Dr. No. Yes.").len(), 3);
        assert_eq!(split("We met George W. Bush. He spoke.").len(), 2);
        assert_eq!(split("Dies gilt z.B. Für alle. Nr. 5 lebt.").len(), 2);
        assert_eq!(split("Das Bad bleibt bis 17. November zu. Dann öffnet es.").len(), 2);
        assert_eq!(split("He wore a cap. He said no. Then No. 5 came.").len(), 3);
        assert_eq!(split("We met in spring. 81 people came, on p. 5 and No. 7 too.").len(), 2);
        assert_eq!(split("Write `?` in a block. It returns.").len(), 2);
        let ends = split("I chose A. It was right. Use vitamin C.\n\nNext.");
        assert_eq!(
            ends.iter().map(|end| end.trim()).collect::<Vec<_>>(),
            ["I chose A.", "It was right.", "Use vitamin C.", "", "Next."]
        );
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn all_of_the_text_is_in_some_sentence() {
        let long = format!("One.{}Two", " ".repeat(1000));
        for text in
            ["", " ", "One. Two! Three", "蜜蜂采集花粉。它们住在蜂巢里。", &long, "a\n\n\nb"]
        {
            assert_eq!(split(text).concat(), text);
            let mut at = 0;
            for (start, sentence) in sentences(text) {
                assert_eq!(start, at);
                at += sentence.len();
            }
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn nothing_takes_more_than_linear_time() {
        // Each of these would take minutes if a look at the end of a sentence took all that follows.
        for gap in [
            " ", ")", ". ", "\n", "\u{301}", "<0.5\n", "\"'", "1.", "a. ", ". . ", "U.S. A",
            "x! a", "; ", "1. ",
        ] {
            let text = format!("Twenty words. {} and the end.", gap.repeat(2_000_000 / gap.len()));
            assert_eq!(
                split(&text).iter().map(|sentence| sentence.len()).sum::<usize>(),
                text.len()
            );
        }
    }
}
