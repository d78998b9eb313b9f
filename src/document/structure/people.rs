//! Who speaks or writes: names before what is said, and the headers of mails.

use std::collections::HashMap;
use std::ops::Range;

use crate::document::sentences::announces_decision;
use crate::document::words::LEVELS;

/// Bytes of a speaker's name at most.
const LONGEST_NAME: usize = 40;

/// Names in mail headers, in several languages.
const HEADERS: [&str; 48] = [
    "from",
    "to",
    "cc",
    "bcc",
    "date",
    "sent",
    "subject",
    "attachments",
    "reply-to",
    "re",
    "for",
    "von",
    "an",
    "datum",
    "gesendet",
    "betreff",
    "de",
    "à",
    "objet",
    "envoyé",
    "para",
    "asunto",
    "oggetto",
    "da",
    "a",
    "fecha",
    "enviado",
    "assunto",
    "data",
    "inviato",
    "van",
    "aan",
    "onderwerp",
    "verzonden",
    "od",
    "do",
    "temat",
    "från",
    "till",
    "ämne",
    "от",
    "кому",
    "тема",
    "дата",
    "发件人",
    "收件人",
    "主题",
    "件名",
];

/// Those of them that say nothing where no other header stands before: "For:", "Re:".
pub const NEVER_FIRST: [&str; 2] = ["for", "re"];

/// Those of them that name the subject.
pub const SUBJECTS: [&str; 13] = [
    "subject",
    "re",
    "betreff",
    "objet",
    "asunto",
    "oggetto",
    "assunto",
    "onderwerp",
    "temat",
    "ämne",
    "тема",
    "主题",
    "件名",
];

/// Names before a colon that are speakers': there are two of them or one talks often, and a good part
/// of the lines has one.
pub fn speakers<'a>(text: &'a str, ranges: &[Range<usize>]) -> HashMap<&'a str, usize> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut filled = 0;
    for range in ranges {
        let words = text[range.clone()].trim();
        filled += usize::from(!words.is_empty());
        if let Some((name, _)) = speaker(words) {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts.retain(|_, count| *count > 1);
    let turns: usize = counts.values().sum();
    if turns < 4 || turns * 4 < filled {
        counts.clear();
    }
    counts
}

/// The name of who speaks in a line, and where what is said begins: "Ana: …", "[12:03] ana: …",
/// "12:03 <ana> …", "<v Ana Silva>…", "3/9/24, 7:41 PM - Ana: …", "Professor D (laughing): …", "Q. …".
pub fn speaker(words: &str) -> Option<(&str, usize)> {
    let time = |c: char| c.is_ascii_digit() || "[](),:.-/ \u{202f}".contains(c);
    let mut rest = words.trim_start_matches(time);
    if let Some(after) = ["AM", "PM", "am", "pm", "a.m.", "p.m.", "Uhr"]
        .iter()
        .find_map(|half| rest.strip_prefix(half).filter(|after| after.starts_with([']', ' ', ','])))
        && rest.len() < words.len()
    {
        rest = after.trim_start_matches(|c: char| "],:-– ".contains(c));
    }
    if let Some(inner) = rest.strip_prefix('<') {
        let end = inner[..inner.floor_char_boundary(LONGEST_NAME)].find('>')?;
        let skip = words.len() - inner.len() + end + 1;
        // The voice of a cue in WebVTT.
        let name = &inner[..end];
        return Some((name.strip_prefix("v ").unwrap_or(name), skip));
    }
    // Questions and answers before a court.
    if let Some(mark) = rest.get(..3).filter(|mark| ["Q. ", "A. "].contains(mark)) {
        return Some((&mark[..1], words.len() - rest.len() + 2));
    }
    let near = &rest[..rest.floor_char_boundary(2 * LONGEST_NAME)];
    let colon = near.find([':', '：'])?;
    let label = &near[..colon];
    let after = &rest[colon..];
    let sign = after.chars().next()?.len_utf8();
    let name = label.split(" (").next()?.split(" [").next()?.trim();
    let is_name = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name.split_whitespace().count() <= 4
        && name.chars().all(|c| c.is_alphanumeric() || " .'’_-#&".contains(c))
        && name.chars().next().is_some_and(char::is_alphabetic)
        && !LEVELS.contains(&name)
        && !announces_decision(name)
        && (after[sign..].is_empty() || after[sign..].starts_with(char::is_whitespace) || sign > 1);
    is_name.then(|| (name, words.len() - after.len() + sign))
}

/// The name of a mail header's field at the beginning of a line, and where its value begins.
pub fn header_name(words: &str) -> Option<(&str, usize)> {
    let near = &words[..words.floor_char_boundary(24)];
    let (name, rest) = near.split_once([':', '：'])?;
    let name = name.trim_matches(['*', ' ', '\u{a0}']);
    let known = HEADERS.contains(&name.to_lowercase().as_str());
    known.then_some((name, near.len() - rest.len()))
}

/// Whether older mail is copied below this line.
pub fn opens_older_mail(words: &str) -> bool {
    let inner = words.trim_matches(['-', '_', ' ']);
    words.starts_with("--")
        && [
            "Original Message",
            "Forwarded message",
            "Ursprüngliche Nachricht",
            "Message d'origine",
            "Mensaje original",
        ]
        .iter()
        .any(|start| inner.eq_ignore_ascii_case(start) || inner.starts_with(start))
}

/// Whether a line introduces quoted mail: "On …, Ana wrote:".
pub fn quotes_mail(words: &str, next: &str) -> bool {
    let says =
        ["wrote:", "schrieb:", "a écrit :", "a écrit:", "escribió:", "ha scritto:", "schreef:"];
    next.starts_with('>')
        && words.len() < 200
        && (says.iter().any(|say| words.ends_with(say))
            || words.ends_with(':') && words.starts_with("Am "))
}

/// A subject without "Re:" and "Fwd:".
pub fn without_replies(text: &str, mut value: Range<usize>) -> Range<usize> {
    while let Some((mark, _)) = text[value.clone()].split_once(':')
        && ["re", "aw", "fwd", "fw", "wg", "sv", "antw", "tr"]
            .contains(&mark.trim().to_lowercase().as_str())
    {
        let rest = &text[value.start + mark.len() + 1..value.end];
        value.start = value.end - rest.trim_start().len();
    }
    value
}
