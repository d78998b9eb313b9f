//! The tags and texts of a page, with where they stand in its source.

use std::convert::Infallible;
use std::ops::Range;

use html5gum::{Emitter, Error, State, Tokenizer, naive_next_state};

/// Attributes that are looked at.
const ATTRIBUTES: [&str; 13] = [
    "aria-hidden",
    "aria-modal",
    "class",
    "content",
    "hidden",
    "href",
    "id",
    "name",
    "popover",
    "role",
    "start",
    "style",
    "value",
];

/// A start tag.
#[derive(Debug, Default)]
pub struct Tag {
    /// Its name, in small letters.
    pub name: String,
    /// Whether it ends with `/>`.
    pub closes_itself: bool,
    attributes: Vec<(&'static str, String)>,
}

impl Tag {
    /// The value of an attribute of those that are looked at.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }
}

/// What takes the parts of a page, in order. Places are characters of the source.
pub trait Sink {
    /// Takes a start tag. Says whether it opens an element of HTML, in which scripts and the like
    /// aren't markup.
    fn start(&mut self, tag: &Tag, place: usize) -> bool;
    /// Takes an end tag with a name in small letters.
    fn end(&mut self, name: &str, place: usize);
    /// Takes a text. As it is written in the source its characters stand there in a row, else all are
    /// from one place.
    fn text(&mut self, text: &str, place: usize, as_written: bool);
}

/// Reads a page from its source.
pub fn read(source: &str, sink: &mut impl Sink) {
    let tokens = Tokens {
        source,
        sink,
        tag: Tag::default(),
        is_end: false,
        last_start: String::new(),
        name: Vec::new(),
        value: Vec::new(),
        position: 0,
        from: 0,
        opened: 0,
        run: 0..0,
        counted: (0, 0),
    };
    let Ok(()) = Tokenizer::new_with_emitter(source, tokens).finish();
}

struct Tokens<'a, S> {
    source: &'a str,
    sink: &'a mut S,
    tag: Tag,
    /// Whether the tag is an end tag.
    is_end: bool,
    last_start: String,
    /// The attribute that is being read.
    name: Vec<u8>,
    value: Vec<u8>,
    /// The byte of the source that is read next.
    position: usize,
    /// Where the text began that comes next, if it isn't as it is written.
    from: usize,
    /// Where the tag began.
    opened: usize,
    /// Text as it is written that the sink hasn't got yet.
    run: Range<usize>,
    /// A byte of the source, and the characters before it.
    counted: (usize, usize),
}

impl<S: Sink> Tokens<'_, S> {
    /// Characters of the source before a byte. Bytes never come earlier than those before.
    fn place(&mut self, byte: usize) -> usize {
        let (before, chars) = self.counted;
        let byte = self.source.floor_char_boundary(byte);
        if let Some(between) = self.source.get(before..byte) {
            self.counted = (byte, chars + between.chars().count());
        }
        self.counted.1
    }

    fn flush(&mut self) {
        let source = self.source;
        let run = std::mem::take(&mut self.run);
        if let Some(text) = source.get(run.clone()).filter(|text| !text.is_empty()) {
            let place = self.place(run.start);
            self.sink.text(text, place, true);
        }
    }

    fn finish_attribute(&mut self) {
        let name = ATTRIBUTES.iter().find(|name| name.as_bytes() == self.name);
        if let Some(name) = name.filter(|name| self.tag.attribute(name).is_none()) {
            self.tag.attributes.push((name, String::from_utf8_lossy(&self.value).into_owned()));
        }
        self.name.clear();
        self.value.clear();
    }

    fn begin(&mut self, is_end: bool) {
        self.is_end = is_end;
        self.tag.name.clear();
        self.tag.closes_itself = false;
        self.tag.attributes.clear();
    }
}

impl<S: Sink> Emitter for Tokens<'_, S> {
    type Token = Infallible;

    fn emit_string(&mut self, s: &[u8]) {
        let start = self.position.saturating_sub(s.len());
        // A part of a character may come by itself.
        if self.source.as_bytes().get(start..self.position) == Some(s) {
            if self.run.end != start {
                self.flush();
                self.run = start..start;
            }
            self.run.end = self.position;
        } else {
            self.flush();
            let place = self.place(self.from);
            self.sink.text(&String::from_utf8_lossy(s), place, false);
        }
        self.from = self.position;
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.finish_attribute();
        self.flush();
        let place = self.place(self.opened);
        self.from = self.position;
        if self.is_end {
            self.last_start.clear();
            self.sink.end(&self.tag.name, place);
            return None;
        }
        self.last_start.clone_from(&self.tag.name);
        let opens = self.sink.start(&self.tag, place);
        naive_next_state(self.tag.name.as_bytes()).filter(|_| opens)
    }

    fn init_string(&mut self) {
        self.from = self.position;
    }

    fn start_open_tag(&mut self) {
        self.opened = self.position.saturating_sub(1);
    }

    fn init_start_tag(&mut self) {
        self.begin(false);
    }

    fn init_end_tag(&mut self) {
        self.begin(true);
    }

    fn push_tag_name(&mut self, s: &[u8]) {
        self.tag.name.push_str(&String::from_utf8_lossy(s));
    }

    fn set_self_closing(&mut self) {
        self.tag.closes_itself = true;
    }

    fn init_attribute(&mut self) {
        self.finish_attribute();
    }

    fn push_attribute_name(&mut self, s: &[u8]) {
        self.name.extend(s);
    }

    fn push_attribute_value(&mut self, s: &[u8]) {
        self.value.extend(s);
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.is_end && !self.last_start.is_empty() && self.tag.name == self.last_start
    }

    fn move_position(&mut self, offset: isize) {
        self.position = self.position.saturating_add_signed(offset);
    }

    fn emit_eof(&mut self) {
        self.flush();
    }

    fn pop_token(&mut self) -> Option<Infallible> {
        None
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    // Nothing else of a page is text.
    fn set_last_start_tag(&mut self, _: Option<&[u8]>) {}
    fn emit_error(&mut self, _: Error) {}
    fn init_comment(&mut self) {}
    fn emit_current_comment(&mut self) {}
    fn emit_current_doctype(&mut self) {}
    fn set_force_quirks(&mut self) {}
    fn push_comment(&mut self, _: &[u8]) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn init_doctype(&mut self) {}
    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
}
