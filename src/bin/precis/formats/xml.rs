//! XML, event by event.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// What stands in a text of XML.
pub enum Piece<'a> {
    /// An element begins: its name without a prefix, and its attributes.
    Open(&'a str, &'a Attributes<'a>),
    /// An element ends.
    Close(&'a str),
    Text(&'a str),
}

/// The attributes of an element.
pub struct Attributes<'a>(&'a BytesStart<'a>);

impl Attributes<'_> {
    /// The value of an attribute, whatever its prefix is.
    pub fn get(&self, name: &str) -> Option<String> {
        let mut attributes = self.0.attributes();
        let mut all = attributes.with_checks(false).flatten();
        let found = all.find(|attribute| attribute.key.local_name().as_ref() == name)?;
        let value = found.value;
        Some(
            quick_xml::escape::unescape(&value)
                .map_or_else(|_| value.to_string(), |v| v.into_owned()),
        )
    }
}

/// Reads XML to its end, or to where it is damaged.
pub fn read(xml: &str, mut each: impl FnMut(Piece)) {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => open(&tag, &mut each),
            Ok(Event::Empty(tag)) => {
                open(&tag, &mut each);
                each(Piece::Close(tag.local_name().as_ref()));
            }
            Ok(Event::End(tag)) => each(Piece::Close(tag.local_name().as_ref())),
            Ok(Event::Text(text)) => each(Piece::Text(&text)),
            Ok(Event::CData(text)) => each(Piece::Text(&text)),
            Ok(Event::GeneralRef(entity)) => each(Piece::Text(&character(&entity))),
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// The same, without some elements and all that is in them.
pub fn read_without(xml: &str, is_skipped: fn(&str) -> bool, mut each: impl FnMut(Piece)) {
    let mut skipped = 0_usize;
    read(xml, |piece| match piece {
        Piece::Open(name, _) if is_skipped(name) => skipped += 1,
        Piece::Close(name) if is_skipped(name) => skipped = skipped.saturating_sub(1),
        piece if skipped == 0 => each(piece),
        _ => {}
    });
}

fn open(tag: &BytesStart, each: &mut impl FnMut(Piece)) {
    each(Piece::Open(tag.local_name().as_ref(), &Attributes(tag)));
}

/// "&amp;" and "&#228;".
fn character(entity: &BytesRef) -> String {
    if let Ok(Some(c)) = entity.resolve_char_ref() {
        return c.to_string();
    }
    quick_xml::escape::resolve_predefined_entity(entity).unwrap_or(" ").to_owned()
}
