//! Text as people have it, made even: without the markup of web pages, letters composed, one kind of
//! line end, no invisible characters, words that a line end parted joined again. Every character knows
//! where it came from.

use std::collections::HashSet;

use super::compose::composed;
use super::html;
use super::traced::Traced;

/// White space of one kind in a row that a text keeps. More says nothing, and some of what looks for
/// the ends of sentences takes the square of its length.
const LONGEST_GAP: usize = 16;

/// One in so many characters may be a control character; a text with more is a program or a picture.
const CONTROLS_OF: usize = 100;

/// Control characters that any text may have.
const FEW_CONTROLS: usize = 8;

/// A cleaned text, and where its characters stood in the original.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clean {
    text: Traced,
    /// Characters of the original.
    chars: usize,
    /// Control characters that were left out.
    controls: usize,
}

impl Clean {
    /// Cleans a text or the source of a web page, in time that grows with its length and nothing else.
    pub fn new(original: &str) -> Self {
        if html::is_html(original) {
            let page = html::to_text(original).text;
            Self::made(original, page.text(), page.origins())
        } else {
            Self::of_text(original)
        }
    }

    /// Cleans a text that is no source of a web page, whatever it looks like.
    pub fn of_text(original: &str) -> Self {
        Self::made(original, original, 0..)
    }

    /// Cleans a text of which each character stands somewhere in the original.
    fn made(original: &str, text: &str, places: impl IntoIterator<Item = usize>) -> Self {
        let Some(composed) = composed(text) else { return Self::even(original, text, places) };
        let places: Vec<usize> = places.into_iter().take(text.chars().count()).collect();
        Self::even(original, composed.text(), composed.origins().map(|at| places[at]))
    }

    /// The same, of a text that is composed.
    fn even(original: &str, text: &str, places: impl IntoIterator<Item = usize>) -> Self {
        let mut clean = Self {
            text: Traced::with_capacity(text.len()),
            chars: original.chars().count(),
            controls: 0,
        };
        let compounds = compounds(text);
        let mut gap = (' ', 0);
        let mut rest = text.char_indices().zip(places).peekable();
        while let Some(((at, c), here)) = rest.next() {
            let c = match c {
                '\r' => {
                    rest.next_if(|((_, next), _)| *next == '\n');
                    '\n'
                }
                '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
                '\u{a0}' | '\u{2007}' | '\u{202f}' => ' ',
                c => c,
            };
            let parted = match c {
                '\u{ad}' => halves(text, at, c).is_some(),
                '-' => halves(text, at, c).is_some_and(|halves| !compounds.contains(&halves)),
                _ => false,
            };
            if parted {
                // The line end after it goes, and the next line's indentation.
                while rest.next_if(|((_, next), _)| next.is_whitespace()).is_some() {}
            } else if let Some(letters) = ligature(c) {
                clean.text.push_str(letters, here);
            } else if invisible(c) {
                clean.controls += usize::from(c.is_control());
            } else {
                gap = if c.is_whitespace() && c == gap.0 { (c, gap.1 + 1) } else { (c, 1) };
                if !c.is_whitespace() || gap.1 <= LONGEST_GAP {
                    clean.text.push(c, here);
                }
            }
        }
        clean
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.text.text()
    }

    /// Characters of the original.
    pub fn original_chars(&self) -> usize {
        self.chars
    }

    /// Whether so many control characters were left out that this was no text.
    pub fn was_binary(&self) -> bool {
        self.controls > FEW_CONTROLS && self.controls * CONTROLS_OF > self.chars
    }

    /// Where in the original the character stands that begins at this byte, in characters; at the end
    /// of the text, the original's end.
    pub fn original(&self, byte: usize) -> usize {
        self.text.origin(byte).unwrap_or(self.chars)
    }
}

/// Whether nobody sees it: control characters, byte order marks, spaces without width, hyphens that only
/// a line end shows, and Unicode's tags, in which whole sentences can be hidden.
fn invisible(c: char) -> bool {
    let kept = matches!(c, '\n' | '\t');
    let unseen =
        matches!(c, '\u{ad}' | '\u{feff}' | '\u{200b}' | '\u{2060}' | '\u{e0000}'..='\u{e007f}');
    !kept && (c.is_control() || unseen)
}

/// Letters that are set as one.
fn ligature(c: char) -> Option<&'static str> {
    Some(match c {
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ﬅ' | 'ﬆ' => "st",
        _ => return None,
    })
}

/// The two halves of a word about the hyphen at this byte, if that ends a line: letters before it, a
/// small letter after the line end.
fn halves(text: &str, at: usize, hyphen: char) -> Option<(&str, &str)> {
    let after = text[at + hyphen.len_utf8()..].strip_prefix(['\r', '\n'])?;
    let after = after.strip_prefix('\n').unwrap_or(after).trim_start_matches([' ', '\t']);
    let (before, after) = (last_word(&text[..at]), first_word(after));
    (before.chars().count() > 1 && after.starts_with(char::is_lowercase)).then_some((before, after))
}

/// The letters at the end of a text, at most so many bytes as a word may have.
fn last_word(text: &str) -> &str {
    const LONGEST: usize = 64;
    let near = &text[text.ceil_char_boundary(text.len().saturating_sub(LONGEST))..];
    let start = near.char_indices().rev().take_while(|(_, c)| c.is_alphabetic()).last();
    start.map_or("", |(at, _)| &near[at..])
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    &text[..end]
}

/// Words that the text writes with a hyphen in the middle of a line: at a line end they keep it. Only
/// looked for where a line ends with one.
fn compounds(text: &str) -> HashSet<(&str, &str)> {
    let ends_lines = text.contains("-\n") || text.contains("-\r");
    let hyphens = text.match_indices('-').filter(|_| ends_lines);
    let words = hyphens.map(|(at, _)| (last_word(&text[..at]), first_word(&text[at + 1..])));
    words.filter(|(before, after)| !before.is_empty() && !after.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn text(original: &str) -> String {
        Clean::new(original).text().to_owned()
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn line_ends_and_invisible_characters_are_made_even() {
        assert_eq!(
            text("\u{feff}One\r\ntwo\rthree\u{2028}four\u{c}five"),
            "One\ntwo\nthree\nfour\nfive"
        );
        assert_eq!(text("a\0b\u{200b}c\u{a0}d\te"), "abc d\te");
        assert_eq!(text("a\u{e0053}\u{e0061}\u{e0079}b"), "ab");
        assert_eq!(text("👩\u{200d}🌾 e\u{301}"), "👩\u{200d}🌾 é");
        assert_eq!(text("eﬃcient ﬂow"), "efficient flow");
        assert_eq!(text(&format!("a{}b", " ".repeat(200_000))), format!("a{}b", " ".repeat(16)));
        assert_eq!(text(""), "");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn words_that_a_line_end_parted_are_joined() {
        assert_eq!(text("an experi-\nment, an exam\u{ad}\r\n  ple"), "an experiment, an example");
        // Elsewhere a soft hyphen is invisible, and nothing else goes with it.
        assert_eq!(text("a\u{ad}b c\u{ad} d\u{ad}\n\ne"), "ab c d\n\ne");
        // The text has the compound elsewhere.
        assert_eq!(
            text("a well-known man, a well-\nknown man"),
            "a well-known man, a well-\nknown man"
        );
        assert_eq!(
            text("- one\n- two\n\nx -\ny, A-\nB, 3-\nfold"),
            "- one\n- two\n\nx -\ny, A-\nB, 3-\nfold"
        );
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn every_character_knows_where_it_came_from() {
        let original = "\u{feff}Süße ﬁgs\r\nare experi-\nments.  \0 Yes";
        let clean = Clean::new(original);
        let chars: Vec<char> = original.chars().collect();
        assert_eq!(clean.original_chars(), chars.len());
        for (byte, c) in clean.text().char_indices() {
            let there = chars[clean.original(byte)];
            let same = there == c || there == 'ﬁ' && "fi".contains(c) || there == '\r' && c == '\n';
            assert!(same, "{c:?} at {byte} is said to come from {there:?}");
        }
        assert_eq!(clean.original(clean.text().len()), chars.len());
        assert!(!clean.was_binary());
        assert!(Clean::new(&"ab\0\u{1}\u{2}".repeat(9)).was_binary());
        // What is even already stays as it is.
        let even = "# Title\n\nText with  two spaces.\n";
        let clean = Clean::new(even);
        assert_eq!((clean.text(), clean.original(9)), (even, 9));
        let clean = Clean::new("cafe\u{301}\r\nﬁgs");
        let places: Vec<usize> =
            clean.text().char_indices().map(|(at, _)| clean.original(at)).collect();
        assert_eq!((clean.text(), places), ("café\nfigs", vec![0, 1, 2, 3, 5, 7, 7, 8, 9]));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn web_pages_are_cleaned_of_their_markup() {
        let original =
            "<!doctype html>\r\n<title>T</title><h1>Süße&nbsp;ﬁgs</h1><p>A &lt; B.\r\nYes&shy;.";
        let clean = Clean::new(original);
        assert_eq!(clean.text(), "# Süße figs\n\nA < B. Yes.");
        let chars: Vec<char> = original.chars().collect();
        assert_eq!(clean.original_chars(), chars.len());
        let from = |letters: &str| chars[clean.original(clean.text().find(letters).unwrap())];
        let found =
            ["# S", "S", "ü", " fi", "fi", "igs", "gs", "A", "<", " B", " Y", "Y", "."].map(from);
        assert_eq!(found, ['S', 'S', 'ü', '&', 'ﬁ', 'ﬁ', 'g', 'A', '&', ' ', '\r', 'Y', '.']);
        assert_eq!(clean.original(clean.text().len()), chars.len());
        assert_eq!(Clean::new("Not <p>a page</p>.").text(), "Not <p>a page</p>.");
    }
}
