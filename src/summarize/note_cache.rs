//! Notes on passages that were read before, by what they are notes on.
//!
//! A passage is known by a hash of its text and of how the model was asked, so that nothing of a
//! document can be had from a key. Notes live as long as the summarizer; a host that keeps those it is
//! told of ([`Event::Noted`](crate::host::Event::Noted)) hands them back later.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::host::Note;

/// Notes that are kept, a few hundred bytes each: those on some hundred documents of 100 pages.
const MOST: usize = 10_000;

/// A note and the key of what it is on, as a host keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct CachedNote {
    /// [`key`] of the passage.
    pub key: String,
    /// The note.
    pub note: Note,
}

/// Notes by their keys; the oldest are forgotten first.
#[derive(Default)]
pub struct NoteCache {
    notes: HashMap<String, Note>,
    order: VecDeque<String>,
}

impl NoteCache {
    /// The note on the passage with this key.
    pub fn note(&self, key: &str) -> Option<&Note> {
        self.notes.get(key)
    }

    /// Keeps a note, in the place of an older one with its key.
    pub fn keep(&mut self, CachedNote { key, note }: CachedNote) {
        if self.notes.insert(key.clone(), note).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.notes.remove(&oldest);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The key of a note: half of the SHA-256, in hexadecimal, of what the model is asked, of the first words
/// of its answer, and of what else decides what it reads and what is kept, in `method`.
pub fn key(asked: &str, lead: &str, method: &str) -> String {
    let hash = Sha256::new().chain_update(asked).chain_update("\0").chain_update(lead);
    let hash = match method {
        "" => hash,
        method => hash.chain_update("\0").chain_update(method),
    };
    let hash = hash.finalize();
    base16ct::lower::encode_string(&hash[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn the_oldest_notes_are_forgotten_first() {
        let mut memory = NoteCache::default();
        let key = |i: &str| key(i, "", "");
        let note = |i: usize| Note { text: i.to_string(), ..Note::default() };
        (0..=MOST)
            .for_each(|i| memory.keep(CachedNote { key: key(&i.to_string()), note: note(i) }));
        assert_eq!(memory.note(&key("0")), None);
        assert_eq!(memory.note(&key("1")), Some(&note(1)));
        memory.keep(CachedNote { key: key("1"), note: note(7) });
        assert_eq!(memory.note(&key("1")), Some(&note(7)));
        memory.clear();
        assert_eq!(memory.note(&key("1")), None);
    }
}
