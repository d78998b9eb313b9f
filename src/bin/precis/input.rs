//! The texts that are given: files, folders, standard input.

use std::io::Read;
use std::path::Path;

use precis::summarize::MAX_DOCUMENT;
use precis::{Error, Result};

use super::formats;
use super::model::{host, open};

/// Whether "-" was given instead of a file.
pub fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether files are looked for in it.
pub fn is_folder(path: &Path) -> bool {
    !is_standard_input(path) && path.is_dir()
}

/// The text of a file, or of standard input.
pub fn read_text(path: &Path) -> Result<String> {
    let file: &mut dyn Read = match is_standard_input(path) {
        true => &mut std::io::stdin(),
        false => &mut open(path, "check its name")?,
    };
    let (mut bytes, mut limit) = (Vec::new(), MAX_DOCUMENT);
    let mut read_to = |limit: usize, bytes: &mut Vec<u8>| {
        let more = (limit + 1).saturating_sub(bytes.len());
        let read = file.take(more as u64).read_to_end(bytes);
        read.map_err(|e| host(&path.display().to_string(), &e))
    };
    read_to(limit, &mut bytes)?;
    let name = path.to_string_lossy();
    if bytes.len() > limit && formats::may_be_large(&bytes, &name) {
        limit = formats::LARGEST_FILE;
        read_to(limit, &mut bytes)?;
    }
    if bytes.len() > limit {
        return Err(Error::DocumentTooLarge { bytes: bytes.len(), limit });
    }
    formats::text(&bytes, &name)
}
