//! What a text asks for at its end: a summary of what stands above, or an answer about it.
//!
//! A false request takes the place of the summary, a missed one only yields a usual summary. So a last
//! paragraph is a request only if it orders one and says of what: of the text above, or of nothing else.

mod languages;

use self::languages::LANGUAGES;
use super::question::{Form, Length, Question, SummaryRequest};
use crate::document::sentences::is_question;
use crate::document::words::is_unspaced;
use crate::summarize::profile::Wording;

/// A request is a last paragraph of at most so many bytes.
const LONGEST: usize = 400;

/// Sentences of a summary whose length the request does not say.
const USUAL: usize = 3;

/// The words of one language; phrases stand between bars, in small letters.
struct Language {
    /// Orders that are about summaries by themselves. A plus stands between the parts of one that other
    /// words divide; a star stands for any ending.
    summarize: &'static str,
    /// Orders for a text, which a noun has to follow.
    make: &'static str,
    /// What may stand before an order.
    polite: &'static str,
    /// What asks for something by a question, with the order at any later place.
    modal: &'static str,
    /// Nouns for a summary.
    summary: &'static str,
    /// Questions for what a text says as a whole.
    about: &'static str,
    /// Words for what stands above.
    above: &'static str,
    /// A text, named as this one.
    this: &'static str,
    /// Words that questions begin with.
    asks: &'static str,
    /// Words that may follow an order without saying of what there shall be a summary.
    how: &'static str,
    /// Words that stand for the text.
    it: &'static str,
    /// Nouns for sentences, and for the points of a list.
    units: [&'static str; 2],
    /// From one to seven.
    numbers: &'static str,
}

/// Words of requests to others, or about other things.
const OTHERS: &str = "your|below|send|sends|email|e-mail|mail|comments|reply|submit|form|office|homework|\
                      worksheet|deadline|friday|monday|each|every|say|ignore|ihre|deine|eure|unten|schicke|\
                      senden|kommentare|votre|vos|ci-dessous|envoyer|tus|sus|abajo|seguente|vostro|\
                      onderstaande|jouw|poniżej|ниже|you think|you feel|do you agree|denken sie|finden sie|\
                      findest du|pensez-vous|penses-tu|opinas|opina usted";

/// Where the part of a text to read ends, and what the text asks for at its end.
pub fn split_request(text: &str) -> (usize, Option<&str>) {
    let end = text.trim_end().len();
    let whole = (text.len(), None);
    let Some(start) = text[..end].rfind("\n\n").map(|at| at + 2) else { return whole };
    let last = text[start..end].trim();
    match last.len() <= LONGEST && is_request(last) && !text[..start].trim().is_empty() {
        true => (start, Some(last)),
        false => whole,
    }
}

impl SummaryRequest<'_> {
    /// What the answer will be, in these words. `request` is the document's own.
    pub fn question(&self, request: Option<&str>, wording: Wording) -> Question {
        if let Some(instruction) = self.instruction {
            return match wording {
                // It writes no answer: apart from summaries, it shows where the document says something.
                Wording::Quotes => asked(instruction).unwrap_or(Question::Ask),
                Wording::Own if is_question(instruction.trim_end()) => Question::Ask,
                Wording::Own => {
                    Question::Request { one_sentence: asks_for_one_sentence(instruction) }
                }
            };
        }
        if let Some(request) = request.filter(|_| self.is_open()) {
            return question(request);
        }
        match self.length {
            Some(Length::Headline) if self.most() == 1 => Question::Headline,
            _ => Question::Summary { sentences: self.most(), form: self.form },
        }
    }
}

/// The summary that a person asks for; `None` if it is something else.
fn asked(instruction: &str) -> Option<Question> {
    let lower = instruction.trim().to_lowercase().replace('’', "'");
    let asks_for_summary = |sentence: &&str| {
        LANGUAGES.iter().any(|language| {
            language.parts(sentence).any(|part| language.orders_some(part))
                || language.names_summary(sentence)
        })
    };
    if is_tldr(&lower) || sentences(&lower).iter().any(asks_for_summary) {
        return Some(question(&lower)).filter(|question| *question != Question::Ask);
    }
    let about = LANGUAGES.iter().any(|language| language.asks_about_all(&lower));
    about.then_some(Question::Summary { sentences: USUAL, form: Form::Paragraph })
}

/// What the answer to a request of the document will be.
pub fn question(request: &str) -> Question {
    let lower = request.to_lowercase();
    let sentences = |count, form| Question::Summary { sentences: count, form };
    if has_any(&lower, "headline|überschrift|schlagzeile") {
        return Question::Headline;
    }
    for language in &LANGUAGES {
        for (units, form) in language.units.iter().zip([Form::Paragraph, Form::KeyPoints]) {
            if let Some(count) = count_of(&lower, units, language.numbers) {
                return sentences(count, form);
            }
        }
    }
    // A question for the point of a text is one for a summary.
    let points = |language: &Language| {
        has_any(&lower, language.summary) || has_any(&lower, language.summarize)
    };
    let short = has_any(&lower, "tl;dr|tldr|brief") || is_question(&lower);
    match LANGUAGES.iter().any(points) {
        true if short => sentences(Length::Sentence.sentences(), Form::Paragraph),
        false if is_question(&lower) => Question::Ask,
        _ => sentences(USUAL, Form::Paragraph),
    }
}

/// Whether a last paragraph asks for a summary of what stands above it, or something about that.
fn is_request(last: &str) -> bool {
    let marks = |c: char| !c.is_alphanumeric() && !"¿¡".contains(c);
    if last.starts_with(marks) || last.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let lower = last.to_lowercase();
    if has_any(&lower, OTHERS) || lower.contains(['"', '“', '„', '«', '「']) {
        return false;
    }
    if is_tldr(&lower) {
        return true;
    }
    let sentences = sentences(&lower);
    let alone = sentences.len() == 1;
    LANGUAGES.iter().any(|language| {
        let asked = |sentence: &&str| language.asks_for(sentence, alone);
        sentences.iter().any(asked)
    })
}

fn is_tldr(lower: &str) -> bool {
    let bare = lower.trim_end_matches(['.', ':', '?', '!', ' ']);
    ["tl;dr", "tldr", "tl; dr"].contains(&bare)
}

/// The sentences of a request.
fn sentences(lower: &str) -> Vec<&str> {
    lower
        .split_inclusive(['.', '!', '?', '。', '？', '！', '؟', '\n'])
        .map(|sentence| sentence.trim_matches([' ', '\n', '¿', '¡']))
        .filter(|sentence| sentence.chars().any(char::is_alphanumeric))
        .collect()
}

impl Language {
    /// Whether a sentence, in small letters, is a request. Beside other sentences it has to say that it
    /// is about the text above.
    fn asks_for(&self, sentence: &str, alone: bool) -> bool {
        let above = has_any(sentence, self.above);
        let named = above || has_any(sentence, self.this);
        if alone && named && self.is_about(sentence, above) {
            return true;
        }
        self.parts(sentence).any(|part| self.orders(part, named, alone))
    }

    /// A sentence, and what follows its first words where they say of what or how long: "Based on all the
    /// above content, provide …".
    fn parts<'a>(&self, sentence: &'a str) -> impl Iterator<Item = &'a str> {
        let led = sentence.split_once([',', '，', '、', '،']).filter(|(lead, _)| {
            let length = self.units[0];
            [self.above, self.this, length].iter().any(|phrases| has_any(lead, phrases))
        });
        [Some(sentence), led.map(|(_, rest)| rest.trim_start())].into_iter().flatten()
    }

    /// Whether a part of a sentence orders a summary: of the text above, or of nothing in particular.
    fn orders(&self, part: &str, named: bool, alone: bool) -> bool {
        self.ordered(part).is_some_and(|rest| named || alone && self.is_open(rest))
    }

    /// The same of a person, who need not say of what. One word more is what they look for: "resume
    /// requirements".
    fn orders_some(&self, part: &str) -> bool {
        let some = |rest: &str| rest.split_whitespace().count() != 1 || self.is_open(rest);
        self.ordered(part).is_some_and(some)
    }

    /// What follows the order for a summary in a part of a sentence.
    fn ordered<'a>(&self, part: &'a str) -> Option<&'a str> {
        let (order, modal) = self.order(part);
        let summarizes = self.summarize.split('|').find_map(|verb| begins(order, verb, modal));
        summarizes.or_else(|| {
            let rest = self.make.split('|').find_map(|verb| begins(order, verb, modal))?;
            let at = self.summary.split('|').find_map(|noun| find(rest, noun))?;
            Some(&rest[at..])
        })
    }

    /// A question about the text above, or for the point of a text. Texts end with other questions
    /// about themselves.
    fn is_about(&self, sentence: &str, above: bool) -> bool {
        let about = above || has_any(sentence, self.summary);
        is_question(sentence) && self.asks(sentence) && about
    }

    /// Whether a text begins as a question does.
    fn asks(&self, text: &str) -> bool {
        self.asks.split('|').any(|word| find(text, word) == Some(word.len()))
    }

    /// Whether a sentence is a noun for a summary, or asks for one: "What are the key points?"
    fn names_summary(&self, sentence: &str) -> bool {
        self.summary.split('|').any(|noun| {
            around(sentence, noun).is_some_and(|(before, rest)| {
                let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
                let begins = before.trim().is_empty() || self.asks(before);
                begins && self.names_text(self.order(rest).0)
            })
        })
    }

    /// Whether a question is for what a text says as a whole, and not for what it says of something.
    fn asks_about_all(&self, question: &str) -> bool {
        self.about.split('|').any(|phrase| {
            let (first, second) = phrase.split_once('+').unwrap_or((phrase, ""));
            around(question, first).is_some_and(|(before, rest)| {
                let rest = if second.is_empty() { Some(("", rest)) } else { around(rest, second) };
                let parts = rest.map(|(name, after)| [before, name, after]);
                parts.is_some_and(|parts| parts.iter().all(|part| self.names_text(part)))
            })
        })
    }

    /// Whether this is nothing, or a text's name, with a word before it: "of this text".
    fn names_text(&self, part: &str) -> bool {
        let part = part.trim_matches(|c: char| !c.is_alphanumeric());
        let words = |text: &str| text.split_whitespace().count();
        // "this letter"
        let is_this = |(first, rest): (&str, &str)| {
            self.it.split('|').any(|it| it == first) && words(rest) == 1
        };
        let names = self.this.split('|').chain(self.it.split('|')).filter(|name| !name.is_empty());
        let is_name = |name: &str| {
            let Some((before, after)) = part.rsplit_once(name) else { return false };
            match name.chars().all(is_unspaced) {
                // With particles.
                true => before.chars().chain(after.chars()).count() <= 2,
                false => {
                    let apart = !before.ends_with(char::is_alphanumeric);
                    after.is_empty() && apart && words(before) <= 1
                }
            }
        };
        part.is_empty()
            || part.split_once(' ').is_some_and(is_this)
            || names.into_iter().any(is_name)
    }

    /// What remains without what is polite, and whether it is a question for something.
    fn order<'a>(&self, part: &'a str) -> (&'a str, bool) {
        let mut order = part;
        let mut modal = false;
        for _ in 0..3 {
            let before = order;
            for phrase in self.polite.split('|').filter(|phrase| !phrase.is_empty()) {
                if find(order, phrase) == Some(phrase.len()) {
                    order = order[phrase.len()..].trim_start_matches([' ', ',', '，', ':']);
                }
            }
            for phrase in self.modal.split('|').filter(|phrase| !phrase.is_empty()) {
                if find(order, phrase) == Some(phrase.len()) {
                    order = order[phrase.len()..].trim_start();
                    modal = true;
                }
            }
            if before == order {
                break;
            }
        }
        (order, modal)
    }

    /// Whether nothing is said about what shall be summarized.
    fn is_open(&self, rest: &str) -> bool {
        let rest = rest.trim_matches(|c: char| !c.is_alphanumeric());
        // "Summarize it for the board" is an order to somebody else.
        let is_it = |word: &str| self.it.split('|').any(|it| it == word);
        let next = self.how.split('|').chain(self.it.split('|'));
        let next = next.filter(|word| !word.is_empty());
        let next = next.into_iter().find(|word| find(rest, word) == Some(word.len()));
        rest.is_empty()
            || next.is_some_and(|word| !is_it(word) || self.is_open(&rest[word.len()..]))
    }
}

/// What follows an order at the beginning of `text`, or anywhere in it.
fn begins<'a>(text: &'a str, order: &str, anywhere: bool) -> Option<&'a str> {
    let (first, second) = order.split_once('+').unwrap_or((order, ""));
    let end = find(text, first)?;
    let length = first.trim_end_matches('*').len();
    let here = end == length || is_ending(&text[..end], first);
    ((anywhere || here) && (second.is_empty() || has_any(&text[end..], second)))
        .then(|| &text[end..])
}

/// Whether a word with any ending is all of `text`.
fn is_ending(text: &str, word: &str) -> bool {
    word.ends_with('*') && text.starts_with(word.trim_end_matches('*')) && !text.contains(' ')
}

/// Whether a text has one of these phrases as whole words.
fn has_any(text: &str, phrases: &str) -> bool {
    phrases.split('|').any(|phrase| !phrase.is_empty() && find(text, phrase).is_some())
}

/// What stands before a phrase of whole words, and what stands after it.
fn around<'a>(text: &'a str, phrase: &str) -> Option<(&'a str, &'a str)> {
    let (to_its_end, after) = text.split_at(find(text, phrase)?);
    Some((to_its_end.strip_suffix(phrase).unwrap_or(to_its_end), after))
}

/// Where a phrase of whole words ends in a text; a star at its end stands for any ending.
fn find(text: &str, phrase: &str) -> Option<usize> {
    let word = phrase.trim_end_matches('*');
    // Scripts without spaces have no whole words.
    let spaced = word.chars().all(|c| c < '\u{2e80}');
    text.match_indices(word).find_map(|(at, _)| {
        let end = at + word.len();
        let inside = spaced
            && (text[..at].ends_with(char::is_alphanumeric)
                || word.len() == phrase.len() && text[end..].starts_with(char::is_alphanumeric));
        let letters = text[end..].find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len() - end);
        let ending = if spaced && word.len() < phrase.len() { letters } else { 0 };
        (!inside).then_some(end + ending)
    })
}

/// The number before one of these nouns: "three bullet points", "one-sentence", "3 Sätzen".
fn count_of(text: &str, units: &str, numbers: &str) -> Option<usize> {
    units.split('|').filter(|unit| !unit.is_empty()).find_map(|unit| {
        let word = unit.trim_end_matches('*');
        let end = find(text, unit)?;
        let before = &text[..text[..end].rfind(word)?];
        let before = before.trim_end_matches([' ', '-', '個', 'つ', '个', '条']);
        let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        if let Ok(count) = before[before.len() - digits..].parse::<usize>() {
            return (1..=12).contains(&count).then_some(count);
        }
        // "three short bullet points"; in Arabic, a number follows.
        let from = before.floor_char_boundary(before.len().saturating_sub(24));
        let to = text.floor_char_boundary(end + 12);
        let said = |part: &str| {
            let counts = numbers.split(' ').zip(1..);
            let found = counts.filter_map(|(number, count)| {
                number.split('/').filter_map(|form| find(part, form)).max().map(|at| (at, count))
            });
            found.max().map(|(_, count)| count)
        };
        said(&before[from..]).or_else(|| said(&text[end..to]))
    })
}

fn asks_for_one_sentence(request: &str) -> bool {
    let lower = request.to_lowercase();
    let one = ["one sentence", "one-sentence", "single sentence", "single-sentence"];
    one.iter().any(|words| lower.contains(words))
}
