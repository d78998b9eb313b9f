//! Pieces of lines in reading order: columns one after the other, tables row by row.

use super::line::Line;

/// A gap between the cells of a table, on average.
const CELL_GAP: f64 = 2.0;

/// Columns have so many lines, and lines so many characters on average; those of tables are shorter.
const COLUMN_LINES: usize = 4;
const COLUMN_CHARS: usize = 16;

/// Where a gutter was on a page before, shorter columns are enough.
const FEWEST_LINES: usize = 2;

/// Points between gutters that are the same.
const NEAR: f64 = 6.0;

/// Cells of a row have fewer characters than this, on average.
const CELL_CHARS: usize = 14;

/// Points between two places where a gutter is looked for.
const STEP: f64 = 2.0;

/// Rows of tables as one line each: they are not divided into columns.
pub fn with_rows(parts: Vec<Line>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for row in parts.chunk_by(|a, b| (a.y - b.y).abs() < 0.35 * a.size.min(b.size)) {
        let chars: usize = row.iter().map(|part| part.text.chars().count()).sum();
        match row.len() > 2 && chars < CELL_CHARS * row.len() {
            true => lines.extend(joined(row.to_vec())),
            false => lines.extend_from_slice(row),
        }
    }
    lines
}

/// Puts lines in order: what lies left of a gutter before what lies right of it, but nothing from below
/// a line that crosses the gutter before it.
pub fn ordered(parts: Vec<Line>, out: &mut Vec<Line>, column: &mut usize, gutters: &mut Vec<f64>) {
    let Some(gutter) = gutter(&parts, gutters) else {
        *column += 1;
        out.extend(joined(parts).into_iter().map(|line| Line { column: *column, ..line }));
        return;
    };
    if !gutters.iter().any(|known| (known - gutter).abs() < NEAR) {
        gutters.push(gutter);
    }
    let crosses = |part: &Line| part.left < gutter && part.right > gutter;
    let mut bands: Vec<(bool, Vec<Line>)> = Vec::new();
    for part in parts {
        let crosses = crosses(&part);
        match bands.last_mut().filter(|band| band.0 == crosses) {
            Some(band) => band.1.push(part),
            None => bands.push((crosses, vec![part])),
        }
    }
    // A line or two between lines that cross the gutter belong to these: they may have other columns.
    let mut merged: Vec<(bool, Vec<Line>)> = Vec::new();
    let count = bands.len();
    for (at, (crosses, band)) in bands.into_iter().enumerate() {
        let crosses = crosses || band.len() <= 2 && at > 0 && at + 1 < count;
        match merged.last_mut().filter(|last| last.0 == crosses) {
            Some(last) => last.1.extend(band),
            None => merged.push((crosses, band)),
        }
    }
    let is_whole = merged.len() == 1 && merged[0].0;
    for (crosses, band) in merged {
        match crosses {
            true if is_whole => {
                *column += 1;
                out.extend(joined(band).into_iter().map(|line| Line { column: *column, ..line }));
            }
            true => ordered(band, out, column, gutters),
            false => {
                let (left, right): (Vec<Line>, Vec<Line>) =
                    band.into_iter().partition(|part| part.right <= gutter);
                for side in [left, right].into_iter().filter(|side| !side.is_empty()) {
                    ordered(side, out, column, gutters);
                }
            }
        }
    }
}

/// A page with more parts than this is no page of text, and each place is compared with all of them.
const MOST_PARTS: usize = 5000;

/// Where a gutter between two columns is, if there is one: one that pages before had, or the place that the
/// fewest lines cross.
fn gutter(parts: &[Line], known: &[f64]) -> Option<f64> {
    if parts.len() > MOST_PARTS {
        return None;
    }
    let around = |known: &f64| {
        let known = *known;
        let places = (-8..=8).map(|step| known + STEP * f64::from(step));
        // Left and right pages have other margins.
        places.min_by_key(|x| crossing(parts, *x))
    };
    let mut known = known.iter().filter_map(around);
    if let Some(x) = known.find(|x| divides(parts, *x, FEWEST_LINES)) {
        return Some(x);
    }
    let start = parts.iter().map(|part| part.left).fold(f64::INFINITY, f64::min);
    let end = parts.iter().map(|part| part.right).fold(f64::NEG_INFINITY, f64::max);
    let width = end - start;
    if !(20.0..100_000.0).contains(&width) {
        return None;
    }
    let places = (1..(width / STEP) as usize).map(|step| start + STEP * step as f64);
    let inner = places.filter(|x| (0.15..0.85).contains(&((x - start) / width)));
    let counted: Vec<(f64, usize)> = inner.map(|x| (x, crossing(parts, x))).collect();
    let fewest = counted.iter().map(|(_, count)| *count).min()?;
    let is_best = |place: &(f64, usize)| place.1 == fewest;
    // The middle of the widest gap, of those that are crossed least.
    let gaps = counted.chunk_by(|a, b| is_best(a) == is_best(b)).filter(|gap| is_best(&gap[0]));
    let widest = gaps.max_by_key(|gap| gap.len())?;
    Some(widest[widest.len() / 2].0).filter(|x| divides(parts, *x, COLUMN_LINES))
}

/// How many lines go across this place.
fn crossing(parts: &[Line], x: f64) -> usize {
    parts.iter().filter(|part| part.left < x && part.right > x).count()
}

/// Whether few lines cross this place, and enough long ones stand at both sides of it, beside each other.
fn divides(parts: &[Line], x: f64, least: usize) -> bool {
    let side = |is_in: &dyn Fn(&&Line) -> bool| -> Option<(f64, f64)> {
        let lines: Vec<&Line> = parts.iter().filter(is_in).collect();
        let chars: usize = lines.iter().map(|line| line.text.chars().count()).sum();
        let enough = lines.len() >= least && chars >= COLUMN_CHARS * lines.len();
        enough.then(|| (lines[0].y, lines[lines.len() - 1].y))
    };
    let sides = (side(&|line| line.right <= x), side(&|line| line.left >= x));
    let (Some((left_top, left_bottom)), Some((right_top, right_bottom))) = sides else {
        return false;
    };
    let shared = left_bottom.min(right_bottom) - left_top.max(right_top);
    let shorter = (left_bottom - left_top).min(right_bottom - right_top);
    crossing(parts, x) * 5 < parts.len() * 3 && shared > 0.5 * shorter
}

/// Parts on one line as its text: cells of a table have tabs between them.
fn joined(parts: Vec<Line>) -> Vec<Line> {
    let mut rows: Vec<Vec<Line>> = Vec::new();
    for part in parts {
        let beside = |row: &&mut Vec<Line>| {
            row.last().is_some_and(|last| {
                (last.y - part.y).abs() < 0.35 * last.size.min(part.size) && part.left >= last.right
            })
        };
        match rows.last_mut().filter(beside) {
            Some(row) => row.push(part),
            None => rows.push(vec![part]),
        }
    }
    let line = |row: Vec<Line>| {
        let texts: Vec<&str> = row.iter().map(|part| part.text.as_str()).collect();
        // Justified lines may have wide gaps, too.
        let gaps: f64 = row.windows(2).map(|pair| pair[1].left - pair[0].right).sum();
        let is_table = row.len() > 2 && gaps > CELL_GAP * row[0].size * (row.len() - 1) as f64;
        let text = texts.join(if is_table { "\t" } else { " " });
        let bold = row.iter().all(|part| part.bold);
        let right = row.last().map_or(0.0, |part| part.right);
        let first = row.into_iter().next().unwrap_or_default();
        Line { text, bold, right, ..first }
    };
    rows.into_iter().map(line).collect()
}
