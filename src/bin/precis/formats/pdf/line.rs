//! A line of text on a page.

/// A line of a page, or the part of one that lies in a column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    pub text: String,
    pub left: f64,
    pub right: f64,
    /// Its baseline; y grows downwards.
    pub y: f64,
    pub size: f64,
    pub bold: bool,
    /// Lines below each other in a column have the same number.
    pub column: usize,
}
