//! Plans of texts whose tokens are words, as far as a plan can tell.

use std::collections::HashSet;

use super::*;
use crate::random::Random;
use wasm_bindgen_test::wasm_bindgen_test;

const LIMITS: Limits = Limits { context: 2000, overhead: 30, answer: 96 };

const QUOTES: Profile =
    Profile { wording: Wording::Quotes, window: 1500, note_sentences: 1, judge: "" };

/// One token a word, as far as a plan can tell.
fn words(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    starts.extend(text.match_indices(' ').map(|(at, _)| at));
    starts
}

/// A plan of `text` with tokens that begin at `starts`, for a model of this profile.
fn planned_for(
    profile: Profile,
    text: &str,
    starts: &[usize],
    limits: Limits,
    strategy: Strategy,
    wish: SummaryRequest,
) -> Plan {
    let asking = &PromptStyle::Chat.into();
    let kind = Kind::Prose;
    Plan::new(Reading { text, starts, kind, profile, asking, limits, strategy, wish })
}

/// A plan for a model that quotes.
fn planned(
    text: &str,
    starts: &[usize],
    limits: Limits,
    strategy: Strategy,
    wish: SummaryRequest,
) -> Plan {
    planned_for(QUOTES, text, starts, limits, strategy, wish)
}

fn plan(text: &str) -> Plan {
    planned(text, &words(text), LIMITS, Strategy::Auto, SummaryRequest::default())
}

/// A plan for a model that writes in its own words.
fn own(text: &str, wish: SummaryRequest) -> Plan {
    let profile = Profile { wording: Wording::Own, ..QUOTES };
    planned_for(profile, text, &words(text), LIMITS, Strategy::Auto, wish)
}

fn prompt(plan: &Plan) -> String {
    plan.planned_answer().expect("a prompt").whole()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_short_document_is_read_in_one_pass() {
    let plan = plan("A short text.\n\nWith two paragraphs.");
    assert!(plan.is_one_pass());
    assert_eq!((plan.strategy, plan.prompts.len()), ("one-pass", 1));
    assert_eq!(plan.windows, std::slice::from_ref(&(0..35)));
    assert!(plan.request.starts_with("Summarize the text above in one sentence"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_strategy_decides_where_both_are_possible() {
    let windows = |tokens: usize, strategy| {
        let text = "word ".repeat(tokens);
        let limits = Limits { context: 3000, ..LIMITS };
        planned(&text, &words(&text), limits, strategy, SummaryRequest::default()).windows.len()
    };
    for (tokens, auto) in [(1400, 1), (2300, 3), (9000, 11)] {
        assert_eq!(windows(tokens, Strategy::Auto), auto, "{tokens} tokens");
        assert_eq!(windows(tokens, Strategy::OnePass), 1, "{tokens} tokens");
        assert_eq!(windows(tokens, Strategy::Windows), auto, "{tokens} tokens");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_trailing_request_is_the_question() {
    let text = "Body of it.\n\n\nBased on all the above, provide a one-sentence summary.\n";
    let plan = own(text, SummaryRequest::default());
    assert_eq!(plan.request, "Based on all the above, provide a one-sentence summary.");
    assert_eq!(plan.question, Question::Summary { sentences: 1, form: Form::Paragraph });
    assert_eq!(
        prompt(&plan),
        "Body of it.\n\nBased on all the above, provide a one-sentence summary."
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_trailing_request_is_followed_as_the_person_wants() {
    let asks = "Based on all the above, provide a one-sentence summary.";
    let text = format!("Body of it.\n\n{asks}");
    let wish = |follow_request| SummaryRequest {
        length: Some(Length::Short),
        follow_request,
        ..SummaryRequest::default()
    };
    let sentences = |count| Question::Summary { sentences: count, form: Form::Paragraph };
    for (follow, question, closing, read) in [
        (None, sentences(3), asks, "Body of it.\n\n"),
        (Some(true), sentences(1), asks, "Body of it.\n\n"),
        (Some(false), sentences(3), "", text.as_str()),
    ] {
        let plan = own(&text, wish(follow));
        assert_eq!((plan.question, plan.closing_request.as_str()), (question, closing));
        assert_eq!(&text[plan.body()], read);
        assert_eq!(plan.request == asks, follow == Some(true));
    }
    let ordinary = own("Body of it.\n\nThe end.", wish(Some(true)));
    assert_eq!(ordinary.question, sentences(3));
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
        assert!(plan(text).request.starts_with("Summarize the text above"), "{text}");
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
                planned(&text, &starts, LIMITS, Strategy::Windows, SummaryRequest::default());
            assert!(plan.windows.len() > 1);
            let mut at = 0;
            for window in &plan.windows {
                assert!(window.start == at && !window.is_empty());
                assert!(Tokens(&starts).count(window) <= QUOTES.window);
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
    let plan = planned(text, &words(text), LIMITS, Strategy::Windows, SummaryRequest::default());
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
    let passages: HashSet<&str> = windows.iter().map(|window| prompts::passage(window)).collect();
    assert_eq!(8 * passages.len(), windows.len());
    assert!(passages.len() > 2);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_passage_is_a_window_without_its_first_headings() {
    assert_eq!(prompts::passage("## One\n\n# Two\n\nText.\n## Three\n"), "Text.\n## Three");
    assert_eq!(prompts::passage("#hash\nText."), "#hash\nText.");
    assert_eq!(prompts::passage("# Alone"), "# Alone");
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
    let none = Limits { context: 0, overhead: 0, answer: 0 };
    let plan = planned(&text, &[0], none, Strategy::Auto, SummaryRequest::default());
    assert_eq!(plan.windows, std::slice::from_ref(&(0..text.len())));
    let starts: Vec<usize> = (0..50).map(|i| 2 * i).collect();
    let plan = planned(&text, &starts, none, Strategy::Auto, SummaryRequest::default());
    assert_eq!(plan.windows.len(), 50);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_asked_for_decides_which_prompts_there_are() {
    let text = "Some words stand here. ".repeat(900);
    let asked =
        |length, form| SummaryRequest { length: Some(length), form, ..SummaryRequest::default() };
    let stages = |plan: &Plan| {
        let of = |stage| plan.prompts.iter().filter(|prompt| prompt.stage == stage).count();
        (of(Stage::Window), of(Stage::Answer))
    };
    let windows = plan(&text).windows.len();
    assert!(windows > 2);
    // A few sentences are written from the notes, many are the notes; quotations need no more words.
    let short = asked(Length::Short, Form::Paragraph);
    let long = asked(Length::Long, Form::Paragraph);
    assert_eq!(stages(&own(&text, short)), (windows, 1));
    assert_eq!(stages(&own(&text, long)), (windows, 0));
    assert_eq!(stages(&own(&text, asked(Length::Short, Form::KeyPoints))), (windows, 0));
    assert_eq!(stages(&planned(&text, &words(&text), LIMITS, Strategy::Auto, short)), (windows, 0));
    let headline = asked(Length::Headline, Form::Paragraph);
    assert_eq!(
        stages(&planned(&text, &words(&text), LIMITS, Strategy::Auto, headline)),
        (windows, 1)
    );
    // In one pass, one prompt.
    assert_eq!(stages(&own("Some words stand here.", long)), (0, 1));
    assert!(prompt(&own("Some words stand here.", long)).contains("in twelve sentences"));
    assert_eq!(own(&text, headline).question, Question::Headline);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_question_is_asked_of_the_passages_that_match_it() {
    let filler = "Some words stand here without end. ".repeat(600);
    let text = format!("{filler}\n\nThe zebra lives in the old stable.\n\n{filler}");
    let wish = |words| SummaryRequest { instruction: Some(words), ..SummaryRequest::default() };
    let plan = own(&text, wish("Where does the zebra live?"));
    assert_eq!((plan.question, plan.strategy, plan.prompts.len()), (Question::Ask, "passages", 1));
    assert!(prompt(&plan).contains("The zebra lives in the old stable."));
    assert!(plan.prompts[0].tokens < 2000);
    // Where no word matches, and where nothing is asked, the whole document is read.
    let none = own(&text, wish("Who paid?"));
    assert_eq!((none.question, none.strategy), (Question::Ask, "windows"));
    let poem = own(&text, wish("Write a poem about it, in one sentence."));
    assert_eq!(poem.question, Question::Request { one_sentence: true });
    assert!(poem.prompts.len() > 2);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_completion_is_begun_and_a_conversation_is_not() {
    let ask =
        |style: PromptStyle| Asking::from(style).about("A text.", "Summarize it.", "This text");
    assert_eq!(
        ask(PromptStyle::Chat),
        Prompt { text: "A text.".into(), request: "Summarize it.".into(), lead: String::new() }
    );
    assert_eq!(
        ask(PromptStyle::Completion),
        Prompt { text: "A text.".into(), request: "Summary:".into(), lead: "This text".into() }
    );
    let note =
        Asking::from(PromptStyle::Chat).note("# Head\n\nAna: Hello.", Kind::Transcript, QUOTES);
    assert!(
        note.whole()
            .starts_with("Ana: Hello.\n\nSummarize the conversation above in one sentence.")
    );
}
