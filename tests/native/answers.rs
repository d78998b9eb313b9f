//! Summaries of every length and form, answers to questions, and the sources of their sentences.

use crate::common::host::TestHost;
use crate::common::{now, part, summarizer, tiny};
use precis::host::Event;
use precis::report::{FinishReason, Report, Support};
use precis::summarize::Options;
use precis::summarize::plan::{Form, Format, Length, Strategy};
use precis::summarize::profile::Wording;

/// Longer than the tiny model's 512 positions, with sentences that share no words.
fn document() -> String {
    let sentences = [
        "The table carries bread and butter every morning.",
        "A chair waits beside some window without curtains.",
        "Old lamps burn yellow until midnight strikes.",
        "Stone statues guard gates against thieves.",
        "Fountains splash water over mossy steps.",
        "Children push swings higher than branches.",
        "Copper kettles whistle before breakfast begins.",
        "Wooden wagons rolled slowly through mud.",
        "Twelve clocks disagree about noon.",
    ];
    let more = "It is made by hand in many places, and it has been so for a long time. ".repeat(3);
    let parts = sentences.iter().zip(1..);
    parts.map(|(sentence, i)| format!("## Part {i}\n\n{sentence} {more}\n\n")).collect()
}

fn run(text: &str, options: &Options) -> Report {
    let host = TestHost::ticking();
    let report = now(summarizer(tiny()).run(text, options, &host)).expect("an answer");
    let pieces = host.events.borrow();
    let told = pieces.iter().filter_map(|event| match event {
        Event::Piece { text } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(told.collect::<String>().trim_end(), report.summary);
    let chars: Vec<char> = text.chars().collect();
    for point in &report.points {
        assert!(report.summary.contains(&point.text), "{:?}", point.text);
        assert!(point.start < point.end && point.end <= chars.len(), "{point:?}");
    }
    report
}

fn of(length: Length, form: Form) -> Options {
    Options { length: Some(length), form, ..Options::default() }
}

#[test]
fn each_length_has_its_sentences() {
    let text = document();
    let sentence = run(&text, &of(Length::Sentence, Form::Paragraph));
    assert_eq!(sentence.summary, run(&text, &Options::default()).summary);
    assert_eq!(sentence.points.len(), 1);
    assert!(sentence.summary.ends_with('.'));
    let headline = run(&text, &of(Length::Headline, Form::Paragraph));
    assert!(!headline.summary.ends_with('.') && !headline.summary.is_empty());
    assert!(headline.summary.split_whitespace().count() <= 13, "{:?}", headline.summary);
    let mut before = sentence.summary.len();
    for (length, most) in [(Length::Short, 3), (Length::Medium, 6), (Length::Long, 12)] {
        let report = run(&text, &of(length, Form::Paragraph));
        assert!((2..=most).contains(&report.points.len()), "{:?}", report.points);
        assert!(report.summary.len() > before, "{length:?}: {:?}", report.summary);
        // A small model quotes.
        assert!(report.points.iter().all(|point| point.support == Support::Quoted));
        before = report.summary.len();
    }
}

#[test]
fn what_is_planned_is_what_is_read() {
    let text = document();
    for (length, form) in [
        (Length::Sentence, Form::Paragraph),
        (Length::Short, Form::Paragraph),
        (Length::Medium, Form::KeyPoints),
        (Length::Long, Form::KeyPoints),
    ] {
        let host = TestHost::ticking();
        let report = now(summarizer(tiny()).run(&text, &of(length, form), &host)).expect("points");
        let events = host.events.borrow();
        let planned = events.iter().find_map(|event| match event {
            Event::Planned { total, .. } => Some(*total as f64),
            _ => None,
        });
        let off = planned.expect("a plan") / report.prefill.tokens as f64 - 1.0;
        assert!(off.abs() < 0.2, "{length:?} {form:?}: {off}");
    }
}

#[test]
fn key_points_stand_in_the_documents_order_beside_their_passages() {
    let text = document();
    let report = run(&text, &of(Length::Medium, Form::KeyPoints));
    assert_eq!(report.summary.lines().count(), report.points.len());
    assert!(report.summary.lines().all(|line| line.starts_with("- ")), "{:?}", report.summary);
    assert!(report.points.len() > 3 && report.points.is_sorted_by_key(|point| point.start));
    let chars: Vec<char> = text.chars().collect();
    for point in &report.points {
        let passage: String = chars[point.start..point.end].iter().collect();
        let thing = point.text.split_whitespace().nth(1).expect("a word");
        assert!(passage.contains(thing), "{:?} from {passage:?}", point.text);
    }
}

#[test]
fn a_model_that_writes_follows_an_order() {
    let text = part(1).replace("It runs in its own process. ", "");
    let mut summarizer = summarizer(tiny());
    let mut run = |options: &Options| {
        now(summarizer.run(&text, options, &TestHost::ticking())).expect("an answer")
    };
    let first = run(&Options::default());
    let order = |instruction: &str| Options {
        instruction: Some(instruction.into()),
        wording: Some(Wording::Own),
        ..Options::default()
    };
    let second = run(&order(" Write a poem. "));
    assert_eq!(second.plan.request, "Write a poem.");
    // Both prompts begin with the document, which is already read.
    assert!(second.prefill.reused_tokens + 20 > first.document.tokens, "{:?}", second.prefill);
    assert!(second.prefill.tokens < 40);
    assert_eq!(second.finish_reason, FinishReason::Stop, "the model ended it");
    let joke = run(&Options { max_tokens: Some(50), ..order("Tell a joke.") });
    assert_eq!((joke.decode.tokens, joke.finish_reason), (49, FinishReason::Length));
    assert_eq!(first.finish_reason, FinishReason::Stop, "it was quoted");
}

#[test]
fn a_model_that_quotes_takes_an_order_for_a_question_or_a_summary() {
    let text: String = (1..=60).map(part).collect();
    let ask = |instruction: &str| {
        run(&text, &Options { instruction: Some(instruction.into()), ..Options::default() })
    };
    let poem = ask("Write a poem.");
    assert_eq!((poem.plan.strategy.as_str(), poem.decode.tokens), ("passages", 0));
    for point in &poem.points {
        assert_eq!(point.support, Support::Quoted);
    }
    let summary = ask("Summarize it in two sentences, please.");
    assert_eq!((summary.plan.strategy.as_str(), summary.points.len()), ("windows", 2));
}

#[test]
fn a_model_that_quotes_looks_at_few_sentences_for_an_answer() {
    let text: String = (1..=60).map(part).collect();
    let options = Options { instruction: Some("Who runs it?".into()), ..Options::default() };
    let report = run(&text, &options);
    assert_eq!((report.plan.strategy.as_str(), report.decode.tokens), ("passages", 0));
    assert!(report.prefill.tokens < report.document.tokens, "{:?}", report.prefill);
}

#[test]
fn a_request_in_the_document_gives_way_to_what_the_person_asks() {
    let text = format!("{}Please summarize this as a poem.", part(1));
    assert_eq!(run(&text, &Options::default()).plan.request, "Please summarize this as a poem.");
    let asked = run(&text, &of(Length::Short, Form::Paragraph));
    assert!(asked.plan.request.contains(" above in three sentences."), "{}", asked.plan.request);
    let whole = Options { strategy: Strategy::OnePass, ..of(Length::Short, Form::KeyPoints) };
    let whole = run(&text, &whole);
    assert!(whole.plan.request.starts_with("List the three most important points of the "));
    assert_eq!(whole.plan.strategy, "one-pass");
}

#[test]
fn an_instruction_has_a_limit() {
    let options = Options { instruction: Some("why ".repeat(100)), ..Options::default() };
    let error = now(summarizer(tiny()).run("A text.", &options, &TestHost::default()));
    assert_eq!(error.expect_err("400 characters").code(), "invalid-options");
}

#[test]
fn no_text_gives_an_empty_summary() {
    let table: String = (0..200).map(|i| format!("{i},{},2026\n", i * 7 % 13)).collect();
    let short = "Bees visit flowers. ".repeat(20);
    for text in [table.as_str(), &short, "🐝 ".repeat(400).as_str(), "12345 67890", "…"] {
        for length in [Length::Headline, Length::Sentence, Length::Short, Length::Long] {
            for form in [Form::Paragraph, Form::KeyPoints] {
                let report = run(text, &of(length, form));
                let start: String = text.chars().take(20).collect();
                assert!(!report.summary.trim().is_empty(), "{length:?} {form:?} of {start}");
                assert!(!report.points.is_empty());
            }
        }
    }
}

#[test]
fn key_points_are_a_list_however_short_the_text_is() {
    for text in [document(), "Twelve clocks disagree about noon in that old house.".into()] {
        for (format, bullet) in [(Format::Markdown, "- "), (Format::PlainText, "• ")] {
            let options =
                Options { format, sentences: Some(2), ..of(Length::Short, Form::KeyPoints) };
            let summary = run(&text, &options).summary;
            let lines: Vec<&str> = summary.lines().collect();
            assert!((1..=2).contains(&lines.len()), "{summary}");
            assert!(lines.iter().all(|line| line.starts_with(bullet)), "{summary}");
        }
    }
}

#[test]
fn context_is_read_and_not_summarized() {
    let text = document();
    let with = |context: &str| Options {
        context: Some(context.into()),
        fresh: true,
        ..of(Length::Short, Form::Paragraph)
    };
    let [none, some] =
        ["", "The reader is a museum guide."].map(|context| run(&text, &with(context)));
    assert!(some.prefill.tokens > none.prefill.tokens);
    assert_eq!(none.prefill.tokens, run(&text, &with("  ")).prefill.tokens);
    assert!(!some.summary.contains("museum"));
    let long = with(&"a".repeat(2001));
    let refused = now(summarizer(tiny()).run(&text, &long, &TestHost::ticking())).unwrap_err();
    assert_eq!(refused.code(), "invalid-options");
}
