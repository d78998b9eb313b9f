//! Headlines: the model's where the document supports it, else what the document calls itself, else
//! what its best sentence says in twelve words.

use std::collections::HashSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::ask::let_others_run;
use super::points::{LONGEST_HEADLINE, Material, Point, capitalized, opening, quotation, words};
use super::run::Run;
use super::salience::{Candidate, share};
use crate::backend::Backend;
use crate::document::kind::Kind;
use crate::document::sentences;
use crate::document::structure::{Block, BlockKind};
use crate::error::Result;
use crate::host::Host;
use crate::report::Support;

/// Words of a title at least.
const SHORTEST_HEADLINE: usize = 3;

/// Words of a part of a sentence at least.
const SHORTEST_PART: usize = 4;

/// Blocks at the beginning of a document that may be titles.
const TITLE_BLOCKS: usize = 24;

/// Sentences whose words a title is compared with.
const BEST: usize = 6;

/// Words of a title that those sentences must have, and their share.
const SHARED: usize = 3;
const TITLED: f64 = 0.5;

/// Sentences that are tried as headlines, and beginnings in each.
const TRIED: usize = 3;
const PARTS: usize = 4;

/// Tokens of a word, on average, at most.
const TOKENS_OF_A_WORD: usize = 8;

/// How many words the end of a headline counts for.
const END: f64 = 3.0;

/// How much it counts which share of its sentence's words a headline has.
const KEPT: f64 = 0.7;

/// The share that it has at least.
const LEAST_KEPT: f64 = 0.1;

/// How much a headline's form counts beside how much its sentence says.
const FORM: f64 = 0.3;

/// What may stand before a clause that can stand alone: at the end of a word, and whole words.
const INTRODUCING: [char; 7] = [';', ':', '；', '：', '؛', '—', '–'];
const THAT: [&str; 11] =
    ["that", "dass", "daß", "que", "che", "dat", "att", "что", "że", "أن", "إن"];

/// What a headline does not end with.
const CLOSING: [char; 9] = [',', ';', ':', '.', '،', '؛', '—', '–', '…'];

impl Material<'_> {
    /// The model's headline, if the document supports it.
    fn written_headline(&self, written: &str) -> Option<Point> {
        let line = written.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let line = sentences::plain(line.trim().trim_start_matches("Headline:").trim());
        let line = line.trim_matches(['"', '“', '”', '*', '.', ' ', '。']);
        let fits = (2..=LONGEST_HEADLINE).contains(&words(line));
        let point = fits.then(|| self.settle(line, &HashSet::new())).flatten();
        point.filter(|point| point.support == Support::Supported)
    }

    /// What the document calls itself above its first sentence, where its best sentences are about that.
    fn title(&self) -> Option<Point> {
        let best = self.salience.best(BEST);
        let about: HashSet<u32> = best.iter().flat_map(|c| c.terms.iter().copied()).collect();
        let mut candidates = self.salience.candidates.iter();
        let first = candidates.find(|c| sentences::is_sentence(&c.sentence.text));
        let body = first.map_or(self.text.len(), |first| first.sentence.range.start);
        let blocks = self.structure.blocks.iter().take(TITLE_BLOCKS);
        let headings = blocks.filter(|block| block.kind == BlockKind::Heading);
        let above = headings.map(Block::range).filter(|range| range.end <= body);
        let titled = |range: Range<usize>| {
            let text = sentences::plain(&self.text[range.clone()]);
            let fits = (SHORTEST_HEADLINE..=LONGEST_HEADLINE).contains(&words(&text));
            let terms = self.salience.title_terms(&text);
            let shared = terms.iter().flatten().filter(|term| about.contains(term)).count();
            let share = shared as f64 / terms.len().max(1) as f64;
            // A story is rarely about what its title says.
            let tells = shared >= SHARED && share >= TITLED;
            let accepted = tells || self.plan.kind == Kind::Story && shared > 0;
            (fits && accepted && !is_path(&text)).then(|| (share, quotation(&text, range)))
        };
        let all = self.structure.title.iter().cloned().chain(above).filter_map(titled);
        all.reduce(|a, b| if b.0 > a.0 { b } else { a }).map(|(_, point)| point)
    }
}

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// A headline from what the model wrote, if anything, and from the document.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(super) async fn headline(
        &mut self,
        material: &Material<'_>,
        written: &str,
    ) -> Result<Point> {
        if let Some(point) = material.written_headline(written).or_else(|| material.title()) {
            return Ok(point);
        }
        let mut best: Option<(f64, Point)> = None;
        for Candidate { sentence, score, .. } in material.salience.best(TRIED) {
            let cut = self.cut(material, &sentence.text).await?;
            let Some(Cut { value, part, whole }) = cut else { continue };
            let more = if whole { "" } else { " …" };
            let text = format!("{}{more}", capitalized(&sentence.text[part]));
            let value = score + FORM * value;
            if best.as_ref().is_none_or(|(most, _)| value > *most) {
                best = Some((value, quotation(&text, sentence.range.clone())));
            }
        }
        if let Some((_, point)) = best {
            return Ok(point);
        }
        let Point { text, range, support } = match material.salience.best(1).first() {
            Some(candidate) => {
                quotation(&candidate.sentence.text, candidate.sentence.range.clone())
            }
            None => opening(material.text, material.plan.body()),
        };
        Ok(Point { text: shortened(&text), range, support })
    }

    /// The part of a sentence that the model would most likely write as a headline. It begins with the
    /// sentence or where a clause may begin, and ends where the model would end.
    async fn cut(&mut self, material: &Material<'_>, sentence: &str) -> Result<Option<Cut>> {
        let spans = spans(sentence);
        if spans.len() < SHORTEST_PART || 2 * spans.len() < words(sentence) {
            return Ok(None);
        }
        let prompt = self.asking.about(sentence, &material.plan.request, "Headline:");
        let prompt = self.encode(&prompt)?;
        let ends = self.ends()?;
        let all = material.salience.terms(sentence);
        let (mut best, mut begins): (Option<Cut>, _) = (None, f64::NEG_INFINITY);
        for from in starts(sentence, &spans) {
            let room = prompt.len() + TOKENS_OF_A_WORD * LONGEST_HEADLINE;
            self.session.resume(&prompt, room, self.extends)?;
            let unread = &prompt[self.session.position()..];
            let chunk = self.session.prefill(unread)?;
            let mut logits = self.session.logits(&chunk).await?;
            let (mut sum, mut read) = (0.0, 0);
            for (index, span) in spans[from..].iter().take(LONGEST_HEADLINE).enumerate() {
                let_others_run(self.host).await?;
                let word = &sentence[span.clone()];
                let written = if index == 0 { capitalized(word) } else { format!(" {word}") };
                let ids = self.session.model().tokenizer.encode(&written)?;
                read += ids.len();
                let first = ids.first().map_or(0.0, |id| log_share(&logits, &[*id]));
                // A clause stands alone if a headline begins with it as likely as with the sentence.
                if from > 0 && index == 0 && first < begins || read > room - prompt.len() {
                    break;
                }
                begins = if from == 0 && index == 0 { first } else { begins };
                for id in ids {
                    sum += log_share(&logits, &[id]);
                    logits = self.session.decode(id).await?;
                }
                let last = from + index + 1 == spans.len();
                // A sentence that fits is not cut.
                let fits = spans.len() <= LONGEST_HEADLINE && from == 0;
                if index + 1 < SHORTEST_PART || fits && !last {
                    continue;
                }
                let bare = word.trim_end_matches(CLOSING);
                let part = spans[from].start..span.start + bare.len();
                let kept = share(&all, &material.salience.terms(&sentence[part.clone()]));
                let whole = last || bare.len() < word.len();
                // "About $6 …" is wrong where the sentence says "about $6 million".
                if kept < LEAST_KEPT || !whole && bare.ends_with(char::is_numeric) {
                    continue;
                }
                let likely = (sum + END * log_share(&logits, &ends)) / (index as f64 + 1.0 + END);
                let cut = Cut { value: likely + KEPT * kept, part, whole };
                if best.as_ref().is_none_or(|best| cut.value > best.value) {
                    best = Some(cut);
                }
            }
        }
        Ok(best)
    }

    /// Tokens that may follow a headline.
    fn ends(&self) -> Result<Vec<u32>> {
        let model = self.session.model();
        let (tokenizer, all) = (&model.tokenizer, 0..model.config.vocabulary as u32);
        let mut ends: Vec<u32> = all.filter(|id| tokenizer.is_eog(*id)).collect();
        for end in ["\n", "."] {
            ends.extend(tokenizer.encode(end)?.first());
        }
        Ok(ends)
    }
}

/// A part of a sentence as a headline.
struct Cut {
    /// How good it is as one, in logarithms of likelihood for each word.
    value: f64,
    /// Where it lies in the sentence, in bytes.
    part: Range<usize>,
    /// Whether the sentence, or a clause, ends with it.
    whole: bool,
}

/// The logarithm of the share of probability that some tokens have.
fn log_share(logits: &[f32], ids: &[u32]) -> f64 {
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let of = |logit: f32| f64::from(logit - most).exp();
    let all: f64 = logits.iter().map(|logit| of(*logit)).sum();
    (ids.iter().map(|id| of(logits[*id as usize])).sum::<f64>() / all).ln()
}

/// Where the words of a sentence lie, in bytes.
fn spans(sentence: &str) -> Vec<Range<usize>> {
    let start = |word: &str| word.as_ptr() as usize - sentence.as_ptr() as usize;
    sentence.split_whitespace().map(|word| start(word)..start(word) + word.len()).collect()
}

/// The words at which a clause may begin: the first, and those after a colon, a dash or "that".
fn starts(sentence: &str, spans: &[Range<usize>]) -> Vec<usize> {
    let introduces = |word: &str| word.ends_with(INTRODUCING) || THAT.contains(&word);
    let begins = |i: &usize| *i == 0 || introduces(&sentence[spans[i - 1].clone()]);
    (0..spans.len()).filter(begins).take(PARTS).collect()
}

/// Whether a line is the path of a page through menus.
fn is_path(line: &str) -> bool {
    ['>', '»', '›', '/', '|'].iter().any(|mark| line.matches(&format!(" {mark} ")).count() >= 2)
}

/// The first words of a sentence, as many as a headline has.
fn shortened(sentence: &str) -> String {
    let bare = sentence.trim_end_matches(['.', '。', ' ', '…']);
    let mut bounds = bare.unicode_word_indices().skip(LONGEST_HEADLINE - 1);
    match (bounds.next(), bounds.next()) {
        (Some((at, word)), Some(_)) if words(bare) > LONGEST_HEADLINE => {
            format!("{} …", &bare[..at + word.len()])
        }
        _ => bare.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn headlines_have_twelve_words() {
        let long = "one two three four five six seven eight nine ten eleven twelve thirteen.";
        assert_eq!(
            shortened(long),
            "one two three four five six seven eight nine ten eleven twelve …"
        );
        assert_eq!(shortened("A short one."), "A short one");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn clauses_begin_after_a_colon_or_that() {
        let begins = |sentence: &'static str| -> Vec<&str> {
            let spans = spans(sentence);
            starts(sentence, &spans).into_iter().map(|i| &sentence[spans[i].clone()]).collect()
        };
        assert_eq!(begins("He said that the bridge, once built, closes."), ["He", "the"]);
        assert_eq!(begins("Es ist so: Wir denken, dass es geht."), ["Es", "Wir", "es"]);
        assert_eq!(begins(""), [""; 0]);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_path_through_menus_is_no_title() {
        assert!(is_path("Home > Help > Terms & Conditions"));
        assert!(!is_path("Input > output: how a program reads"));
    }
}
