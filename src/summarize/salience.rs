//! Which sentences of a document say most: signs that cost nothing beside reading it with a model.
//!
//! A sentence counts by the words that it shares with many others (centrality), by numbers and names,
//! by words with which decisions and conclusions are told, by what the title and the heading above say,
//! and against it that it is a question, a fragment, addressed to somebody, or quoted speech. The
//! weights were set on documents of many kinds; benches/README.md has what they gain. What the states
//! of a model say ([`judge`](super::judge)) is added when it has read the document.

mod cues;
mod purpose;
mod signs;
mod ties;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use self::signs::{ABOUT, Signs, flag};
pub use self::ties::loose_tie;
use crate::document::kind::Kind;
use crate::document::sentences::{self, Sentence};
use crate::document::structure::{BlockKind, Structure};
use crate::document::words::terms;

/// A sentence of a document that may stand in its summary.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The sentence.
    pub sentence: Sentence,
    /// How much it says of the document; comparable within the document.
    pub score: f64,
    /// Its words, by their numbers in [`Salience`].
    pub terms: HashSet<u32>,
    /// Whether it is in the model's words.
    pub own: bool,
    /// The place of the sentence before, without which it can't be understood.
    pub leans_on: Option<Range<usize>>,
}

impl Candidate {
    /// How much of it is in `said`, from 0 to 1.
    fn overlap(&self, said: &HashSet<u32>) -> f64 {
        share(&self.terms, said)
    }

    /// What its words weigh together, for its length.
    fn density(&self, weight: f64) -> f64 {
        weight / (self.terms.len() as f64 + 4.0).powf(0.7)
    }
}

/// How many of some words are among others, from 0 to 1.
pub fn share(terms: &HashSet<u32>, others: &HashSet<u32>) -> f64 {
    terms.intersection(others).count() as f64 / terms.len().max(1) as f64
}

/// Whether words say nothing new beyond what is `said`.
pub fn repeats(terms: &HashSet<u32>, said: &HashSet<u32>) -> bool {
    !terms.is_empty() && share(terms, said) > REPEATED
}

/// The sentences of a document and how much each says.
pub struct Salience {
    /// In the document's order.
    pub candidates: Vec<Candidate>,
    ids: HashMap<String, u32>,
    /// The indices of those that were judged.
    judged: HashSet<usize>,
}

/// How much less a sentence counts for each word that was said before.
const REDUNDANCY: f64 = 0.8;

/// How much less a sentence counts that leans on another, which is not in the summary.
const LEANS: f64 = 0.8;

/// How much the worth counts that the model's states give a sentence, beside all other signs: in a text
/// that was read as a whole.
pub const WORTH: f64 = 2.0;

/// The same in a text that was read in windows. The states of a window don't know the rest of the text,
/// and of many sentences the one that is judged best is often a detail.
const WORTH_IN_WINDOWS: f64 = 0.3;

/// The same in stories and talks, whose other signs say less.
const WORTH_IN_TALES: f64 = 0.6;

/// How much more a sentence of a text in windows counts for the words that it shares with the headings.
const TOPICS: f64 = 1.0;

/// How much more it counts in a text in windows if it says what the text is for. Naming it is not
/// enough there: a long text does so in many places.
const PURPOSE: f64 = 1.0;

/// A sentence of which so much was said before says nothing new.
const REPEATED: f64 = 0.75;

impl Salience {
    /// Weighs every sentence of `text`.
    pub fn new(text: &str, structure: &Structure, kind: Kind) -> Self {
        let mut ids: HashMap<String, u32> = HashMap::new();
        let mut candidates = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        let mut before: Option<Range<usize>> = None;
        for sentence in sentences::sentences(text, structure) {
            // What a document says twice it says once in a summary.
            if sentences::is_notice(&sentence.text) || !known.insert(sentence.text.clone()) {
                continue;
            }
            let terms = terms(&sentence.text).filter(|term| !cues::is_function_word(term));
            let id = |term| {
                let next = ids.len() as u32;
                *ids.entry(term).or_insert(next)
            };
            let terms = terms.map(id).collect();
            let leans_on = before.take().filter(|_| cues::leans(&sentence.text));
            before = Some(sentence.range.clone());
            candidates.push(Candidate { sentence, score: 0.0, terms, own: false, leans_on });
        }
        let title: HashSet<u32> = structure
            .title
            .iter()
            .flat_map(|title| terms(&text[title.clone()]))
            .filter(|term| !cues::is_function_word(term))
            .filter_map(|term| ids.get(&term).copied())
            .collect();
        let mut salience = Self { candidates, ids, judged: HashSet::new() };
        salience.weigh(text, structure, kind, &title);
        salience
    }

    fn weigh(&mut self, text: &str, structure: &Structure, kind: Kind, title: &HashSet<u32>) {
        let mut counts = vec![0_u32; self.ids.len()];
        for candidate in &self.candidates {
            candidate.terms.iter().for_each(|term| counts[*term as usize] += 1);
        }
        // A word of many sentences of a long text is no subject, but a word of the language.
        let many = (self.candidates.len() as u32 / 4).max(6);
        let weight = |term: &u32| match counts[*term as usize] {
            0..=1 => 0.0,
            n if n > many => 0.0,
            n => f64::from(n).ln_1p(),
        };
        let central: Vec<f64> =
            self.candidates.iter().map(|c| c.density(c.terms.iter().map(weight).sum())).collect();
        let most = central.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let count = self.candidates.len().max(1) as f64;
        // The block of the decision that was labelled last.
        let mut decided = None;
        for (index, candidate) in self.candidates.iter_mut().enumerate() {
            let labelled = sentences::decision_label(&candidate.sentence.text).is_some();
            let follows = decided == Some(candidate.sentence.block);
            decided = (labelled || follows).then_some(candidate.sentence.block);
            let block = &structure.blocks[candidate.sentence.block];
            let heading = block.heading.map(|heading| &text[structure.blocks[heading].range()]);
            let signs = Signs {
                central: central[index] / most,
                titled: (candidate.terms.intersection(title).count() as f64 / 2.0).min(1.0),
                heading: heading.map_or(0.0, cues::heading_bonus),
                far: index as f64 / count,
                item: block.kind == BlockKind::Item,
                labelled,
                decided: labelled || follows,
            };
            candidate.score = signs.score(&candidate.sentence.text, kind);
        }
    }

    /// Weighs the sentences of a text that is read in windows by what no window knows: how much they say
    /// of what all headings are about, and whether they say what the text is for. Tales have neither.
    pub fn weigh_windows(&mut self, text: &str, structure: &Structure, kind: Kind) {
        if is_tale(kind) {
            return;
        }
        let headings = structure.blocks.iter().filter(|block| block.kind == BlockKind::Heading);
        let topics = headings.flat_map(|heading| terms(&text[heading.range()]));
        let topics = topics.filter(|term| !cues::is_function_word(term));
        let topics: HashSet<u32> = topics.filter_map(|term| self.ids.get(&term).copied()).collect();
        let shared = |c: &Candidate| c.density(c.terms.intersection(&topics).count() as f64);
        let most = self.candidates.iter().map(shared).fold(f64::MIN_POSITIVE, f64::max);
        for candidate in &mut self.candidates {
            let lower = candidate.sentence.text.to_lowercase();
            candidate.score += TOPICS * shared(candidate) / most
                + PURPOSE * flag(purpose::states_purpose(&lower))
                - ABOUT * flag(cues::names_itself(&lower));
        }
    }

    /// Takes what the model's states say of the sentences that begin at these bytes, times `weight`, for
    /// each once: the end of a window may part a sentence.
    pub fn judge(&mut self, judged: impl Iterator<Item = (usize, f64)>, weight: f64) {
        for (at, worth) in judged {
            let index = self.candidates.partition_point(|c| c.sentence.range.end <= at);
            let found = self.candidates.get(index).filter(|c| c.sentence.range.start <= at);
            if found.is_none() || self.judged.contains(&index) {
                continue;
            }
            self.judged.insert(index);
            self.candidates[index].score += weight * worth;
        }
    }

    /// Adds to the score of the sentences in these parts of the document, to each once.
    pub fn prefer(&mut self, parts: &[Range<usize>], bonus: f64) {
        let mut preferred = HashSet::new();
        for part in parts {
            let from = self.candidates.partition_point(|c| c.sentence.range.end <= part.start);
            let inside = self.candidates[from..].iter();
            let count = inside.take_while(|c| c.sentence.range.start < part.end).count();
            preferred.extend(from..from + count);
        }
        preferred.into_iter().for_each(|index| self.candidates[index].score += bonus);
    }

    /// The words of a statement that the document has, too.
    pub fn terms(&self, statement: &str) -> HashSet<u32> {
        terms(statement).filter_map(|term| self.ids.get(&term).copied()).collect()
    }

    /// The telling words of a title or a question; `None` for those that no sentence of the document has.
    pub fn telling_terms(&self, title: &str) -> Vec<Option<u32>> {
        let telling: HashSet<String> =
            terms(title).filter(|term| !cues::is_function_word(term)).collect();
        telling.into_iter().map(|term| self.ids.get(&term).copied()).collect()
    }

    /// The sentences that say most, best first.
    pub fn best(&self, most: usize) -> Vec<&Candidate> {
        choose(self.candidates.iter(), HashSet::new(), |_| true, most)
    }

    /// The sentences that say most, and that `fits` takes, in order.
    pub fn key(&self, most: usize, mut fits: impl FnMut(&str) -> bool) -> Vec<&str> {
        let fits = |candidate: &Candidate| fits(&candidate.sentence.text);
        let mut key = choose(self.candidates.iter(), HashSet::new(), fits, most);
        key.sort_by_key(|candidate| candidate.sentence.range.start);
        key.into_iter().map(|candidate| candidate.sentence.text.as_str()).collect()
    }

    /// The score of the sentence that is last of the best `most`.
    pub fn bar(&self, most: usize) -> f64 {
        self.best(most).iter().map(|candidate| candidate.score).fold(f64::INFINITY, f64::min)
    }

    /// The sentence that has most of a statement's words, and their share.
    pub fn most_like(&self, terms: &HashSet<u32>) -> Option<(&Candidate, f64)> {
        // Of two that have as many, the shorter one.
        let like = |c: &Candidate| share(terms, &c.terms) - 0.002 * c.terms.len() as f64;
        let best = self
            .candidates
            .iter()
            .map(|c| (c, like(c)))
            .reduce(|a, b| if b.1 > a.1 { b } else { a })?;
        Some((best.0, share(terms, &best.0.terms)))
    }

    /// How much of a question's words each candidate has, from 0 to 1. Those count more that few
    /// candidates have.
    pub fn shares(&self, question: &str) -> Vec<f64> {
        let count = self.candidates.len() as f64;
        let having = |id: u32| self.candidates.iter().filter(|c| c.terms.contains(&id)).count();
        let weight = |id: Option<u32>| {
            let having = id.map_or(0.5, |id| having(id) as f64);
            (id, (1.0 + count / having).ln())
        };
        let mut wanted: Vec<(Option<u32>, f64)> =
            self.telling_terms(question).into_iter().map(weight).collect();
        // Sums of floats depend on the order, which a set does not have.
        wanted.sort_by(|a, b| a.1.total_cmp(&b.1));
        let all: f64 = wanted.iter().map(|(_, weight)| weight).sum();
        let share = |candidate: &Candidate| {
            let has = |id: &Option<u32>| id.is_some_and(|id| candidate.terms.contains(&id));
            let of: f64 = wanted.iter().filter(|(id, _)| has(id)).map(|(_, weight)| weight).sum();
            of / all.max(f64::MIN_POSITIVE)
        };
        self.candidates.iter().map(share).collect()
    }
}

/// The candidates that say most beyond what is `said`, at most `most` of them, and those alone that
/// `fits` takes. Best first.
pub fn choose<'a>(
    candidates: impl Iterator<Item = &'a Candidate>,
    mut said: HashSet<u32>,
    mut fits: impl FnMut(&Candidate) -> bool,
    most: usize,
) -> Vec<&'a Candidate> {
    // The best hundreds are enough: what is said before only makes others worse.
    let mut left: Vec<&Candidate> = candidates.collect();
    left.sort_by(|a, b| b.score.total_cmp(&a.score));
    left.truncate(200 + 20 * most);
    let mut chosen: Vec<&Candidate> = Vec::new();
    let mut taken: HashSet<usize> = HashSet::new();
    // Those that are left, by their places.
    let mut starts: HashMap<usize, &Candidate> =
        left.iter().map(|c| (c.sentence.range.start, *c)).collect();
    while chosen.len() < most && !left.is_empty() {
        let alone = |c: &Candidate| c.score - REDUNDANCY * c.overlap(&said);
        // What is worth most: a sentence, or two of which the second can't be understood alone.
        let worth = |c: &Candidate| match &c.leans_on {
            Some(on) if !taken.contains(&on.start) => {
                let first = starts.get(&on.start).filter(|_| chosen.len() + 2 <= most);
                let both = first.map(|first| ((alone(c) + alone(first)) / 2.0, Some(*first)));
                both.filter(|(both, _)| *both > alone(c) - LEANS)
                    .unwrap_or((alone(c) - LEANS, None))
            }
            _ => (alone(c), None),
        };
        let valued = left.iter().map(|c| (*c, worth(c)));
        let best = valued.reduce(|a, b| if b.1.0 > a.1.0 { b } else { a });
        let Some((candidate, (_, first))) = best else { break };
        for candidate in first.into_iter().chain([candidate]) {
            left.retain(|other| !std::ptr::eq(*other, candidate));
            starts.remove(&candidate.sentence.range.start);
            // Without the first of two, the second has to be worth it alone.
            if repeats(&candidate.terms, &said) || !fits(candidate) {
                break;
            }
            said.extend(&candidate.terms);
            taken.insert(candidate.sentence.range.start);
            chosen.push(candidate);
        }
    }
    chosen
}

/// How much the worth counts that the model's states give the sentences of a text.
pub fn worth(kind: Kind, one_pass: bool) -> f64 {
    match one_pass {
        true => WORTH,
        false if is_tale(kind) => WORTH_IN_TALES,
        false => WORTH_IN_WINDOWS,
    }
}

/// Whether a text tells what happened or was said, one thing after the other.
fn is_tale(kind: Kind) -> bool {
    matches!(kind, Kind::Story | Kind::Transcript | Kind::Chat)
}

/// Takes `count` from what is left, if there is as much.
pub fn take(left: &mut usize, count: usize) -> bool {
    let fits = count <= *left;
    *left -= if fits { count } else { 0 };
    fits
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn titles_and_columns_are_no_choice_where_sentences_are() {
        let text = "Tull looms and notions\n\
                    TERMS OF ORDERS AND RETURNS (in force for orders placed on or after 3 June)\n\n\
                    We refund orders within ten days of getting the looms back in good order.\n\
                    You pay the postage for returns, unless an item is faulty or we sent the wrong one.\n\n\
                    409 already_returned      Orders come back once, see the page on returns.\n";
        let salience = Salience::new(text, &Structure::new(text), Kind::Prose);
        let best: Vec<&str> = salience.best(2).iter().map(|c| c.sentence.text.as_str()).collect();
        assert_eq!(best.len(), 2);
        for start in ["We refund", "You pay"] {
            assert!(best.iter().any(|text| text.starts_with(start)), "{best:?}");
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn in_windows_topics_and_purpose_count_but_not_in_tales() {
        let text = "# Hives and honey\n\nThe shed was painted green in the year before last.\n\n\
                    # Swarms\n\nThis guide explains how a keeper looks after bees all year.\n\
                    Swarms leave their hives in May and take honey with them.";
        let structure = Structure::new(text);
        let gains = |kind| {
            let mut salience = Salience::new(text, &structure, kind);
            let before: Vec<f64> = salience.candidates.iter().map(|c| c.score).collect();
            salience.weigh_windows(text, &structure, kind);
            let after = salience.candidates.iter().map(|c| c.score);
            after.zip(before).map(|(after, before)| after - before).collect::<Vec<f64>>()
        };
        // Naming the guide counts no more, saying what it is for does.
        let more = gains(Kind::Prose).into_iter().zip([0.0, PURPOSE - ABOUT, TOPICS]);
        more.for_each(|(gain, want)| assert!((gain - want).abs() < 1e-9, "{gain} {want}"));
        assert_eq!(gains(Kind::Story), [0.0; 3]);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_sentence_is_judged_once_and_by_its_place() {
        let text = "The cat sat on the mat. A dog barked at the moon. Rain fell on the old barn.";
        let mut salience = Salience::new(text, &Structure::new(text), Kind::Prose);
        let before: Vec<f64> = salience.candidates.iter().map(|c| c.score).collect();
        let dog = text.find("A dog").unwrap();
        salience.judge([(dog, 2.0), (dog + 3, 5.0), (text.len() + 9, 1.0)].into_iter(), WORTH);
        let after: Vec<f64> = salience.candidates.iter().map(|c| c.score).collect();
        assert_eq!(after, [before[0], before[1] + WORTH * 2.0, before[2]]);
        assert_eq!(salience.best(1)[0].sentence.text, "A dog barked at the moon.");
    }
}
