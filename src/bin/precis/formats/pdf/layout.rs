//! The glyphs of a page to lines in reading order.

use super::columns::{ordered, with_rows};
use super::content::Glyph;
use super::fragments::{fragments, rows};
use super::line::Line;

/// The lines of a page. `gutters` has those of the pages before, and gets those of this one.
pub fn lines(mut glyphs: Vec<Glyph>, gutters: &mut Vec<f64>) -> Vec<Line> {
    // Hidden letters are the text of a scanned page, if there are no others.
    let shown = |glyph: &Glyph| !glyph.aside && !glyph.text.trim().is_empty();
    if glyphs.iter().any(shown) {
        glyphs.retain(|glyph| !glyph.aside);
    }
    let turn = upright(&glyphs);
    glyphs.retain(|glyph| glyph.turn == turn);
    for glyph in &mut glyphs {
        (glyph.x, glyph.y) = match turn {
            0 => (glyph.x, glyph.y),
            1 => (glyph.y, -glyph.x),
            2 => (-glyph.x, -glyph.y),
            _ => (-glyph.y, glyph.x),
        };
    }
    let mut lines = Vec::new();
    ordered(with_rows(rows(&fragments(&glyphs))), &mut lines, &mut 0, gutters);
    lines
}

/// How most of the page is turned: the rest is at its edge or in its figures.
fn upright(glyphs: &[Glyph]) -> u8 {
    let count = |turn: u8| glyphs.iter().filter(|glyph| glyph.turn == turn).count();
    (0..4).rev().max_by_key(|turn| count(*turn)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of a font of 10 points, five points a letter.
    fn words(text: &str, x: f64, y: f64) -> Vec<Glyph> {
        let glyph = |(at, c): (usize, char)| Glyph {
            text: c.to_string(),
            x: x + 5.0 * at as f64,
            y,
            width: 5.0,
            size: 10.0,
            bold: false,
            turn: 0,
            aside: false,
        };
        text.chars().enumerate().map(glyph).filter(|glyph| glyph.text != " ").collect()
    }

    fn texts(glyphs: Vec<Glyph>) -> Vec<String> {
        lines(glyphs, &mut Vec::new()).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn columns_follow_each_other_below_what_crosses_them() {
        let mut glyphs =
            words("A title that goes across both of the columns of this page", 50.0, 50.0);
        for row in 0..5 {
            let y = 80.0 + 12.0 * f64::from(row);
            glyphs.extend(words(&format!("left column line {row}"), 50.0, y));
            glyphs.extend(words(&format!("right column line {row}"), 250.0, y));
        }
        let found = texts(glyphs);
        let side =
            |side: &str| (0..5).map(|row| format!("{side} column line {row}")).collect::<Vec<_>>();
        assert_eq!(found[0], "A title that goes across both of the columns of this page");
        assert_eq!(found[1..6], side("left"));
        assert_eq!(found[6..], side("right"));
    }

    #[test]
    fn tables_are_read_row_by_row() {
        let mut glyphs = Vec::new();
        for row in 0..6 {
            let y = 80.0 + 12.0 * f64::from(row);
            glyphs.extend(words(&format!("hive {row}"), 50.0, y));
            glyphs.extend(words("12 kg", 150.0, y));
            glyphs.extend(words("ok", 250.0, y));
        }
        assert_eq!(texts(glyphs)[1], "hive 1\t12 kg\tok");
    }

    #[test]
    fn gaps_are_spaces_and_hidden_letters_stay_hidden() {
        let mut glyphs = words("one two", 50.0, 50.0);
        glyphs.extend(words("two", 70.0, 50.0).into_iter().map(|g| Glyph { bold: true, ..g }));
        glyphs.extend(words("secret", 50.0, 70.0).into_iter().map(|g| Glyph { aside: true, ..g }));
        glyphs.extend(words("edge", 10.0, 90.0).into_iter().map(|g| Glyph { turn: 1, ..g }));
        assert_eq!(texts(glyphs), ["one two"]);
        let scanned = words("scan", 50.0, 70.0).into_iter().map(|g| Glyph { aside: true, ..g });
        assert_eq!(texts(scanned.collect()), ["scan"]);
        let turned = |c: Glyph| Glyph { x: c.y, y: 500.0 - c.x, turn: 3, ..c };
        assert_eq!(
            texts(words("turned", 50.0, 50.0).into_iter().map(turned).collect()),
            ["turned"]
        );
    }
}
