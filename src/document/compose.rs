//! Letters and their marks as one character, where Unicode has one: Normalization Form C (Unicode
//! Standard Annex #15). Names of files on macOS and some PDFs have them apart, and then a word is not
//! the same word as elsewhere.

use std::iter::once;

use unicode_normalization_alignments::char::canonical_combining_class;
use unicode_normalization_alignments::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::traced::Traced;

/// Characters that are composed together at most: no letter has as many marks. So the work is linear in
/// the text's length.
const LONGEST: usize = 64;

/// The text in Normalization Form C; nothing if a quick look shows that it is that already.
pub fn composed(text: &str) -> Option<Traced> {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return None;
    }
    let mut composed = Traced::with_capacity(text.len());
    let (mut from, mut first) = (0, 0);
    for (index, (at, c)) in text.char_indices().enumerate() {
        if at > from && begins(c) {
            add(&mut composed, &text[from..at], first);
            (from, first) = (at, index);
        }
    }
    add(&mut composed, &text[from..], first);
    Some(composed)
}

/// Whether nothing before a character can change it, or be changed by it.
fn begins(c: char) -> bool {
    c.is_ascii() || canonical_combining_class(c) == 0 && is_nfc_quick(once(c)) == IsNormalized::Yes
}

/// Adds a letter with its marks, which begins at the source's character `first`.
fn add(composed: &mut Traced, piece: &str, first: usize) {
    if piece.chars().nth(LONGEST).is_some() || is_nfc_quick(piece.chars()) == IsNormalized::Yes {
        piece.chars().enumerate().for_each(|(i, c)| composed.push(c, first + i));
        return;
    }
    let mut next = first;
    for (c, change) in piece.nfc() {
        // Above 0, this character comes from the same source character as the one before. Below 0, it
        // was made from that many source characters beyond the first.
        composed.push(c, if change > 0 { next.saturating_sub(1).max(first) } else { next });
        next += 1_usize.saturating_add_signed(-change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn letters_and_marks_are_composed_and_know_their_place() {
        assert_eq!(composed("Süße Bäume, 東京 and 👩\u{200d}🌾"), None);
        for (text, expected, places) in [
            ("cafe\u{301}s", "cafés", vec![0, 1, 2, 3, 5]),
            ("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}", "한글", vec![0, 3]),
            ("a\u{323}\u{307}b", "ạ\u{307}b", vec![0, 2, 3]),
            ("\u{212b}x", "Åx", vec![0, 1]),
            ("\u{301}a", "\u{301}a", vec![0, 1]),
            // One character that form C writes as two.
            ("a\u{958}b", "a\u{915}\u{93c}b", vec![0, 1, 1, 2]),
        ] {
            let found = composed(text).expect("it is not composed");
            assert_eq!(found.text(), expected);
            assert_eq!(found.origins().collect::<Vec<_>>(), places, "{expected}");
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_letter_with_too_many_marks_stays() {
        let text = format!("e{}", "\u{301}".repeat(LONGEST));
        assert_eq!(composed(&text).expect("not composed").text(), text);
    }
}
