//! The open elements of a page: what is seen, and what ends where. Not all of what browsers do about
//! missing and crossing tags, but that much, in time that grows with the page and nothing else.

use super::hidden::{Hidden, is_banner};
use super::roles::{self, Role};
use super::tokens::{Sink, Tag};
use super::writer::{Gap, Kind, Pane, Scope, Writer};

/// Open elements that are told apart. Those that are deeper are only counted.
const DEEPEST: usize = 256;

/// Characters that a title or a name may have.
const LONGEST_TITLE: usize = 300;

struct Element {
    name: String,
    role: Role,
    hidden: Hidden,
    scope: usize,
    pane: usize,
}

/// What reads the elements of a page.
pub struct Elements {
    pub writer: Writer,
    stack: Vec<Element>,
    /// Open elements deeper than the stack, and whether one of them is hidden.
    deeper: usize,
    is_deeper_hidden: bool,
    /// Whether tags may close themselves, as in XHTML.
    is_xml: bool,
    /// Open elements of some kinds, hidden or not.
    paragraphs: usize,
    foreign: usize,
    superscripts: usize,
    /// Whether the open link leads to a place in this page.
    is_inner_link: bool,
    titles: usize,
    title: String,
    author: String,
}

impl Elements {
    /// For a page with this source.
    pub fn new(source: &str) -> Self {
        Self {
            writer: Writer::new(source.len() / 4),
            stack: Vec::new(),
            deeper: 0,
            is_deeper_hidden: false,
            is_xml: source.trim_start_matches(['\u{feff}', ' ', '\n', '\r']).starts_with("<?xml"),
            paragraphs: 0,
            foreign: 0,
            superscripts: 0,
            is_inner_link: false,
            titles: 0,
            title: String::new(),
            author: String::new(),
        }
    }

    /// The title of the page.
    pub fn title(&self) -> Option<String> {
        named(&self.title)
    }

    /// Who wrote it, as far as it says so to machines.
    pub fn author(&self) -> Option<String> {
        named(&self.author)
    }

    fn hidden(&self) -> Hidden {
        match self.is_deeper_hidden {
            true => Hidden::OUT,
            false => self.stack.last().map(|element| element.hidden).unwrap_or_default(),
        }
    }

    /// Ends what ends where an element begins, though its end tag is missing.
    fn end_before(&mut self, name: &str, role: Role) {
        let top = self.stack.last().map(|element| element.role);
        if top == Some(Role::Head) && !roles::may_be_in_head(name) {
            self.pop();
        }
        if role.is_block() && self.paragraphs > 0 {
            self.close(
                |role| role == Role::Paragraph,
                |role| role.is_barrier() || role == Role::Out,
            );
        }
        let parts = |below: fn(Role) -> bool| move |role: Role| role.is_table_part() && below(role);
        let at_table = |role| matches!(role, Role::Table | Role::Sealed);
        match role {
            Role::Heading(_) => {
                if matches!(self.stack.last(), Some(Element { role: Role::Heading(_), .. })) {
                    self.pop();
                }
            }
            Role::Item => self.close(|role| role == Role::Item, ends_items),
            Role::Term | Role::Definition => {
                self.close(|role| matches!(role, Role::Term | Role::Definition), ends_items);
            }
            Role::Cell => {
                self.close_all(parts(|role| matches!(role, Role::Cell | Role::Caption)), at_table)
            }
            Role::Row => self.close_all(parts(|role| role != Role::RowGroup), at_table),
            Role::RowGroup | Role::Caption => self.close_all(parts(|_| true), at_table),
            Role::Link => self.end_link(),
            _ => {}
        }
    }

    /// Closes the innermost element of these roles and all in it, unless one that stops the search
    /// is around it.
    fn close(&mut self, which: impl Fn(Role) -> bool, stops: impl Fn(Role) -> bool) {
        for at in (0..self.stack.len()).rev() {
            let role = self.stack[at].role;
            if which(role) {
                return self.pop_to(at);
            }
            if stops(role) {
                return;
            }
        }
    }

    /// Closes all elements of these roles up to one that stops the search.
    fn close_all(&mut self, which: impl Fn(Role) -> bool, stops: impl Fn(Role) -> bool) {
        let stop = self.stack.iter().rposition(|element| stops(element.role));
        let from = stop.map_or(0, |at| at + 1);
        let first = self.stack[from..].iter().position(|element| which(element.role));
        if let Some(first) = first {
            self.pop_to(from + first);
        }
    }

    /// Ends an open link; what is in it stays open.
    fn end_link(&mut self) {
        let open = self.stack.iter().rposition(|e| e.role == Role::Link || e.role.is_barrier());
        let Some(at) = open.filter(|at| self.stack[*at].role == Role::Link) else { return };
        if at + 1 == self.stack.len() {
            return self.pop();
        }
        if !self.stack[at].hidden.any() {
            self.writer.links -= 1;
        }
        self.stack[at].role = Role::Inline;
        self.stack[at].name.clear();
    }

    fn pop_to(&mut self, length: usize) {
        while self.stack.len() > length {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(Element { role, hidden, .. }) = self.stack.pop() else { return };
        let (scope, pane) = self.stack.last().map_or((0, 0), |around| (around.scope, around.pane));
        (self.writer.scope, self.writer.pane) = (scope, pane);
        // What is deeper ends with what is around it.
        (self.deeper, self.is_deeper_hidden) = (0, false);
        match role {
            Role::Paragraph => self.paragraphs -= 1,
            Role::Foreign => self.foreign -= 1,
            Role::Superscript => {
                self.superscripts -= 1;
                self.writer.end_superscript();
            }
            _ => {}
        }
        if hidden.any() {
            return;
        }
        let writer = &mut self.writer;
        match role {
            Role::Link => writer.links -= 1,
            Role::Quote => writer.quotes -= 1,
            Role::Preformatted => writer.preformatted -= 1,
            _ => {}
        }
        match role {
            Role::List(_) => writer.end_list(),
            Role::Item => writer.end_marked(Gap::Line),
            Role::Heading(_) => writer.end_marked(Gap::Paragraph),
            Role::Table => writer.end_table(),
            Role::Cell => writer.end_cell(),
            Role::Term | Role::Definition => writer.end_block(Gap::Line),
            _ if role.is_block() || role == Role::Caption => writer.end_block(Gap::Paragraph),
            _ => {}
        }
    }

    /// Opens an element.
    fn push(&mut self, tag: &Tag, role: Role, hidden: Hidden) {
        match role {
            Role::Paragraph => self.paragraphs += 1,
            Role::Foreign => self.foreign += 1,
            Role::Superscript => self.superscripts += 1,
            _ => {}
        }
        if !hidden.any() {
            self.show(tag, role);
        }
        let (scope, pane) = (self.writer.scope, self.writer.pane);
        self.stack.push(Element { name: tag.name.clone(), role, hidden, scope, pane });
    }

    /// Tells the writer of an element that is seen.
    fn show(&mut self, tag: &Tag, role: Role) {
        let writer = &mut self.writer;
        let is = |value: &str| tag.attribute("role").is_some_and(|role| role.trim() == value);
        match role {
            Role::Link => {
                writer.links += 1;
                writer.page.panes[writer.pane].links += 1;
            }
            Role::Superscript => writer.superscript(),
            Role::Heading(level) => writer.heading(level),
            Role::List(marks) => {
                let start = tag.attribute("start").and_then(|start| start.trim().parse().ok());
                writer.list(marks, start.unwrap_or(1));
            }
            Role::Item => writer.item(),
            Role::Definition => writer.end_block(Gap::Line),
            Role::Table => writer.table(is("presentation") || is("none")),
            Role::Row => writer.row(),
            Role::Cell => writer.cell(),
            _ if role.is_block() || role == Role::Caption => writer.end_block(Gap::Paragraph),
            _ => {}
        }
        match role {
            Role::Quote => writer.quotes += 1,
            Role::Preformatted => writer.preformatted += 1,
            _ => {}
        }
        let kind = match role {
            _ if is("main") => Some(Kind::Main),
            _ if is("article") => Some(Kind::Article),
            _ if is("complementary") || is("contentinfo") => Some(Kind::Aside),
            Role::Main => Some(Kind::Main),
            Role::Article => Some(Kind::Article),
            // Who is quoted stands in a footer.
            Role::Aside if writer.quotes == 0 => Some(Kind::Aside),
            _ => None,
        };
        if let Some(kind) = kind {
            writer.page.scopes.push(Scope { kind, parent: writer.scope });
            writer.scope = writer.page.scopes.len() - 1;
        }
        if matches!(role, Role::Pane | Role::List(_) | Role::Aside) {
            let is_banner = is_banner(tag);
            let pane = Pane { parent: writer.pane, is_banner, ..Pane::default() };
            writer.page.panes.push(pane);
            writer.pane = writer.page.panes.len() - 1;
        }
    }

    /// Whether a link or a superscript only leads to a note.
    fn is_citation(&self, tag: &Tag, role: Role) -> bool {
        let href = tag.attribute("href").unwrap_or_default();
        match role {
            Role::Link => {
                href.starts_with("#cite") || self.superscripts > 0 && href.starts_with('#')
            }
            Role::Superscript => self.writer.links > 0 && self.is_inner_link,
            _ => false,
        }
    }
}

impl Sink for Elements {
    fn start(&mut self, tag: &Tag, place: usize) -> bool {
        let role = match roles::known(&tag.name) {
            Some(Role::Title) if self.foreign > 0 => Role::Out,
            // A place to link to.
            Some(Role::Link) if tag.attribute("href").is_none() => Role::Inline,
            role => role.unwrap_or(Role::Inline),
        };
        self.end_before(&tag.name, role);
        if role == Role::Root {
            return true;
        }
        let around = self.hidden();
        let mut hidden = around.within(tag, role);
        if self.is_citation(tag, role) {
            hidden = Hidden::OUT;
        }
        if role.is_void() {
            let is_author = tag.attribute("name").is_some_and(|n| n.eq_ignore_ascii_case("author"));
            match role {
                Role::LineBreak if !hidden.any() => self.writer.break_line(place),
                Role::Rule if !hidden.any() => self.writer.end_block(Gap::Paragraph),
                Role::Void if tag.name == "meta" && is_author && self.author.is_empty() => {
                    self.author = tag.attribute("content").unwrap_or_default().to_owned();
                }
                _ => {}
            }
            return false;
        }
        // Of a hidden element that closes itself browsers hide what follows, too.
        let in_xml = self.is_xml && (role.is_left_out() || !hidden.any());
        if tag.closes_itself && (self.foreign > 0 || role == Role::Foreign || in_xml) {
            if role.is_block() && !hidden.any() {
                self.writer.end_block(Gap::Paragraph);
            }
            return false;
        }
        match role {
            Role::Title => self.titles += 1,
            Role::Link => {
                self.is_inner_link =
                    tag.attribute("href").is_some_and(|href| href.starts_with('#'));
            }
            // Elements of the page's own that nobody knows are blocks, mostly.
            Role::Inline if !hidden.any() && tag.name.contains('-') => self.writer.space(place),
            _ => {}
        }
        let matters = role != Role::Inline || hidden.any() || hidden != around;
        if matters && self.stack.len() < DEEPEST {
            self.push(tag, role, hidden);
        } else if matters {
            self.deeper += 1;
            self.is_deeper_hidden |= hidden.any();
            if role.is_block() && !hidden.any() {
                self.writer.end_block(Gap::Paragraph);
            }
        }
        self.foreign == 0
    }

    fn end(&mut self, name: &str, place: usize) {
        let role = roles::known(name).unwrap_or(Role::Inline);
        if self.deeper > 0 && (role != Role::Inline || self.is_deeper_hidden) {
            self.deeper -= 1;
            self.is_deeper_hidden &= self.deeper > 0;
            if role.is_block() && !self.hidden().any() {
                self.writer.end_block(Gap::Paragraph);
            }
            return;
        }
        let is_heading = matches!(role, Role::Heading(_));
        let ends = |element: &Element| {
            element.name == name || is_heading && matches!(element.role, Role::Heading(_))
        };
        let stops = |element: &Element| match role {
            Role::Table | Role::Sealed => element.role == Role::Sealed,
            Role::Item => element.role.is_barrier() || matches!(element.role, Role::List(_)),
            _ if role.is_inline() => !element.role.is_inline(),
            _ if role.is_table_part() => matches!(element.role, Role::Table | Role::Sealed),
            _ => element.role.is_barrier(),
        };
        match role {
            Role::Root => return,
            Role::Link => return self.end_link(),
            Role::LineBreak if !self.hidden().any() => return self.writer.break_line(place),
            Role::Inline if name.contains('-') => self.writer.space(place),
            _ => {}
        }
        for at in (0..self.stack.len()).rev() {
            if ends(&self.stack[at]) {
                return self.pop_to(at);
            }
            if stops(&self.stack[at]) {
                break;
            }
        }
        if role == Role::Paragraph && !self.hidden().any() {
            // It would have ended here.
            self.writer.end_block(Gap::Paragraph);
        }
    }

    fn text(&mut self, text: &str, place: usize, as_written: bool) {
        match self.stack.last().map(|element| element.role) {
            Some(Role::Title) if self.titles == 1 => self.title.push_str(text),
            Some(Role::Head) if text.contains(|c: char| !c.is_ascii_whitespace()) => self.pop(),
            _ => {}
        }
        if self.hidden().any() {
            return;
        }
        for (at, c) in text.chars().enumerate() {
            self.writer.character(c, if as_written { place + at } else { place });
        }
    }
}

/// Whether the search for an open item ends at an element.
fn ends_items(role: Role) -> bool {
    let passed = matches!(role, Role::Paragraph | Role::Block | Role::Pane);
    !passed && !role.is_inline()
}

/// A name in one line, if it says anything.
fn named(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let name: String = words.join(" ").chars().take(LONGEST_TITLE).collect();
    (!name.is_empty()).then_some(name)
}
