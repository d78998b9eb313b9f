//! The statements of a summary: what each says, where the document says it, and in whose words.

use std::collections::HashSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::check::{self, Source};
use super::plan::{Form, Plan, Question};
use super::profile::Profile;
use super::salience::{Candidate, Salience, choose, loose_tie, repeats, take, worth};
use crate::document::digest::digest;
use crate::document::segment;
use crate::document::sentences::{self, Sentence};
use crate::document::structure::{BlockKind, Structure};
use crate::document::words::is_unspaced;
use crate::host::Judged;
use crate::report::Support;

/// A summary and where it comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// All of it.
    pub text: String,
    /// Its statements.
    pub points: Vec<Point>,
}

/// A statement of a summary, and the passage of the document that says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// What it says.
    pub text: String,
    /// The passage, in bytes.
    pub range: Range<usize>,
    /// Whether the passage says it, and in whose words it is.
    pub support: Support,
}

/// What a summary is written from.
pub struct Material<'a> {
    /// The document.
    pub text: &'a str,
    /// Its blocks.
    pub structure: &'a Structure,
    /// How it is read.
    pub plan: &'a Plan,
    /// How much its sentences say.
    pub salience: Salience,
}

/// A text with fewer words is its own summary: a model would invent one.
const FEWEST_WORDS: usize = 8;

/// What has few words and more characters than this is no short text.
const FEW_CHARS: usize = 300;

/// Words of a sentence of a summary, on average.
const WORDS_OF_A_SENTENCE: usize = 28;

/// Words of the longest sentence that a summary quotes.
pub const LONGEST_QUOTE: usize = 60;

/// Words of a headline at most.
pub const LONGEST_HEADLINE: usize = 12;

/// How many words of a statement a sentence must share with it to stand in its place.
const LIKE: f64 = 0.3;

/// How much more a sentence of the document counts that the model's note came from.
const VOTE: f64 = 0.25;

/// How much more a supported statement in the model's words counts than the sentence it came from.
const OWN_WORDS: f64 = 0.2;

/// Words that introduce a list, at most.
const LONGEST_INTRO: usize = 16;

/// Bytes of a document's first words, where nothing else can be said.
const OPENING: usize = 200;

/// The answer to a text that is too short to summarize: itself.
pub fn as_it_is(text: &str, body: Range<usize>) -> Option<Answer> {
    let own = text[body.clone()].trim();
    let short = own.unicode_words().count() < FEWEST_WORDS && own.chars().count() <= FEW_CHARS;
    short.then(|| Answer {
        text: own.into(),
        points: vec![quotation(own, check::source(own, text, body).range)],
    })
}

/// What code says of a table, a log or a source file, as many statements as were asked for; `None` for
/// other kinds of documents.
pub fn digested(text: &str, plan: &Plan) -> Option<Answer> {
    let most = match plan.question {
        Question::Headline => 1,
        Question::Summary { sentences, .. } => sentences,
        Question::Ask | Question::Request { .. } => return None,
    };
    let body = plan.body();
    let mut said = digest(&text[body.clone()], plan.kind);
    said.truncate(most.max(1));
    let lines: Vec<String> = said.iter().map(|line| format!("{}{line}", plan.bullet)).collect();
    let between = if plan.bullet.is_empty() { " " } else { "\n" };
    let point = |text| Point { text, range: body.clone(), support: Support::Computed };
    (!said.is_empty()).then(|| Answer {
        text: lines.join(between),
        points: said.into_iter().map(point).collect(),
    })
}

/// The first words of a text: better than no summary.
pub fn opening(text: &str, body: Range<usize>) -> Point {
    let own = &text[body.clone()];
    let line = own.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let start = line.as_ptr() as usize - text.as_ptr() as usize;
    if line.is_empty() || line.len() <= OPENING {
        return quotation(line, if line.is_empty() { body } else { start..start + line.len() });
    }
    let head = &line[..line.floor_char_boundary(OPENING)];
    let end = head.rfind(char::is_whitespace).unwrap_or(head.len());
    quotation(&format!("{} …", head[..end].trim_end()), start..start + end)
}

/// A sentence of the document.
pub fn quotation(text: &str, range: Range<usize>) -> Point {
    Point { text: text.into(), range, support: Support::Quoted }
}

/// Words of a text; in scripts without spaces, about as many as a translation would have.
pub fn words(text: &str) -> usize {
    let wide = text.chars().filter(|c| is_unspaced(*c)).count();
    let words = text.unicode_words().count();
    if 2 * wide > text.chars().count() { wide / 2 } else { words }
}

impl Material<'_> {
    /// Takes what the model's states say of the sentences that it read, a part of the document. It may
    /// come from another machine.
    pub fn judge(&mut self, judged: &[Judged], read: &str) {
        let start = read.as_ptr() as usize - self.text.as_ptr() as usize;
        let inside = judged.iter().filter(|judged| judged.at < read.len());
        let weight = worth(self.plan.kind, self.plan.is_one_pass());
        self.salience.judge(inside.map(|judged| (start + judged.at, judged.worth)), weight);
    }

    /// The sentences that the model's notes came from count more.
    pub fn vote(&mut self, notes: &[String], profile: Profile) {
        // A peer of an older version may have sent what it wrote.
        if profile.only_reads() {
            return;
        }
        let windows = self.plan.windows.iter().zip(notes);
        let parts: Vec<Range<usize>> = windows
            .flat_map(|(window, note)| statements(note).into_iter().map(move |s| (s, window)))
            .map(|(statement, window)| check::source(&statement, self.text, window.clone()))
            .filter(|source| source.supported)
            .map(|source| source.range)
            .collect();
        self.salience.prefer(&parts, VOTE);
    }

    /// What the notes say that their windows support.
    pub fn noted(&self, notes: &[String]) -> Vec<Candidate> {
        let mut all = Vec::new();
        for (window, note) in self.plan.windows.iter().zip(notes) {
            for statement in statements(note) {
                let source = check::source(&statement, self.text, window.clone());
                if !source.supported {
                    continue;
                }
                let terms = self.salience.terms(&statement);
                let like = self.salience.most_like(&terms);
                let score = like.map_or(0.0, |(candidate, _)| candidate.score) + OWN_WORDS;
                let sentence = Sentence { text: statement, range: source.range, block: 0 };
                all.push(Candidate { sentence, score, terms, own: true, leans_on: None });
            }
        }
        all
    }

    /// The best of some candidates in the document's order.
    pub fn chosen<'a>(
        &self,
        candidates: impl Iterator<Item = &'a Candidate>,
        said: HashSet<u32>,
        sentences: usize,
        words: usize,
    ) -> Vec<Point> {
        let mut left = words.max(LONGEST_QUOTE);
        let fits = |candidate: &Candidate| {
            let count = self::words(&candidate.sentence.text);
            count <= LONGEST_QUOTE && take(&mut left, count)
        };
        let mut chosen = choose(candidates, said, fits, sentences);
        chosen.sort_by_key(|candidate| candidate.sentence.range.start);
        let mut last = None;
        let mut end = None;
        let point = |candidate: &Candidate| {
            let range = &candidate.sentence.range;
            let between = end.replace(range.end).and_then(|end| self.text.get(end..range.start));
            let follows = between.is_some_and(|between| between.trim().is_empty());
            let before = self.before(candidate);
            // In a paragraph, a name and the beginning of a list stand once for all that follows.
            let again = before.is_some() && before == last && self.plan.bullet.is_empty();
            last.clone_from(&before);
            let before = before.filter(|_| !again).unwrap_or_default();
            let point = self.point(candidate, &before, follows);
            let item = self.structure.blocks[candidate.sentence.block].kind == BlockKind::Item;
            match again && item {
                true => Point { text: capitalized(&point.text), ..point },
                false => point,
            }
        };
        chosen.into_iter().map(point).collect()
    }

    /// What stands before a candidate, without which it can't be understood: who says it, the beginning
    /// of its list, or what a decision is about.
    fn before(&self, Candidate { sentence, own, .. }: &Candidate) -> Option<String> {
        if *own {
            return None;
        }
        let block = &self.structure.blocks[sentence.block];
        let begins = block.kind == BlockKind::Item && block.range().start == sentence.range.start;
        match (block.heading, &block.speaker) {
            (Some(heading), _) if sentences::decision_label(&sentence.text).is_some() => {
                let heading = self.text[self.structure.blocks[heading].range()].trim();
                Some(format!("{heading}: "))
            }
            (_, Some(name)) => Some(format!("{}: ", &self.text[name.clone()])),
            _ => {
                let intro = block.intro.filter(|_| begins).map(|intro| self.intro(intro));
                intro.filter(|intro| !intro.is_empty())
            }
        }
    }

    /// A sentence of the document, with what it can't be understood without.
    pub fn quoted(&self, candidate: &Candidate) -> Point {
        self.point(candidate, &self.before(candidate).unwrap_or_default(), false)
    }

    /// A candidate with what stands `before` it. It loses a loose tie unless it `follows` the sentence
    /// that it is tied to.
    fn point(&self, candidate: &Candidate, before: &str, follows: bool) -> Point {
        let Sentence { text, range, block } = &candidate.sentence;
        if candidate.own {
            return Point { text: text.clone(), range: range.clone(), support: Support::Supported };
        }
        // The heading stands before it, or stood there before.
        let headed = self.structure.blocks[*block].heading.is_some();
        let label = sentences::decision_label(text).filter(|_| headed).unwrap_or(0);
        let said = ended(sentences::without_lone_quote(&text[label..]));
        let said = if follows { said } else { untied(&said) };
        quotation(&format!("{before}{said}"), range.clone())
    }

    /// The words that introduce a list, if they are few, and say something: not the document's title, no
    /// other line in capitals, and not the end of a sentence.
    fn intro(&self, block: usize) -> String {
        let block = &self.structure.blocks[block];
        let (lines, text) = (&block.lines, &self.text[block.range()]);
        let capitals = text.contains(char::is_uppercase) && !text.contains(char::is_lowercase);
        let title = self.structure.title.as_ref() == lines.first();
        if title || capitals || text.starts_with(char::is_lowercase) {
            return String::new();
        }
        let words: Vec<&str> =
            lines.iter().flat_map(|line| self.text[line.clone()].split_whitespace()).collect();
        let joined = words.join(" ");
        let last = segment::sentences(&joined).last().map_or("", |(_, sentence)| sentence.trim());
        let colon = if last.ends_with([':', '：']) { "" } else { ":" };
        match self::words(last) <= LONGEST_INTRO {
            true => format!("{}{colon} ", sentences::plain(last)),
            false => String::new(),
        }
    }

    /// A statement of the model as it may stand in the summary: itself where the document supports
    /// it, else the sentence of the document that is most like it. Nothing that was said before.
    pub fn settle(&self, statement: &str, said: &HashSet<u32>) -> Option<Point> {
        let terms = self.salience.terms(statement);
        let like = self.salience.most_like(&terms);
        let part = match like {
            Some((candidate, _)) => self.window_of(candidate.sentence.range.start),
            None => self.plan.body(),
        };
        let Source { range, supported } = check::source(statement, self.text, part);
        if supported {
            let point = Point { text: statement.into(), range, support: Support::Supported };
            return (!repeats(&terms, said)).then_some(point);
        }
        let (candidate, _) = like.filter(|(_, share)| *share >= LIKE)?;
        (!repeats(&candidate.terms, said)).then(|| self.quoted(candidate))
    }

    /// Whether a point says as much as `bar`, where the model's own words count more.
    pub fn is_worth(&self, point: &Point, bar: f64) -> bool {
        let like = self.salience.most_like(&self.salience.terms(&point.text));
        let score = like.map_or(0.0, |(candidate, _)| candidate.score);
        score + if point.support == Support::Supported { OWN_WORDS } else { 0.0 } >= bar
    }

    fn window_of(&self, byte: usize) -> Range<usize> {
        let index = self.plan.windows.partition_point(|window| window.end <= byte);
        self.plan.windows.get(index).cloned().unwrap_or_else(|| self.plan.body())
    }

    /// So many words may the summary have.
    pub fn words(&self) -> usize {
        match self.plan.question {
            Question::Summary { sentences, .. } => (sentences * WORDS_OF_A_SENTENCE).max(40),
            Question::Headline => LONGEST_HEADLINE,
            Question::Ask | Question::Request { .. } => usize::MAX,
        }
    }

    /// What stands between two statements.
    pub fn separator(&self) -> String {
        match self.plan.question {
            Question::Summary { form: Form::KeyPoints, .. } => format!("\n{}", self.plan.bullet),
            _ => " ".into(),
        }
    }
}

/// An item of a list as a sentence: what joins it to the next is left out.
fn ended(text: &str) -> String {
    let bare = text.trim_end_matches([';', ',', ' ']);
    let bare = ["; and", ", and", "; or", ", or"]
        .iter()
        .find_map(|end| bare.strip_suffix(end))
        .unwrap_or(bare);
    // A whole sentence may stand in brackets.
    let inside = bare.strip_prefix('(').and_then(|inside| inside.strip_suffix(')'));
    let closed = inside.is_some_and(|inside| inside.ends_with(['.', '!', '?']))
        || bare.ends_with(|c: char| !c.is_alphanumeric() && c != ')')
        || bare.ends_with(is_unspaced);
    format!("{bare}{}", if closed { "" } else { "." })
}

/// A sentence without what ties it loosely to the one before.
pub fn untied(sentence: &str) -> String {
    match loose_tie(sentence) {
        0 => sentence.into(),
        tie => capitalized(&sentence[tie..]),
    }
}

/// The statements of an answer: its sentences, and what stands in a list.
pub fn statements(answer: &str) -> Vec<String> {
    let structure = Structure::new(answer);
    let all = sentences::sentences(answer, &structure).into_iter().map(|s| s.text);
    all.filter_map(|text| statement(&text)).collect()
}

/// A sentence of the model as a statement: with an end, and of some length. `None` for what is none.
pub fn statement(sentence: &str) -> Option<String> {
    let mut text = sentences::plain(sentence.trim());
    if text.ends_with(|c: char| c.is_alphanumeric() || c == ')')
        && words(&text) >= 4
        && words(&text) <= LONGEST_QUOTE
    {
        text.push('.');
    }
    (sentences::is_sentence(&text) && !sentences::is_notice(&text)).then_some(text)
}

/// A text with a capital letter at its beginning.
pub fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next();
    first.into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    const DOCUMENT: &str = "The cat sat on the mat and slept there. It was a large cat.";

    #[wasm_bindgen_test(unsupported = test)]
    fn a_quotation_ends_as_a_sentence_does() {
        assert_eq!(ended("A cat, a mat; and"), "A cat, a mat.");
        assert_eq!(ended("It sat (on a mat)"), "It sat (on a mat).");
        assert_eq!(ended("It ate (mice, etc.)"), "It ate (mice, etc.).");
        assert_eq!(ended("(It sat on a mat.)"), "(It sat on a mat.)");
        assert_eq!(untied("However, it sat on a mat."), "It sat on a mat.");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_text_of_a_few_words_is_its_own_summary() {
        let answer = |text: &str| as_it_is(text, 0..text.len()).map(|answer| answer.text);
        assert_eq!(answer(" Hello \n").as_deref(), Some("Hello"));
        assert_eq!(answer("🐝🐝🐝").as_deref(), Some("🐝🐝🐝"));
        assert_eq!(answer(DOCUMENT), None);
        assert_eq!(answer("蜜蜂采集花粉，也帮助植物结果。"), None);
        assert_eq!(answer(&"🐝".repeat(301)), None);
        assert_eq!(as_it_is(" Hello ", 0..7).unwrap().points[0].range, 1..6);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn an_answer_is_parted_into_statements() {
        let answer = "Here is a summary:\n\n- **The bridge** closes on 8 September\n- It opens again after eleven weeks.\n\nThe ferry is free";
        assert_eq!(
            statements(answer),
            [
                "The bridge closes on 8 September.",
                "It opens again after eleven weeks.",
                "The ferry is free."
            ]
        );
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn the_first_words_are_quoted_where_nothing_else_is_there() {
        let text = format!("\n  {}", "word ".repeat(100));
        let point = opening(&text, 0..text.len());
        assert!(point.text.ends_with("word …") && point.text.len() < 210);
        assert_eq!(&text[point.range.clone()][..9], "word word");
        assert_eq!(opening("  ", 0..2).range, 0..2);
    }
}
