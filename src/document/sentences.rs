//! The sentences of a text, block by block, and whether one can stand in a summary.

use std::ops::Range;

use super::html;
use super::segment;
use super::structure::{BlockKind, Structure};
use super::words::is_unspaced;

/// Words of a sentence at least; headings, synopses and options have fewer.
const WORDS_OF_A_SENTENCE: usize = 4;

/// Characters of a sentence at least, in a script without spaces.
const CHARS_OF_A_SENTENCE: usize = 8;

/// Words of a sentence at most: what is longer is a list, or code.
const LONGEST_SENTENCE: usize = 80;

/// Bytes that something in brackets has at most.
const LONGEST_BRACKET: usize = 400;

/// A sentence, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    /// Its words, on one line, as [`plain`] writes them.
    pub text: String,
    /// The bytes of the document that it stands in.
    pub range: Range<usize>,
    /// The index of its block.
    pub block: usize,
}

/// The sentences of the blocks that a summary may quote, in the document's order.
pub fn sentences(text: &str, structure: &Structure) -> Vec<Sentence> {
    let mut all = Vec::new();
    for (index, block) in structure.blocks.iter().enumerate() {
        if !matches!(block.kind, BlockKind::Paragraph | BlockKind::Item | BlockKind::Turn) {
            continue;
        }
        let joined = Joined::new(text, &block.lines);
        let pieces: Vec<(usize, &str)> = match joined.text.chars().any(ends_unmarked) {
            true => segment::sentences(&joined.text).flat_map(phrases).collect(),
            false => segment::sentences(&joined.text).collect(),
        };
        for (at, sentence) in pieces {
            let trimmed = sentence.trim();
            if trimmed.is_empty() {
                continue;
            }
            let start = at + sentence.len() - sentence.trim_start().len();
            let range = joined.original(start)..joined.original(start + trimmed.len() - 1) + 1;
            let end = text.ceil_char_boundary(range.end);
            let plain = plain(trimmed);
            // Pictures or marks alone.
            if !plain.contains(char::is_alphanumeric) {
                continue;
            }
            all.push(Sentence { text: plain, range: range.start..end, block: index });
        }
    }
    all
}

/// Whether a letter is of a script that ends no sentence with a sign: Thai, Lao, Khmer, Burmese. A space
/// stands between phrases there.
fn ends_unmarked(c: char) -> bool {
    ('\u{e00}'..='\u{17ff}').contains(&c) && is_unspaced(c)
}

/// Phrases between spaces, each of some length, of a sentence that begins at `from`.
fn phrases((from, text): (usize, &str)) -> Vec<(usize, &str)> {
    const SHORTEST: usize = 40;
    let (mut phrases, mut start) = (Vec::new(), 0);
    for (at, space) in text.match_indices(' ') {
        let end = at + space.len();
        if text[start..end].chars().count() >= SHORTEST {
            phrases.push((from + start, &text[start..end]));
            start = end;
        }
    }
    phrases.push((from + start, &text[start..]));
    phrases
}

/// The lines of a block as one, and where each began.
struct Joined {
    text: String,
    /// Byte here, byte in the document.
    lines: Vec<(usize, usize)>,
}

impl Joined {
    fn new(text: &str, lines: &[Range<usize>]) -> Self {
        let mut joined = Self { text: String::new(), lines: Vec::new() };
        for line in lines {
            let words = &text[line.clone()];
            let wide = |c: Option<char>| c.is_some_and(is_unspaced);
            let unspaced = wide(joined.text.chars().next_back())
                && wide(words.chars().next())
                && !words.starts_with(ends_unmarked);
            if !joined.text.is_empty() && !unspaced {
                joined.text.push(' ');
            }
            joined.lines.push((joined.text.len(), line.start));
            joined.text.push_str(words);
        }
        joined
    }

    fn original(&self, byte: usize) -> usize {
        let line = self.lines.partition_point(|(here, _)| *here <= byte).saturating_sub(1);
        let (here, there) = self.lines[line];
        there + byte - here
    }
}

/// The level of a line that is a Markdown heading, 1 to 6.
pub fn heading_level(line: &str) -> Option<u8> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    let is_heading = (1..=6).contains(&level) && text.starts_with([' ', '\t']);
    is_heading.then_some(level as u8)
}

/// Whether this is about rights in a text, not what the text is about.
pub fn is_notice(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let signs = [
        "©",
        "rights reserved",
        "permitted to copy",
        "unsubscribe",
        "we use cookies",
        "accept all cookies",
    ];
    lower.starts_with("copyright") || signs.iter().any(|sign| lower.contains(sign))
}

/// Labels that announce a decision or a task, in small letters.
const DECISION_LABELS: [&str; 30] = [
    "decision",
    "decisions",
    "decided",
    "resolved",
    "resolution",
    "agreed",
    "action",
    "actions",
    "action item",
    "outcome",
    "result",
    "conclusion",
    "next step",
    "next steps",
    "beschluss",
    "entscheidung",
    "ergebnis",
    "aufgabe",
    "décision",
    "résolution",
    "decisión",
    "acuerdo",
    "decisione",
    "besluit",
    "decisão",
    "decyzja",
    "решение",
    "决定",
    "决议",
    "決定",
];

/// Whether words before a colon announce a decision or a task.
pub fn announces_decision(label: &str) -> bool {
    label.len() <= 30 && DECISION_LABELS.contains(&label.trim().to_lowercase().as_str())
}

/// The bytes of such a label in front of a sentence: "Decision: ".
pub fn decision_label(sentence: &str) -> Option<usize> {
    let (label, rest) = sentence.split_once([':', '：'])?;
    let is = announces_decision(label) && !rest.trim().is_empty();
    is.then(|| sentence.len() - rest.trim_start().len())
}

/// Whether a text ends as a question does.
pub fn is_question(text: &str) -> bool {
    text.ends_with(['?', '？', '؟'])
}

/// Spaces between columns. Justified text has fewer between words.
const COLUMN_GAP: &str = "    ";

/// A text without the quotation marks and brackets that close it.
fn unclosed(text: &str) -> &str {
    text.trim_end_matches(['"', '”', '“', '’', '‘', '»', '«', '」', '』', ')'])
}

/// Whether this is a title or a row of a table: it ends as no sentence does, or it is in columns.
pub fn is_title_or_row(text: &str) -> bool {
    let end = unclosed(text).chars().next_back();
    let ends = end.is_some_and(|c| ".!?…:;。！？؟।։။".contains(c) || ends_unmarked(c));
    !ends || text.contains(COLUMN_GAP)
}

/// Whether this has a sentence's length and end, half of its words are nothing but letters, its brackets
/// close, and it is in one column.
pub fn is_sentence(text: &str) -> bool {
    let count = |c: char| text.matches(c).count();
    let closes = [('(', ')'), ('[', ']'), ('{', '}')].iter().all(|(a, b)| count(*a) == count(*b));
    let text = unclosed(text);
    if !closes || text.ends_with("...") || text.contains(COLUMN_GAP) {
        return false;
    }
    if text.ends_with(['。', '！', '？', '។', '။']) || text.ends_with(ends_unmarked) {
        return (CHARS_OF_A_SENTENCE..=CHARS_OF_A_SENTENCE * LONGEST_SENTENCE)
            .contains(&text.chars().count());
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
        && text.ends_with(['.', '!', '?', '؟', '।', '։'])
}

/// The words between two asterisks at the beginning of a text.
fn emphasized(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('*')?;
    let (words, after) = inside.split_once('*')?;
    let close = words.starts_with(char::is_alphanumeric)
        && words.ends_with(|c: char| c.is_alphanumeric() || ".,!?".contains(c));
    (close && !after.starts_with(|c: char| c.is_alphanumeric() || c == '*')).then_some(words)
}

/// What follows a link or a reference, without the mark that makes it one in reStructuredText.
fn without_link_mark(rest: &str) -> &str {
    let after = rest.strip_prefix("__").or(rest.strip_prefix('_'));
    after.filter(|after| !after.starts_with(char::is_alphanumeric)).unwrap_or(rest)
}

/// The words of a reference with a role of reStructuredText, ":pep:`8`" or ":doc:`the guide <guide>`",
/// at the beginning of a text, and the length of its source.
fn role(text: &str) -> Option<(String, usize)> {
    let (name, after) = text.strip_prefix(':')?.split_once(":`")?;
    let (content, _) = after.split_once('`')?;
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-+.:_".contains(c)) {
        return None;
    }
    let title = content.split_once(" <").filter(|_| content.ends_with('>'));
    let words = match (name, title) {
        (_, Some((title, _))) => title.to_owned(),
        ("pep" | "rfc", None) => format!("{} {content}", name.to_uppercase()),
        _ => content.trim_start_matches(['~', '!']).to_owned(),
    };
    Some((words, name.len() + content.len() + 4))
}

/// A sentence without marks of emphasis, lists, tags, pictures and references; of a link its words.
pub fn plain(sentence: &str) -> String {
    let mut out = String::with_capacity(sentence.len());
    let mut rest = sentence.trim_start_matches(['*', '-', '>', '+', '•', ' ']);
    while let Some(c) = rest.chars().next() {
        let near = &rest[..rest.floor_char_boundary(LONGEST_BRACKET)];
        if let Some((words, length)) = role(near).filter(|_| !out.ends_with(char::is_alphanumeric))
        {
            out.push_str(&words);
            rest = &rest[length..];
            continue;
        }
        let ticks = if near.starts_with("``") { "``" } else { "`" };
        let quoted = near.strip_prefix(ticks).and_then(|after| after.split_once(ticks));
        if let Some((code, _)) = quoted {
            let after = &rest[code.len() + 2 * ticks.len()..];
            rest = without_link_mark(after);
            // In reStructuredText the address of a link stands within.
            let linked = rest.len() < after.len() && code.ends_with('>');
            let words = code.split_once(" <").filter(|_| linked);
            out.push_str(words.map_or(code, |(words, _)| words));
            continue;
        }
        let inside = match c {
            '<' => near.find('>').filter(|end| html::is_tag(&near[1..*end])),
            '[' => near.find(']'),
            _ => None,
        };
        if let Some(end) = inside {
            let words = &rest[1..end];
            rest = &rest[end + 1..];
            rest = if c == '[' { without_link_mark(rest) } else { rest };
            let address = rest.strip_prefix('(').and_then(|after| {
                let close = after[..after.floor_char_boundary(LONGEST_BRACKET)].find(')')?;
                Some(&after[close + 1..])
            });
            if let (Some(after), '[') = (address, c) {
                rest = after;
                if !out.ends_with('!') {
                    out.push_str(words);
                    continue;
                }
                // A picture.
                out.pop();
                rest = if out.is_empty() || out.ends_with(' ') { rest.trim_start() } else { rest };
            } else if c == '['
                && !words.bytes().all(|b| b.is_ascii_digit() || b == b',' || b == b' ')
            {
                out.push('[');
                out.push_str(words);
                out.push(']');
            } else if out.is_empty() || out.ends_with(' ') {
                rest = rest.trim_start();
            }
            continue;
        }
        if let Some(words) = emphasized(near).filter(|_| !out.ends_with(char::is_alphanumeric)) {
            out.push_str(words);
            rest = &rest[words.len() + 2..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if "*_".contains(c) && (rest.starts_with(c) || out.ends_with(c)) {
            rest = rest.strip_prefix(c).unwrap_or(rest);
        } else if c != '`' {
            if ",.;:".contains(c) {
                out.truncate(out.trim_end().len());
            }
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A sentence without a quotation mark at its beginning or end whose partner is in another sentence.
pub fn without_lone_quote(sentence: &str) -> &str {
    const PAIRS: [(char, &[char]); 4] =
        [('"', &['"']), ('“', &['”']), ('„', &['“', '”']), ('«', &['»'])];
    for (open, close) in PAIRS {
        if let Some(inside) = sentence.strip_prefix(open) {
            return if inside.contains(close) { sentence } else { inside };
        }
        if let Some(inside) = sentence.strip_suffix(close) {
            return if inside.contains(open) { sentence } else { inside };
        }
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn a_lone_quotation_mark_goes() {
        for (given, expected) in [
            ("\"It only compares you.", "It only compares you."),
            ("Nobody knew it.\"", "Nobody knew it."),
            ("\"Yes,\" she said.", "\"Yes,\" she said."),
            ("\"Yes.\"", "\"Yes.\""),
            ("“It waits.", "It waits."),
            ("It waits.”", "It waits."),
            ("„Ja“, sagte er.", "„Ja“, sagte er."),
            ("Er sagte: „Ja.“", "Er sagte: „Ja.“"),
            ("Das ist es.“", "Das ist es."),
            ("She calls it “the \"best\" of all”", "She calls it “the \"best\" of all”"),
            ("«Oui.", "Oui."),
            ("It is 5\" wide.", "It is 5\" wide."),
        ] {
            assert_eq!(without_lone_quote(given), expected);
        }
    }

    fn split(text: &str) -> Vec<Sentence> {
        sentences(text, &Structure::new(text))
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_picture_alone_is_no_sentence() {
        let texts: Vec<String> =
            split("![a](b.png)\n\nBees fly.").into_iter().map(|sentence| sentence.text).collect();
        assert_eq!(texts, ["Bees fly."]);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn sentences_cross_lines_and_keep_their_place() {
        let text = "# Title\n\nThe opening statement of Mr. John\nSmith lasted two hours.  It was\n  long.\n\n- An item of a list.\n";
        let found = split(text);
        let texts: Vec<&str> = found.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "The opening statement of Mr. John Smith lasted two hours.",
                "It was long.",
                "An item of a list."
            ]
        );
        assert_eq!(
            &text[found[0].range.clone()],
            "The opening statement of Mr. John\nSmith lasted two hours."
        );
        assert_eq!(&text[found[1].range.clone()], "It was\n  long.");
        assert_eq!(&text[found[2].range.clone()], "An item of a list.");
        let wide = "蜜蜂采集花粉和\n花蜜。它们住在蜂巢里。";
        assert_eq!(split(wide)[0].text, "蜜蜂采集花粉和花蜜。");
        assert_eq!(&wide[split(wide)[1].range.clone()], "它们住在蜂巢里。");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn marks_are_left_out_of_a_sentence() {
        assert_eq!(
            plain("A set (or group) of <b>bees</b> [1], and more."),
            "A set (or group) of bees, and more."
        );
        assert_eq!(
            plain("**Paste** a `file`, or _one_ (not closed."),
            "Paste a file, or _one_ (not closed."
        );
        assert_eq!(
            plain("See [the guide](https://example.org/a) for more."),
            "See the guide for more."
        );
        assert_eq!(plain("Honey ![a hive](b.png) is sweet ![](c.png)."), "Honey is sweet.");
        assert_eq!(plain("If a < b and b > c, [sic] stop."), "If a < b and b > c, [sic] stop.");
        assert_eq!(plain("snake_case * 2 = a*b"), "snake_case * 2 = a*b");
        assert_eq!(plain("This does *not* change, *at all*."), "This does not change, at all.");
        assert_eq!(plain("It is 2*3*4, or a * b * c."), "It is 2*3*4, or a * b * c.");
        assert_eq!(plain("((((("), "(((((");
        assert_eq!(
            plain("See `issue 9 <https://example.org>`_, `PEP 8`_ or the thread [3]_ on _it_."),
            "See issue 9, PEP 8 or the thread on _it_."
        );
        assert_eq!(
            plain("See :pep:`8`, :py:func:`~os.walk` and :doc:`the guide <guide>`."),
            "See PEP 8, os.walk and the guide."
        );
        assert_eq!(plain("A <br/>`<title>` is ``short``."), "A <title> is short.");
        assert_eq!(
            plain("In ``__init__``, `if a < b` runs `git push <remote>`."),
            "In __init__, if a < b runs git push <remote>."
        );
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn angle_brackets_that_are_no_tags_stay() {
        for sentence in [
            "Each <MIME>/packages/ folder is read.",
            "It returns a Vec<String>, or <none>.",
            "Write to Ana <ana@example.org>, or see <https://example.org/a>.",
        ] {
            assert_eq!(plain(sentence), sentence);
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn lists_and_code_are_not_sentences() {
        assert!(is_sentence("The cat sat on the mat."));
        assert!(is_sentence("هل قرأت هذا الكتاب؟ نعم هو كذلك؟"));
        assert!(is_sentence("蜜蜂采集花粉和花蜜。"));
        for text in [
            "Title",
            "SPEC := { NH or nhid } and some options...",
            "To be (or not to be is one.",
            "let x = 1; y = 2;",
            "409 already_returned      Orders come back once, see the page.",
            "",
        ] {
            assert!(!is_sentence(text), "{text}");
        }
        assert!(is_sentence("Justified  text   has some wide spaces."));
        assert!(is_sentence("Er sagte: „Wir sind heute nicht da.“"));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn titles_and_rows_are_known() {
        for text in
            ["TERMS (for orders after 3 June)", "404      Not found.", "Boris (6,310 posts)"]
        {
            assert!(is_title_or_row(text), "{text}");
        }
        for text in ["It rains (a lot.)", "「はい。」", "Three things:", "สวัสดีครับ"]
        {
            assert!(!is_title_or_row(text), "{text}");
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn labels_of_decisions_are_known() {
        assert_eq!(decision_label("Decision: New tank, four votes to one."), Some(10));
        assert_eq!(decision_label("Beschluss: Das Bad bleibt zu."), Some(11));
        assert_eq!(decision_label("決定：延期する。"), Some("決定：".len()));
        for text in ["Present: Marian Tolhurst", "Decision:", "The decision: it stays.", ""] {
            assert_eq!(decision_label(text), None, "{text}");
        }
    }
}
