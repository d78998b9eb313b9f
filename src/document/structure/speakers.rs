//! Who speaks or writes: names and times before what is said.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::document::sentences::announces_decision;
use crate::document::times::{clock, is_stamp};
use crate::document::words::LEVELS;

/// Bytes of a speaker's name at most.
const LONGEST_NAME: usize = 40;

/// Bytes in which a time stamp stands at the beginning of a line.
const STAMP: usize = 40;

/// Words behind a time of the day.
const HALVES: [&str; 8] = ["AM", "PM", "am", "pm", "a.m.", "p.m.", "Uhr", "h"];

/// Words that stand beside a time but are not names, in lower case.
const NO_NAMES: [&str; 22] = [
    "am",
    "pm",
    "uhr",
    "today",
    "yesterday",
    "today at",
    "yesterday at",
    "heute",
    "gestern",
    "hoy",
    "ayer",
    "aujourd'hui",
    "hier",
    "hoje",
    "ontem",
    "오전",
    "오후",
    "上午",
    "下午",
    "午前",
    "午後",
    "edited",
];

/// A name at the beginning of a line, with what is said after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spoken<'a> {
    /// The name.
    pub name: &'a str,
    /// Where in the line begins what is said; its end, if that is in the next lines.
    pub at: usize,
    /// Whether the line tells when.
    pub timed: bool,
}

/// The names of those who speak: there are two of them or one talks often, and a good part of the lines
/// has one. Where lines tell when, somebody may also speak once.
pub fn speakers<'a>(text: &'a str, ranges: &[Range<usize>]) -> HashSet<&'a str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    // The names in lines that tell when.
    let mut with_time = HashSet::new();
    let (mut filled, mut timed) = (0, 0);
    let lines = ranges.iter().map(|range| text[range.clone()].trim());
    let mut lines = lines.filter(|words| !words.is_empty()).peekable();
    while let Some(words) = lines.next() {
        filled += 1;
        let Some(spoken) = speaker(words) else { continue };
        let alone = spoken.at == words.len();
        // What is written stands below a name and a time; in a programme stands the next time.
        let mut next = || lines.peek().and_then(|next| speaker(next));
        if alone && spoken.timed && next().is_some_and(|next| next.timed) {
            continue;
        }
        *counts.entry(spoken.name).or_default() += 1;
        if spoken.timed {
            timed += 1;
            with_time.insert(spoken.name);
        }
    }
    counts.retain(|_, count| *count > 1);
    let turns: usize = counts.values().sum();
    if turns < 4 || turns * 4 < filled {
        return HashSet::new();
    }
    let mut names: HashSet<&str> = counts.into_keys().collect();
    if timed > turns / 2 {
        names.extend(with_time);
    }
    names
}

/// Who speaks in a line: "Ana: …", "[12:03] ana: …", "12:03 <ana> …", "<v Ana Silva>…", "3/9/24, 7:41 PM -
/// Ana: …", "Professor D (laughing): …", "Q. …", "[민수] [오후 3:12] …", "[Mon 10:03] Ana: …", "Ana — 10:03 AM".
pub fn speaker(words: &str) -> Option<Spoken<'_>> {
    if let Some(spoken) = bracketed(words).or_else(|| tabbed(words)) {
        return Some(spoken);
    }
    let from = stamp(words);
    let (rest, timed) = (&words[from..], clock(&words[..from]).is_some());
    if let Some(inner) = rest.strip_prefix('<') {
        let end = inner[..inner.floor_char_boundary(LONGEST_NAME)].find('>')?;
        // The voice of a cue in WebVTT.
        let name = &inner[..end];
        let name = name.strip_prefix("v ").unwrap_or(name);
        return Some(Spoken { name, at: words.len() - inner.len() + end + 1, timed });
    }
    // Questions and answers before a court.
    if let Some(mark) = rest.get(..3).filter(|mark| ["Q. ", "A. "].contains(mark)) {
        return Some(Spoken { name: &mark[..1], at: from + 2, timed });
    }
    // "Ana [10:03 AM]: Note: …" begins with the name, "Mon 10:03 Ana: …" with the time.
    named(words, 0)
        .filter(|spoken| spoken.timed)
        .or_else(|| named(words, from))
        .or_else(|| named(words, 0))
        .or_else(|| alone(words))
}

/// "Ana: …", "Ana (10:03): …", after a stamp of `from` bytes.
fn named(words: &str, from: usize) -> Option<Spoken<'_>> {
    let rest = &words[from..];
    let near = &rest[..rest.floor_char_boundary(2 * LONGEST_NAME)];
    // Not the colon of a time.
    let (colon, sign) = near.char_indices().find_map(|(at, c)| {
        let next = rest[at + c.len_utf8()..].chars().next();
        let ends = c == ':' && next.is_none_or(char::is_whitespace) || c == '：';
        ends.then_some((at, c.len_utf8()))
    })?;
    let label = &near[..colon];
    let (name, inside) = match clock(label) {
        Some(clock) => {
            // Behind the time of a name stands nothing but half of the day.
            let behind = label[clock.end..].trim_matches(sets_apart);
            if !(behind.is_empty() || HALVES.contains(&behind)) {
                return None;
            }
            (label[..clock.at].split([',', '(', '[']).next()?, true)
        }
        None => (label.split(" (").next()?.split(" [").next()?, false),
    };
    let name = name.trim_matches(|c: char| c.is_whitespace() || "~@–—".contains(c));
    let timed = inside || clock(&words[..from]).is_some();
    let is = is_speaker(name) && !LEVELS.contains(&name) && !announces_decision(name);
    is.then_some(Spoken { name, at: from + colon + sign, timed })
}

/// "[민수] [오후 3:12] …"
fn bracketed(words: &str) -> Option<Spoken<'_>> {
    let (name, rest) = words.strip_prefix('[')?.split_once("] [")?;
    let time = &rest[..rest.find(']')?];
    let at = words.len() - rest.len() + time.len() + 1;
    let is = time.len() <= STAMP && clock(time).is_some() && is_speaker(name);
    is.then_some(Spoken { name, at, timed: true })
}

/// A time, a name and what is said, with tabs between.
fn tabbed(words: &str) -> Option<Spoken<'_>> {
    let (time, rest) = words.split_once('\t')?;
    let (name, said) = rest.split_once('\t')?;
    let count = |is: fn(char) -> bool| said.chars().filter(|c| is(*c)).count();
    // A further column, or a number, is of a table.
    let table = said.contains('\t') || count(char::is_alphabetic) < count(char::is_numeric);
    let is = !table && time.len() <= STAMP && clock(time).is_some() && is_speaker(name);
    is.then_some(Spoken { name, at: words.len() - said.len(), timed: true })
}

/// "Ana — 10:03 AM", "[10:03] Ana", above what somebody wrote.
fn alone(words: &str) -> Option<Spoken<'_>> {
    let clock = clock(words).filter(|clock| is_stamp(words, Some(clock)))?;
    let (before, after) = (&words[..clock.at], &words[stamp(words)..]);
    // "1 | Ana Silva (chair), 3 Sept, ": the first part that is a name.
    let parts = before.split(['|', '—', '–', ',', '[', '(']).flat_map(|part| part.split(" - "));
    let names = parts.flat_map(|part| part.split("  ")).chain([after]);
    let edge = |c: char| sets_apart(c) || c.is_ascii_digit();
    let name = names.map(|part| part.trim_matches(edge)).find(|part| is_speaker(part))?;
    // "maybe 10:30" is what somebody wrote; "maya  9:14" and "maya 9:14 AM" are not.
    let plain = before.trim_end() == name && !before.ends_with("  ") && clock.end == words.len();
    if plain && name.starts_with(char::is_lowercase) {
        return None;
    }
    if LEVELS.contains(&name) || NO_NAMES.contains(&name.to_lowercase().as_str()) {
        return None;
    }
    Some(Spoken { name, at: words.len(), timed: true })
}

/// Bytes of the time stamp at the beginning of a line, with what sets it apart from a name.
fn stamp(words: &str) -> usize {
    let near = &words[..words.floor_char_boundary(STAMP)];
    if near.starts_with(['[', '('])
        && let Some(close) = near.find([']', ')'])
        && near[..close].contains(|c: char| c.is_ascii_digit())
    {
        let rest = &words[close + 1..];
        return words.len() - rest.trim_start_matches(sets_apart).len();
    }
    // A date, a day's name, half of the day, and the time.
    let day = |text: &str| {
        text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).count() <= 2
            && text.chars().filter(|c| c.is_alphabetic()).count() <= 14
    };
    let after = match clock(near).filter(|clock| day(&near[..clock.at])) {
        Some(clock) => clock.end,
        None => {
            words.len()
                - words.trim_start_matches(|c: char| c.is_ascii_digit() || sets_apart(c)).len()
        }
    };
    let rest = words[after..].trim_start_matches(sets_apart);
    let half = HALVES.iter().find_map(|half| {
        let rest = rest.strip_prefix(half).filter(|_| after > 0)?;
        (rest.is_empty() || rest.starts_with(sets_apart)).then_some(rest)
    });
    words.len() - half.unwrap_or(rest).trim_start_matches(sets_apart).len()
}

/// Whether a character may stand between a time and a name.
fn sets_apart(c: char) -> bool {
    c.is_whitespace() || "[](),:;.-–—|/".contains(c)
}

/// Whether this may be the name of somebody who speaks: a few words, or a telephone number.
fn is_speaker(name: &str) -> bool {
    let picture = |c: char| matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}' | '\u{fe0f}' | '\u{200d}');
    let number = name.strip_prefix('+').is_some_and(|number| {
        let digits = number.chars().filter(char::is_ascii_digit).count();
        digits >= 7 && number.chars().all(|c| c.is_ascii_digit() || " -\u{a0}".contains(c))
    });
    let words = name.split_whitespace().count() <= 4
        && name.chars().all(|c| c.is_alphanumeric() || " .'’-_#&\u{a0}".contains(c) || picture(c))
        && name.trim_start_matches(|c| picture(c) || c == ' ').starts_with(char::is_alphabetic);
    !name.is_empty() && name.len() <= LONGEST_NAME && (words || number)
}
