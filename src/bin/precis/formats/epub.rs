//! Books (EPUB): their chapters in order, as the engine reads web pages.

use std::collections::HashMap;

use precis::document::html;
use precis::summarize::MAX_DOCUMENT;
use precis::{Error, Result};

use super::archive::{Archive, damaged};
use super::xml::{Piece, read};

const FORMAT: &str = "EPUB book";

/// Methods that hide fonts only: of the IDPF, and of Adobe.
const OF_FONTS: [&str; 2] =
    ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"];

/// Whether anything but fonts is encrypted.
fn is_locked(archive: &mut Archive) -> Result<bool> {
    let mut locked = false;
    if let Some(xml) = archive.optional("META-INF/encryption.xml")? {
        read(&xml, |piece| {
            if let Piece::Open("EncryptionMethod", attributes) = piece {
                let method = attributes.get("Algorithm").unwrap_or_default();
                locked |= !OF_FONTS.contains(&method.as_str());
            }
        });
    }
    Ok(locked)
}

/// The text of a book.
///
/// # Errors
/// `document-not-text` if it is protected or damaged; `document-too-large` if it is longer than a document
/// may be.
pub fn text(archive: Archive) -> Result<String> {
    let mut archive = archive.named(FORMAT);
    if archive.has("META-INF/rights.xml") || is_locked(&mut archive)? {
        let reason = "it is protected against copying. Open a copy without protection";
        return Err(Error::DocumentUnreadable { format: FORMAT, reason });
    }
    let mut package = None;
    read(&archive.text("META-INF/container.xml")?, |piece| {
        if let Piece::Open("rootfile", attributes) = piece {
            package = package.take().or_else(|| attributes.get("full-path"));
        }
    });
    let package = package.ok_or_else(|| damaged(FORMAT))?;
    let folder = package.rsplit_once('/').map_or("", |(folder, _)| folder);
    let (mut files, mut order) = (HashMap::new(), Vec::new());
    let (mut title, mut in_title) = (String::new(), false);
    read(&archive.text(&package)?, |piece| match piece {
        Piece::Open("item", attributes) => {
            let contents = attributes.get("properties").is_some_and(|p| p.contains("nav"));
            if let (Some(id), Some(href), false) =
                (attributes.get("id"), attributes.get("href"), contents)
            {
                files.insert(id, href);
            }
        }
        Piece::Open("itemref", attributes) => order.extend(attributes.get("idref")),
        Piece::Open("title", _) => in_title = title.is_empty(),
        Piece::Close("title") => in_title = false,
        Piece::Text(text) if in_title => title.push_str(text),
        _ => {}
    });
    let mut out = match title.trim() {
        "" => String::new(),
        title => format!("# {title}"),
    };
    let start = out.len();
    // A chapter that is named twice is read once.
    for href in order.iter().filter_map(|id| files.remove(id)) {
        let name = if folder.is_empty() {
            unescaped(&href)
        } else {
            format!("{folder}/{}", unescaped(&href))
        };
        let Some(page) = archive.optional(&name)? else { continue };
        let chapter = html::to_text(&page).text;
        let chapter = chapter.text().trim();
        if !chapter.is_empty() {
            out.push_str(if out.is_empty() { "" } else { "\n\n" });
            out.push_str(chapter);
        }
        if out.len() > MAX_DOCUMENT {
            return Err(Error::DocumentTooLarge { bytes: out.len(), limit: MAX_DOCUMENT });
        }
    }
    if out.len() > start { Ok(out) } else { Err(Error::EmptyDocument) }
}

/// A path without "%20" and the like.
fn unescaped(href: &str) -> String {
    let mut bytes = Vec::with_capacity(href.len());
    let mut rest = href.as_bytes();
    while let [first, more @ ..] = rest {
        let code = more.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let code =
            code.filter(|_| *first == b'%').and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &more[2..] } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
