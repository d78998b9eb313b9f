//! What the codes of a string in a PDF are: characters, and how wide they are.

use std::collections::HashMap;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GBK, SHIFT_JIS};
use hayro_cmap::{BfString, CMap};
use hayro_syntax::object::{Array, Dict, Name, Object, Stream};
use ttf_parser::{Face, GlyphId};

use super::encoding::{Base, text_of_name};
use super::{unpacked, widths};

/// A font of a PDF, as far as its text needs it.
pub struct Font {
    /// Whether its name says that it is bold.
    pub bold: bool,
    to_unicode: Option<CMap>,
    kind: Kind,
}

enum Kind {
    /// One byte is one character.
    Simple { characters: Vec<Option<String>>, widths: Vec<f64> },
    /// Codes of several bytes, which a CMap leads to characters of a collection.
    Composite { codes: Codes, glyphs: HashMap<u32, char>, widths: HashMap<u32, f64>, width: f64 },
}

/// How bytes are divided into codes.
enum Codes {
    /// By the CMap in the file, or two bytes each.
    Map(Box<CMap>),
    /// Two bytes each, which are UTF-16.
    Utf16,
    /// An encoding older than Unicode.
    Old(&'static Encoding),
}

/// One code of a string.
pub struct Shown {
    pub text: Option<String>,
    /// In units of the font's size.
    pub width: f64,
    /// Whether it is the one that word spacing applies to.
    pub is_space: bool,
}

impl Font {
    /// Reads a font. What is missing or damaged in it is guessed.
    pub fn new(font: &Dict) -> Self {
        let name = font.get::<Name>("BaseFont").map(|name| name.as_str().to_owned());
        let name = name.unwrap_or_default();
        let bold =
            ["Bold", "Black", "Heavy", "CMBX", "-Medi", "Demi"].iter().any(|b| name.contains(b));
        let to_unicode = font.get::<Stream>("ToUnicode").and_then(|map| unpacked(&map));
        let to_unicode = to_unicode.and_then(|map| CMap::parse(&map, |_| None));
        let is_composite = font.get::<Name>("Subtype").is_some_and(|kind| kind.as_str() == "Type0");
        let descendant = font.get::<Array>("DescendantFonts").filter(|_| is_composite);
        let kind = match descendant.and_then(|fonts| fonts.iter::<Dict>().next()) {
            Some(descendant) => composite(font, &descendant),
            None => simple(font, &name),
        };
        Self { bold, to_unicode, kind }
    }

    /// The codes of a string.
    pub fn shown(&self, mut bytes: &[u8]) -> Vec<Shown> {
        let mut shown = Vec::with_capacity(bytes.len());
        while !bytes.is_empty() {
            let (length, code, text, width) = self.first(bytes);
            let mapped = self.to_unicode.as_ref().and_then(|map| map.lookup_bf_string(code));
            let mapped = mapped.map(|mapped| match mapped {
                BfString::Char(c) => c.to_string(),
                BfString::String(text) => text,
            });
            let mapped =
                mapped.filter(|text| text.chars().any(|c| !c.is_control() && c != '\u{fffd}'));
            let is_space = length == 1 && bytes[0] == b' ';
            shown.push(Shown { text: mapped.or(text), width, is_space });
            bytes = &bytes[length..];
        }
        shown
    }

    /// Length, code, text and width of the first code.
    fn first(&self, bytes: &[u8]) -> (usize, u32, Option<String>, f64) {
        let number = |length: usize| bytes[..length].iter().fold(0, |n, b| n << 8 | u32::from(*b));
        match &self.kind {
            Kind::Simple { characters, widths } => {
                let code = usize::from(bytes[0]);
                (1, number(1), characters[code].clone(), widths[code])
            }
            Kind::Composite { codes, glyphs, widths, width } => {
                let two = bytes.len().min(2);
                let (length, cid, text) = match codes {
                    Codes::Map(map) => {
                        let found = (1..=bytes.len().min(4)).find_map(|length| {
                            Some((length, map.lookup_cid_code(number(length), length as u8)?))
                        });
                        let (length, cid) = found.unwrap_or((two, number(two)));
                        (length, cid, glyphs.get(&cid).map(|c| c.to_string()))
                    }
                    Codes::Utf16 => {
                        let is_pair = (0xd8..0xdc).contains(&bytes[0]) && bytes.len() >= 4;
                        let length = if is_pair { 4 } else { two };
                        let (text, _) =
                            encoding_rs::UTF_16BE.decode_without_bom_handling(&bytes[..length]);
                        (length, u32::MAX, Some(text.into_owned()))
                    }
                    Codes::Old(encoding) => {
                        let kana = *encoding == SHIFT_JIS && (0xa0..0xe0).contains(&bytes[0]);
                        let length = if bytes[0] < 0x80 || kana { 1 } else { two };
                        let (text, _) = encoding.decode_without_bom_handling(&bytes[..length]);
                        (length, u32::MAX, Some(text.into_owned()))
                    }
                };
                let narrow = cid == u32::MAX && length == 1;
                let width = if narrow { 0.5 } else { *widths.get(&cid).unwrap_or(width) };
                (length, number(length), text, width)
            }
        }
    }
}

/// The program of a font, unpacked: Type 1, or one of those that ttf-parser reads.
fn program(descriptor: &Dict) -> Option<(Vec<u8>, bool)> {
    let stream = |key: &str| descriptor.get::<Stream>(key).and_then(|file| unpacked(&file));
    let type1 = stream("FontFile").map(|file| (file, true));
    type1.or_else(|| ["FontFile2", "FontFile3"].iter().find_map(|key| Some((stream(key)?, false))))
}

fn simple(font: &Dict, name: &str) -> Kind {
    let descriptor = font.get::<Dict>("FontDescriptor").unwrap_or_default();
    let encoding = font.get::<Dict>("Encoding").unwrap_or_default();
    let base = font.get::<Name>("Encoding").or_else(|| encoding.get::<Name>("BaseEncoding"));
    let base = base.and_then(|base| Base::named(base.as_str()));
    let mut characters: Vec<Option<String>> = vec![None; 256];
    if base.is_none()
        && let Some((program, is_type1)) = program(&descriptor)
    {
        match is_type1 {
            true => built_in_of_type1(&program, &mut characters),
            false => built_in(&program, &mut characters),
        }
    }
    // A file that does not say which encoding it means mostly has that of Windows.
    let named_or = base.unwrap_or(match font.get::<Name>("Subtype") {
        Some(kind) if kind.as_str() == "TrueType" => Base::WinAnsi,
        _ => Base::Standard,
    });
    for (code, character) in (0..=255).zip(&mut characters) {
        if character.is_none() {
            *character = named_or.character(code).map(String::from);
        }
    }
    let mut code = 0;
    for item in encoding.get::<Array>("Differences").iter().flat_map(|array| array.iter::<Object>())
    {
        if let Object::Number(number) = item {
            code = number.as_i64();
        } else if let Object::Name(name) = item {
            let text = text_of_name(name.as_str());
            if let Some(place) =
                usize::try_from(code).ok().and_then(|code| characters.get_mut(code))
            {
                // An unknown name of a subset ("g38") says nothing: keep what its code may mean.
                *place = text.or_else(|| place.take());
            }
            code = code.saturating_add(1);
        }
    }
    let widths = widths::simple(font, &descriptor, name);
    Kind::Simple { characters, widths }
}

/// The encoding in the readable part of a Type 1 program: "dup 65 /A put".
fn built_in_of_type1(program: &[u8], characters: &mut [Option<String>]) {
    let readable =
        program.windows(5).position(|window| window == b"eexec").unwrap_or(program.len());
    let text = String::from_utf8_lossy(&program[..readable]);
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if word == "dup"
            && let Some(place) =
                words.next().and_then(|w| w.parse().ok()).and_then(|c: usize| characters.get_mut(c))
            && let Some(name) = words.next().and_then(|word| word.strip_prefix('/'))
        {
            *place = text_of_name(name);
        }
    }
}

/// The encoding in a program of another kind.
fn built_in(program: &[u8], characters: &mut [Option<String>]) {
    if let Some(table) = ttf_parser::cff::Table::parse(program) {
        for (code, character) in (0..=255).zip(characters) {
            let glyph = table.glyph_index(code).filter(|glyph| glyph.0 > 0);
            *character = glyph.and_then(|glyph| text_of_name(table.glyph_name(glyph)?));
        }
        return;
    }
    let Ok(face) = Face::parse(program, 0) else { return };
    let known = glyphs(&face);
    for (code, character) in (0..256u32).zip(characters) {
        let tables = face.tables().cmap.iter().flat_map(|cmap| cmap.subtables);
        // Symbol fonts have their codes in a private area.
        let mut found = tables.filter_map(|table| {
            [code, 0xf000 + code].into_iter().find_map(|code| table.glyph_index(code))
        });
        let glyph = found.find(|glyph| glyph.0 > 0);
        *character = glyph.and_then(|glyph| {
            let named = face.glyph_name(glyph).and_then(text_of_name);
            named.or_else(|| Some(known.get(&u32::from(glyph.0))?.to_string()))
        });
    }
}

/// Tables of a font that are looked at.
const MOST_TABLES: usize = 4;

/// The last character of the planes that fonts have letters in.
const LAST: char = '\u{3ffff}';

/// The character of each glyph, as far as the font's own tables say.
fn glyphs(face: &Face) -> HashMap<u32, char> {
    let mut glyphs = HashMap::new();
    let tables = face.tables().cmap.iter().flat_map(|cmap| cmap.subtables);
    // A table may claim to have billions of codes, so look for each character instead.
    for table in tables.filter(|table| table.is_unicode()).take(MOST_TABLES) {
        for c in ('\0'..=LAST).filter(|c| !('\u{e000}'..'\u{f900}').contains(c)) {
            if let Some(GlyphId(glyph)) = table.glyph_index(c.into()) {
                glyphs.entry(glyph.into()).or_insert(c);
            }
        }
    }
    glyphs
}

fn composite(font: &Dict, descendant: &Dict) -> Kind {
    let codes = match font.get::<Name>("Encoding") {
        Some(name) => predefined(name.as_str()),
        None => {
            let map = font.get::<Stream>("Encoding").and_then(|map| unpacked(&map));
            let map = map.and_then(|map| CMap::parse(&map, |_| None));
            Codes::Map(Box::new(map.unwrap_or_else(CMap::identity_h)))
        }
    };
    let descriptor = descendant.get::<Dict>("FontDescriptor").unwrap_or_default();
    let mut glyphs = HashMap::new();
    if font.get::<Stream>("ToUnicode").is_none()
        && let Some((program, false)) = program(&descriptor)
        && let Ok(face) = Face::parse(&program, 0)
    {
        glyphs = self::glyphs(&face);
        if let Some(map) = descendant.get::<Stream>("CIDToGIDMap").and_then(|map| unpacked(&map)) {
            let by_cid = (0..).zip(map.chunks_exact(2)).filter_map(|(cid, glyph)| {
                let glyph = u32::from(u16::from_be_bytes([glyph[0], glyph[1]]));
                Some((cid, *glyphs.get(&glyph)?))
            });
            glyphs = by_cid.collect();
        }
    }
    let width = descendant.get::<f64>("DW").unwrap_or(1000.0) / 1000.0;
    let widths = descendant.get::<Array>("W").map(|widths| widths::composite(&widths));
    Kind::Composite { codes, glyphs, widths: widths.unwrap_or_default(), width }
}

/// A CMap that every reader of PDF has.
fn predefined(name: &str) -> Codes {
    let is = |part: &str| name.contains(part);
    match () {
        () if is("UCS2") || is("UTF16") => Codes::Utf16,
        () if is("RKSJ") => Codes::Old(SHIFT_JIS),
        () if name.starts_with("EUC-") => Codes::Old(EUC_JP),
        () if name.starts_with("GB") => Codes::Old(GBK),
        () if is("B5") || is("HKscs") => Codes::Old(BIG5),
        () if name.starts_with("KSC") => Codes::Old(EUC_KR),
        () => Codes::Map(Box::new(CMap::identity_h())),
    }
}
