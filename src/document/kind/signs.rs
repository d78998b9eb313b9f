//! How clearly a text is of each kind.

use unicode_segmentation::UnicodeSegmentation;

use super::cues::{Cue, Cues};
use super::lines::Lines;
use crate::document::structure::{Block, BlockKind, Structure};
use crate::document::words::is_unspaced;

/// What of a text tells its kind. Each method says how clearly it is of a kind: 0.5 and more is clear
/// enough.
#[derive(Debug)]
pub struct Signs {
    cues: Cues,
    lines: Lines,
    /// Words; in scripts without spaces, half the signs.
    words: f64,
    /// Numbers in 100 words.
    numbers: f64,
    /// The share of lines that have as many separators as most.
    columns: f64,
    /// Works that are cited.
    citations: f64,
    /// Backticks.
    ticks: f64,
    /// The share of the text that stands in turns, in items, in code.
    turns: f64,
    items: f64,
    fenced: f64,
    /// Bytes of a turn, on average.
    turn: f64,
    headings: f64,
    headers: f64,
    blocks: f64,
    begins_with_header: bool,
    forwards: bool,
    /// Whether a list of references follows.
    refers: bool,
}

impl Signs {
    /// Looks at a text a few times.
    pub fn new(text: &str, structure: &Structure) -> Self {
        let blocks = structure.blocks.iter().take_while(|block| block.range().start < text.len());
        let blocks: Vec<&Block> =
            blocks.filter(|block| block.kind != BlockKind::Furniture).collect();
        let length =
            |block: &Block| block.lines.iter().map(|line| line.len()).sum::<usize>() as f64;
        let of = |kind| blocks.iter().filter(move |block| block.kind == kind);
        let count = |kind| of(kind).count() as f64;
        let bytes = |kind| of(kind).map(|block| length(block)).sum::<f64>();
        let all = blocks.iter().map(|block| length(block)).sum::<f64>().max(1.0);
        let (mut words, mut numbers) = (0.0, 0.0);
        for word in text.unicode_words() {
            words += if word.starts_with(is_unspaced) { 0.5 } else { 1.0 };
            numbers += f64::from(u8::from(word.starts_with(|c: char| c.is_ascii_digit())));
        }
        let words = f64::max(words, 1.0);
        let forwards = ["Forwarded message", "Original Message", "Ursprüngliche Nachricht"];
        let references = ["\nReferences", "\nREFERENCES", "\nLiteratur", "\nBibliography"];
        Self {
            cues: Cues::new(&text.to_lowercase()),
            lines: Lines::new(text),
            words,
            numbers: 100.0 * numbers / words,
            columns: columns(text),
            citations: citations(text),
            ticks: text.matches('`').count() as f64,
            turns: bytes(BlockKind::Turn) / all,
            items: bytes(BlockKind::Item) / all,
            fenced: bytes(BlockKind::Code) / all,
            turn: bytes(BlockKind::Turn) / count(BlockKind::Turn).max(1.0),
            headings: count(BlockKind::Heading),
            headers: count(BlockKind::Header),
            blocks: blocks.len() as f64,
            begins_with_header: blocks.first().is_some_and(|b| b.kind == BlockKind::Header),
            forwards: forwards.iter().any(|mark| text.contains(mark)),
            refers: references.iter().any(|heading| text.contains(heading)),
        }
    }

    /// How often a cue is in 100 words.
    fn rate(&self, cue: Cue) -> f64 {
        100.0 * self.cues.count(cue) / self.words
    }

    /// Different words of a cue, as a share of `enough`.
    fn varied(&self, cue: Cue, enough: f64) -> f64 {
        (self.cues.kinds(cue) / enough).min(1.0)
    }

    /// `score` if the text begins with such a cue.
    fn titled(&self, cue: Cue, score: f64) -> f64 {
        if self.cues.begins(cue) { score } else { 0.0 }
    }

    /// Rows and columns.
    pub fn table(&self) -> f64 {
        0.95 * self.lines.share(self.lines.rows).max(self.columns)
    }

    /// Lines that a program wrote.
    pub fn log(&self) -> f64 {
        // People who write to each other have names; a table has columns.
        let other = self.chat() > 0.0 || self.turns > 0.4 || self.columns > 0.9;
        self.lines.share(self.lines.log) * if other { 0.3 } else { 1.0 }
    }

    /// Lines for a program.
    pub fn code(&self) -> f64 {
        let lines = self.lines.code + self.lines.prose;
        if self.lines.code < 4.0 || self.lines.share(lines) < 0.3 {
            return 0.0;
        }
        let explained = self.fenced > 0.3 && self.headings > 0.0;
        self.lines.code / lines * if explained { 0.3 } else { 1.0 }
    }

    /// Short turns with times, of the day rather than of a recording.
    pub fn chat(&self) -> f64 {
        let share = |lines| self.lines.share(lines);
        let timed = share(self.lines.timed) > 0.5 && !self.lines.elapsed;
        if self.turns > 0.4 && timed && self.turn < 120.0 {
            self.turns + 0.1
        } else if share(self.lines.nicks) > 0.5 {
            0.9
        } else if share(self.lines.stamps) > 0.2 && self.lines.stamps > 3.0 {
            0.85
        } else {
            0.0
        }
    }

    /// Turns of speakers.
    pub fn transcript(&self) -> f64 {
        let other = self.chat() > 0.0 || self.code() > 0.5;
        if other { 0.0 } else { self.turns * 1.2 }
    }

    /// Headers, or a greeting and a goodbye.
    pub fn mail(&self) -> f64 {
        let addressed = 0.35 * self.lines.greetings.min(1.0) + 0.3 * self.lines.closings.min(1.0);
        match self.headers >= 2.0 && (self.begins_with_header || self.forwards) {
            true => 0.95,
            false if self.forwards => 0.8,
            false if self.words < 1500.0 && self.turns < 0.3 => addressed,
            false => 0.0,
        }
    }

    /// Who met, and what they decided.
    pub fn minutes(&self) -> f64 {
        let score = self.titled(Cue::Record, 0.35)
            + self.titled(Cue::Attends, 0.3)
            + 0.2 * self.varied(Cue::Decides, 2.0)
            + 0.2 * self.varied(Cue::Follows, 2.0);
        score * if self.turns > 0.5 { 0.6 } else { 1.0 }
    }

    /// Versions, and what changed.
    pub fn release_notes(&self) -> f64 {
        let titled = self.titled(Cue::Changes, 0.35);
        let listed = if self.items > 0.3 { 0.25 } else { 0.0 };
        let changed = self.rate(Cue::Changed);
        let dense = titled > 0.0 || changed > 2.0 || self.lines.share(self.lines.versions) > 0.02;
        let versions = if dense && self.lines.versions >= 2.0 { 0.45 } else { 0.0 };
        titled + listed + versions + 0.1 * changed.min(3.0)
    }

    /// Who has to do what.
    pub fn contract(&self) -> f64 {
        let rate = (self.rate(Cue::Binds) + self.rate(Cue::Legal)) / 4.5;
        // A text on law names things, but binds nobody.
        let binds = self.cues.kinds(Cue::Binds);
        let clear = binds > 1.0 || binds > 0.0 && self.cues.kinds(Cue::Legal) > 3.0;
        let numbered = if self.lines.clauses > 2.0 { 0.15 } else { 0.0 };
        let coded = self.code() > 0.3 || self.fenced > 0.1;
        let score = rate + self.titled(Cue::Rules, 0.25) + numbered;
        score.min(if clear { 0.9 } else { 0.45 }) * if coded { 0.4 } else { 1.0 }
    }

    /// What was found, and by whom before.
    pub fn paper(&self) -> f64 {
        let cited = (100.0 * self.citations / self.words).min(1.0);
        let coded = self.fenced > 0.05 || self.code() > 0.15 || self.lines.manual > 1.0;
        let score = 0.3 * self.varied(Cue::Abstract, 2.0)
            + 0.25 * self.varied(Cue::Parts, 4.0)
            + 0.35 * self.varied(Cue::Evidence, 3.0)
            + if self.refers { 0.1 } else { 0.0 }
            + 0.2 * cited;
        score * if coded { 0.5 } else { 1.0 }
    }

    /// How something works, and is used.
    pub fn technical(&self) -> f64 {
        let sign = |is: bool, score: f64| if is { score } else { 0.0 };
        let words = (self.rate(Cue::Technical) / 10.0).min(0.5);
        let score = sign(self.ticks > 5.0, 0.25)
            + sign(self.lines.manual > 2.0, 0.3)
            + sign(self.lines.options > 2.0, 0.15)
            + sign(self.headings > 3.0, 0.15)
            + self.fenced.min(0.3)
            + words * self.varied(Cue::Technical, 8.0);
        score.min(0.75)
    }

    /// People who speak, and what happens to them.
    pub fn story(&self) -> f64 {
        let share = |paragraphs: f64| paragraphs / self.lines.paragraphs.max(1.0);
        let plain = self.headings < 0.25 * self.blocks + 3.0
            && self.items < 0.2
            && self.numbers < 1.2
            && self.words > 60.0
            && self.lines.greetings == 0.0;
        if !plain {
            return 0.0;
        }
        // News have people who say something, too, but not in every other sentence.
        let score = self.titled(Cue::Tale, 0.3)
            + 0.18 * (share(self.lines.speech) / 0.3).min(1.0)
            + 0.2 * (share(self.lines.spoken) / 0.25).min(1.0)
            + 0.18 * (self.rate(Cue::Told) / 0.6).min(1.0)
            + 0.5 * ((self.rate(Cue::Person) - 2.0) / 4.0).clamp(0.0, 1.0);
        // Essays and reviews have people, too, but they do not talk.
        let talks = self.rate(Cue::Told) > 0.3 || share(self.lines.spoken) > 0.15;
        score.min(if talks { 0.9 } else { 0.45 })
    }
}

/// How many works are cited: "(Baevski et al., 2020)", "[4, 7]".
fn citations(text: &str) -> f64 {
    let inside = |open: char, close: char| {
        text.split(open).skip(1).filter_map(move |rest| {
            rest[..rest.floor_char_boundary(60)].split_once(close).map(|(inner, _)| inner)
        })
    };
    let year = |inner: &str| {
        let tail = inner.trim_end_matches(char::is_alphabetic);
        let before = tail.trim_end_matches(|c: char| c.is_ascii_digit());
        tail.len() - before.len() == 4
            && before.ends_with([' ', ','])
            && inner.starts_with(char::is_uppercase)
    };
    let number = |inner: &str| {
        inner.starts_with(|c: char| c.is_ascii_digit())
            && inner.len() <= 12
            && inner.bytes().all(|b| b.is_ascii_digit() || b", -".contains(&b))
    };
    let named = inside('(', ')').filter(|inner| year(inner)).count();
    let numbered = inside('[', ']').filter(|inner| number(inner)).count();
    (named + numbered) as f64
}

/// The share of lines that have as many separators, outside of quotes, as most have.
fn columns(text: &str) -> f64 {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    if lines().nth(3).is_none() {
        return 0.0;
    }
    let share = |sign: char| {
        let mut counts = [0_usize; 64];
        let mut all = 0;
        for line in lines() {
            let line = line.trim().trim_end_matches(sign);
            let mut quoted = false;
            let mut separates = |c: char| {
                quoted ^= c == '"';
                c == sign && !quoted
            };
            let count = line.chars().filter(|c| separates(*c)).count();
            all += 1;
            // Prose has commas, too, but with a space after them, and much between them.
            let dense = line.len() < 40 * (count + 1) && (count != 1 || !line.contains(", "));
            if let Some(place) = counts.get_mut(count).filter(|_| dense) {
                *place += 1;
            }
        }
        let most = counts[1..].iter().copied().max().unwrap_or(0);
        // The last cells of a row may be missing.
        let first = lines().next().map_or(0, |line| line.matches(sign).count());
        let ragged = if first > 3 { counts.get(first / 2..=first) } else { None };
        let ragged = ragged.map_or(0, |counts| counts.iter().sum());
        most.max(ragged) as f64 / f64::from(all)
    };
    [',', ';', '\t'].map(share).into_iter().fold(0.0, f64::max)
}
