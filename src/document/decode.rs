//! Bytes of a file to text: by its byte order mark, as UTF-8, as UTF-16 by its zeros, by what a web
//! page says of itself, else by what the bytes look most like.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::error::{Error, Result};

/// What files begin with that are not plain text.
const FORMATS: [(&[u8], &str); 10] = [
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive, or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"{\\rtf", "a Rich Text file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x7fELF", "a program"),
    (b"\0asm", "a program"),
];

/// Letters that a text in an old encoding has at least: without, its bytes may be anything.
const FEW_LETTERS: usize = 4;

/// Bytes that are looked at to tell an encoding.
const SAMPLE: usize = 64 << 10;

/// Bytes in which a web page names its encoding.
const HEAD: usize = 1024;

/// The text of a file.
///
/// # Errors
/// `document-not-text` for what no encoding makes a text of, and for formats that hold text without
/// being it.
pub fn decode(bytes: &[u8]) -> Result<String> {
    let not_text = |at: usize| Error::DocumentNotText { at };
    if let Some((_, format)) = FORMATS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(Error::DocumentFormat { format });
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return Ok(encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned());
    }
    let invalid = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error.valid_up_to(),
    };
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let encoding = match utf16(sample) {
        Some(encoding) => encoding,
        None if sample.contains(&0) => return Err(not_text(invalid)),
        None => named(bytes).unwrap_or_else(|| {
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
            detector.feed(bytes, true);
            detector.guess(None, Utf8Detection::Deny)
        }),
    };
    let (text, _, replaced) = encoding.decode(bytes);
    let wrong = |c: char| c == char::REPLACEMENT_CHARACTER || c.is_control() && !c.is_whitespace();
    let wrong = text.chars().filter(|c| wrong(*c)).count();
    let damaged = (replaced || wrong > 0) && wrong * 50 > text.chars().count();
    match damaged || text.chars().filter(|c| c.is_alphabetic()).count() < FEW_LETTERS {
        true => Err(not_text(invalid)),
        false => Ok(text.into_owned()),
    }
}

/// The encoding that a web page names in its head: `<meta charset=…>`, or the one with a content type.
fn named(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]).to_ascii_lowercase();
    let tags = head.split("<meta").skip(1).filter_map(|rest| rest.split('>').next());
    let mut labels = tags.filter_map(|tag| {
        let (_, label) = tag.split_once("charset")?;
        let label =
            label.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
        let end = label.find(|c: char| c.is_whitespace() || "\"';/".contains(c));
        Some(&label[..end.unwrap_or(label.len())])
    });
    let encoding = labels.find_map(|label| Encoding::for_label(label.as_bytes()))?;
    // It is neither: a page that says so was changed after.
    let is_other = encoding == UTF_8 || encoding == UTF_16LE || encoding == UTF_16BE;
    (!is_other).then_some(encoding)
}

/// UTF-16 without a mark, by where its zeros stand: most texts have many characters below 256.
fn utf16(sample: &[u8]) -> Option<&'static Encoding> {
    let zeros =
        |from: usize| sample.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let [even, odd] = [zeros(0), zeros(1)];
    let many = sample.len() / 5;
    match () {
        () if odd > many && even * 20 < odd => Some(UTF_16LE),
        () if even > many && odd * 20 < even => Some(UTF_16BE),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Grüße aus Köln: die Bienen fliegen über die blühenden Wiesen.";

    #[test]
    fn encodings_are_told_apart() {
        let utf16 = |swap: bool, mark: bool| -> Vec<u8> {
            let units = mark.then_some(0xfeff).into_iter().chain(TEXT.encode_utf16());
            units.flat_map(|u: u16| if swap { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        let latin: Vec<u8> = TEXT.chars().map(|c| u32::from(c) as u8).collect();
        let marked = [b"\xef\xbb\xbf", TEXT.as_bytes()].concat();
        let cases = [TEXT.as_bytes().to_vec(), marked, latin];
        let wide = [(false, false), (false, true), (true, false), (true, true)];
        for bytes in cases.into_iter().chain(wide.map(|(swap, mark)| utf16(swap, mark))) {
            assert_eq!(decode(&bytes).unwrap(), TEXT);
        }
        let (shift_jis, ..) = encoding_rs::SHIFT_JIS.encode("蜜蜂は花粉を集めて巣に戻ります。");
        assert_eq!(decode(&shift_jis).unwrap(), "蜜蜂は花粉を集めて巣に戻ります。");
        assert_eq!(decode(b"").unwrap(), "");
    }

    #[test]
    fn a_page_names_its_encoding() {
        // Too few letters to tell Cyrillic encodings apart by.
        let page = |head: &str| format!("<html><head>{head}</head><p>Мёд, 5 €");
        for head in [
            "<meta charset=iso-8859-5>",
            "<META Charset = \"ISO-8859-5\" />",
            "<meta http-equiv='Content-Type' content='text/html; charset=iso-8859-5'>",
            "<meta name=a content=b><meta charset='utf-8'><meta charset='iso-8859-5'>",
        ] {
            let text = page(head).replace('€', "N");
            let (bytes, ..) = encoding_rs::ISO_8859_5.encode(&text);
            assert_eq!(decode(&bytes).unwrap(), text);
        }
        // What is UTF-8 is that, whatever it says.
        let text = page("<meta charset=iso-8859-5>");
        assert_eq!(decode(text.as_bytes()).unwrap(), text);
        // A name that nobody knows, and one too far behind.
        let (bytes, ..) = encoding_rs::WINDOWS_1252.encode("<meta charset=none><p>Grüße aus Köln");
        assert!(decode(&bytes).unwrap().ends_with("Grüße aus Köln"));
        let far = format!("{}<meta charset=koi8-r><p>Grüße aus Köln", " ".repeat(1024));
        let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(&far);
        assert!(decode(&bytes).unwrap().ends_with("Grüße aus Köln"));
    }

    #[test]
    fn what_is_not_text_is_refused() {
        assert_eq!(decode(&[0xff]).unwrap_err().code(), "document-not-text");
        assert_eq!(decode(b"\x89PNG\xff").unwrap_err().code(), "document-not-text");
        assert_eq!(decode(b"%PDF-1.7 text").unwrap_err().code(), "document-not-text");
        let program: Vec<u8> =
            (0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        assert_eq!(decode(&program).unwrap_err().code(), "document-not-text");
    }
}
