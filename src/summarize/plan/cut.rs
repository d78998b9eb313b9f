//! Where a document is cut, by nothing but the text about each place.
//!
//! A cut is a border that is stronger than all others so many tokens before and after it, as in
//! chunking by local maxima (Bjørner, Blass and Gurevich, "Content-dependent chunking for
//! differential compression, the local maximum approach", 2010): an edit moves the cuts beside it and
//! no others, and passages that are alike are cut alike, wherever they stand. What is then still too
//! long is cut within itself.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::ops::Range;

use crate::document::sentences::heading_level;

/// How strongly a text is divided at a byte; greater is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Border {
    /// Inside of a word, or where nothing is known of words.
    Character,
    /// After white space.
    Word,
    /// At the end of a line.
    Line,
    /// After a sentence.
    Sentence,
    /// After an empty line.
    Paragraph,
    /// Before a Markdown heading, or several in a row: 6 for the highest.
    Heading(u8),
}

/// The border just before byte `at` of `text`, a character boundary.
pub fn border(text: &str, at: usize) -> Border {
    /// What is looked at of empty space, which may be megabytes.
    const NEAR: usize = 64;
    let (before, after) = text.split_at(at);
    let before = &before[before.floor_char_boundary(at.saturating_sub(NEAR))..];
    if before.ends_with('\n') {
        let near = &after[..after.floor_char_boundary(NEAR)];
        let lines = near.lines().filter(|line| !line.trim().is_empty());
        let levels = lines.map_while(heading_level);
        if !after.starts_with(['\n', '\r'])
            && let Some(level) = levels.min()
        {
            let line = before.trim_end().rsplit('\n').next();
            // Headings that follow each other are not parted.
            return match line.and_then(heading_level) {
                Some(_) => Border::Word,
                None => Border::Heading(7 - level),
            };
        }
        let blank = before.trim_end_matches([' ', '\t', '\r', '\n']);
        if before[blank.len()..].matches('\n').count() > 1 {
            return Border::Paragraph;
        }
    }
    if before.ends_with(char::is_whitespace) {
        let ended = before.trim_end().ends_with(['.', '!', '?', ':', ';', '"', ')', '”', '’', '؟']);
        return match (ended, before.ends_with('\n')) {
            (true, _) => Border::Sentence,
            (false, true) => Border::Line,
            (false, false) => Border::Word,
        };
    }
    if before.ends_with(['。', '！', '？']) {
        return Border::Sentence;
    }
    Border::Character
}

/// Tokens of a text, of which it is known where they begin.
#[derive(Clone, Copy)]
pub struct Tokens<'a>(pub &'a [usize]);

impl Tokens<'_> {
    /// Tokens that begin before a byte.
    pub fn before(self, byte: usize) -> usize {
        self.0.partition_point(|start| *start < byte)
    }

    /// Tokens that begin inside of a range.
    pub fn count(self, range: &Range<usize>) -> usize {
        self.before(range.end) - self.before(range.start)
    }

    /// Where a token begins, counted from the beginning of `range`; its end where it has fewer.
    fn nth(self, range: &Range<usize>, token: usize) -> usize {
        let at = self.before(range.start).saturating_add(token);
        self.0.get(at).map_or(range.end, |start| (*start).min(range.end))
    }
}

/// Where a text may be cut, and how it competes: by its border, and then by the bytes about it.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    tokens_before: usize,
    strength: (Border, u64),
}

impl Place {
    fn new(text: &str, at: usize, tokens: Tokens) -> Self {
        Self { at, tokens_before: tokens.before(at), strength: strength(text, at) }
    }
}

fn strength(text: &str, at: usize) -> (Border, u64) {
    (border(text, at), mixed(text.as_bytes(), at))
}

/// A number that says nothing but which bytes stand beside a place.
fn mixed(bytes: &[u8], at: usize) -> u64 {
    let beside = bytes[at.saturating_sub(8)..bytes.len().min(at + 8)].iter();
    // FNV-1a; its low bits alone would compare last letters.
    let hash = beside.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Cuts `body` into windows of at most `budget` tokens.
pub fn windows(
    text: &str,
    body: &Range<usize>,
    tokens: Tokens,
    budget: usize,
) -> Vec<Range<usize>> {
    let mut windows = Vec::new();
    let mut start = body.start;
    for end in peaks(&places(text, body, tokens), tokens, body, budget / 3).chain([body.end]) {
        split(text, start..end, tokens, budget.max(1), &mut windows);
        start = end;
    }
    windows
}

/// Ends of sentences and lines, and whatever is stronger.
fn places(text: &str, body: &Range<usize>, tokens: Tokens) -> Vec<Place> {
    let inner = text[body.clone()].char_indices().map(|(at, _)| body.start + at).skip(1);
    inner
        .filter(|at| border(text, *at) >= Border::Line)
        .map(|at| Place::new(text, at, tokens))
        .collect()
}

/// Places of which none within `radius` tokens is stronger, nor as strong and earlier, and which are
/// as far from both ends.
fn peaks(
    places: &[Place],
    tokens: Tokens,
    body: &Range<usize>,
    radius: usize,
) -> impl Iterator<Item = usize> {
    let ends = [body.start, body.end].map(|end| tokens.before(end));
    // Those that may be a maximum yet, each weaker than the one before it.
    let mut falling: VecDeque<(usize, Place)> = VecDeque::new();
    let mut next = 0;
    places.iter().enumerate().filter_map(move |(i, place)| {
        while let Some(ahead) = places.get(next)
            && ahead.tokens_before <= place.tokens_before + radius
        {
            while falling.back().is_some_and(|(_, last)| last.strength < ahead.strength) {
                falling.pop_back();
            }
            falling.push_back((next, *ahead));
            next += 1;
        }
        let too_far = |first: &Place| first.tokens_before + radius < place.tokens_before;
        while falling.front().is_some_and(|(_, first)| too_far(first)) {
            falling.pop_front();
        }
        let within =
            ends[0] + radius <= place.tokens_before && place.tokens_before + radius <= ends[1];
        let is_peak = falling.front().is_some_and(|(strongest, _)| *strongest == i);
        (within && is_peak).then_some(place.at)
    })
}

/// Cuts a range into windows at the strongest border in its second and third quarter, and the parts
/// again.
fn split(
    text: &str,
    range: Range<usize>,
    tokens: Tokens,
    budget: usize,
    windows: &mut Vec<Range<usize>>,
) {
    let mut rest = vec![range];
    while let Some(range) = rest.pop() {
        let count = tokens.count(&range);
        if range.is_empty() || count <= budget {
            windows.extend((!range.is_empty()).then_some(range));
            continue;
        }
        let quarters = [count / 4, count - count / 4].map(|token| tokens.nth(&range, token));
        let inner = (quarters[0]..=quarters[1])
            .filter(|at| *at > range.start && *at < range.end && text.is_char_boundary(*at));
        // The first of equals, as above.
        let best = inner.max_by_key(|at| (strength(text, *at), Reverse(*at)));
        let Some(at) = best else {
            // One character of more tokens than there may be.
            windows.push(range);
            continue;
        };
        rest.extend([at..range.end, range.start..at]);
    }
}
