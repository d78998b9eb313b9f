//! The glyphs of a page to pieces of lines: those that stand beside each other, with spaces between words.

use super::content::Glyph;
use super::line::Line;

/// A gap between glyphs that is a space, and one that parts columns or cells; in units of the size.
const SPACE: f64 = 0.17;
const GAP: f64 = 1.2;

/// A piece of a line, as it was drawn.
#[derive(Debug, Clone)]
pub struct Fragment {
    line: Line,
    chars: usize,
    bold: usize,
}

/// Glyphs that were drawn one behind the other, with spaces where there are gaps.
pub fn fragments(glyphs: &[Glyph]) -> Vec<Fragment> {
    let mut fragments: Vec<Fragment> = Vec::new();
    for glyph in glyphs {
        let text: String = glyph.text.chars().filter_map(readable).collect();
        let chars = text.trim().chars().count();
        let size = glyph.size.max(0.1);
        let last = fragments.last_mut().filter(|last| {
            let scale = size.max(last.line.size);
            let gap = glyph.x - last.line.right;
            (glyph.y - last.line.y).abs() < 0.45 * scale
                && (-0.6 * scale..GAP * scale).contains(&gap)
        });
        match last {
            Some(Fragment { line, chars: before, bold }) => {
                let gap = (glyph.x - line.right) / size.min(line.size);
                let is_parted = line.text.ends_with(' ') || text.starts_with(' ');
                if gap > SPACE && !is_parted && !(ends_wide(&line.text) && begins_wide(&text)) {
                    line.text.push(' ');
                }
                if chars > 0 {
                    let all = *before + chars;
                    // What is raised or lowered does not move the line.
                    line.y = if size > 0.9 * line.size { glyph.y } else { line.y };
                    line.size = (line.size * *before as f64 + size * chars as f64) / all as f64;
                    *before = all;
                    *bold += if glyph.bold { chars } else { 0 };
                }
                line.text.push_str(&text);
                line.right = line.right.max(glyph.x + glyph.width);
            }
            None if chars > 0 => {
                let (left, right) = (glyph.x, glyph.x + glyph.width);
                let line = Line { text, left, right, y: glyph.y, size, ..Line::default() };
                fragments.push(Fragment { line, chars, bold: if glyph.bold { chars } else { 0 } });
            }
            None => {}
        }
    }
    fragments
}

/// Chinese and Japanese characters have no spaces between them, however far they are set apart.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}')
}

fn ends_wide(text: &str) -> bool {
    text.ends_with(is_wide)
}

fn begins_wide(text: &str) -> bool {
    text.starts_with(is_wide)
}

/// Without spaces between wide characters, which some files have as characters of their own.
fn without_wide_gaps(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut words = text.trim().split(' ').filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        out.push_str(word);
        if words.peek().is_some_and(|next| !(ends_wide(word) && begins_wide(next))) {
            out.push(' ');
        }
    }
    out
}

/// Bullets of symbol fonts become usual ones; other private characters say nothing.
fn readable(c: char) -> Option<char> {
    match c {
        '\u{f0b7}' | '\u{f0a7}' | '\u{f076}' | '\u{f0d8}' | '\u{f06e}' => Some('•'),
        '\u{e000}'..='\u{f8ff}' => None,
        '\t' | '\n' | '\r' | '\u{a0}' => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    }
}

/// Fragments that stand beside each other, joined; what a wide gap parts stays apart.
pub fn rows(fragments: &[Fragment]) -> Vec<Line> {
    let mut sorted: Vec<&Fragment> = fragments.iter().collect();
    sorted.sort_by(|a, b| a.line.y.total_cmp(&b.line.y));
    // Each with its tallest fragment.
    let mut rows: Vec<(&Fragment, Vec<&Fragment>)> = Vec::new();
    for fragment in sorted {
        let near = |tallest: &Fragment| {
            let scale = tallest.line.size.min(fragment.line.size);
            (fragment.line.y - tallest.line.y).abs() < 0.35 * scale
        };
        match rows.last_mut().filter(|(tallest, _)| near(tallest)) {
            Some((tallest, row)) => {
                if fragment.line.size >= tallest.line.size {
                    *tallest = fragment;
                }
                row.push(fragment);
            }
            None => rows.push((fragment, vec![fragment])),
        }
    }
    let mut lines = Vec::new();
    for (_, mut row) in rows {
        row.sort_by(|a, b| a.line.left.total_cmp(&b.line.left));
        let mut parts: Vec<Fragment> = Vec::new();
        for fragment in row {
            let last = parts.last_mut().filter(|last| {
                fragment.line.left - last.line.right < GAP * fragment.line.size.max(last.line.size)
            });
            let Some(last) = last else {
                parts.push(fragment.clone());
                continue;
            };
            let gap = fragment.line.left - last.line.right;
            // Bold letters may be drawn twice.
            if gap < -0.5 * last.line.size && last.line.text.ends_with(fragment.line.text.trim()) {
                continue;
            }
            if gap > SPACE * fragment.line.size && !last.line.text.ends_with(' ') {
                last.line.text.push(' ');
            }
            last.line.text.push_str(&fragment.line.text);
            last.line.right = last.line.right.max(fragment.line.right);
            last.line.size = last.line.size.max(fragment.line.size);
            last.chars += fragment.chars;
            last.bold += fragment.bold;
        }
        lines.extend(parts.into_iter().map(|part| Line {
            text: without_wide_gaps(&part.line.text),
            bold: part.bold * 10 > part.chars * 9,
            ..part.line
        }));
    }
    lines
}
