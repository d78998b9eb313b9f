//! The sentences of a summary: which notes are good enough, which say most, and where each comes from.

use std::collections::HashSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::check::{self, Source};
use super::plan::{self, LIST_MARK, Plan};
use crate::document::sentences;
use crate::document::words::{self, WordCounts};

/// Notes that the prompt for a line has at most.
pub(super) const NOTES_OF_A_LINE: usize = 12;

/// A summary and where it comes from.
pub struct Answer {
    /// All of it.
    pub text: String,
    /// Its sentences.
    pub points: Vec<Sourced>,
}

/// A sentence of a summary, and the part of the document that it is about.
#[derive(Clone)]
pub struct Point {
    /// What it says.
    pub text: String,
    /// In bytes.
    pub part: Range<usize>,
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
pub fn opening(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if line.len() <= OPENING {
        return line.into();
    }
    let head = &line[..line.floor_char_boundary(OPENING)];
    let end = head.rfind(char::is_whitespace).unwrap_or(head.len());
    format!("{} …", head[..end].trim_end())
}

/// The notes that the prompt for a line has. With the opening they say what it is about; merging all
/// of them would take longer.
pub fn line_notes(words: &WordCounts, plan: &Plan, candidates: Vec<Point>) -> Vec<String> {
    let points = chosen(words, candidates, most_notes(plan), HashSet::new());
    points.into_iter().map(|point| point.text).collect()
}

/// So many notes fit the prompt for a line.
pub fn most_notes(plan: &Plan) -> usize {
    (plan.notes_budget / (plan::NOTE + LIST_MARK)).clamp(1, NOTES_OF_A_LINE)
}

/// A paragraph of a line and points, or without one a list of points.
pub fn set(
    words: &WordCounts,
    candidates: Vec<Point>,
    line: Option<Point>,
    most: usize,
    bullet: &str,
    tell: &mut dyn FnMut(&str),
) -> (String, Vec<Point>) {
    let mut answer = line.as_ref().map_or_else(String::new, |line| line.text.clone());
    let said = words::terms(&answer).collect();
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

/// What there is to say: a note on each part, where the part supports it, or its first sentence.
pub fn candidates(text: &str, plan: &Plan, notes: &[String]) -> Vec<Point> {
    let name = plan.line.as_ref().and_then(|line| line.sentence.split_whitespace().next());
    // What begins with a small letter is the rest of a sentence, if not with the document's name.
    let begins = |sentence: &str| {
        !sentence.starts_with(char::is_lowercase) || sentence.split_whitespace().next() == name
    };
    let points = notes.iter().zip(&plan.windows).filter_map(|(note, part)| {
        let note = sentences::plain(note);
        let holds = sentences::is_sentence(&note)
            && !sentences::is_notice(&note)
            && check::source(&note, text, part.clone()).supported;
        let point = if holds { Some(note) } else { sentences::first_sentence(&text[part.clone()]) };
        point.filter(|p| begins(p)).map(|point| Point { text: point, part: part.clone() })
    });
    points.collect()
}

/// Those that say most of the document beyond what is `said`, each with half of its words new, in the
/// document's order.
fn chosen(
    words: &WordCounts,
    mut left: Vec<Point>,
    most: usize,
    mut said: HashSet<String>,
) -> Vec<Point> {
    let mut chosen = Vec::<Point>::new();
    while chosen.len() < most {
        left.retain(|point| {
            let terms: HashSet<String> = words::terms(&point.text).collect();
            2 * terms.difference(&said).count() >= terms.len()
        });
        let weights = left.iter().map(|point| words.weight(&point.text, &said)).enumerate();
        // Of passages that say the same, the first.
        let best = weights.rev().max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((best, _)) = best else { break };
        let point = left.remove(best);
        said.extend(words::terms(&point.text));
        chosen.push(point);
    }
    chosen.sort_by_key(|point| point.part.start);
    chosen
}

/// A sentence of a summary, and the passage that says it.
pub struct Sourced {
    /// What it says.
    pub text: String,
    /// Where, in bytes, and whether it does.
    pub source: Source,
}

/// Where each sentence comes from.
pub fn sources(text: &str, points: Vec<Point>) -> Vec<Sourced> {
    let sourced = |Point { text: statement, part }| {
        let source = check::source(&statement, text, part);
        Sourced { text: statement, source }
    };
    points.into_iter().map(sourced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summarize::plan::{Form, Question};
    use wasm_bindgen_test::wasm_bindgen_test;

    const DOCUMENT: &str = "The cat sat on the mat and slept there. It was a large cat.";

    #[wasm_bindgen_test(unsupported = test)]
    fn a_text_of_a_few_words_is_its_own_summary() {
        let answer = |text: &str| as_it_is(text, 0..text.len()).map(|answer| answer.text);
        assert_eq!(answer(" Hello \n").as_deref(), Some("Hello"));
        assert_eq!(answer("🐝🐝🐝").as_deref(), Some("🐝🐝🐝"));
        assert_eq!(answer(DOCUMENT), None);
        assert_eq!(answer("蜜蜂采集花粉，也帮助植物结果。"), None);
        assert_eq!(answer(&"🐝".repeat(301)), None);
        let points = as_it_is(" Hello ", 0..7).unwrap().points;
        assert_eq!(points[0].source, Source { range: 1..6, supported: true });
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
            chosen(&WordCounts::new(text), candidates, most, HashSet::new())
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
            let Source { range, supported } = &report.source;
            assert!(*supported && text[range.clone()].contains(&said[..9]));
        }
    }
}
