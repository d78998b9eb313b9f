//! The glyphs of a page, by running what draws it (ISO 32000-1, chapter 9).

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction as Op;
use hayro_syntax::object::{Array, Dict, Name, Number, Object, ObjectIdentifier, Stream};
use hayro_syntax::page::{Page, Resources};

use super::font::Font;
use super::{LARGEST_STREAM, unpacked};

/// How deep forms may be nested, and how many a page may draw.
const DEEPEST_FORM: usize = 12;
const MOST_FORMS: usize = 5000;

/// Glyphs of a page at most.
const MOST_GLYPHS: usize = 1_000_000;

/// Instructions between two looks at the clock.
const UNWATCHED: usize = 1000;

/// An affine map: `[a b c d e f]`.
type Matrix = [f64; 6];

/// A character where it stands.
#[derive(Debug, Clone)]
pub struct Glyph {
    pub text: String,
    /// Where its baseline begins; y grows downwards.
    pub x: f64,
    pub y: f64,
    /// How far the next one is.
    pub width: f64,
    pub size: f64,
    pub bold: bool,
    /// Quarter turns of the writing direction.
    pub turn: u8,
    /// Not drawn (the text below a scanned picture), or marked as no part of the text.
    pub aside: bool,
}

/// Collects the glyphs of pages. Fonts are read once.
pub struct Reader {
    fonts: HashMap<ObjectIdentifier, Rc<Font>>,
    glyphs: Vec<Glyph>,
    forms: usize,
    until: Instant,
}

/// The state that q saves and Q restores.
#[derive(Clone)]
struct State {
    ctm: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    character_space: f64,
    word_space: f64,
    stretch: f64,
    leading: f64,
    rise: f64,
    invisible: bool,
}

impl Reader {
    /// Gives up at this time.
    pub fn new(until: Instant) -> Self {
        Self { fonts: HashMap::new(), glyphs: Vec::new(), forms: 0, until }
    }

    /// Whether there was no time for all of it.
    pub fn is_late(&self) -> bool {
        Instant::now() > self.until
    }

    /// The glyphs of a page, in the order in which it draws them.
    pub fn page(&mut self, page: &Page) -> Vec<Glyph> {
        self.glyphs.clear();
        self.forms = 0;
        let state = State {
            ctm: page.initial_transform(true).as_coeffs(),
            font: None,
            size: 0.0,
            character_space: 0.0,
            word_space: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
            invisible: false,
        };
        let single = page.raw().get::<Stream>("Contents").and_then(|part| unpacked(&part));
        let content = single.unwrap_or_else(|| {
            let parts = page.raw().get::<Array>("Contents");
            let parts = parts.iter().flat_map(|parts| parts.iter::<Stream>());
            let mut whole = Vec::new();
            for part in parts.filter_map(|part| unpacked(&part)) {
                whole.extend(part);
                // Parts may end within an instruction, but not within a word.
                whole.push(b'\n');
                if whole.len() > LARGEST_STREAM {
                    break;
                }
            }
            whole
        });
        self.run(&content, page.resources(), state, 0);
        std::mem::take(&mut self.glyphs)
    }

    fn run(&mut self, content: &[u8], resources: &Resources, mut state: State, depth: usize) {
        let mut saved: Vec<State> = Vec::new();
        let [mut matrix, mut line] = [IDENTITY; 2];
        // Of each open mark, how many around it mark what is no part of the text.
        let mut marks: Vec<usize> = Vec::new();
        let mut instructions = TypedIter::new(content);
        let mut count = 0;
        while let Some(instruction) = instructions.next() {
            count += 1;
            if self.glyphs.len() > MOST_GLYPHS || count % UNWATCHED == 0 && self.is_late() {
                return;
            }
            let mut next_line = |x: f64, y: f64, matrix: &mut Matrix| {
                line = multiplied([1.0, 0.0, 0.0, 1.0, x, y], line);
                *matrix = line;
            };
            let asides = marks.last().copied().unwrap_or(0);
            let aside = asides > 0;
            let marked = |name: &Name| asides + usize::from(name.as_str() == "Artifact");
            match instruction {
                Op::SaveState(_) if saved.len() < 1000 => saved.push(state.clone()),
                Op::RestoreState(_) => state = saved.pop().unwrap_or(state),
                Op::Transform(m) => {
                    state.ctm = multiplied(numbers([m.0, m.1, m.2, m.3, m.4, m.5]), state.ctm);
                }
                Op::CharacterSpacing(space) => state.character_space = space.0.as_f64(),
                Op::WordSpacing(space) => state.word_space = space.0.as_f64(),
                Op::HorizontalScaling(scale) => state.stretch = scale.0.as_f64() / 100.0,
                Op::TextLeading(leading) => state.leading = leading.0.as_f64(),
                Op::TextRise(rise) => state.rise = rise.0.as_f64(),
                Op::TextRenderingMode(mode) => state.invisible = matches!(mode.0.as_i64(), 3 | 7),
                Op::TextFont(font) => {
                    state.font = self.font(resources, font.0);
                    state.size = font.1.as_f64();
                }
                Op::BeginText(_) => {
                    line = IDENTITY;
                    matrix = IDENTITY;
                }
                Op::SetTextMatrix(m) => {
                    line = numbers([m.0, m.1, m.2, m.3, m.4, m.5]);
                    matrix = line;
                }
                Op::NextLine(by) => next_line(by.0.as_f64(), by.1.as_f64(), &mut matrix),
                Op::NextLineAndSetLeading(by) => {
                    state.leading = -by.1.as_f64();
                    next_line(by.0.as_f64(), by.1.as_f64(), &mut matrix);
                }
                Op::NextLineUsingLeading(_) => next_line(0.0, -state.leading, &mut matrix),
                Op::ShowText(text) => self.show(text.0.as_bytes(), &state, &mut matrix, aside),
                Op::NextLineAndShowText(text) => {
                    next_line(0.0, -state.leading, &mut matrix);
                    self.show(text.0.as_bytes(), &state, &mut matrix, aside);
                }
                Op::ShowTextWithParameters(text) => {
                    state.word_space = text.0.as_f64();
                    state.character_space = text.1.as_f64();
                    next_line(0.0, -state.leading, &mut matrix);
                    self.show(text.2.as_bytes(), &state, &mut matrix, aside);
                }
                Op::ShowTexts(texts) => {
                    for item in texts.0.iter::<Object>() {
                        if let Object::String(text) = item {
                            self.show(text.as_bytes(), &state, &mut matrix, aside);
                        } else if let Object::Number(back) = item {
                            let by = -back.as_f64() / 1000.0 * state.size * state.stretch;
                            matrix = multiplied([1.0, 0.0, 0.0, 1.0, by, 0.0], matrix);
                        }
                    }
                }
                Op::BeginMarkedContent(mark) => marks.push(marked(mark.0)),
                Op::BeginMarkedContentWithProperties(mark) => marks.push(marked(mark.0)),
                Op::EndMarkedContent(_) => drop(marks.pop()),
                Op::XObject(name) => self.form(resources, name.0, &state, depth),
                _ => {}
            }
            if marks.len() > 1000 {
                marks.clear();
            }
        }
    }

    /// Draws a form: content that is kept apart.
    fn form(&mut self, resources: &Resources, name: &Name, state: &State, depth: usize) {
        let form = resources.get_x_object(name).filter(|form| {
            form.dict().get::<Name>("Subtype").is_some_and(|kind| kind.as_str() == "Form")
        });
        self.forms += 1;
        let Some(form) = form.filter(|_| depth < DEEPEST_FORM && self.forms < MOST_FORMS) else {
            return;
        };
        if self.is_late() {
            return;
        }
        let Some(content) = unpacked(&form) else { return };
        let matrix = form.dict().get::<Matrix>("Matrix").unwrap_or(IDENTITY);
        let state = State { ctm: multiplied(matrix, state.ctm), ..state.clone() };
        match form.dict().get::<Dict>("Resources") {
            Some(own) => self.run(&content, &Resources::new(own), state, depth + 1),
            None => self.run(&content, resources, state, depth + 1),
        }
    }

    fn font(&mut self, resources: &Resources, name: &Name) -> Option<Rc<Font>> {
        let font = resources.get_font(name)?;
        let Some(id) = resources.fonts.get_ref(name).map(ObjectIdentifier::from) else {
            return Some(Rc::new(Font::new(&font)));
        };
        let known = self.fonts.entry(id).or_insert_with(|| Rc::new(Font::new(&font)));
        Some(known.clone())
    }

    /// Shows a string; the text matrix moves behind it.
    fn show(&mut self, bytes: &[u8], state: &State, matrix: &mut Matrix, aside: bool) {
        let Some(font) = &state.font else { return };
        // One string may be as long as a stream.
        let bytes = &bytes[..bytes.len().min(MOST_GLYPHS.saturating_sub(self.glyphs.len()))];
        for shown in font.shown(bytes) {
            let space = if shown.is_space { state.word_space } else { 0.0 };
            let natural = shown.width * state.size * state.stretch;
            let advance = natural + (state.character_space + space) * state.stretch;
            let drawn =
                multiplied([1.0, 0.0, 0.0, 1.0, 0.0, state.rise], multiplied(*matrix, state.ctm));
            let [a, b, c, d, x, y] = drawn;
            *matrix = multiplied([1.0, 0.0, 0.0, 1.0, advance, 0.0], *matrix);
            let Some(text) = shown.text.filter(|_| [x, y, a, b].iter().all(|n| n.is_finite()))
            else {
                continue;
            };
            let turn = match () {
                () if a.abs() >= b.abs() && a >= 0.0 => 0,
                () if a.abs() < b.abs() && b > 0.0 => 1,
                () if a.abs() >= b.abs() => 2,
                () => 3,
            };
            self.glyphs.push(Glyph {
                text,
                x,
                y,
                width: natural.abs() * a.hypot(b),
                size: state.size.abs() * c.hypot(d),
                bold: font.bold,
                turn,
                aside: aside || state.invisible,
            });
        }
    }
}

const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

fn numbers(of: [Number; 6]) -> Matrix {
    of.map(|number| number.as_f64())
}

/// First one map, then the other.
fn multiplied(first: Matrix, then: Matrix) -> Matrix {
    let [a, b, c, d, e, f] = first;
    let [p, q, r, s, t, u] = then;
    [
        a * p + b * r,
        a * q + b * s,
        c * p + d * r,
        c * q + d * s,
        e * p + f * r + t,
        e * q + f * s + u,
    ]
}
