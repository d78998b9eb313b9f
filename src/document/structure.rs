//! What a text consists of: headings, paragraphs, items, turns of speakers, quoted mail, tables,
//! code, and what belongs to the page rather than to the text.

mod lines;
mod mail;
mod speakers;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::lines::{Line, Mark};

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// A heading; the title of a document is one.
    Heading,
    /// Lines of running text.
    Paragraph,
    /// An item of a list.
    Item,
    /// What one speaker says.
    Turn,
    /// A row of a table.
    Row,
    /// A line of code or of output.
    Code,
    /// A line of a mail's header.
    Header,
    /// A line of an older mail that the text quotes.
    Quoted,
    /// Running heads, page numbers, time codes: they belong to the page.
    Furniture,
}

/// A part of a text that no sentence crosses.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Where its text lies, in bytes, line by line, without list marks, numbers and speakers' names.
    pub lines: Vec<Range<usize>>,
    /// Who speaks, in a [`BlockKind::Turn`] or an item of one.
    pub speaker: Option<Range<usize>>,
    /// The index of the heading above.
    pub heading: Option<usize>,
    /// Of an item, the index of the block that introduces its list: a heading, or words with a colon.
    pub intro: Option<usize>,
}

impl Block {
    /// The bytes from its first to its last line.
    pub fn range(&self) -> Range<usize> {
        let start = self.lines.first().map_or(0, |line| line.start);
        start..self.lines.last().map_or(start, |line| line.end)
    }
}

/// The blocks of a text, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Structure {
    /// All of them.
    pub blocks: Vec<Block>,
    /// What the document calls itself: its first heading, or the subject of a mail.
    pub title: Option<Range<usize>>,
}

impl Structure {
    /// Finds the blocks of `text`, in time linear in its length.
    pub fn new(text: &str) -> Self {
        let lines = lines::lines(text);
        let mut builder = Builder { text, ..Builder::default() };
        for (index, line) in lines.iter().enumerate() {
            builder.push(line, lines.get(index + 1));
        }
        builder.structure
    }
}

/// Collects lines into blocks.
#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    structure: Structure,
    /// Whether the next line may belong to the last block.
    open: bool,
    /// Whether only blank lines and furniture came since a paragraph that has not ended.
    interrupted: Option<usize>,
    /// The index of the last block that is not furniture.
    last: Option<usize>,
    /// The index of the last heading.
    heading: Option<usize>,
    /// The index of the block that introduces the list at hand.
    intro: Option<usize>,
    /// Who writes the paragraphs below a line with a name and a time.
    writer: Option<Range<usize>>,
}

impl Builder<'_> {
    fn push(&mut self, line: &Line, next: Option<&Line>) {
        match line.mark {
            Mark::Blank => self.open = false,
            Mark::Furniture => {
                // A page break within a sentence does not end it.
                self.interrupted = self.last.filter(|last| self.is_unfinished(*last));
                self.add(BlockKind::Furniture, line);
                self.open = false;
            }
            Mark::Text => self.text_line(line, next),
            Mark::Heading => {
                self.heading(line);
                self.open = false;
            }
            Mark::Subject => {
                self.writer = None;
                self.add(BlockKind::Header, line);
                if self.structure.title.is_none() {
                    self.structure.title = Some(line.body.clone());
                }
                self.open = false;
            }
            Mark::Item => self.begin(BlockKind::Item, line),
            Mark::Clause => self.begin(BlockKind::Paragraph, line),
            Mark::Turn => {
                self.writer = line.speaker.clone().filter(|_| line.body.is_empty());
                self.begin(BlockKind::Turn, line);
            }
            Mark::Row => self.alone(BlockKind::Row, line),
            Mark::Code => self.alone(BlockKind::Code, line),
            Mark::Header | Mark::Quoted => {
                self.writer = None;
                let header = line.mark == Mark::Header;
                self.alone(if header { BlockKind::Header } else { BlockKind::Quoted }, line);
            }
        }
    }

    fn text_line(&mut self, line: &Line, next: Option<&Line>) {
        if self.open {
            let last = self.structure.blocks.last_mut().expect("an open block is the last");
            last.lines.push(line.body.clone());
            return;
        }
        let begins_small = self.text[line.body.clone()].starts_with(char::is_lowercase);
        if let Some(index) = self.interrupted.take().filter(|_| begins_small) {
            // The paragraph continues below the page break: move it there, so that its next line
            // finds it last.
            let mut block = self.structure.blocks.remove(index);
            block.lines.push(line.body.clone());
            self.last = Some(self.structure.blocks.len());
            self.structure.blocks.push(block);
            self.open = true;
            return;
        }
        let alone = next.is_none_or(|next| next.mark == Mark::Blank);
        let first = self.is_first();
        // A title in capitals stands by itself, whatever follows.
        let words = &self.text[line.body.clone()];
        let capitals = words.contains(char::is_uppercase) && !words.contains(char::is_lowercase);
        let below = next.filter(|next| next.mark == Mark::Text);
        let below = below.map(|next| &self.text[next.body.clone()]);
        let above = below.is_some_and(|below| lines::stands_above(words, below));
        // The first line of a text may be longer, and one above a paragraph of one line.
        let may_be_long =
            first || below.is_some_and(|below| lines::stands_above_paragraph(words, below));
        if (alone || above || first && capitals)
            && self.writer.is_none()
            && next.is_some()
            && lines::reads_as_heading(words, may_be_long)
        {
            self.heading(line);
            return;
        }
        self.begin(BlockKind::Paragraph, line);
    }

    /// Whether nothing but furniture and the header of a mail was there before.
    fn is_first(&self) -> bool {
        let before = |block: &Block| matches!(block.kind, BlockKind::Furniture | BlockKind::Header);
        self.structure.blocks.iter().take(10).all(before) && self.structure.blocks.len() < 10
    }

    fn heading(&mut self, line: &Line) {
        self.writer = None;
        if self.structure.title.is_none() && self.is_first() {
            self.structure.title = Some(line.body.clone());
        }
        self.heading = Some(self.structure.blocks.len());
        self.add(BlockKind::Heading, line);
    }

    fn is_unfinished(&self, index: usize) -> bool {
        let block = &self.structure.blocks[index];
        let text = &self.text[block.range()];
        block.kind == BlockKind::Paragraph
            && !text.trim_end().ends_with(['.', '!', '?', ':', '。', '！', '？', '؟', '"', '”'])
    }

    /// A block that more lines may follow.
    fn begin(&mut self, kind: BlockKind, line: &Line) {
        self.interrupted = None;
        self.add(kind, line);
        self.open = true;
    }

    /// A block of one line.
    fn alone(&mut self, kind: BlockKind, line: &Line) {
        self.interrupted = None;
        self.add(kind, line);
        self.open = false;
    }

    fn add(&mut self, kind: BlockKind, line: &Line) {
        let kind = match (kind, &self.writer) {
            (BlockKind::Paragraph, Some(_)) => BlockKind::Turn,
            _ => kind,
        };
        let written = matches!(kind, BlockKind::Turn | BlockKind::Item);
        let speaker = self.writer.clone().filter(|_| written);
        let (lines, speaker) = (vec![line.body.clone()], line.speaker.clone().or(speaker));
        if kind == BlockKind::Item {
            let last = self.structure.blocks.len().checked_sub(1);
            let introduces = |index: &usize| {
                let block = &self.structure.blocks[*index];
                let text = &self.text[block.range()];
                let announces = text.trim_end().ends_with([':', '：']);
                let says = matches!(block.kind, BlockKind::Paragraph | BlockKind::Turn);
                says && announces || block.kind == BlockKind::Heading
            };
            let follows =
                last.is_some_and(|last| self.structure.blocks[last].kind == BlockKind::Item);
            if !follows {
                self.intro = last.filter(introduces);
            }
        } else {
            self.intro = None;
        }
        if kind != BlockKind::Furniture {
            self.last = Some(self.structure.blocks.len());
        }
        let (heading, intro) = (self.heading, self.intro);
        self.structure.blocks.push(Block { kind, lines, speaker, heading, intro });
    }
}
