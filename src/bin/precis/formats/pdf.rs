//! PDF: the text of the pages in reading order, without running heads and page numbers.

mod columns;
mod content;
mod encoding;
mod font;
mod fragments;
mod furniture;
mod layout;
mod line;
mod pages;
mod widths;

use std::time::{Duration, Instant};

use flate2::{Decompress, FlushDecompress, Status};
use hayro_syntax::object::{Name, Stream};
use hayro_syntax::{DecryptionError, Filter, LoadPdfError, Pdf};
use precis::summarize::MAX_DOCUMENT;
use precis::{Error, Result};

/// Bytes that one stream of a PDF may unpack to. Whatever reads it has it in memory.
const LARGEST_STREAM: usize = 256 << 20;

/// Packed bytes of a stream in another method than Flate, which is not unpacked for a check first: each
/// may stand for a thousand.
const LARGEST_OTHER: usize = 4 << 20;

/// Reading the pages takes about so long at most. A page takes milliseconds.
const LONGEST: Duration = Duration::from_secs(60);

fn unreadable(reason: &'static str) -> Error {
    Error::DocumentUnreadable { format: "PDF", reason }
}

/// The text of a PDF.
///
/// # Errors
/// `document-not-text` if it has a password, no text or a damaged structure; `document-too-large` if it
/// unpacks to too much.
pub fn text(bytes: &[u8]) -> Result<String> {
    check_unpacked(bytes)?;
    read(bytes.to_vec())
}

const DAMAGED: &str =
    "the file is damaged. Open it in another program, print it to a new PDF, and open that";

fn read(bytes: Vec<u8>) -> Result<String> {
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => unreadable(super::PASSWORD),
        LoadPdfError::Decryption(_) => unreadable(
            "it is encrypted in a way that is not supported. Save a copy without, and open that",
        ),
        LoadPdfError::Invalid => unreadable(DAMAGED),
    })?;
    let mut reader = content::Reader::new(Instant::now() + LONGEST);
    let (mut pages, mut gutters, mut bytes) = (Vec::new(), Vec::new(), 0);
    for page in pdf.pages().iter() {
        let lines = layout::lines(reader.page(page), &mut gutters);
        bytes += lines.iter().map(|line| line.text.len()).sum::<usize>();
        pages.push(lines);
        if bytes > MAX_DOCUMENT {
            return Err(Error::DocumentTooLarge { bytes, limit: MAX_DOCUMENT });
        }
        if reader.is_late() {
            return Err(unreadable(
                "it takes longer than a minute. Save some of its pages, and open those",
            ));
        }
    }
    let text = pages::text(pages);
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
    let unknown = text.chars().filter(|c| *c == '\u{fffd}').count();
    match letters {
        0 => Err(unreadable(
            "its pages have no letters that can be read; they may be scanned. Have a program recognize the text (OCR), and open the result",
        )),
        _ if unknown > letters => Err(unreadable(
            "its fonts do not say which letters they show. Have a program recognize the text (OCR), and open the result",
        )),
        _ => Ok(text),
    }
}

/// What a stream unpacks to, if that is no picture and not too much.
fn unpacked(stream: &Stream) -> Option<Vec<u8>> {
    let kind = stream.dict().get::<Name>("Subtype");
    let is_image = kind.is_some_and(|kind| kind.as_str() == "Image");
    let (packed, filters) = (stream.raw_data(), stream.filters());
    let is_other = filters.iter().any(|filter| !matches!(filter, Filter::FlateDecode));
    // Each method may unpack what the one before has unpacked.
    let unusual = is_other && (filters.len() > 2 || packed.len() > LARGEST_OTHER);
    if is_image || unusual || filters.len() > 2 {
        return None;
    }
    // What was encrypted could not be checked before.
    if !is_other {
        Unpacker::new().pour(&packed).ok()?;
    }
    stream.decoded_data().ok().map(|data| data.into_owned())
}

/// Refuses a file with a stream that unpacks to too much, by unpacking all of them without keeping
/// anything. The library that reads the file has no such limit.
fn check_unpacked(bytes: &[u8]) -> Result<()> {
    const KEYWORD: &[u8] = b"stream";
    let mut unpacker = Unpacker::new();
    let mut at = 0;
    while let Some(found) = find(&bytes[at..], KEYWORD) {
        at += found + KEYWORD.len();
        let start = at + bytes[at..].iter().take(2).take_while(|b| b"\r\n".contains(b)).count();
        let (taken, given) = unpacker.pour(&bytes[start..])?;
        if given > 0 {
            at = start + taken;
        }
    }
    Ok(())
}

/// Unpacks streams without keeping anything. One serves all streams of a file, which may have millions.
struct Unpacker {
    inflate: [Decompress; 2],
    buffers: [Vec<u8>; 2],
}

impl Unpacker {
    fn new() -> Self {
        Self {
            inflate: [Decompress::new(true), Decompress::new(true)],
            buffers: [vec![0; 64 << 10], vec![0; 64 << 10]],
        }
    }

    /// Unpacks a stream, which may be packed twice, and says how many bytes it took and gave.
    fn pour(&mut self, packed: &[u8]) -> Result<(usize, usize)> {
        let [outer, inner] = &mut self.inflate;
        let [outer_buffer, inner_buffer] = &mut self.buffers;
        outer.reset(true);
        inner.reset(true);
        // What is packed once ends the second unpacking at once.
        let mut goes_on = true;
        pour(outer, packed, outer_buffer, &mut |unpacked| {
            goes_on = goes_on && pour(inner, unpacked, inner_buffer, &mut |_| Ok(()))?;
            Ok(())
        })?;
        Ok((outer.total_in() as usize, outer.total_out() as usize))
    }
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word)
}

/// Unpacks bytes, part by part, and says whether more may follow.
fn pour(
    inflate: &mut Decompress,
    mut bytes: &[u8],
    buffer: &mut [u8],
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<bool> {
    loop {
        let (taken, given) = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress(bytes, buffer, FlushDecompress::None);
        let (taken, given) = (inflate.total_in() - taken, inflate.total_out() - given);
        bytes = &bytes[taken as usize..];
        each(&buffer[..given as usize])?;
        let unpacked = inflate.total_out() as usize;
        if unpacked > LARGEST_STREAM {
            return Err(Error::DocumentTooLarge { bytes: unpacked, limit: LARGEST_STREAM });
        }
        match status {
            Ok(Status::Ok | Status::BufError) if taken + given > 0 => {}
            Ok(Status::Ok | Status::BufError) => return Ok(true),
            Ok(Status::StreamEnd) | Err(_) => return Ok(false),
        }
    }
}
