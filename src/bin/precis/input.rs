//! The texts that are given: files, folders, standard input.

use std::io::Read;
use std::path::Path;

use precis::document::decode::decode;
use precis::summarize::MAX_DOCUMENT;
use precis::{Error, Result};

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
    let mut bytes = Vec::new();
    let limit = MAX_DOCUMENT as u64 + 1;
    let read = if is_standard_input(path) {
        std::io::stdin().take(limit).read_to_end(&mut bytes)
    } else {
        open(path, "check its name")?.take(limit).read_to_end(&mut bytes)
    };
    read.map_err(|e| host(&path.display().to_string(), &e))?;
    if bytes.len() > MAX_DOCUMENT {
        return Err(Error::DocumentTooLarge { bytes: bytes.len(), limit: MAX_DOCUMENT });
    }
    decode(&bytes)
}
