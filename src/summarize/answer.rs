//! What is written when the document has been read: a line, points, or whatever was asked for.

use std::collections::HashSet;
use std::ops::{ControlFlow, Range};

use unicode_segmentation::UnicodeSegmentation;

use super::run::{Extent, Run};
use crate::backend::Backend;
use crate::document::text::{self, Source, Words};
use crate::error::Result;
use crate::host::{Event, Host, Stage};
use crate::report::PointReport;
use crate::summarize::plan::{self, Form, LIST_MARK, Line, Plan, Question};

/// Words that a headline, and a sentence, keep at least where they are cut.
const SHORTEST: [usize; 2] = [4, 6];

/// Tokens that a line may have: more than a sentence of a document takes, which the model shortens.
const LINE: usize = 64;

/// Notes that the prompt for a line has at most.
pub(super) const NOTES_OF_A_LINE: usize = 12;

/// A summary and where it comes from.
pub struct Answer {
    pub text: String,
    pub points: Vec<PointReport>,
}

/// What an answer is written from.
struct Material<'a> {
    text: &'a str,
    plan: &'a Plan,
    /// Those that its prompt has.
    notes: Vec<String>,
}

/// A sentence of a summary, and the part of the document that it is about.
#[derive(Clone)]
struct Point {
    text: String,
    part: Range<usize>,
}

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// Answers the plan's question about `text`, of whose windows there are these notes; `tell` is
    /// given the answer piece by piece.
    pub async fn answer(
        &mut self,
        text: &str,
        plan: &Plan,
        notes: Vec<String>,
        tokens: usize,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Answer> {
        let body = plan.body();
        let (answer, points) = match plan.question {
            Question::Points { most, form } => {
                let (words, all) = (Words::new(text), candidates(text, plan, &notes));
                let line = match form {
                    Form::Paragraph => {
                        let notes = line_notes(&words, plan, all.clone());
                        let read = Material { text, plan, notes };
                        Some(self.write_line(&read, &words, false, tokens, tell).await?)
                    }
                    Form::KeyPoints => None,
                };
                let line = line.map(|text| Point { text, part: body.clone() });
                let (list, points) = set(&words, all, line, most, plan.bullet, tell);
                match list.is_empty() {
                    // Nothing in it reads as a sentence: the model says what it makes of it.
                    true => {
                        let few = notes.into_iter().take(most_notes(plan)).collect();
                        let notes = self.merge(few, plan.notes_budget).await?;
                        let read = Material { text, plan, notes };
                        self.only_point(&read, &words, tokens, tell).await?
                    }
                    false => (list, points),
                }
            }
            Question::Line { headline } => {
                let words = Words::new(text);
                let notes = line_notes(&words, plan, candidates(text, plan, &notes));
                let read = Material { text, plan, notes };
                if plan.bullet.is_empty() {
                    let line = self.write_line(&read, &words, headline, tokens, tell).await?;
                    (line.clone(), vec![Point { text: line, part: body.clone() }])
                } else {
                    self.only_point(&read, &words, tokens, tell).await?
                }
            }
            Question::Request { one_sentence } => {
                let notes = self.merge(notes, plan.notes_budget).await?;
                let read = Material { text, plan, notes };
                let extent = Extent { tokens, one_sentence };
                let answer = self.write(&read, extent, telling(tell)).await?;
                let sentences = answer.split_sentence_bounds().map(str::trim);
                let points = sentences.filter(|s| text::terms(s).next().is_some());
                let points = points.map(|s| Point { text: s.into(), part: body.clone() }).collect();
                (answer, points)
            }
        };
        if answer.trim().is_empty() {
            let own = opening(&text[body.clone()]);
            tell(&own);
            let points = vec![Point { text: own.clone(), part: body }];
            return Ok(Answer { text: own, points: sources(text, points) });
        }
        Ok(Answer { text: answer, points: sources(text, points) })
    }

    /// A list of one point.
    async fn only_point(
        &mut self,
        read: &Material<'_>,
        words: &Words,
        tokens: usize,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(String, Vec<Point>)> {
        let bullet = read.plan.bullet;
        tell(bullet);
        let mut line = self.write_line(read, words, false, tokens, tell).await?;
        if line.trim().is_empty() {
            line = opening(&read.text[read.plan.body()]);
            tell(&line);
        }
        let point = Point { text: line.clone(), part: read.plan.body() };
        Ok((format!("{bullet}{line}"), vec![point]))
    }

    /// What the model says to the plan's request, as it comes.
    async fn write(
        &mut self,
        read: &Material<'_>,
        extent: Extent,
        on_piece: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<String> {
        self.host.emit(Event::Stage { stage: Stage::Answer, index: 0, of: 1 });
        let prompt = read.plan.answer_prompt(read.text, &read.notes, &self.asking);
        self.ask(&prompt, extent, on_piece).await
    }

    /// A line, in words of the document: those of its first sentence where the model's are none.
    async fn write_line(
        &mut self,
        read: &Material<'_>,
        words: &Words,
        headline: bool,
        tokens: usize,
        tell: &mut dyn FnMut(&str),
    ) -> Result<String> {
        let Some(line) = &read.plan.line else {
            let extent = Extent { tokens, one_sentence: true };
            return self.write(read, extent, telling(tell)).await;
        };
        let mut draft = Draft::new(line, headline, tell);
        let extent = Extent { tokens: tokens.min(LINE), one_sentence: true };
        let written = self.write(read, extent, |piece| draft.push(piece)).await?;
        Ok(draft.finish(&written, words))
    }
}

/// A text with fewer words is its own summary: a model would invent one.
const FEWEST_WORDS: usize = 8;

/// What has few words and more characters than this is no short text.
const FEW_CHARS: usize = 300;

/// The answer to a text that is too short to summarize: itself.
pub fn as_it_is(text: &str, body: Range<usize>) -> Option<Answer> {
    let own = text[body.clone()].trim();
    let short = own.unicode_words().count() < FEWEST_WORDS && own.chars().count() <= FEW_CHARS;
    short.then(|| {
        let points = sources(text, vec![Point { text: own.into(), part: body }]);
        Answer { text: own.into(), points }
    })
}

/// Bytes of a document that stand for it where nothing else can be said.
const OPENING: usize = 200;

/// The first words of a text: better than no summary.
fn opening(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if line.len() <= OPENING {
        return line.into();
    }
    let head = &line[..line.floor_char_boundary(OPENING)];
    let end = head.rfind(char::is_whitespace).unwrap_or(head.len());
    format!("{} …", head[..end].trim_end())
}

/// Hands every piece on.
fn telling(tell: &mut dyn FnMut(&str)) -> impl FnMut(&str) -> ControlFlow<()> {
    |piece| {
        tell(piece);
        ControlFlow::Continue(())
    }
}

/// The notes that the prompt for a line has. With the opening they say what it is about; merging all
/// of them would take longer.
fn line_notes(words: &Words, plan: &Plan, candidates: Vec<Point>) -> Vec<String> {
    let points = chosen(words, candidates, most_notes(plan), HashSet::new());
    points.into_iter().map(|point| point.text).collect()
}

/// So many notes fit the prompt for a line.
fn most_notes(plan: &Plan) -> usize {
    (plan.notes_budget / (plan::NOTE + LIST_MARK)).clamp(1, NOTES_OF_A_LINE)
}

/// A paragraph of a line and points, or without one a list of points.
fn set(
    words: &Words,
    candidates: Vec<Point>,
    line: Option<Point>,
    most: usize,
    bullet: &str,
    tell: &mut dyn FnMut(&str),
) -> (String, Vec<Point>) {
    let mut answer = line.as_ref().map_or_else(String::new, |line| line.text.clone());
    let said = text::terms(&answer).collect();
    let next = format!("\n{bullet}");
    let [before, between] = if line.is_some() { [" ", " "] } else { [bullet, &next] };
    let more = most - usize::from(line.is_some());
    let mut points: Vec<Point> = line.into_iter().collect();
    for (index, point) in chosen(words, candidates, more, said).into_iter().enumerate() {
        for piece in [if index == 0 { before } else { between }, &point.text] {
            tell(piece);
            answer.push_str(piece);
        }
        points.push(point);
    }
    (answer, points)
}

/// A line as it comes: told as far as it is also the document's own, since what stands there in the
/// end is one of both.
struct Draft<'a> {
    /// The document's sentence.
    own: String,
    /// What stands before either.
    subject: String,
    least: usize,
    headline: bool,
    written: String,
    /// Bytes of `own` that were told.
    told: usize,
    tell: &'a mut dyn FnMut(&str),
}

impl<'a> Draft<'a> {
    fn new(line: &Line, headline: bool, tell: &'a mut dyn FnMut(&str)) -> Self {
        let subject = line.subject.as_ref().map_or_else(String::new, |name| format!("{name}: "));
        let [short, long] = SHORTEST;
        let least = if headline { short } else { long };
        let own = cut(&line.sentence, least, headline);
        Self { own, subject, least, headline, written: String::new(), told: 0, tell }
    }

    /// Goes on until the sentence could end.
    fn push(&mut self, piece: &str) -> ControlFlow<()> {
        self.written.push_str(piece);
        let bytes = self.own.bytes().zip(self.written.bytes());
        let common = bytes.take_while(|(a, b)| a == b).count();
        // A word that has not ended may become another, and so may what follows a comma.
        let words = self.own[..self.own.floor_char_boundary(common)].rfind(char::is_whitespace);
        let sure = self.own[..words.unwrap_or(0)].trim_end_matches(|c: char| !c.is_alphanumeric());
        let end = sure.len();
        self.tell_up_to(end);
        match text::clause(&self.written, self.least) {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }

    fn tell_up_to(&mut self, end: usize) {
        if end > self.told {
            let subject = if self.told == 0 { self.subject.as_str() } else { "" };
            (self.tell)(&format!("{subject}{}", &self.own[self.told..end]));
            self.told = end;
        }
    }

    /// What was written, if it ended and says nothing that the document doesn't; the document's own
    /// sentence otherwise.
    fn finish(self, written: &str, document: &Words) -> String {
        let ended = text::clause(written, self.least).is_some()
            || written.trim_end().ends_with(['.', '!', '?', '。', '！', '？']);
        let plain = text::plain(written);
        let line = cut(&plain, self.least, self.headline);
        let stands = ended && text::is_sentence(&cut(&plain, self.least, false));
        let stands = stands && line.starts_with(&self.own[..self.told]);
        let stands = stands && document.have(&line);
        let line = if stands { line } else { self.own };
        match self.told {
            0 => (self.tell)(&format!("{}{line}", self.subject)),
            told => (self.tell)(&line[told..]),
        }
        self.subject + &line
    }
}

/// A sentence without what it can do without; a headline without its end, too.
fn cut(sentence: &str, least: usize, headline: bool) -> String {
    let mut line = match text::clause(sentence, least) {
        Some(end) => sentence[..end].to_string() + ".",
        None => sentence.trim_end().to_string(),
    };
    if headline {
        line.truncate(line.trim_end_matches(['.', '。']).len());
    }
    line
}

/// What there is to say: a note on each part, where the part supports it, or its first sentence.
fn candidates(text: &str, plan: &Plan, notes: &[String]) -> Vec<Point> {
    let name = plan.line.as_ref().and_then(|line| line.sentence.split_whitespace().next());
    // What begins with a small letter is the rest of a sentence, if not with the document's name.
    let begins = |sentence: &str| {
        !sentence.starts_with(char::is_lowercase) || sentence.split_whitespace().next() == name
    };
    let points = notes.iter().zip(&plan.windows).filter_map(|(note, part)| {
        let note = text::plain(note);
        let holds = text::is_sentence(&note)
            && !text::is_notice(&note)
            && text::source(&note, text, part.clone()).supported;
        let point = if holds { Some(note) } else { text::first_sentence(&text[part.clone()]) };
        point.filter(|p| begins(p)).map(|point| Point { text: point, part: part.clone() })
    });
    points.collect()
}

/// Those that say most of the document beyond what is `said`, each with half of its words new, in the
/// document's order.
fn chosen(
    words: &Words,
    mut left: Vec<Point>,
    most: usize,
    mut said: HashSet<String>,
) -> Vec<Point> {
    let mut chosen = Vec::<Point>::new();
    while chosen.len() < most {
        left.retain(|point| {
            let terms: HashSet<String> = text::terms(&point.text).collect();
            2 * terms.difference(&said).count() >= terms.len()
        });
        let weights = left.iter().map(|point| words.weight(&point.text, &said)).enumerate();
        // Of passages that say the same, the first.
        let best = weights.rev().max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((best, _)) = best else { break };
        let point = left.remove(best);
        said.extend(text::terms(&point.text));
        chosen.push(point);
    }
    chosen.sort_by_key(|point| point.part.start);
    chosen
}

/// Where each sentence comes from, in characters of the document.
fn sources(text: &str, points: Vec<Point>) -> Vec<PointReport> {
    let chars = |range: Range<usize>| {
        let start = text[..range.start].chars().count();
        [start, start + text[range].chars().count()]
    };
    let report = |Point { text: statement, part }| {
        let Source { range, supported } = text::source(&statement, text, part);
        let [start, end] = chars(range);
        PointReport { text: statement, start, end, supported }
    };
    points.into_iter().map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    const DOCUMENT: &str = "The cat sat on the mat and slept there. It was a large cat.";

    /// What a draft tells and ends with, of an answer in these pieces.
    fn drafted(pieces: &[&str], headline: bool) -> (Vec<String>, String) {
        let line = Line {
            sentence: "The cat sat on the mat and slept there.".into(),
            subject: Some("Tom".into()),
        };
        let mut told = Vec::new();
        let mut tell = |piece: &str| told.push(piece.to_string());
        let mut draft = Draft::new(&line, headline, &mut tell);
        let mut written = String::new();
        for piece in pieces {
            written.push_str(piece);
            if draft.push(piece).is_break() {
                break;
            }
        }
        let line = draft.finish(&written, &Words::new(DOCUMENT));
        assert_eq!(told.concat(), line, "what was told is what stands there");
        (told, line)
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn the_models_words_stand_where_the_document_has_them() {
        let (told, line) =
            drafted(&["The cat", " sat", " on", " the", " large", " mat", "."], false);
        assert_eq!(line, "Tom: The cat sat on the large mat.");
        // Told as far as both agree, and then at once.
        assert_eq!(told, ["Tom: The", " cat", " sat", " on", " the", " large mat."]);
        let (_, line) = drafted(&["The cat sat on the mat."], true);
        assert_eq!(line, "Tom: The cat sat on the mat");
        let (_, line) =
            drafted(&["The cat", " sat on the large mat,", " which", " is", " wrong"], false);
        assert_eq!(line, "Tom: The cat sat on the large mat.");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn the_documents_own_sentence_stands_for_words_that_it_lacks() {
        for pieces in [
            &["The cat", " sat on a trampoline."][..],
            // Broken off.
            &["The cat", " sat on"],
            &["A dog."],
            &[],
        ] {
            let own = "Tom: The cat sat on the mat and slept there.";
            assert_eq!(drafted(pieces, false).1, own, "{pieces:?}");
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_text_of_a_few_words_is_its_own_summary() {
        let answer = |text: &str| as_it_is(text, 0..text.len()).map(|answer| answer.text);
        assert_eq!(answer(" Hello \n").as_deref(), Some("Hello"));
        assert_eq!(answer("🐝🐝🐝").as_deref(), Some("🐝🐝🐝"));
        assert_eq!(answer(DOCUMENT), None);
        assert_eq!(answer("蜜蜂采集花粉，也帮助植物结果。"), None);
        assert_eq!(answer(&"🐝".repeat(301)), None);
        let points = as_it_is(" Hello ", 0..7).unwrap().points;
        assert_eq!((points[0].start, points[0].end, points[0].supported), (1, 6, true));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn points_are_those_that_say_most_and_that_their_passage_says() {
        let text = "Bees collect pollen from flowers. Bees live in hives with other bees.\n\n\
                    Trains are late in the winter. Trains are cold.\n\n\
                    Cats sleep on soft mats all day.\n\n";
        let ends: Vec<usize> = text.match_indices("\n\n").map(|(at, _)| at + 2).collect();
        let windows = [0..ends[0], ends[0]..ends[1], ends[1]..ends[2]].to_vec();
        let plan = Plan {
            windows,
            question: Question::Points { most: 2, form: Form::KeyPoints },
            request: String::new(),
            opening: String::new(),
            reminder: 0,
            line: None,
            headings: Vec::new(),
            notes_budget: 100,
            bullet: "- ",
        };
        let notes = ["Bees collect pollen.", "In 1999 Peter was late.", "Cats sleep on soft mats."];
        let notes = notes.map(String::from);
        let choose = |most| {
            let candidates = candidates(text, &plan, &notes);
            chosen(&Words::new(text), candidates, most, HashSet::new())
        };
        let texts =
            |most| -> Vec<String> { choose(most).into_iter().map(|point| point.text).collect() };
        // What nobody wrote gives way to what stands there, and a note of three words is no sentence.
        let all = [
            "Bees collect pollen from flowers.",
            "Trains are late in the winter.",
            "Cats sleep on soft mats.",
        ];
        assert_eq!(texts(9), all);
        assert_eq!(texts(1).len(), 1);
        let reports = sources(text, choose(9));
        for (report, said) in reports.iter().zip(all) {
            assert!(report.supported && text[report.start..report.end].contains(&said[..9]));
        }
    }
}
