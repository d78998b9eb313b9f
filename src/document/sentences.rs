//! Paragraphs and sentences of a text.

use super::segment;

/// Words of a sentence at least; headings, synopses and options have fewer.
const WORDS_OF_A_SENTENCE: usize = 4;

/// Characters of a sentence at least, in a script without spaces.
const CHARS_OF_A_SENTENCE: usize = 8;

/// Words of a sentence at most: what is longer is a list, or code.
const LONGEST_SENTENCE: usize = 80;

/// Bytes that something in brackets has at most.
const LONGEST_BRACKET: usize = 400;

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
    let mut sentences = blocks.iter().flat_map(|block| segment::sentences(block));
    sentences.find_map(|(_, sentence)| {
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
        let near = &rest[..rest.floor_char_boundary(LONGEST_BRACKET)];
        let inside = close.and_then(|(_, close)| near.find(close)).map(|end| &rest[..=end]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn lines_of_one_paragraph_are_joined() {
        let text = "# Title\nText of\ntwo lines.\n\n    Indented\nfirst line.\n\nSYNOPSIS\n       cat [file]\n\
                    \nName\n====\n  - one\n    more";
        let expected =
            ["Title", "Text of two lines.", "Indented first line.", "SYNOPSIS", "cat [file]"];
        assert_eq!(blocks(text)[..5], expected);
        assert_eq!(blocks(text)[5..], ["Name", "- one", "more"]);
        assert_eq!(blocks("\n \n---\n"), [""; 0]);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn the_first_sentence_is_none_of_headings_lists_and_notices() {
        let first = |text: &str| first_sentence(text);
        let man = "SYNOPSIS\n       cat [-v] <file>\n\nDESCRIPTION\n       cat is used to join files,\n\
                   \x20      as defined in POSIX (2017), to one. It is old.\n";
        assert_eq!(
            first(man).as_deref(),
            Some("cat is used to join files, as defined in POSIX, to one.")
        );
        let licence = "Copyright 2007 Some Foundation, Inc. All of it.\nEveryone is permitted to copy it.\n\
                       \nThis licence is for **all** `works` of art.";
        assert_eq!(first(licence).as_deref(), Some("This licence is for all works of art."));
        assert_eq!(first("- one\n- two\n\n| a | b |"), None);
        assert_eq!(
            first("SPEC := { NH or nhid } and some options...\n\nTo be (or not to be is one."),
            None
        );
        assert_eq!(first("fn main() { println!(); }\nlet x = 1;"), None);
        assert_eq!(
            first("标题\n\n蜜蜂采集花粉和花蜜。它们住在蜂巢里。").as_deref(),
            Some("蜜蜂采集花粉和花蜜。")
        );
        assert_eq!(first("هل قرأت هذا الكتاب؟ نعم.").as_deref(), Some("هل قرأت هذا الكتاب؟"));
        assert_eq!(first(""), None);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn what_is_in_brackets_is_left_out_of_a_sentence() {
        assert_eq!(
            plain("A set (or group) of <b>bees</b> [1], and more."),
            "A set of bees, and more."
        );
        assert_eq!(
            plain("**Paste** a `file`, or _one_ (not closed."),
            "Paste a file, or _one_ (not closed."
        );
        assert_eq!(plain("snake_case * 2 = a*b"), "snake_case * 2 = a*b");
        assert_eq!(plain("- ((nested) item) here."), "item) here.");
        assert_eq!(plain("((((("), "(((((");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_sentence_is_cut_where_it_stands_by_itself() {
        let cut = |text: &str, least| clause(text, least).map(|end| text[..end].to_string());
        let text = "It is a tool for reading files, which are long - and old.";
        assert_eq!(cut(text, 6).as_deref(), Some("It is a tool for reading files"));
        assert_eq!(cut(text, 8).as_deref(), Some("It is a tool for reading files, which are long"));
        assert_eq!(cut(text, 11), None);
        assert_eq!(
            cut("One two three four five six; seven.", 6).as_deref(),
            Some("One two three four five six")
        );
        let two =
            "cat does some things with the list of files. cat does no others, e.g. with names.";
        assert_eq!(cut(two, 6).as_deref(), Some("cat does some things with the list of files"));
        assert_eq!(cut("It is to state the conditions under which it may be read.", 4), None);
        // It may yet become another word.
        assert_eq!(cut("One two three four five six, whi", 6), None);
        assert_eq!(cut("One two three four five six, which", 6), None);
        assert_eq!(cut("", 0), None);
    }
}
