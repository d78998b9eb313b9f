//! What belongs to the pages of a PDF, not to its text: running heads and feet, page numbers.

use std::collections::HashMap;

use precis::document::words::masked;

use super::line::Line;

/// Lines at the top and at the foot of a page that may belong to the page.
const EDGE: usize = 3;

/// Removes lines at the edges of pages that other pages have too, but for digits, and page numbers.
pub fn drop(pages: &mut Vec<Vec<Line>>) {
    let all = pages.clone();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let edges: Vec<Vec<usize>> = pages.iter().map(|lines| edges(lines)).collect();
    for (lines, edges) in pages.iter().zip(&edges) {
        let mut masks: Vec<String> = edges.iter().map(|at| masked(&lines[*at].text)).collect();
        masks.sort();
        masks.dedup();
        for mask in masks {
            *seen.entry(mask).or_default() += 1;
        }
    }
    let enough = if pages.len() < 4 { 2 } else { 3 };
    for (lines, edges) in pages.iter_mut().zip(edges) {
        let mut at = 0;
        lines.retain(|line| {
            at += 1;
            let mask = masked(&line.text);
            // What has no letters is a page number, or a row of a table.
            let repeats = mask.contains(char::is_alphabetic) && seen.get(&mask) >= Some(&enough);
            !(edges.contains(&(at - 1)) && (repeats || is_page_number(&line.text)))
        });
    }
    // A short file may have nothing else.
    if pages.iter().all(Vec::is_empty) {
        *pages = all;
    }
}

/// The indices of the highest and the lowest lines of a page.
fn edges(lines: &[Line]) -> Vec<usize> {
    let mut by_height: Vec<usize> = (0..lines.len()).collect();
    by_height.sort_by(|a, b| lines[*a].y.total_cmp(&lines[*b].y));
    let top = by_height.iter().take(EDGE);
    top.chain(by_height.iter().rev().take(EDGE)).copied().collect()
}

/// "12", "- 12 -", "xii", "Page 3 of 41".
fn is_page_number(text: &str) -> bool {
    let lower = text.to_lowercase();
    let inner = lower.trim_matches(|c: char| c.is_whitespace() || "-–—|[]().".contains(c));
    let is_roman = inner.len() < 8 && inner.chars().all(|c| "ivxlc".contains(c));
    let is_number = |word: &str| {
        let inner = word.chars().all(|c| c.is_ascii_digit() || c == '/');
        word.len() < 6 && inner && word.starts_with(|c: char| c.is_ascii_digit())
    };
    let words: Vec<&str> = inner.split_whitespace().collect();
    let numbers = words.iter().filter(|word| is_number(word)).count();
    let named = ["page", "seite", "of", "von", "de", "p", "sur", "/", "|"];
    let all = words.iter().all(|word| is_number(word) || named.contains(word));
    // Two numbers without a word between them are a row of a table.
    let few = numbers == 1 || numbers == 2 && words.len() > 2;
    is_roman && !inner.is_empty() || all && few
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_numbers_are_no_rows_of_tables() {
        for number in ["12", "- 12 -", "xii", "Page 3 of 41", "[7]", "3 / 9"] {
            assert!(is_page_number(number), "{number}");
        }
        for text in ["", "–", "3 apples", "Chapter 3", "5 300 16", "5\t300"] {
            assert!(!is_page_number(text), "{text}");
        }
    }
}
