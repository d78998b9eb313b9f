//! Paragraphs, headings, items and tables of an office document, written with marks of Markdown.

/// A cell with more characters than this holds text that is laid out, not data.
const LONGEST_CELL: usize = 300;

/// Collects blocks.
#[derive(Default)]
pub struct Blocks {
    out: String,
    /// The outermost table that is open. A table in one of its cells is text of that cell.
    table: Option<Table>,
    /// How many tables are open.
    depth: usize,
    /// Whether the last block is an item.
    after_item: bool,
}

#[derive(Default)]
struct Table {
    row: Vec<Vec<String>>,
    /// Whether the block before is a row of this table.
    begun: bool,
}

impl Blocks {
    /// A paragraph with this mark before it: "# ", "- ", "" or so.
    pub fn paragraph(&mut self, mark: &str, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let block = format!("{mark}{text}");
        if let Some(cell) = self.table.as_mut().and_then(|table| table.row.last_mut()) {
            cell.push(block);
            return;
        }
        let is_item = !mark.is_empty() && !mark.starts_with('#');
        self.block(&block, is_item && self.after_item);
        self.after_item = is_item;
    }

    fn block(&mut self, text: &str, close: bool) {
        if !self.out.is_empty() {
            self.out.push_str(if close { "\n" } else { "\n\n" });
        }
        self.out.push_str(text);
    }

    /// A table begins.
    pub fn open_table(&mut self) {
        self.depth += 1;
        if self.depth == 1 {
            self.table = Some(Table::default());
        }
    }

    /// A row begins.
    pub fn open_row(&mut self) {
        if let Some(table) = self.outermost() {
            table.row.clear();
        }
    }

    /// A cell of the row begins.
    pub fn open_cell(&mut self) {
        if let Some(table) = self.outermost() {
            table.row.push(Vec::new());
        }
    }

    /// The row ends.
    pub fn close_row(&mut self) {
        let Some(table) = self.outermost() else { return };
        let row = std::mem::take(&mut table.row);
        let chars =
            |cell: &Vec<String>| cell.iter().map(|text| text.chars().count()).sum::<usize>();
        let is_layout = row.len() < 2 || row.iter().any(|cell| chars(cell) > LONGEST_CELL);
        let begun = std::mem::replace(&mut table.begun, !is_layout);
        if is_layout {
            for text in row.into_iter().flatten() {
                self.block(&text, false);
            }
        } else if chars(&row.concat()) > 0 {
            let cells: Vec<String> =
                row.iter().map(|cell| cell.join(" ").replace(['\n', '|'], " ")).collect();
            self.block(&format!("| {} |", cells.join(" | ")), begun);
        }
        self.after_item = false;
    }

    /// The table that has rows and cells of its own now.
    fn outermost(&mut self) -> Option<&mut Table> {
        self.table.as_mut().filter(|_| self.depth == 1)
    }

    /// The table ends.
    pub fn close_table(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            self.table = None;
        }
    }

    /// All of it.
    pub fn finish(self) -> String {
        self.out
    }
}
