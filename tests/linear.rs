//! Work on a document grows with its length, whatever it holds.

mod common;

use std::time::{Duration, Instant};

use common::{summarizer, tiny};
use precis::summarize::Options;

/// Texts of `bytes` that have made something look far ahead, or that are all of one kind.
fn texts(bytes: usize) -> Vec<(&'static str, String)> {
    let words = "Twenty three words. ";
    let repeated = |part: &str| part.repeat(bytes / part.len());
    let page = |inner: &str| format!("<html><p>{words}{inner}");
    vec![
        ("spaces", format!("{words}{} and five more words here.", repeated(" "))),
        ("tabs and spaces", format!("{words}{}", repeated("\t "))),
        ("brackets", format!("{words}{}", repeated(")"))),
        ("open brackets", repeated("(a ")),
        ("less-than signs", repeated("7,<0.5\n")),
        ("numbers on one line", repeated("0.5 ")),
        ("one letter", repeated("a")),
        ("line ends", repeated("\n")),
        ("carriage returns", repeated("\r")),
        ("hyphens at line ends", repeated("ab-\ncd ")),
        ("headings", repeated("# A heading\n\n")),
        ("running heads", repeated("Board of Transport\n")),
        ("page breaks in sentences", repeated("these words are\ngoing on\n\nPage 1 of 2\n\n")),
        ("emoji", repeated("🐝")),
        ("combining marks", repeated("e\u{301}\u{301}")),
        ("marks without a letter", repeated("\u{301}")),
        ("letters in parts", repeated("\u{1112}\u{1161}\u{11ab}")),
        ("chats", repeated("10:03 Ana: a\nBo — 10:04 AM\nb\n")),
        ("open tags", page(&repeated("<div>"))),
        ("tags without an end", page(&repeated("<p"))),
        ("less-than signs in a page", page(&repeated("<"))),
        ("ampersands in a page", page(&repeated("&amp"))),
        ("comments without an end", page(&repeated("<!--"))),
        ("short paragraphs in a page", page(&repeated("<p>a"))),
        ("crossing tags", page(&repeated("<span hidden><div></span>"))),
        ("tables in tables", page(&repeated("<table><tr><td>a"))),
        ("prose", repeated("Bees live in hives, and they fly to flowers in summer. ")),
    ]
}

/// What planning takes for texts of so many bytes.
fn planning(bytes: usize) -> Vec<(&'static str, Duration)> {
    let summarizer = summarizer(tiny());
    let options = Options::default();
    let timed = |(name, text): (&'static str, String)| {
        let started = Instant::now();
        // An error, such as that of a text of spaces, is an answer too.
        let _ = summarizer.plan(&text, &options);
        (name, started.elapsed())
    };
    texts(bytes).into_iter().map(timed).collect()
}

/// The ratio of times, since how fast the machine is says nothing: four times the text may take eight
/// times as long (caches), and sixteen would be the square.
#[test]
fn planning_takes_linear_time() {
    let slow = || -> Vec<String> {
        let [small, large] = [250_000, 1_000_000].map(planning);
        let ratios = small.into_iter().zip(large).filter_map(|((name, small), (_, large))| {
            // What takes next to nothing can't be compared.
            let small = small.max(Duration::from_millis(20));
            (large >= 8 * small).then(|| format!("{name}: {small:?} and {large:?}"))
        });
        ratios.collect()
    };
    // Other programs may take the processor away, but not from the same text each time.
    let mut left = slow();
    for _ in 0..3 {
        let name = |line: &String| line.split(':').next().map(str::to_owned);
        let again: Vec<_> = if left.is_empty() { vec![] } else { slow() };
        left.retain(|line| again.iter().any(|again| name(again) == name(line)));
    }
    assert!(left.is_empty(), "{left:#?}");
}

/// `cargo test --release --test linear -- --ignored --nocapture` prints what 10 MB take.
#[test]
#[ignore = "measures"]
fn ten_megabytes() {
    for (name, time) in planning(9_900_000) {
        println!("{name:<22} {:.2} s", time.as_secs_f64());
    }
}
