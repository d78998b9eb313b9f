//! Word documents (ECMA-376): the text that a reader sees.

use std::collections::HashMap;

use precis::Result;

use super::archive::Archive;
use super::blocks::Blocks;
use super::xml::{Attributes, Piece, read, read_without};

/// How many styles a style may be based on.
const LONGEST_CHAIN: usize = 20;

/// Levels of a list.
const LEVELS: usize = 9;

/// The text of a Word document.
///
/// # Errors
/// `document-not-text` if it is damaged; `document-too-large` if it unpacks to too much.
pub fn text(archive: Archive) -> Result<String> {
    let mut archive = archive.named("Word document");
    let styles = archive.optional("word/styles.xml")?.map(|xml| styles(&xml)).unwrap_or_default();
    let lists = archive.optional("word/numbering.xml")?.map(|xml| lists(&xml)).unwrap_or_default();
    let mut walk = Walk { styles, lists, ..Walk::default() };
    walk.read(&archive.text("word/document.xml")?);
    for notes in ["word/footnotes.xml", "word/endnotes.xml"] {
        if let Some(xml) = archive.optional(notes)? {
            walk.read(&xml);
        }
    }
    Ok(walk.blocks.finish())
}

/// What a style says of its paragraphs.
#[derive(Default, Clone)]
struct Style {
    based_on: Option<String>,
    /// The level of a heading, from 1 on.
    heading: Option<usize>,
    list: Option<String>,
}

fn styles(xml: &str) -> HashMap<String, Style> {
    let mut styles: HashMap<String, Style> = HashMap::new();
    let mut id = String::new();
    read(xml, |piece| {
        let Piece::Open(name, attributes) = piece else { return };
        let value = attributes.get("val").unwrap_or_default();
        if name == "style" {
            id = attributes.get("styleId").unwrap_or_default();
        }
        let style = styles.entry(id.clone()).or_default();
        match name {
            "name" if value.eq_ignore_ascii_case("title") => style.heading = Some(1),
            "name" => {
                let level =
                    value.to_lowercase().strip_prefix("heading ").and_then(|n| n.parse().ok());
                style.heading = level.or(style.heading);
            }
            "outlineLvl" => style.heading = level(&value).or(style.heading),
            "basedOn" => style.based_on = Some(value),
            "numId" => style.list = Some(value),
            _ => {}
        }
    });
    styles
}

/// "0" is the highest level, "9" is none.
fn level(outline: &str) -> Option<usize> {
    outline.parse().ok().filter(|level: &usize| *level < 9).map(|level| level + 1)
}

/// Of each list, which of its levels are numbered.
fn lists(xml: &str) -> HashMap<String, [bool; LEVELS]> {
    let (mut formats, mut lists): (HashMap<String, [bool; LEVELS]>, HashMap<_, _>) =
        Default::default();
    let (mut id, mut level) = (String::new(), 0);
    read(xml, |piece| {
        let Piece::Open(name, attributes) = piece else { return };
        let value = attributes.get("val").unwrap_or_default();
        match name {
            "abstractNum" => id = attributes.get("abstractNumId").unwrap_or_default(),
            "lvl" => {
                let given = attributes.get("ilvl").and_then(|n| n.parse().ok());
                level = given.filter(|level| *level < LEVELS).unwrap_or(0);
            }
            "numFmt" => {
                let is_number = value != "bullet" && value != "none";
                formats.entry(id.clone()).or_default()[level] = is_number;
            }
            "num" => id = attributes.get("numId").unwrap_or_default(),
            "abstractNumId" => {
                if let Some(levels) = formats.get(&value) {
                    lists.insert(id.clone(), *levels);
                }
            }
            _ => {}
        }
    });
    lists
}

/// A paragraph that is being read.
#[derive(Default)]
struct Paragraph {
    text: String,
    style: String,
    heading: Option<usize>,
    list: Option<String>,
    level: usize,
}

#[derive(Default)]
struct Walk {
    styles: HashMap<String, Style>,
    lists: HashMap<String, [bool; LEVELS]>,
    blocks: Blocks,
    /// Open paragraphs: a text box stands within one.
    paragraphs: Vec<Paragraph>,
    in_run: bool,
    hidden: bool,
    in_text: bool,
    /// The last number of each level of each list.
    numbers: HashMap<String, [usize; LEVELS]>,
}

impl Walk {
    fn read(&mut self, xml: &str) {
        read_without(xml, is_skipped, |piece| match piece {
            Piece::Open(name, attributes) => self.open(name, attributes),
            Piece::Close(name) => self.close(name),
            Piece::Text(text) if self.in_text => self.push(text),
            Piece::Text(_) => {}
        });
    }

    fn push(&mut self, text: &str) {
        if !self.hidden
            && let Some(paragraph) = self.paragraphs.last_mut()
        {
            paragraph.text.push_str(text);
        }
    }

    fn open(&mut self, name: &str, attributes: &Attributes) {
        let value = || attributes.get("val").unwrap_or_default();
        match name {
            "p" => self.paragraphs.push(Paragraph::default()),
            "r" => (self.in_run, self.hidden) = (true, false),
            "t" => self.in_text = true,
            "vanish" | "webHidden" if self.in_run => {
                self.hidden = !["0", "false", "off"].contains(&value().as_str());
            }
            "tab" if self.in_run => self.push(" "),
            "br" | "cr" if self.in_run => self.push("\n"),
            "noBreakHyphen" => self.push("-"),
            "tbl" => self.blocks.open_table(),
            "tr" => self.blocks.open_row(),
            "tc" => self.blocks.open_cell(),
            _ => {
                let Some(paragraph) = self.paragraphs.last_mut() else { return };
                match name {
                    "pStyle" => paragraph.style = value(),
                    "outlineLvl" => paragraph.heading = level(&value()),
                    "numId" => paragraph.list = Some(value()),
                    "ilvl" => paragraph.level = value().parse().unwrap_or(0),
                    _ => {}
                }
            }
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" => {
                if let Some(paragraph) = self.paragraphs.pop() {
                    let mark = self.mark(&paragraph);
                    self.blocks.paragraph(&mark, &paragraph.text);
                }
            }
            "r" => (self.in_run, self.hidden) = (false, false),
            "t" => self.in_text = false,
            "tr" => self.blocks.close_row(),
            "tbl" => self.blocks.close_table(),
            _ => {}
        }
    }

    /// What stands before a paragraph: the mark of a heading, a bullet, or a number.
    fn mark(&mut self, paragraph: &Paragraph) -> String {
        if paragraph.text.trim().is_empty() {
            return String::new();
        }
        let (mut heading, mut list) = (paragraph.heading, paragraph.list.clone());
        let mut style = self.styles.get(&paragraph.style);
        for _ in 0..LONGEST_CHAIN {
            let Some(here) = style else { break };
            heading = heading.or(here.heading);
            list = list.or_else(|| here.list.clone());
            style = here.based_on.as_ref().and_then(|id| self.styles.get(id));
        }
        if let Some(level) = heading {
            return format!("{} ", "#".repeat(level.clamp(1, 6)));
        }
        let Some(list) = list.filter(|list| list != "0") else { return String::new() };
        let level = paragraph.level.min(LEVELS - 1);
        let indent = "  ".repeat(level);
        if !self.lists.get(&list).is_some_and(|levels| levels[level]) {
            return format!("{indent}- ");
        }
        let numbers = self.numbers.entry(list).or_default();
        numbers[level + 1..].fill(0);
        numbers[level] += 1;
        let number = numbers[level];
        format!("{indent}{number}. ")
    }
}

/// What nobody sees, or sees twice: deleted text, and what is there for older programs.
fn is_skipped(name: &str) -> bool {
    matches!(name, "del" | "moveFrom" | "Fallback" | "instrText" | "delText")
}
