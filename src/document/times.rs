//! Times in lines: of logs, and of messages.

use crate::document::words::LEVELS;

/// Further levels, of a few programs.
const RARE_LEVELS: [&str; 3] = ["NOTICE", "SEVERE", "CRITICAL"];

/// A time of the day in the first bytes of a line.
pub struct Clock {
    /// Where it begins.
    pub at: usize,
    /// Where it ends.
    pub end: usize,
    /// Whether it has seconds.
    seconds: bool,
    /// Whether little stands before it.
    pub first: bool,
    /// Whether it is of the first ten minutes: of a recording, mostly.
    pub early: bool,
}

/// The first time of the day in the first 64 bytes of a line.
pub fn clock(line: &str) -> Option<Clock> {
    let near = &line.as_bytes()[..line.len().min(64)];
    let digit = |at: usize| near.get(at).is_some_and(u8::is_ascii_digit);
    let mut from = 0;
    while let Some(colon) = near[from..].iter().position(|b| *b == b':').map(|at| from + at) {
        from = colon + 1;
        let hours = (1..=2).take_while(|back| colon >= *back && digit(colon - back)).count();
        if hours == 0 || !digit(colon + 1) || !digit(colon + 2) || digit(colon + 3) {
            continue;
        }
        let seconds = near.get(colon + 3) == Some(&b':') && digit(colon + 4) && digit(colon + 5);
        let start = colon - hours;
        let early = near[start..colon].iter().all(|b| *b == b'0') && near[colon + 1] == b'0';
        let end = colon + if seconds { 6 } else { 3 };
        let first = near[..start].iter().filter(|b| !b"[(".contains(b)).count() < 4;
        return Some(Clock { at: start, end, seconds, first, early });
    }
    None
}

/// "2024-05-01", "12.03.24", "3/9/24", "May  1", "Mar 12".
pub fn starts_with_date(line: &str) -> bool {
    let line = line.trim_start_matches(['[', '(', '"']);
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let numbered = (1..=4).contains(&digits)
        && line[digits..].starts_with(['-', '.', '/', '年'])
        && line.as_bytes()[digits + 1..].first().is_some_and(|b| b.is_ascii_digit() || *b >= 0x80);
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let named = months.iter().any(|month| {
        line.strip_prefix(month)
            .is_some_and(|rest| rest.trim_start().starts_with(|c: char| c.is_ascii_digit()))
    });
    numbered || named
}

/// Whether a program logged a line: it has a date and a time, a level, an address in code, or the
/// progress of some work.
pub fn is_logged(line: &str, clock: Option<&Clock>) -> bool {
    let dated = clock.is_some_and(|clock| {
        let before = &line.as_bytes()[..line.len().min(64)][..clock.at];
        clock.seconds || before.iter().filter(|b| b.is_ascii_digit()).count() >= 4
    });
    let since_start = line.strip_prefix('[').is_some_and(|rest| {
        let number = rest.trim_start();
        let digits = number.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        digits > 6 && number[digits..].starts_with(']')
    });
    let near = &line[..line.floor_char_boundary(48)];
    let mut words = near.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let leveled = words.any(|word| LEVELS.contains(&word) || RARE_LEVELS.contains(&word));
    let small = ["warning: ", "error: ", "note: ", "debug: ", "info: "];
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let steps = [" verbose ", " silly ", " info ", " http ", " warn ", " error "];
    let trace = ["at ", "File \"", "Traceback (", "Caused by:", "--> "];
    let progress =
        ["Unpacking ", "Setting up ", "Preparing to ", "Compiling ", "Finished ", "Running "];
    let ends = ["...", "... ok", "... FAILED", "... done", "... yes", "... no"];
    dated
        || since_start
        || leveled
        || small.iter().any(|start| line.starts_with(start))
        || numbered.len() < line.len() && steps.iter().any(|step| numbered.starts_with(step))
        || trace.iter().any(|start| line.starts_with(start)) && line.contains(['(', '"', ':', '['])
        || progress.iter().any(|start| line.starts_with(start))
        || ends.iter().any(|end| line.ends_with(end))
}

/// "maya  9:14 AM", "[09:02] Sylvie", "bia — hoje às 21:03": a name and a time above what was written.
pub fn is_stamp(line: &str, clock: Option<&Clock>) -> bool {
    let Some(clock) = clock.filter(|_| line.len() <= 60) else { return false };
    let (before, after) = (&line[..clock.at], line[clock.end..].trim_matches([']', ')', ' ']));
    let name = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    let half = ["am", "pm"].contains(&after.to_lowercase().as_str());
    let last = name(after) == 0 || half;
    !line.ends_with([':', ',', '.', '!', '?', ';'])
        && !line.contains('\t')
        && line.matches('|').count() < 2
        && line.matches(':').count() == 1 + usize::from(clock.seconds)
        && (last && (2..=40).contains(&name(before))
            || name(before) == 0 && (2..=30).contains(&name(after)) && is_name(after))
}

/// Whether this reads as a name: at most four words, each with a capital or short.
fn is_name(text: &str) -> bool {
    let words = text.split_whitespace();
    words.clone().count() <= 4
        && words.clone().all(|word| !word.starts_with(char::is_lowercase) || word.len() <= 3)
        && text.chars().all(|c| c.is_alphabetic() || " .'’-".contains(c))
}
