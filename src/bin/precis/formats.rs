//! Formats that hold text without being plain text: recognized by their bytes first, by the file's name
//! second, and turned into text with marks of Markdown. Web pages are not here: the engine reads them.

mod archive;
mod blocks;
mod docx;
mod epub;
mod mail;
mod odt;
mod pdf;
mod rtf;
mod subtitles;
#[cfg(test)]
mod tests;
mod xml;

use std::panic;
use std::sync::Once;
use std::thread;

use precis::document::decode::decode;
use precis::{Error, Result};

use archive::Archive;

/// Bytes that a file of these formats may have. It holds pictures and fonts as well.
pub const LARGEST_FILE: usize = 50_000_000;

/// Bytes of a file named so in which a PDF says that it is one.
const HEAD: usize = 1024;

/// Whether the file may be larger than a text, by its first bytes.
pub fn may_be_large(bytes: &[u8], name: &str) -> bool {
    is_pdf(bytes, name) || bytes.starts_with(ZIP) || bytes.starts_with(RTF) || mail::is_mail(bytes)
}

const ZIP: &[u8] = b"PK\x03\x04";
const RTF: &[u8] = b"{\\rtf";
const OLD_OFFICE: &[u8] = b"\xd0\xcf\x11\xe0";

/// Stack of the thread that reads: whoever makes a file chooses how deep it is nested.
const STACK: usize = 64 << 20;

/// Name of that thread: its panics are not printed.
const READER: &str = "reader of formats";

/// The text of a file.
///
/// # Errors
/// `document-not-text` for a format that holds no text or can't be read, with the reason;
/// `document-too-large` for one that unpacks to too much.
pub fn text(bytes: &[u8], name: &str) -> Result<String> {
    let name = name.to_lowercase();
    match () {
        () if is_pdf(bytes, &name) => guarded("PDF", || pdf::text(bytes)),
        () if bytes.starts_with(ZIP) => guarded("ZIP archive", || archive_text(bytes)),
        () if bytes.starts_with(RTF) => guarded("Rich Text file", || Ok(rtf::text(bytes))),
        () if bytes.starts_with(OLD_OFFICE) && has_password(bytes) => {
            Err(Error::DocumentUnreadable { format: "office document", reason: PASSWORD })
        }
        () if mail::is_mail(bytes) || name.ends_with(".eml") => {
            guarded("mail", || mail::text(bytes).map_or_else(|| decode(bytes), Ok))
        }
        () => {
            let text = decode(bytes)?;
            let is_named = name.ends_with(".srt") || name.ends_with(".vtt");
            match is_named || subtitles::is_subtitles(&text) {
                true => Ok(subtitles::text(&text).unwrap_or(text)),
                false => Ok(text),
            }
        }
    }
}

/// What is said of a file with a password.
const PASSWORD: &str = "it has a password. Save a copy without one, and open that";

/// Reads a file in a thread of its own. Libraries that read formats panic on some files that are made to
/// break them: this ends the thread, and the program continues with the next file.
fn guarded(format: &'static str, read: impl FnOnce() -> Result<String> + Send) -> Result<String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some(READER) {
                usual(info);
            }
        }));
    });
    let reader = thread::Builder::new().name(READER.to_owned()).stack_size(STACK);
    thread::scope(|scope| {
        let reader = reader.spawn_scoped(scope, read);
        let reader = reader.map_err(|error| Error::Host { reason: error.to_string() })?;
        reader.join().unwrap_or_else(|_| Err(archive::damaged(format)))
    })
}

/// Whether it begins as a PDF does. Other bytes may stand before that, but a text may also mention it, so
/// the name decides.
fn is_pdf(bytes: &[u8], name: &str) -> bool {
    let is_named = name.to_lowercase().ends_with(".pdf");
    bytes.trim_ascii_start().starts_with(b"%PDF-")
        || is_named && bytes[..bytes.len().min(HEAD)].windows(5).any(|window| window == b"%PDF-")
}

/// The text of a ZIP archive, if it is a document.
fn archive_text(bytes: &[u8]) -> Result<String> {
    let mut archive = Archive::open(bytes)?;
    let kind = archive.optional("mimetype").ok().flatten().unwrap_or_default();
    match () {
        () if archive.has("word/document.xml") => docx::text(archive),
        () if kind.trim() == "application/epub+zip" || archive.has("META-INF/container.xml") => {
            epub::text(archive)
        }
        () if kind.starts_with("application/vnd.oasis.opendocument.text") => odt::text(archive),
        () if archive.has("xl/") => Err(Error::DocumentFormat { format: "an Excel workbook" }),
        () if archive.has("ppt/") => {
            Err(Error::DocumentFormat { format: "a PowerPoint presentation" })
        }
        () => Err(Error::DocumentFormat { format: "a ZIP archive" }),
    }
}

/// Whether an office document is encrypted: it then is a container of an old kind with this name in it.
fn has_password(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(name.len()).any(|window| window == name)
}
