//! What each line of a text is, by its own signs and by how often others look like it.

use std::collections::HashMap;
use std::ops::Range;

use super::mail::{
    NEVER_FIRST, SUBJECTS, header_name, opens_older_mail, quotes_mail, without_replies,
};
use super::speakers::{speaker, speakers};
use crate::document::sentences::heading_level;
use crate::document::words;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Blank,
    Text,
    Heading,
    Item,
    /// A paragraph with a number, as in contracts: "7.2 …".
    Clause,
    Turn,
    Row,
    Code,
    Header,
    /// The line of a mail's header that names its subject.
    Subject,
    Quoted,
    Furniture,
}

/// A line: its mark, and where its text lies without marks.
#[derive(Debug, Clone)]
pub struct Line {
    pub mark: Mark,
    pub body: Range<usize>,
    pub speaker: Option<Range<usize>>,
}

/// Bytes of a heading without a mark, at most.
const LONGEST_HEADING: usize = 80;

/// Lines that are alike, but for digits, are furniture from so many on.
const REPEATED: usize = 3;

/// Bytes of a running head.
const HEAD: std::ops::RangeInclusive<usize> = 8..=120;

/// What stands before the number of a page.
const PAGES: [&str; 4] = ["page", "seite", "pagina", "página"];

/// Lines with the mark of captions that make a text one of captions.
const CAPTIONS: usize = 5;

/// Bytes of a note above a mail that is passed on: "For your information, see below."
const LONGEST_NOTE: usize = 60;

/// All lines of a text.
pub fn lines(text: &str) -> Vec<Line> {
    let lines = marked(text, true);
    let bytes = |is: fn(Mark) -> bool| -> usize {
        lines.iter().filter(|line| is(line.mark)).map(|line| line.body.len()).sum()
    };
    let written = bytes(|mark| matches!(mark, Mark::Text | Mark::Item | Mark::Clause | Mark::Turn));
    let quoted = bytes(|mark| mark == Mark::Quoted);
    let longest =
        lines.iter().filter(|line| line.mark == Mark::Text).map(|line| line.body.len()).max();
    // A mail that is passed on is what its reader has to read, and so is a thread under short titles.
    let passed_on = written <= LONGEST_NOTE && quoted > 2 * LONGEST_NOTE;
    let titles = longest.unwrap_or(0) <= LONGEST_NOTE && written < quoted / 8;
    match passed_on || titles || is_captioned(text) {
        true => marked(text, false),
        false => lines,
    }
}

/// Whether ">> " means that another person speaks, as in captions. A mail that quotes an older one has
/// lines with a single mark, too.
fn is_captioned(text: &str) -> bool {
    let mut marked = text.lines().filter(|line| line.starts_with('>')).peekable();
    let captions = |line: &&str| line.starts_with(">> ");
    marked.peek().is_some_and(captions)
        && marked.try_fold(0, |count, line| captions(&line).then_some(count + 1)) >= Some(CAPTIONS)
}

/// All lines of a text; those of older mail are `Quoted`, or else what they are by themselves.
fn marked(text: &str, quotes: bool) -> Vec<Line> {
    let ranges = ranges(text);
    let repeated = repeated(text, &ranges);
    let speakers = speakers(text, &ranges);
    let mut lines: Vec<Line> = Vec::with_capacity(ranges.len());
    let mut fence: Option<&str> = None;
    // Below "-----Original Message-----" all is older.
    let mut older = false;
    for (index, range) in ranges.iter().enumerate() {
        let (whole, next) = (&text[range.clone()], ranges.get(index + 1));
        let next = next.map_or("", |next| text[next.clone()].trim());
        let words = whole.trim();
        let start = range.start + whole.len() - whole.trim_start().len();
        let body = start..start + words.len();
        let line = |mark| Line { mark, body: body.clone(), speaker: None };
        let below = |mark, skip: usize| {
            let rest = &words[skip..];
            let start = body.start + skip + rest.len() - rest.trim_start().len();
            Line { mark, body: start..body.end.max(start), speaker: None }
        };
        if let Some(mark) = fence {
            if words.starts_with(mark) {
                fence = None;
            }
            lines.push(line(Mark::Code));
            continue;
        }
        if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| words.starts_with(mark)) {
            fence = Some(mark);
            lines.push(line(Mark::Code));
            continue;
        }
        let header = header_name(words);
        let in_header =
            lines.last().is_some_and(|l| matches!(l.mark, Mark::Header | Mark::Subject));
        let begins_header = header.is_some_and(|(name, _)| {
            let first = || !NEVER_FIRST.contains(&name.to_lowercase().as_str());
            in_header || first() && header_name(next).is_some()
        });
        older |= quotes && begins_header && !in_header && has_text(text, &lines, true);
        older |= quotes && opens_older_mail(words) && has_text(text, &lines, false);
        let quoted = words.len() - words.trim_start_matches(['>', ' ']).len();
        let new = if words.is_empty() {
            line(Mark::Blank)
        } else if quotes && (quoted > 0 || older || quotes_mail(words, next)) {
            line(Mark::Quoted)
        } else if quoted == words.len() {
            line(Mark::Blank)
        } else if quoted > 0 {
            below(Mark::Text, quoted)
        } else if opens_older_mail(words) || quotes_mail(words, next) {
            line(Mark::Header)
        } else if let Some((name, skip)) = header.filter(|_| begins_header) {
            let value = below(Mark::Subject, skip);
            match SUBJECTS.contains(&name.to_lowercase().as_str()) {
                true => Line { body: without_replies(text, value.body), ..value },
                false => line(Mark::Header),
            }
        } else if let Some(spoken) = speaker(words).filter(|of| speakers.contains(of.name)) {
            let at = spoken.name.as_ptr() as usize - text.as_ptr() as usize;
            let speaker = Some(at..at + spoken.name.len());
            Line { speaker, ..below(Mark::Turn, spoken.at) }
        } else if repeated.contains_key(&masked(words))
            || is_page_number(words)
            || is_time_code(words)
        {
            line(Mark::Furniture)
        } else if let Some(level) = heading_level(words) {
            let title = below(Mark::Heading, level.into());
            Line {
                body: title.body.start
                    ..title.body.start + text[title.body].trim_end_matches(['#', ' ']).len(),
                ..title
            }
        } else if is_rule(words) {
            // What is drawn under a line makes that a heading.
            if let Some(last) = lines.last_mut()
                && last.mark == Mark::Text
                && last.body.len() <= LONGEST_HEADING
                && words.starts_with(['=', '-'])
            {
                last.mark = Mark::Heading;
            }
            line(Mark::Blank)
        } else if is_row(words) {
            line(Mark::Row)
        } else if let Some(skip) = bullet(words) {
            below(Mark::Item, skip)
        } else if let Some((skip, clause)) = number(words) {
            let rest = words[skip..].trim_start();
            let title = rest.len() <= LONGEST_HEADING
                && rest.split_whitespace().count() <= 8
                && !rest.ends_with(['.', '!', '?', ';', ',', ':'])
                && rest.chars().next().is_some_and(char::is_uppercase)
                && (next.is_empty() || stands_above(rest, next));
            match (title, clause) {
                (true, _) => below(Mark::Heading, skip),
                (false, true) => below(Mark::Clause, skip),
                (false, false) => below(Mark::Item, skip),
            }
        } else {
            line(Mark::Text)
        };
        lines.push(new);
    }
    lines
}

/// Whether a short line is a heading of the text that begins in the next line. The first line of a
/// wrapped paragraph is about as long as its second.
pub fn stands_above(line: &str, next: &str) -> bool {
    let begins = next.trim_start_matches(['"', '“', '„', '«']).starts_with(char::is_uppercase);
    begins && next.len() >= 50 && next.len() >= 2 * line.len()
}

/// Whether the next line is a whole paragraph, longer than any line of a wrapped one.
pub fn stands_above_paragraph(line: &str, next: &str) -> bool {
    stands_above(line, next) && next.len() >= 160 && next.len() >= 3 * line.len()
}

/// Whether a line alone in its paragraph reads as a heading. One that can't be anything else `may_be_long`.
pub fn reads_as_heading(line: &str, may_be_long: bool) -> bool {
    let words = line.split_whitespace().count();
    let longest = if may_be_long { 14 } else { 8 };
    let wide = line.chars().any(|c| c >= '\u{2E80}');
    let begins = line
        .chars()
        .next()
        .is_some_and(|c| c.is_alphanumeric() && !c.is_lowercase() || "\"“«「『`".contains(c));
    line.len() <= LONGEST_HEADING + if may_be_long { 40 } else { 0 }
        && words <= longest
        && (!wide || line.chars().count() <= 30)
        && begins
        && !line.ends_with(['.', '!', '?', ',', ';', ':', '。', '！', '？', '؟', '、', '…'])
}

/// The lines of a text, without their ends.
fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let cut = |line: &str| {
        let here = at..at + line.trim_end_matches('\n').len();
        at += line.len();
        here
    };
    text.split_inclusive('\n').map(cut).collect()
}

/// Lines that occur again and again but for their digits: running heads and feet.
fn repeated(text: &str, ranges: &[Range<usize>]) -> HashMap<String, usize> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for range in ranges {
        let words = text[range.clone()].trim();
        let is_prose = words.ends_with(['.', '!', '?', ',', ';', ':', '。', '{', '}', ')']);
        let marked = words.starts_with(['#', '|', '>', '-', '*', '+', '`', '=', '<', '[', '(']);
        if HEAD.contains(&words.len()) && !is_prose && !marked {
            *counts.entry(masked(words)).or_default() += 1;
        }
    }
    // Two pages have the same head twice; columns set apart by spaces are no prose.
    let is_head = |mask: &String, count: usize| {
        let lower = mask.to_lowercase();
        let page =
            lower.contains("стр") || PAGES.iter().any(|page| lower.contains(&format!("{page} ")));
        count >= REPEATED || count == 2 && (page || mask.contains("   "))
    };
    counts.retain(|mask, count| is_head(mask, *count));
    counts
}

/// A line with every run of digits as one sign; empty if it can be no running head.
fn masked(words: &str) -> String {
    if HEAD.contains(&words.len()) { words::masked(words) } else { String::new() }
}

/// Whether somebody wrote something before. Above the first header, `titles` are not written: below
/// "MEMORANDUM" follows no older mail.
fn has_text(text: &str, lines: &[Line], titles: bool) -> bool {
    let is_title = |line: &Line| {
        let words = text[line.body.clone()].trim_matches(['-', '=', '*', ' ']);
        titles && reads_as_heading(words, true)
    };
    let is_text = |line: &Line| match line.mark {
        Mark::Blank | Mark::Header | Mark::Subject => false,
        Mark::Heading => !titles,
        Mark::Text => !is_title(line),
        _ => true,
    };
    lines.iter().rev().take(200).any(is_text)
}

/// Bytes of a list's mark before an item.
fn bullet(words: &str) -> Option<usize> {
    let mut chars = words.chars();
    let mark = chars.next()?;
    let spaced = chars.next().is_some_and(char::is_whitespace);
    ("-*+•–—◦▪·‣".contains(mark) && spaced || mark == '•').then(|| {
        let box_end = words[mark.len_utf8()..].trim_start();
        let checked = ["[ ] ", "[x] ", "[X] "].iter().any(|mark| box_end.starts_with(mark));
        words.len() - box_end.len() + if checked { 4 } else { 0 }
    })
}

/// Bytes of a number before an item or a clause, and whether it is a clause's: "7.2 ", "§ 3 ".
fn number(words: &str) -> Option<(usize, bool)> {
    let section = words.starts_with('§');
    let rest = words.trim_start_matches(['§', ' ']);
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let mark = &rest[..digits];
    let after = &rest[digits..];
    if mark.is_empty() || mark.starts_with('.') || mark.len() > 10 {
        let letter = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (letter, after) = letter?;
        let short =
            (1..=4).contains(&letter.len()) && letter.chars().all(|c| c.is_ascii_alphanumeric());
        return (short && after.starts_with(' ')).then(|| (words.len() - after.len(), false));
    }
    if let Some(after) = after.strip_prefix(')') {
        return after.starts_with(' ').then(|| (words.len() - after.len(), false));
    }
    let dots = mark.matches('.').count();
    let spaced = after.starts_with([' ', '\t']);
    let parted = dots > 0 && mark.split('.').all(|part| part.len() <= 3);
    // "1. Item", "7.2 Clause", "2 Findings"; "3.5 million" and "2024 was" are text.
    let begins =
        after.trim_start().chars().next().is_some_and(|c| !c.is_lowercase() && !c.is_ascii_digit());
    let item = dots == 1 && mark.ends_with('.') && mark.len() <= 4;
    (spaced && begins && (parted || section || mark.len() <= 2))
        .then(|| (words.len() - after.len(), !item))
}

/// Whether a line is drawn: "-----".
fn is_rule(words: &str) -> bool {
    words.len() > 2 && words.chars().all(|c| "=-*_~+#".contains(c))
}

/// Whether a line is a row of a table with bars or tabs.
fn is_row(words: &str) -> bool {
    let bars = words.bytes().filter(|b| *b == b'|').count();
    let tabs = words.bytes().filter(|b| *b == b'\t').count();
    bars > 1 && (words.starts_with('|') || words.contains(" | ")) || tabs > 1
}

/// "- 12 -", "Page 3 of 41"; a bare "12" may be text.
fn is_page_number(words: &str) -> bool {
    let inner = words.trim_matches(['-', '–', '|', ' ', '[', ']']);
    if inner.is_empty() || inner.len() > 24 {
        return false;
    }
    let lower = inner.to_lowercase();
    let rest = PAGES.iter().chain(&["p."]).find_map(|page| lower.strip_prefix(page));
    match rest {
        Some(rest) => {
            rest.chars().any(|c| c.is_ascii_digit())
                && rest.split_whitespace().all(|w| {
                    w.chars().all(|c| c.is_ascii_digit() || "/.".contains(c))
                        || ["of", "von", "de", "di", "sur"].contains(&w)
                })
        }
        None => inner.len() < words.len() && inner.chars().all(|c| c.is_ascii_digit()),
    }
}

/// "00:01:02,000 --> 00:01:05,000", "WEBVTT".
fn is_time_code(words: &str) -> bool {
    words == "WEBVTT" || words.contains(" --> ") && words.starts_with(|c: char| c.is_ascii_digit())
}
