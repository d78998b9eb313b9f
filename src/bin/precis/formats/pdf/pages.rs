//! The lines of pages to one text: without running heads, with headings and paragraphs.

use std::collections::HashMap;

use super::furniture;
use super::line::Line;

/// A heading's letters are so much larger than those of most lines; a note's are so much smaller.
const LARGER: f64 = 1.12;
const SMALLER: f64 = 0.92;

/// Characters of a heading at most.
const LONGEST_HEADING: usize = 160;

/// The text of pages.
pub fn text(mut pages: Vec<Vec<Line>>) -> String {
    furniture::drop(&mut pages);
    let body = body_size(&pages);
    let mut writer = Writer { out: String::new(), last: None, body, largest: largest(&pages) };
    let mut notes = Vec::new();
    for mut lines in pages {
        let below = split_notes(&mut lines, body);
        writer.page(&lines);
        notes.push(below);
    }
    for lines in &notes {
        writer.page(lines);
    }
    writer.out.trim_end().to_owned()
}

/// The size of most letters.
fn body_size(pages: &[Vec<Line>]) -> f64 {
    let mut chars: HashMap<i64, usize> = HashMap::new();
    for line in pages.iter().flatten() {
        *chars.entry((line.size * 2.0).round() as i64).or_default() += line.text.len();
    }
    let most = chars.into_iter().max_by_key(|(size, chars)| (*chars, *size));
    most.map_or(10.0, |(size, _)| size as f64 / 2.0)
}

/// The size of the largest line of the first page that could be a title.
fn largest(pages: &[Vec<Line>]) -> f64 {
    let words = |line: &&Line| line.text.chars().filter(|c| c.is_alphabetic()).count() > 3;
    let first = pages.iter().find(|lines| !lines.is_empty());
    let sizes = first.iter().flat_map(|lines| lines.iter()).filter(words).map(|line| line.size);
    sizes.fold(0.0, f64::max)
}

/// Takes the small lines from the foot of each column of a page: notes, which would cut a sentence that
/// continues in the next column.
fn split_notes(lines: &mut Vec<Line>, body: f64) -> Vec<Line> {
    let lowest = lines.iter().map(|line| line.y).fold(0.0, f64::max);
    let mut notes = Vec::new();
    let columns: Vec<usize> = lines.iter().map(|line| line.column).collect();
    let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
    let mut start = 0;
    for (at, line) in lines.drain(..).enumerate() {
        if at > 0 && columns[at] != columns[at - 1] {
            start = kept.len();
        }
        let last_of_column = columns.get(at + 1) != Some(&columns[at]);
        kept.push(line);
        if last_of_column {
            let is_note = |line: &&Line| line.size < SMALLER * body && line.y > 0.7 * lowest;
            let count = kept[start..].iter().rev().take_while(is_note).count();
            if start + count < kept.len() {
                notes.extend(kept.drain(kept.len() - count..));
            }
        }
    }
    *lines = kept;
    notes
}

/// Writes lines as paragraphs and headings.
struct Writer {
    out: String,
    /// The line before.
    last: Option<Line>,
    body: f64,
    largest: f64,
}

impl Writer {
    /// Writes the lines of a page.
    fn page(&mut self, lines: &[Line]) {
        let mut from = 0;
        while from < lines.len() {
            let column = lines[from].column;
            let end = lines[from..].iter().position(|line| line.column != column);
            let end = end.map_or(lines.len(), |end| from + end);
            self.column(&lines[from..end]);
            from = end;
        }
    }

    fn column(&mut self, lines: &[Line]) {
        let left = quantile(lines.iter().map(|line| line.left), 0.2);
        let right = quantile(lines.iter().map(|line| line.right), 0.9);
        let steps = lines.windows(2).map(|pair| pair[1].y - pair[0].y);
        let leading = quantile(steps.filter(|step| *step > 0.0), 0.5);
        // The last line of text that is set as large as a heading.
        let mut large = 0;
        let mut at = 0;
        while at < lines.len() {
            let line = &lines[at];
            let first = at == 0;
            let is_heading = at > large || at == 0;
            let mark = self.heading(line, lines.get(at + 1), (left, right)).filter(|_| is_heading);
            if let Some(mark) = mark {
                // A heading may have several lines.
                let same =
                    |next: &&Line| (next.size - line.size).abs() < 0.3 && next.bold == line.bold;
                let near = |pair: &[Line]| pair[1].y - pair[0].y < 1.8 * line.size;
                let pairs = lines[at..].windows(2);
                let more = pairs.take_while(|pair| same(&&pair[1]) && near(pair)).count();
                let texts: Vec<&str> =
                    lines[at..=at + more].iter().map(|l| l.text.as_str()).collect();
                let text = texts.join(" ");
                if text.len() <= LONGEST_HEADING {
                    self.paragraph();
                    self.out.push_str(mark);
                    self.out.push_str(&text);
                    self.last = None;
                    at += more + 1;
                    continue;
                }
                large = at + more;
            }
            match &self.last {
                None => self.paragraph(),
                Some(last) if first => match continues(last, line) {
                    true => self.out.push('\n'),
                    false => self.paragraph(),
                },
                Some(last) => {
                    let step = line.y - last.y;
                    let size = line.size.max(last.size);
                    let indented = line.left > left + 0.8 * size && last.left <= left + 0.8 * size;
                    let ended = last.right < right - 3.0 * size || ends_sentence(&last.text);
                    let is_new = step > 1.35 * leading && step > 1.1 * size
                        || step < -0.1 * size
                        || (line.size - last.size).abs() > 0.12 * size
                        || indented && ended
                        || line.bold != last.bold && ended
                        || last.right < right - 8.0 * size && ends_sentence(&last.text);
                    match is_new && !is_item(&line.text) {
                        true => self.paragraph(),
                        false => self.out.push('\n'),
                    }
                }
            }
            self.out.push_str(&line.text);
            self.last = Some(line.clone());
            at += 1;
        }
    }

    /// The mark of a heading, if the line is one.
    fn heading(
        &self,
        line: &Line,
        next: Option<&Line>,
        (left, right): (f64, f64),
    ) -> Option<&'static str> {
        let letters = line.text.chars().filter(|c| c.is_alphabetic()).count();
        // A list of contents has dots before its page numbers.
        let cells = ["\t", "...", ". ."].iter().any(|mark| line.text.contains(mark));
        if letters < 2 || cells || line.text.len() > LONGEST_HEADING || is_item(&line.text) {
            return None;
        }
        if line.size > LARGER * self.body {
            return Some(if line.size > 0.98 * self.largest { "# " } else { "## " });
        }
        let short = line.right - line.left < 0.85 * (right - left);
        let begins = line.text.starts_with(|c: char| c.is_uppercase() || c.is_numeric());
        let alone = next.is_none_or(|next| !next.bold);
        let is_bold = line.bold && line.size > SMALLER * self.body;
        (is_bold && short && begins && alone && !line.text.ends_with(['.', ',', ';', ':']))
            .then_some("### ")
    }

    fn paragraph(&mut self) {
        if !self.out.is_empty() {
            self.out.push_str("\n\n");
        }
    }
}

/// Whether a sentence continues after the end of a column or page.
fn continues(last: &Line, line: &Line) -> bool {
    let small = line.text.starts_with(|c: char| c.is_lowercase());
    let alike = (last.size - line.size).abs() < 0.1 * last.size;
    alike && small && !ends_sentence(&last.text)
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '’', ')', '\''])
        .ends_with(['.', '!', '?', ':', '。', '！', '？'])
}

fn is_item(text: &str) -> bool {
    let mut chars = text.chars();
    let mark = chars.next();
    mark == Some('•') || mark.is_some_and(|c| "-*–▪◦‣·".contains(c)) && chars.next() == Some(' ')
}

/// The value below which this share of them lies; 0 without any.
fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get((values.len().saturating_sub(1) as f64 * share) as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, y: f64) -> Line {
        let right = 50.0 + 5.0 * text.len() as f64;
        Line { text: text.to_owned(), left: 50.0, right, y, size: 10.0, bold: false, column: 1 }
    }

    #[test]
    fn running_heads_and_page_numbers_go() {
        let page = |number: usize, text: &str| {
            let mut lines = vec![line(&format!("The Bee Journal, volume {number}"), 20.0)];
            lines.extend((0..8).map(|row| line(text, 100.0 + 12.0 * f64::from(row))));
            lines.push(line(&number.to_string(), 800.0));
            lines
        };
        let text = text(
            (1..5)
                .map(|number| page(number, &format!("Words of sheet {}x", "i".repeat(number))))
                .collect(),
        );
        assert!(!text.contains("Journal") && !text.contains('3'), "{text}");
        assert!(
            text.starts_with("Words of sheet ix") && text.ends_with("Words of sheet iiiix"),
            "{text}"
        );
    }

    #[test]
    fn sentences_go_on_behind_a_page_and_notes_come_last() {
        let first = vec![
            Line { size: 16.0, ..line("A Title of the Text", 50.0) },
            line("The first paragraph is long enough to be the longest of all.", 100.0),
            line("And a sentence that does not end on this page but in the", 112.0),
            Line { size: 8.0, ..line("1 A note.", 700.0) },
        ];
        let second = vec![
            line("next one, of course.", 50.0),
            line("Then more follows here.", 90.0),
            line("It ends.", 102.0),
        ];
        assert_eq!(
            text(vec![first, second]),
            "# A Title of the Text\n\nThe first paragraph is long enough to be the longest of all.\n\
             And a sentence that does not end on this page but in the\nnext one, of course.\n\n\
             Then more follows here.\nIt ends.\n\n1 A note."
        );
    }
}
