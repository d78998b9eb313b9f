//! Writes down the text of a page in blocks, while its elements open and close.

use super::roles::Marks;
use crate::document::traced::Traced;

/// The widest indentation of a list in lists.
const DEEPEST_LIST: usize = 8;

/// What is between two blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    Line,
    /// Of one row.
    Cell,
    /// Of one table.
    Row,
    Paragraph,
}

/// What a block begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    None,
    Heading(u8),
    /// An item, in so many lists.
    Bullet(u8),
    /// An item with its number, in so many lists.
    Number(u8, u32),
}

/// A part of the text, from its first byte to that of the next block.
#[derive(Debug)]
pub struct Block {
    pub start: usize,
    pub gap: Gap,
    /// Borders of cells since the block before, of those in its row.
    pub cells: u16,
    pub quotes: u8,
    pub mark: Mark,
    /// The innermost of [`Page::scopes`].
    pub scope: usize,
    /// The innermost of [`Page::panes`].
    pub pane: usize,
    /// Which of [`Page::tables`] it is a cell of.
    pub table: Option<usize>,
}

/// What kind of a part of the page a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Body,
    Main,
    Article,
    Aside,
}

/// A part of the page that may be what it is about, or beside that. The first is the whole.
#[derive(Debug)]
pub struct Scope {
    pub kind: Kind,
    pub parent: usize,
}

/// A block that is left out if it consists of links. The first is the whole page.
#[derive(Debug, Default)]
pub struct Pane {
    pub parent: usize,
    /// Whether it looks like a banner about cookies.
    pub is_banner: bool,
    pub links: usize,
    /// Its characters, without white space and without those of panes in it.
    pub chars: usize,
    /// Its characters in links.
    pub linked: usize,
}

/// A table. One that has blocks in its cells is there for the layout.
#[derive(Debug, Default)]
pub struct Table {
    pub is_layout: bool,
    pub columns: usize,
}

/// All the text of a page, in parts.
#[derive(Debug)]
pub struct Page {
    pub text: Traced,
    pub blocks: Vec<Block>,
    pub scopes: Vec<Scope>,
    pub panes: Vec<Pane>,
    pub tables: Vec<Table>,
}

struct List {
    marks: Marks,
    number: u32,
    /// Whether it has text.
    speaks: bool,
}

#[derive(Default)]
struct OpenTable {
    table: usize,
    /// Cells of the row so far.
    column: usize,
    /// Borders of cells since the last text.
    cells: u16,
    in_cell: bool,
    /// What has text already.
    cell_speaks: bool,
    row_speaks: bool,
    speaks: bool,
}

/// What writes a page.
pub struct Writer {
    pub page: Page,
    /// Where the next block belongs.
    pub scope: usize,
    pub pane: usize,
    /// Open elements of some kinds.
    pub quotes: usize,
    pub preformatted: usize,
    pub links: usize,
    lists: Vec<List>,
    tables: Vec<OpenTable>,
    /// What is between the text and what comes next; nothing within a block.
    gap: Option<Gap>,
    mark: Mark,
    /// Whether an item or a cell has begun that has no text yet.
    is_fresh: bool,
    /// White space that is written if more of its line comes, and where it stood.
    space: Option<usize>,
    /// Line breaks in a row, and where the first stood.
    breaks: (usize, usize),
    /// Whether a superscript has begun after a letter or digit.
    raised: bool,
}

impl Writer {
    /// An empty page with room for so many bytes.
    pub fn new(bytes: usize) -> Self {
        let page = Page {
            text: Traced::with_capacity(bytes),
            blocks: Vec::new(),
            scopes: vec![Scope { kind: Kind::Body, parent: 0 }],
            panes: vec![Pane::default()],
            tables: Vec::new(),
        };
        Self {
            page,
            scope: 0,
            pane: 0,
            quotes: 0,
            preformatted: 0,
            links: 0,
            lists: Vec::new(),
            tables: Vec::new(),
            gap: Some(Gap::Paragraph),
            mark: Mark::None,
            is_fresh: false,
            space: None,
            breaks: (0, 0),
            raised: false,
        }
    }

    /// Writes a character as a browser shows it.
    pub fn character(&mut self, c: char, place: usize) {
        match c {
            '\n' if self.preformatted > 0 => self.break_line(place),
            '\t' | '\n' | '\u{c}' | '\r' | ' ' if self.preformatted == 0 => {
                self.space.get_or_insert(place);
            }
            // Fills what is empty otherwise.
            '\u{a0}' if self.gap.is_some() => {}
            _ => self.write(c, place),
        }
    }

    fn write(&mut self, c: char, place: usize) {
        let (breaks, first) = std::mem::take(&mut self.breaks);
        let space = self.space.take();
        let in_cell = self.tables.last().is_some_and(|table| table.in_cell);
        if let Some(gap) = self.gap.take() {
            self.open(gap);
        } else if breaks > 1 && self.preformatted == 0 && !in_cell {
            self.open(Gap::Paragraph);
        } else if breaks > 0 {
            let lines = if self.preformatted > 0 { breaks } else { 1 };
            (0..lines).for_each(|_| self.page.text.push('\n', first));
        } else if let Some(space) = space {
            self.page.text.push(' ', space);
        }
        if std::mem::take(&mut self.raised)
            && space.is_none()
            && (c.is_ascii_digit() || "-−–".contains(c))
        {
            // 10⁶ isn't 106.
            self.page.text.push('^', place);
        }
        self.page.text.push(c, place);
        self.is_fresh = false;
        if !c.is_whitespace() {
            let pane = &mut self.page.panes[self.pane];
            pane.chars += 1;
            pane.linked += usize::from(self.links > 0);
        }
    }

    /// Begins a block.
    fn open(&mut self, gap: Gap) {
        let mut block = Block {
            start: self.page.text.text().len(),
            gap,
            cells: 0,
            quotes: u8::try_from(self.quotes).unwrap_or(u8::MAX),
            mark: std::mem::take(&mut self.mark),
            scope: self.scope,
            pane: self.pane,
            table: None,
        };
        if let Some(table) = self.tables.last_mut().filter(|table| table.in_cell) {
            let item_or_heading = block.mark != Mark::None;
            let more = gap == Gap::Paragraph && table.cell_speaks;
            self.page.tables[table.table].is_layout |= item_or_heading || more;
            block.cells = std::mem::take(&mut table.cells);
            block.table = Some(table.table);
            (table.cell_speaks, table.row_speaks, table.speaks) = (true, true, true);
        }
        if let Some(list) = self.lists.last_mut() {
            list.speaks = true;
        }
        self.page.blocks.push(block);
    }

    /// Ends the line, or more, unless an item or a cell has only just begun.
    pub fn end_block(&mut self, gap: Gap) {
        self.space = None;
        self.raised = false;
        self.breaks = (0, 0);
        if !self.is_fresh {
            self.gap = self.gap.max(Some(gap));
        }
    }

    /// Breaks the line, if there is one.
    pub fn break_line(&mut self, place: usize) {
        self.space = None;
        if self.gap.is_none() {
            let (breaks, first) = self.breaks;
            self.breaks = (breaks + 1, if breaks == 0 { place } else { first });
        }
    }

    /// Separates words.
    pub fn space(&mut self, place: usize) {
        self.space.get_or_insert(place);
    }

    /// Begins a heading.
    pub fn heading(&mut self, level: u8) {
        self.is_fresh = false;
        self.end_block(Gap::Paragraph);
        self.mark = Mark::Heading(level);
    }

    /// Ends a heading, an item or a cell.
    pub fn end_marked(&mut self, gap: Gap) {
        self.mark = Mark::None;
        self.is_fresh = false;
        self.end_block(gap);
    }

    /// Begins a superscript.
    pub fn superscript(&mut self) {
        let before = self.page.text.text().chars().next_back();
        let within = self.gap.is_none() && self.space.is_none() && self.breaks.0 == 0;
        self.raised = within && before.is_some_and(|c| c.is_alphanumeric() || c == ')');
    }

    /// Ends a superscript.
    pub fn end_superscript(&mut self) {
        self.raised = false;
    }

    /// Begins a list whose first item has this number.
    pub fn list(&mut self, marks: Marks, first: u32) {
        self.end_block(if self.lists.is_empty() { Gap::Paragraph } else { Gap::Line });
        self.lists.push(List { marks, number: first, speaks: false });
    }

    /// Ends a list.
    pub fn end_list(&mut self) {
        self.lists.pop();
        self.end_marked(if self.lists.is_empty() { Gap::Paragraph } else { Gap::Line });
    }

    /// Begins an item of the innermost list.
    pub fn item(&mut self) {
        self.end_marked(Gap::Line);
        let depth = u8::try_from(self.lists.len().clamp(1, DEEPEST_LIST)).unwrap_or(1);
        let within = self.lists.len() > 1;
        self.mark = Mark::Bullet(depth);
        if let Some(list) = self.lists.last_mut() {
            if list.marks == Marks::Numbers {
                self.mark = Mark::Number(depth, list.number);
                list.number = list.number.saturating_add(1);
            }
            if list.speaks || within {
                self.gap = Some(Gap::Line);
            }
        }
        self.is_fresh = true;
    }

    /// Begins a table.
    pub fn table(&mut self, is_layout: bool) {
        if let Some(around) = self.tables.last().filter(|table| table.in_cell) {
            self.page.tables[around.table].is_layout = true;
        }
        self.end_block(Gap::Paragraph);
        self.tables.push(OpenTable { table: self.page.tables.len(), ..OpenTable::default() });
        self.page.tables.push(Table { is_layout, columns: 0 });
    }

    /// Ends a table.
    pub fn end_table(&mut self) {
        self.tables.pop();
        self.end_marked(Gap::Paragraph);
    }

    /// Begins a row.
    pub fn row(&mut self) {
        self.end_marked(Gap::Line);
        let Some(table) = self.tables.last_mut() else { return };
        self.gap = Some(if table.speaks { Gap::Row } else { Gap::Paragraph });
        (table.column, table.cells, table.row_speaks) = (0, 0, false);
    }

    /// Begins a cell.
    pub fn cell(&mut self) {
        self.end_marked(Gap::Line);
        let Some(table) = self.tables.last_mut() else { return };
        let columns = &mut self.page.tables[table.table].columns;
        table.column += 1;
        *columns = table.column.max(*columns);
        if table.column > 1 {
            table.cells = table.cells.saturating_add(1);
        }
        if table.row_speaks {
            self.gap = Some(Gap::Cell);
        }
        (table.in_cell, table.cell_speaks) = (true, false);
        self.is_fresh = true;
    }

    /// Ends a cell.
    pub fn end_cell(&mut self) {
        self.end_marked(Gap::Line);
        if let Some(table) = self.tables.last_mut() {
            table.in_cell = false;
        }
    }
}
