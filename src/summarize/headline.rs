//! Headlines: the model's where the document supports it, else what the document calls itself, else
//! what its best sentence says in twelve words.

use std::collections::HashSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::ask::log_share;
use super::plan::{Prompt, PromptStyle};
use super::points::{
    LONGEST_HEADLINE, Material, Point, capitalized, opening, quotation, untied, words,
};
use super::run::Run;
use super::salience::{Candidate, share};
use crate::backend::Backend;
use crate::document::kind::Kind;
use crate::document::sentences;
use crate::document::structure::{Block, BlockKind};
use crate::error::Result;
use crate::host::{Host, let_others_run};
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
const PARTS: usize = 3;

/// How many words the end of a headline counts for.
const END: f64 = 3.0;

/// How much it counts which share of its sentence's words a headline has.
const KEPT: f64 = 0.7;

/// The share that it has at least.
const LEAST_KEPT: f64 = 0.1;

/// How much a headline's form counts beside how much its sentence says.
const FORM: f64 = 0.3;

/// What may stand before a clause that can stand alone.
const INTRODUCING: [char; 5] = [';', ':', '；', '：', '؛'];

/// What a headline does not end with.
const CLOSING: [char; 10] = [',', ';', ':', '.', '،', '؛', '—', '–', '…', ' '];

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
            let terms = self.salience.telling_terms(&text);
            let shared = terms.iter().flatten().filter(|term| about.contains(term)).count();
            let share = shared as f64 / terms.len().max(1) as f64;
            let tells = shared >= SHARED && share >= TITLED;
            // A story is rarely about what its title says, and names are not set like a sentence.
            let accepted = tells
                || shared > 1 && is_set_like_a_sentence(&text)
                || shared > 0 && self.plan.kind == Kind::Story;
            (fits && accepted && !is_path(&text)).then(|| (share, quotation(&text, range)))
        };
        let all = self.structure.title.iter().cloned().chain(above).filter_map(titled);
        all.reduce(|a, b| if b.0 > a.0 { b } else { a }).map(|(_, point)| point)
    }
}

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// A headline from what the model wrote, if anything, and from the document; `prompt` was just read
    /// with room for `tokens` more.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(super) async fn headline(
        &mut self,
        material: &Material<'_>,
        prompt: &Prompt,
        tokens: usize,
        written: &str,
    ) -> Result<Point> {
        if let Some(point) = material.written_headline(written).or_else(|| material.title()) {
            return Ok(point);
        }
        let (prompt, ends) = (self.encode(prompt)?, self.ends()?);
        let mut best: Option<(f64, Point)> = None;
        for Candidate { sentence, score, .. } in material.salience.best(TRIED) {
            let alone = untied(&sentence.text);
            let found = self.best_part(material, &prompt, &ends, tokens, &alone).await?;
            let Some(BestPart { value, part, whole }) = found else { continue };
            let more = if whole { "" } else { " …" };
            let text = format!("{}{more}", begun(&alone, part));
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
                quotation(&untied(&candidate.sentence.text), candidate.sentence.range.clone())
            }
            None => opening(material.text, material.plan.body()),
        };
        Ok(Point { text: shortened(&text), range, support })
    }

    /// The part of a sentence that the model would most likely write as its answer to the prompt. It
    /// begins with the sentence or after a colon, and is followed by one of `ends`. `None` for scripts
    /// without spaces, for base models, and where the session has lost the prompt.
    async fn best_part(
        &mut self,
        material: &Material<'_>,
        prompt: &[u32],
        ends: &[u32],
        tokens: usize,
        sentence: &str,
    ) -> Result<Option<BestPart>> {
        let spans = spans(sentence);
        let spaced = spans.len() >= SHORTEST_PART && 2 * spans.len() >= words(sentence);
        let Some((last, before)) = prompt.split_last().filter(|_| spaced) else {
            return Ok(None);
        };
        if self.asking.style == PromptStyle::Completion {
            return Ok(None);
        }
        let all = material.salience.terms(sentence);
        let mut best: Option<BestPart> = None;
        for from in starts(sentence, &spans) {
            self.session.truncate(before.len());
            if !self.session.has_read(before) {
                return Ok(None);
            }
            let mut logits = self.session.decode(*last).await?;
            let part = Part::new(sentence, &spans[from..]);
            let encoded = self.session.model().tokenizer.encode_with_starts(&part.text)?;
            let mut sum = 0.0;
            for (index, id) in encoded.ids.iter().take(tokens).enumerate() {
                let_others_run(self.host).await?;
                sum += log_share(&logits, &[*id]);
                logits = self.session.decode(*id).await?;
                let read = encoded.starts.get(index + 1).copied().unwrap_or(part.text.len());
                let Some(words) = part.words_before(read) else { continue };
                let Range { start, end } = part.range(words);
                let last = end == spans[spans.len() - 1].end;
                let whole = last || part.is_clause(words);
                let range = start..start + sentence[start..end].trim_end_matches(CLOSING).len();
                let kept = share(&all, &material.salience.terms(&sentence[range.clone()]));
                // "About $6 …" is wrong where the sentence says "about $6 million".
                let splits = !whole && sentence[range.clone()].ends_with(char::is_numeric);
                let fits = spans.len() <= LONGEST_HEADLINE && !last;
                if words < SHORTEST_PART || kept < LEAST_KEPT || splits || fits {
                    continue;
                }
                let likely = (sum + END * log_share(&logits, ends)) / (words as f64 + END);
                let value = likely + KEPT * kept;
                if best.as_ref().is_none_or(|best| value > best.value) {
                    best = Some(BestPart { value, part: range, whole });
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

/// The words of a sentence from one of them on, as many as a headline has.
struct Part<'a> {
    sentence: &'a str,
    /// Where the words lie in it, in bytes.
    spans: &'a [Range<usize>],
    /// The words as they are written.
    text: String,
}

impl<'a> Part<'a> {
    fn new(sentence: &'a str, spans: &'a [Range<usize>]) -> Self {
        let spans = &spans[..spans.len().min(LONGEST_HEADLINE)];
        let end = spans.last().map_or(0, |span| span.end);
        let text = begun(sentence, spans.first().map_or(0, |span| span.start)..end);
        Self { sentence, spans, text }
    }

    /// How many words end exactly before so many bytes of the text.
    fn words_before(&self, bytes: usize) -> Option<usize> {
        // Counted from the end: a capital letter may have another length.
        let left = self.text.len() - bytes;
        let end = self.spans.last()?.end;
        self.spans.iter().position(|span| end - span.end == left).map(|index| index + 1)
    }

    fn range(&self, words: usize) -> Range<usize> {
        self.spans[0].start..self.spans[words - 1].end
    }

    /// Whether a clause ends with so many words.
    fn is_clause(&self, words: usize) -> bool {
        self.sentence[self.spans[words - 1].clone()].ends_with(INTRODUCING)
    }
}

/// A part of a sentence as a headline.
struct BestPart {
    /// How good it is as one, in logarithms of likelihood for each word.
    value: f64,
    /// Where it lies in the sentence, in bytes.
    part: Range<usize>,
    /// Whether the sentence, or a clause, ends with it.
    whole: bool,
}

/// A part of a sentence, with a capital letter where it is not the beginning of the sentence.
fn begun(sentence: &str, part: Range<usize>) -> String {
    match part.start {
        0 => sentence[part].into(),
        _ => capitalized(&sentence[part]),
    }
}

/// Where the words of a sentence lie, in bytes.
fn spans(sentence: &str) -> Vec<Range<usize>> {
    let start = |word: &str| word.as_ptr() as usize - sentence.as_ptr() as usize;
    sentence.split_whitespace().map(|word| start(word)..start(word) + word.len()).collect()
}

/// The words at which a clause may begin that is true without what comes before it: the first, and those
/// after a colon that most of the sentence follows. Not those after "that": somebody may deny it.
fn starts(sentence: &str, spans: &[Range<usize>]) -> Vec<usize> {
    let introduced = |i: usize| {
        let before = &sentence[spans[i - 1].clone()];
        2 * i < spans.len() && before.ends_with(INTRODUCING) && spans.len() > LONGEST_HEADLINE
    };
    (0..spans.len()).filter(|i| *i == 0 || introduced(*i)).take(PARTS).collect()
}

/// Whether most words of a line begin with small letters.
fn is_set_like_a_sentence(line: &str) -> bool {
    let (mut words, mut small) = (0, 0);
    for word in line.unicode_words() {
        words += 1;
        small += usize::from(word.starts_with(char::is_lowercase));
    }
    2 * small > words
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
    fn clauses_begin_after_a_colon() {
        let begins = |sentence: &'static str| -> Vec<&str> {
            let spans = spans(sentence);
            starts(sentence, &spans).into_iter().map(|i| &sentence[spans[i].clone()]).collect()
        };
        let long = "It is so: the bridge, once built, closes; they denied that it was a plan.";
        assert_eq!(begins(long), ["It", "the"]);
        assert_eq!(begins("It is so: the bridge closes."), ["It"]);
        assert_eq!(begins(""), [""; 0]);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn the_words_of_a_part_are_found_in_its_text() {
        let sentence = "so: \u{149}a b, c";
        let spans = spans(sentence);
        let part = Part::new(sentence, &spans[1..]);
        // The capital letter is longer.
        assert_eq!(part.text, "ʼNa b, c");
        let bounds: Vec<_> = (0..=part.text.len()).map(|byte| part.words_before(byte)).collect();
        assert_eq!(bounds.iter().flatten().collect::<Vec<_>>(), [&1, &2, &3]);
        assert_eq!(&sentence[part.range(2)], "\u{149}a b,");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn names_are_not_set_like_sentences() {
        assert!(is_set_like_a_sentence("RFC: stop drawing tiles ahead of time"));
        assert!(is_set_like_a_sentence("Pelau for people who fear the burnt sugar"));
        for name in ["HEXWORTH DISTRICT COUNCIL", "The Bastion Mail By Karmenu", ""] {
            assert!(!is_set_like_a_sentence(name), "{name}");
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_path_through_menus_is_no_title() {
        assert!(is_path("Home > Help > Terms & Conditions"));
        assert!(!is_path("Input > output: how a program reads"));
    }
}
