//! Plans of texts whose tokens are words, as far as a plan can tell.

use std::collections::HashSet;

use super::*;
use crate::random::Random;
use wasm_bindgen_test::wasm_bindgen_test;

const LIMITS: Limits = Limits { context: 2000, reach: 2000, overhead: 30, answer: 96 };

/// One token a word, as far as a plan can tell.
fn words(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    starts.extend(text.match_indices(' ').map(|(at, _)| at));
    starts
}

fn plan(text: &str) -> Plan {
    Plan::new(text, &words(text), LIMITS, Strategy::Auto, SummaryRequest::default())
}

#[wasm_bindgen_test(unsupported = test)]
fn a_short_document_is_read_in_one_pass() {
    let plan = plan("A short text.\n\nWith two paragraphs.");
    assert!(plan.is_one_pass());
    assert_eq!(plan.windows, std::slice::from_ref(&(0..35)));
    assert_eq!(plan.request, DEFAULT_REQUEST);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_strategy_decides_where_both_are_possible() {
    let windows = |tokens: usize, strategy| {
        let text = "word ".repeat(tokens);
        let limits = Limits { context: 3000, reach: 3000, ..LIMITS };
        Plan::new(&text, &words(&text), limits, strategy, SummaryRequest::default()).windows.len()
    };
    for (tokens, auto, in_windows) in [(1400, 1, 1), (2300, 1, 3), (9000, 11, 11)] {
        assert_eq!(windows(tokens, Strategy::Auto), auto, "{tokens} tokens");
        assert_eq!(windows(tokens, Strategy::OnePass), 1, "{tokens} tokens");
        assert_eq!(windows(tokens, Strategy::Windows), in_windows, "{tokens} tokens");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_trailing_request_is_the_question() {
    let text = "Body of it.\n\n\nBased on all the above, provide a one-sentence summary.\n";
    let plan = plan(text);
    assert_eq!(plan.request, "Based on all the above, provide a one-sentence summary.");
    assert_eq!(plan.question, Question::Line { headline: false });
    let prompt = plan.answer_prompt(text, &[], &PromptStyle::Chat.into()).text;
    assert_eq!(prompt, "Body of it.\n\nBased on all the above, provide a one-sentence summary.");
}

#[wasm_bindgen_test(unsupported = test)]
fn ordinary_endings_are_no_request() {
    for text in [
        "Body.\n\nThe end.",
        "Body.\n\n## Summary",
        "Summarize.",
        "\n\nSummarize this.",
        &format!("Body.\n\n{}summary", "long ".repeat(100)),
    ] {
        assert_eq!(plan(text).request, DEFAULT_REQUEST, "{text}");
    }
}

/// Texts of all shapes: prose, sections, code, tables, one line, scripts without spaces and from right
/// to left, marks that join others, and nothing but space.
fn shapes() -> Vec<String> {
    let sentence = "The quick brown fox jumps over the lazy dog and rests. ";
    let code = "fn main() {\n    println!(\"{}\", 1 + 2); // three\n}\n\n";
    let mut random = Random(8);
    let marks: Vec<char> = "a .\n#é日。؟ש👩\u{200d}\u{301}\t|-".chars().collect();
    let mixed = (0..20_000).map(|_| marks[random.below(marks.len())]).collect();
    vec![
        format!("## Title\n\n{}\n\n", sentence.repeat(40)).repeat(12),
        sentence.repeat(900),
        "word ".repeat(9000),
        "x".repeat(50_000),
        "一二三。".repeat(4000),
        "שלום עולם. ".repeat(3000),
        "هل قرأت الكتاب؟ ".repeat(3000),
        "| a | b |\n|---|---|\n".repeat(2000),
        code.repeat(900),
        format!("# A\n{}# B\n", "\n".repeat(30_000)),
        "👩\u{200d}👩\u{200d}👧".repeat(3000),
        mixed,
    ]
}

#[wasm_bindgen_test(unsupported = test)]
fn windows_cover_everything_in_order_within_the_budget() {
    for text in shapes() {
        for width in [1, 3, 7] {
            let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(width).collect();
            let plan =
                Plan::new(&text, &starts, LIMITS, Strategy::Windows, SummaryRequest::default());
            assert!(plan.windows.len() > 1);
            let mut at = 0;
            for window in &plan.windows {
                assert!(window.start == at && !window.is_empty());
                assert!(Tokens(&starts).count(window) <= WINDOW);
                at = window.end;
            }
            assert_eq!(at, text.len());
        }
    }
}

/// Paragraphs of words that no two have in common.
fn prose(random: &mut Random, paragraphs: usize) -> String {
    let mut words = |count: usize| {
        (0..count).map(|_| format!("{:x} ", random.below(1 << 30))).collect::<String>()
    };
    (0..paragraphs)
        .map(|_| (0..3).map(|_| words(20) + "end. ").collect::<String>() + "\n\n")
        .collect()
}

fn texts(text: &str) -> Vec<&str> {
    let plan = Plan::new(text, &words(text), LIMITS, Strategy::Windows, SummaryRequest::default());
    plan.windows.into_iter().map(|window| &text[window]).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn an_edit_moves_no_windows_but_those_beside_it() {
    let mut random = Random(9);
    let text = prose(&mut random, 400);
    let before = texts(&text);
    let paragraphs: Vec<&str> = text.split_inclusive("\n\n").collect();
    for at in [0, 1, 57, 200, 398, 399] {
        let mut edited = paragraphs.clone();
        let new = prose(&mut random, 1);
        edited[at] = &new;
        let edited = edited.concat();
        let known: HashSet<&str> = before.iter().copied().collect();
        let new = texts(&edited).into_iter().filter(|window| !known.contains(window)).count();
        assert!((1..=3).contains(&new), "{new} windows of {} are new", before.len());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_repeats_is_cut_alike_and_read_once() {
    let article = prose(&mut Random(10), 100);
    let text: String = (1..=8).map(|i| format!("## Part {i}\n\n# Title\n\n{article}")).collect();
    let windows = texts(&text);
    let passages: HashSet<&str> = windows.iter().map(|window| passage(window)).collect();
    assert_eq!(8 * passages.len(), windows.len());
    assert!(passages.len() > 2);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_passage_is_a_window_without_its_first_headings() {
    assert_eq!(passage("## One\n\n# Two\n\nText.\n## Three\n"), "Text.\n## Three");
    assert_eq!(passage("#hash\nText."), "#hash\nText.");
    assert_eq!(passage("# Alone"), "# Alone");
}

#[wasm_bindgen_test(unsupported = test)]
fn windows_end_at_the_strongest_border() {
    let section = format!("## Title\n\n{}\n\n", "Some words here. ".repeat(300));
    let text = section.repeat(6);
    let plan = plan(&text);
    for window in &plan.windows[1..] {
        assert!(text[window.clone()].starts_with("## Title"));
    }
    let text = "Some words here. ".repeat(4000);
    for window in &self::plan(&text).windows {
        assert!(text[window.clone()].ends_with("here. "));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_longer_than_the_budget_still_ends_a_window() {
    let text = "é".repeat(50);
    let none = Limits { context: 0, reach: 0, overhead: 0, answer: 0 };
    let plan = Plan::new(&text, &[0], none, Strategy::Auto, SummaryRequest::default());
    assert_eq!(plan.windows, std::slice::from_ref(&(0..text.len())));
    let starts: Vec<usize> = (0..50).map(|i| 2 * i).collect();
    let plan = Plan::new(&text, &starts, none, Strategy::Auto, SummaryRequest::default());
    assert_eq!(plan.windows.len(), 50);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_answer_sees_opening_headings_and_notes() {
    let text =
        format!("# Subject\n\nIt is about cats. {}\n\n## Part\n\n", "Filler here. ".repeat(40))
            .repeat(60);
    let plan = plan(&text);
    assert_eq!(plan.headings, ["Subject", "Part"]);
    let notes = ["First note.".into(), "Second note.".into()];
    let prompt = plan.answer_prompt(&text, &notes, &PromptStyle::Chat.into()).text;
    let find = |part: &str| prompt.find(part).expect(part);
    let (notes, sections) = (find("- First note.\n- Second"), find("- Subject\n- Part\n"));
    assert!(notes < sections && sections < find("begins:\n\nSubject\nIt is about cats."));
    assert!(prompt.ends_with(DEFAULT_REQUEST));
}

#[wasm_bindgen_test(unsupported = test)]
fn groups_shrink_any_list_of_notes() {
    assert_eq!(groups(&[10; 6], 30), [0..3, 3..6]);
    assert_eq!(groups(&[50, 50, 50], 30), [0..2, 2..3]);
    assert!(groups(&[], 30).is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_begins_with_words_of_the_document() {
    let text = "# Cats\n\nThe cat sat on (or beside) the mat.\n\nBased on all the above, provide a one-sentence summary.";
    let plan = plan(text);
    let line = plan.line.as_ref().expect("a line");
    assert_eq!((line.sentence.as_str(), &line.subject), ("The cat sat on the mat.", &None));
    let prompt = plan.answer_prompt(text, &[], &PromptStyle::Completion.into());
    assert!(prompt.text.ends_with("the mat.\n\nSummary:"), "{prompt:?}");
    assert_eq!(prompt.lead, "The cat sat");
    assert_eq!(plan.answer_prompt(text, &[], &PromptStyle::Chat.into()).lead, "The cat sat");
    let note = |text, style: PromptStyle| note_prompt(text, &style.into()).lead;
    assert_eq!(note("The cat sat on the mat.", PromptStyle::Chat), "The cat sat");
    // Where there is no sentence, only a text must be begun.
    assert_eq!(note(" A window. ", PromptStyle::Chat), "");
    assert_eq!(note(" A window. ", PromptStyle::Completion), "This text");
    assert_eq!(
        self::plan("A list").answer_prompt("A list", &[], &PromptStyle::Chat.into()).lead,
        ""
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_name_is_a_word_of_several_tokens_wherever_it_stands() {
    let text = "(mats) and cats.\nmats are of the cats, and [mats] are in it. The mats of fobar are a \
                fobar of the mats, and fobar is on it.";
    // Marks and each line's end are tokens of their own; a space belongs to the word behind it.
    let marks = |c: char| " ()[]\n".contains(c);
    let mut starts: Vec<usize> = text.match_indices(marks).map(|(at, _)| at).collect();
    let behind = text.match_indices(['(', '[', '\n']).map(|(at, _)| at + 1);
    starts.extend(behind);
    let subject = |starts: &[usize]| {
        let line = Line::new(text, &(0..text.len()), &(0..text.len()), Tokens(starts));
        line.expect("a line").subject
    };
    starts.sort_unstable();
    assert_eq!(subject(&starts), None);
    starts.extend(text.match_indices("fobar").map(|(at, _)| at + 2));
    starts.sort_unstable();
    assert_eq!(subject(&starts).as_deref(), Some("fobar"));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_opening_stands_last_in_a_long_document() {
    let text = "It is about cats and mats. ".repeat(100) + &"Filler goes here. ".repeat(210);
    let plan = plan(&text);
    assert!(plan.is_one_pass());
    let prompt = plan.answer_prompt(&text, &[], &PromptStyle::Chat.into()).text;
    let (whole, opening) = prompt.split_once("\n\nThe document begins:\n\n").expect("an opening");
    assert_eq!(whole, text.trim());
    assert!(opening.starts_with("It is about cats and mats. It is") && opening.len() < 3000);
    assert!(opening.ends_with(DEFAULT_REQUEST));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_asked_for_decides_how_a_document_is_read() {
    let text = "Some words stand here. ".repeat(300);
    let plan = |wish, strategy| Plan::new(&text, &words(&text), LIMITS, strategy, wish);
    let asked =
        |length, form| SummaryRequest { length: Some(length), form, ..SummaryRequest::default() };
    let of = |length, form| plan(asked(length, form), Strategy::Auto);
    let line = of(Length::Headline, Form::Paragraph);
    assert_eq!(line.question, Question::Line { headline: true });
    assert!(line.is_one_pass());
    // About two windows for each point.
    for (length, most) in [(Length::Short, 3), (Length::Medium, 6)] {
        let points = of(length, Form::KeyPoints);
        assert_eq!(points.question, Question::Points { most, form: Form::KeyPoints });
        assert!((most..=4 * most).contains(&points.windows.len()), "{}", points.windows.len());
    }
    let whole = plan(asked(Length::Long, Form::KeyPoints), Strategy::OnePass);
    assert_eq!(whole.question, Question::Request { one_sentence: false });
    assert_eq!(whole.request, "List the twelve key points of the document above.");
    let wish = SummaryRequest {
        instruction: Some("Who sat where, in one sentence?"),
        ..SummaryRequest::default()
    };
    let question = plan(wish, Strategy::Auto);
    assert_eq!(question.question, Question::Request { one_sentence: true });
    assert_eq!(question.request, "Who sat where, in one sentence?");
    // Points of a single part are what is said of the whole.
    let short = "Some words stand here.";
    let single = Plan::new(
        short,
        &words(short),
        LIMITS,
        Strategy::Auto,
        asked(Length::Long, Form::Paragraph),
    );
    assert_eq!(single.question, Question::Line { headline: false });
}
