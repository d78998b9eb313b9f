//! Where sentences end: the Golden Rules of Pragmatic Segmenter, in many languages.

use precis::document::segment::sentences;

/// Their source and licence stand at the head of the file.
const RULES: &str = include_str!("../fixtures/golden-rules.txt");

/// Cases that fail, each with the reason. One that begins to pass is removed here.
const FAILING: [(&str, &str); 8] = [
    ("en 18", "a title after \"P.M.\" may be in the same sentence or in the next"),
    (
        "en 42",
        "lines without ends are one paragraph; the structure finds lists, if they have marks",
    ),
    ("en 51", "four points end a sentence, as in en 48 and en 49; here the first alone does"),
    ("en 52", "names in code have a point between letters, too"),
    ("ar 1", "a colon ends no sentence"),
    ("ar 4", "a colon ends no sentence"),
    ("ar 5", "a comma ends no sentence"),
    ("el 1", "a small letter after a full stop is an abbreviation's, mostly"),
];

/// Percent of the English cases, and of all others, that pass at least.
const LEAST: (usize, usize) = (90, 75);

struct Case {
    /// Language and number.
    name: String,
    text: String,
    sentences: Vec<String>,
}

fn cases() -> Vec<Case> {
    let blocks = RULES.split("\n[").skip(1);
    blocks
        .map(|block| {
            let mut lines = block.lines();
            let head = lines.next().and_then(|head| head.strip_suffix(']')).expect("a head");
            let name = head.split(' ').take(2).collect::<Vec<_>>().join(" ");
            let text = lines.next().expect("a text").replace("\\n", "\n");
            let sentences = lines.filter_map(|line| line.strip_prefix("= ").map(Into::into));
            Case { name, text, sentences: sentences.collect() }
        })
        .collect()
}

/// A paragraph as its readers get it: the lines as one.
fn joined(text: &str) -> String {
    let wide = |c: Option<char>| c.is_some_and(|c| c >= '\u{2e80}');
    text.lines().map(str::trim).fold(String::new(), |mut all, line| {
        if !all.is_empty() && !wide(all.chars().next_back()) {
            all.push(' ');
        }
        all + line
    })
}

#[test]
fn golden_rules_hold() {
    let cases = cases();
    let mut counts = [(0, 0); 2];
    let mut wrong = Vec::new();
    for case in &cases {
        let text = joined(&case.text);
        let found: Vec<&str> = sentences(&text)
            .map(|(_, sentence)| sentence.trim())
            .filter(|sentence| !sentence.is_empty())
            .collect();
        let (right, all) = &mut counts[usize::from(!case.name.starts_with("en "))];
        *all += 1;
        let passes = found == case.sentences;
        *right += usize::from(passes);
        let known = FAILING.iter().any(|(name, _)| *name == case.name);
        if passes == known {
            let what = if passes { "passes now" } else { "fails" };
            wrong.push(format!("{} {what}: {found:?}", case.name));
        }
    }
    let [english, others] = counts;
    println!("English: {} of {}", english.0, english.1);
    println!("other languages: {} of {}", others.0, others.1);
    assert_eq!(wrong, [""; 0]);
    assert_eq!((english.1, others.1), (52, 42));
    assert!(100 * english.0 >= LEAST.0 * english.1);
    assert!(100 * others.0 >= LEAST.1 * others.1);
    for (name, reason) in FAILING {
        assert!(!reason.is_empty() && cases.iter().any(|case| case.name == name), "{name}");
    }
}
