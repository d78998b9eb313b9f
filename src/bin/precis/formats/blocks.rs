//! Paragraphs, headings, items and tables of an office document, written with marks of Markdown.

/// A cell with more characters than this holds text that is laid out, not data.
const LONGEST_CELL: usize = 300;

/// Collects blocks.
#[derive(Default)]
pub struct Blocks {
    out: String,
    /// The tables that are open, from the outermost on.
    tables: Vec<Table>,
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
        if let Some(cell) = self.tables.last_mut().and_then(|table| table.row.last_mut()) {
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
        self.tables.push(Table::default());
    }

    /// A row of the innermost table begins.
    pub fn open_row(&mut self) {
        if let Some(table) = self.tables.last_mut() {
            table.row.clear();
        }
    }

    /// A cell of the row begins.
    pub fn open_cell(&mut self) {
        if let Some(table) = self.tables.last_mut() {
            table.row.push(Vec::new());
        }
    }

    /// The row ends.
    pub fn close_row(&mut self) {
        let Some(table) = self.tables.last_mut() else { return };
        let row = std::mem::take(&mut table.row);
        let chars =
            |cell: &Vec<String>| cell.iter().map(|text| text.chars().count()).sum::<usize>();
        let is_layout = row.len() < 2 || row.iter().any(|cell| chars(cell) > LONGEST_CELL);
        let begun = std::mem::replace(&mut table.begun, !is_layout);
        if self.tables.len() > 1 {
            // A table in a cell is text of that cell.
            let inner = self.tables.pop();
            for text in row.into_iter().flatten() {
                self.paragraph("", &text);
            }
            self.tables.extend(inner);
        } else if is_layout {
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

    /// The table ends.
    pub fn close_table(&mut self) {
        self.tables.pop();
    }

    /// All of it.
    pub fn finish(self) -> String {
        self.out
    }
}
