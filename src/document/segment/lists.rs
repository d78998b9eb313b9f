//! Lists within a paragraph: "1. The first item 2. The second item".

/// What stands before a number.
const BULLETS: [char; 6] = ['•', '⁃', '-', '–', '*', '‣'];

/// The mark of an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Item {
    /// Where it begins, with its bullet.
    pub start: usize,
    end: usize,
    number: u32,
    /// What it looks like: its bullet, whether it has digits, and what ends it.
    looks: (Option<char>, bool, &'static str),
}

/// The marks of a text that begins with one, if others of its looks count on from there.
pub fn items(text: &str) -> Vec<Item> {
    let Some(first) = mark(text, text.len() - text.trim_start().len()) else { return Vec::new() };
    let mut items = vec![first];
    for (space, _) in text.match_indices(' ') {
        let expected = items.last().map_or(0, |item| item.number + 1);
        if let Some(item) = mark(text, space + 1)
            && (item.number, item.looks) == (expected, first.looks)
        {
            items.push(item);
        }
    }
    if items.len() > 1 { items } else { Vec::new() }
}

/// Whether all of a sentence is the mark of an item.
pub fn is_mark(sentence: &str) -> bool {
    let start = sentence.len() - sentence.trim_start().len();
    sentence.len() < start + 12
        && mark(&format!("{sentence} "), start).is_some_and(|item| item.end == sentence.len())
}

/// The mark that begins at a byte: "1.", "2.)", "a)", "• 9.", with a space after it.
fn mark(text: &str, start: usize) -> Option<Item> {
    let whole = text.get(start..)?;
    let bullet = whole.chars().next().filter(|c| BULLETS.contains(c));
    let rest = bullet.map_or(whole, |bullet| whole[bullet.len_utf8()..].trim_start_matches(' '));
    let digits = rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let letter = rest.bytes().next().filter(u8::is_ascii_lowercase);
    let (number, length) = match (digits, letter) {
        (1 | 2, _) => (rest[..digits].parse().ok()?, digits),
        (0, Some(letter)) => (u32::from(letter - b'a') + 1, 1),
        _ => return None,
    };
    let after = &rest[length..];
    let sign = [".)", ".", ")"].into_iter().find(|sign| after.starts_with(sign))?;
    let end = start + whole.len() - after.len() + sign.len();
    let spaced = text[end..].starts_with(' ');
    spaced.then_some(Item { start, end, number, looks: (bullet, digits > 0, sign) })
}
