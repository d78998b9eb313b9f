//! Where sentences end: by the rules of Unicode, but for abbreviations, and in linear time.

use unicode_segmentation::UnicodeSegmentation;

/// So many characters in a row that are neither letters nor digits end a sentence, whatever they are:
/// the rules of Unicode would look through all of them at each of them.
const LONGEST_GAP: usize = 32;

/// Words with a full stop that always belong to what follows: titles, and what introduces something.
const BEFORE: [&str; 62] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "mt", "gen", "gov", "rep", "sen", "hon", "rev", "capt",
    "cpt", "col", "lt", "sgt", "maj", "cmdr", "adm", "pres", "messrs", "fig", "figs", "eq", "eqs",
    "sec", "ch", "vol", "no", "nos", "nr", "pp", "ed", "eds", "vs", "cf", "e.g", "i.e", "viz",
    "ca", "approx", "resp", "hr", "fr", "hrn", "z.b", "d.h", "u.a", "bzw", "vgl", "mme", "mlle",
    "mm", "sr", "sra", "srta", "dra", "sig", "dott", "tel",
];

/// Names of months that a day with a full stop comes before.
const MONTHS: [&str; 13] = [
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
    for (start, piece) in pieces(text) {
        for (at, sentence) in piece.split_sentence_bound_indices() {
            let end = start + at + sentence.len();
            let begun = ends.last().copied().unwrap_or(0);
            if end == start + piece.len() || !goes_on(&text[begun..end], &text[end..]) {
                ends.push(end);
            }
        }
    }
    ends
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

/// Whether a sentence that Unicode ends here goes on, because its last word is an abbreviation.
fn goes_on(sentence: &str, rest: &str) -> bool {
    let line_ended = sentence.ends_with(['\n', '\u{2029}']);
    let Some(before) = sentence.trim_end().strip_suffix('.') else { return false };
    // A heading or an item ends with its line.
    if line_ended && rest.trim_start_matches([' ', '\t']).starts_with(['\n', '#', '-', '*']) {
        return false;
    }
    let word = before.rsplit(|c: char| c.is_whitespace() || "([\"'“‘".contains(c)).next();
    let word = word.unwrap_or_default();
    let day = word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit()) && !word.is_empty();
    if day && MONTHS.iter().any(|month| rest.starts_with(month)) {
        return true;
    }
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    let named = initial && rest.starts_with(char::is_uppercase) && before.len() > word.len();
    named || BEFORE.contains(&word.to_lowercase().as_str())
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
        assert_eq!(split("See Fig. 3 and J. R. Smith. He is Dr. No. Yes.").len(), 2);
        assert_eq!(split("We met George W. Bush. He spoke.").len(), 2);
        assert_eq!(split("Dies gilt z.B. Für alle. Nr. 5 lebt.").len(), 2);
        assert_eq!(split("Das Bad bleibt bis 17. November zu. Dann öffnet es.").len(), 2);
        assert_eq!(split("I chose A. It was right. Use vitamin C.\n\nNext.").len(), 4);
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
        for gap in [" ", ")", ". ", "\n", "\u{301}", "<0.5\n", "\"'"] {
            let text = format!("Twenty words. {} and the end.", gap.repeat(2_000_000 / gap.len()));
            assert_eq!(
                split(&text).iter().map(|sentence| sentence.len()).sum::<usize>(),
                text.len()
            );
        }
    }
}
