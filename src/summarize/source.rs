//! The document of a run, and where in it the statements of a summary stand.

use super::options::Options;
use super::points::Point;
use super::salience::Salience;
use crate::document::clean::Clean;
use crate::document::kind::{self, Kind};
use crate::document::structure::Structure;
use crate::report::{PointReport, Support};

/// A text and what it consists of.
pub struct Document<'a> {
    pub text: &'a str,
    pub structure: Structure,
    pub kind: Kind,
    pub salience: Salience,
}

impl<'a> Document<'a> {
    pub fn new(text: &'a str, options: &Options) -> Self {
        let structure = Structure::new(text);
        let kind = options.kind.unwrap_or_else(|| kind::recognize(text, &structure).0);
        let salience = Salience::new(text, &structure, kind);
        Self { text, structure, kind, salience }
    }
}

/// The report's points: passages are those of the text as it was given, in characters.
pub fn placed(text: &Clean, points: Vec<Point>) -> Vec<PointReport> {
    let place = |Point { text: statement, range, support }| {
        let last = text.text()[range.clone()].char_indices().next_back();
        let start = text.original(range.start);
        let end = last.map_or(start, |(at, _)| text.original(range.start + at) + 1);
        let supported = support != Support::Unsupported;
        PointReport { text: statement, start, end, supported, support }
    };
    points.into_iter().map(place).collect()
}
