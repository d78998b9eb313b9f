//! Which character a code of a simple font, or the name of a glyph, stands for.

use std::collections::HashMap;
use std::sync::OnceLock;

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};
use glyph_names::GLYPH_NAME_PAIRS;

/// Encodings that the PDF specification defines (ISO 32000-1, annex D).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    Standard,
    WinAnsi,
    MacRoman,
}

/// What the standard encoding has from 0xA1 on; a space where it has nothing.
const STANDARD: &str =
    "¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ –†‡· ¶•‚„”»…‰ ¿ `´ˆ˜¯˘˙¨ ˚¸ ˝˛ˇ—                Æ ª    ŁØŒº     æ   ı  łøœß";

impl Base {
    /// The encoding of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "StandardEncoding" => Some(Self::Standard),
            "WinAnsiEncoding" => Some(Self::WinAnsi),
            "MacRomanEncoding" => Some(Self::MacRoman),
            _ => None,
        }
    }

    /// The character of a code.
    pub fn character(self, code: u8) -> Option<char> {
        let decoded = |encoding: &'static Encoding| {
            let bytes = [code];
            let (text, _) = encoding.decode_without_bom_handling(&bytes);
            text.chars().next().filter(|c| !c.is_control())
        };
        match (self, code) {
            (Self::WinAnsi, _) => decoded(WINDOWS_1252),
            (Self::MacRoman, _) => decoded(MACINTOSH),
            (Self::Standard, b'\'') => Some('’'),
            (Self::Standard, b'`') => Some('‘'),
            (Self::Standard, b' '..=b'~') => Some(code.into()),
            (Self::Standard, 0xa1..) => {
                STANDARD.chars().nth(usize::from(code - 0xa1)).filter(|c| *c != ' ')
            }
            (Self::Standard, _) => None,
        }
    }
}

/// The text that a glyph with this name shows, by the rules of the Adobe Glyph List: "f_i.alt" is "fi".
pub fn text_of_name(name: &str) -> Option<String> {
    let base = name.split('.').next().filter(|base| !base.is_empty())?;
    base.split('_').map(text_of_part).collect()
}

fn text_of_part(name: &str) -> Option<String> {
    static NAMES: OnceLock<HashMap<&str, char>> = OnceLock::new();
    let names =
        NAMES.get_or_init(|| GLYPH_NAME_PAIRS.iter().map(|(c, name)| (*name, *c)).collect());
    if let Some(c) = names.get(name) {
        return Some(c.to_string());
    }
    // Names of the older list that fonts of TeX and of offices use.
    let older = match name {
        "fi" => "fi",
        "fl" => "fl",
        "ff" => "ff",
        "ffi" => "ffi",
        "ffl" => "ffl",
        "nbspace" | "nonbreakingspace" | "visiblespace" => " ",
        "sfthyphen" | "hyphenminus" => "-",
        "dotlessj" => "ȷ",
        "bardbl" => "‖",
        "angbracketleft" => "⟨",
        "angbracketright" => "⟩",
        "middot" => "·",
        "Tcommaaccent" => "Ţ",
        "tcommaaccent" => "ţ",
        _ => "",
    };
    if !older.is_empty() {
        return Some(older.to_owned());
    }
    if let Some(c) = name.strip_prefix("afii").and_then(|number| cyrillic(number.parse().ok()?)) {
        return Some(c.to_string());
    }
    let number = |digits: &str| u32::from_str_radix(digits, 16).ok();
    if let Some(digits) = name.strip_prefix("uni").filter(|digits| digits.len() >= 4) {
        let units: Option<Vec<u16>> = (digits.as_bytes().chunks(4))
            .map(|unit| number(std::str::from_utf8(unit).ok()?)?.try_into().ok())
            .collect();
        return String::from_utf16(&units?).ok();
    }
    let digits = name.strip_prefix('u').filter(|digits| (4..=6).contains(&digits.len()))?;
    number(digits).and_then(char::from_u32).map(String::from)
}

/// Russian letters have numbers in the older list, in the order of the alphabet.
fn cyrillic(number: u32) -> Option<char> {
    match number {
        10023 => Some('Ё'),
        10071 => Some('ё'),
        10017..10023 => char::from_u32(0x410 + number - 10017),
        10024..=10049 => char::from_u32(0x416 + number - 10024),
        10065..10071 => char::from_u32(0x430 + number - 10065),
        10072..=10097 => char::from_u32(0x436 + number - 10072),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_characters() {
        assert_eq!(STANDARD.chars().count(), 0xfb - 0xa1 + 1);
        let standard =
            [0x27, 0x41, 0xae, 0xb1, 0xd0, 0xe1, 0xfb].map(|c| Base::Standard.character(c));
        assert_eq!(standard, ['’', 'A', 'ﬁ', '–', '—', 'Æ', 'ß'].map(Some));
        assert_eq!(Base::Standard.character(0xff), None);
        assert_eq!(Base::WinAnsi.character(0x93), Some('“'));
        assert_eq!(Base::MacRoman.character(0x8a), Some('ä'));
        let names = ["A", "germandbls", "f_f_i.alt", "fl", "uni00E400F6", "u1F41D", "afii10097"];
        let texts = names.map(|name| text_of_name(name).unwrap_or_default());
        assert_eq!(texts, ["A", "ß", "ffi", "fl", "äö", "🐝", "я"]);
        for none in ["g38", "", ".notdef", "uniXYZW", "uni12", "u110000"] {
            assert_eq!(text_of_name(none), None, "{none}");
        }
    }
}
