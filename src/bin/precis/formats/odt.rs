//! OpenDocument texts (ISO/IEC 26300), as LibreOffice writes them.

use precis::{Error, Result};

use super::archive::Archive;
use super::blocks::Blocks;
use super::xml::{Attributes, Piece, read_without};

/// The text of an OpenDocument text.
///
/// # Errors
/// `document-not-text` if it has a password or is damaged; `document-too-large` if it unpacks to too much.
pub fn text(archive: Archive) -> Result<String> {
    let mut archive = archive.named("OpenDocument text");
    let manifest = archive.optional("META-INF/manifest.xml")?.unwrap_or_default();
    if manifest.contains("encryption-data") {
        return Err(Error::DocumentUnreadable {
            format: "OpenDocument text",
            reason: super::PASSWORD,
        });
    }
    let xml = archive.text("content.xml")?;
    let mut walk = Walk::default();
    read_without(&xml, is_skipped, |piece| match piece {
        Piece::Open(name, attributes) => walk.open(name, attributes),
        Piece::Close(name) => walk.close(name),
        Piece::Text(text) => walk.text(text),
    });
    Ok(walk.blocks.finish())
}

#[derive(Default)]
struct Walk {
    blocks: Blocks,
    /// Open paragraphs with their marks: a note stands within one.
    paragraphs: Vec<(String, String)>,
    /// The notes of the outermost one, which come below it.
    notes: Vec<(String, String)>,
    lists: usize,
    /// Whether the next paragraph begins an item.
    item: bool,
}

/// What is no text of the document: comments, deleted text, lists of contents, marks of notes, forms.
fn is_skipped(name: &str) -> bool {
    let names = [
        "annotation",
        "tracked-changes",
        "table-of-content",
        "note-citation",
        "forms",
        "binary-data",
    ];
    names.contains(&name)
}

impl Walk {
    fn open(&mut self, name: &str, attributes: &Attributes) {
        match name {
            "h" => {
                let level = attributes.get("outline-level").and_then(|level| level.parse().ok());
                let mark = "#".repeat(level.unwrap_or(1).clamp(1, 6)) + " ";
                self.paragraphs.push((mark, String::new()));
            }
            "p" => {
                let title = attributes.get("style-name").is_some_and(|name| name == "Title");
                let mark = match std::mem::take(&mut self.item) {
                    true => "  ".repeat(self.lists.saturating_sub(1).min(8)) + "- ",
                    false if title => "# ".to_owned(),
                    false => String::new(),
                };
                self.paragraphs.push((mark, String::new()));
            }
            "list" => self.lists += 1,
            "list-item" => self.item = true,
            "tab" => self.text(" "),
            "s" => self.text(" "),
            "line-break" => self.text("\n"),
            "table" => self.blocks.open_table(),
            "table-row" => self.blocks.open_row(),
            "table-cell" => self.blocks.open_cell(),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "h" | "p" => {
                let Some(paragraph) = self.paragraphs.pop() else { return };
                match self.paragraphs.is_empty() {
                    true => {
                        let notes = std::mem::take(&mut self.notes);
                        for (mark, text) in std::iter::once(paragraph).chain(notes) {
                            self.blocks.paragraph(&mark, &text);
                        }
                    }
                    false => self.notes.push(paragraph),
                }
            }
            "list" => self.lists = self.lists.saturating_sub(1),
            "list-item" => self.item = false,
            "table-row" => self.blocks.close_row(),
            "table" => self.blocks.close_table(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, paragraph)) = self.paragraphs.last_mut() {
            paragraph.push_str(text);
        }
    }
}
