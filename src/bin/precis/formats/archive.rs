//! The members of a ZIP archive, which office documents and books are, without unpacking too much.

use std::io::{Cursor, Read};

use precis::document::decode::decode;
use precis::{Error, Result};
use zip::ZipArchive;
use zip::result::ZipError;

/// Bytes that the members that are read may unpack to, together.
const LARGEST: usize = 100_000_000;

/// An opened archive.
pub struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// What the errors call it.
    format: &'static str,
    /// Bytes that may still be unpacked.
    left: usize,
}

impl<'a> Archive<'a> {
    /// Opens an archive.
    ///
    /// # Errors
    /// `document-not-text` if it is damaged.
    pub fn open(bytes: &'a [u8]) -> Result<Self> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged("ZIP archive"))?;
        Ok(Self { zip, format: "document", left: LARGEST })
    }

    /// Calls it by its format from now on.
    pub fn named(self, format: &'static str) -> Self {
        Self { format, ..self }
    }

    /// Whether there is a member whose name begins so.
    pub fn has(&self, start: &str) -> bool {
        self.zip.file_names().flatten().any(|name| name.starts_with(start))
    }

    /// The text of a member.
    ///
    /// # Errors
    /// `document-not-text` if it is not there or damaged; `document-too-large` if it unpacks to too much.
    pub fn text(&mut self, name: &str) -> Result<String> {
        self.optional(name)?.ok_or_else(|| damaged(self.format))
    }

    /// The text of a member that may be missing.
    ///
    /// # Errors
    /// As [`Archive::text`].
    pub fn optional(&mut self, name: &str) -> Result<Option<String>> {
        let member = match self.zip.by_name(name) {
            Ok(member) => member,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(_) => return Err(damaged(self.format)),
        };
        let mut bytes = Vec::new();
        let read = member.take(self.left as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|_| damaged(self.format))?;
        self.left = self
            .left
            .checked_sub(bytes.len())
            .ok_or(Error::DocumentTooLarge { bytes: LARGEST + 1, limit: LARGEST })?;
        decode(&bytes).map(Some)
    }
}

/// What is said of a file that is cut short or changed.
pub fn damaged(format: &'static str) -> Error {
    let reason =
        "the file is damaged. Save it again in the program that made it, or download it again";
    Error::DocumentUnreadable { format, reason }
}
