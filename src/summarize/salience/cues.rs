//! Words by which sentences tell that they matter, in several languages.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::ties::{is_tied, loose_tie};
use crate::document::words::stem;

/// Words of a language that say nothing by themselves, of four letters and more.
const FUNCTION_WORDS: &str = "\
 that this with from have has had been were they them their there then than what when which while where who whom whose \
 will would should could shall must might about after before into over under more most some such only also very just \
 your yours ours each other others because between both does doing done being here make made many much upon these those \
 through during without within against until again same even ever still like well really \
 eine einen einem einer eines nicht auch sich wird werden wurde wurden haben hatte hatten sind dass oder aber wenn noch \
 nach über unter beim durch gegen ohne sein seine seiner ihre ihrer ihren diese dieser dieses dieses kann können soll \
 sollen muss müssen mehr sehr schon \
 pour dans avec sont sans plus mais elle elles nous vous leur leurs cette cela comme tout tous toute être avoir fait \
 para como pero este esta estos estas todo todos sobre entre desde hasta cuando porque también más \
 della delle degli nella nelle sono anche come questo questa quando perché \
 voor niet deze wordt worden naar zijn heeft maar \
 это как что для или при если чтобы также было были только ";

/// The same as stems.
static FUNCTION_STEMS: LazyLock<HashSet<String>> =
    LazyLock::new(|| FUNCTION_WORDS.split_whitespace().map(stem).collect());

/// Whether a stem is a word that all texts of its language have.
pub fn is_function_word(stem: &str) -> bool {
    FUNCTION_STEMS.contains(stem)
}

/// Words with which plans, outcomes and duties are told.
const TELLING: [&str; 74] = [
    "will",
    "decided",
    "decide",
    "agreed",
    "agree",
    "recommend",
    "recommends",
    "recommended",
    "must",
    "shall",
    "approved",
    "approve",
    "announced",
    "announce",
    "propose",
    "proposed",
    "proposes",
    "plan",
    "planned",
    "conclude",
    "concluded",
    "conclusion",
    "therefore",
    "result",
    "results",
    "found",
    "showed",
    "moved",
    "postponed",
    "cancelled",
    "closed",
    "closes",
    "close",
    "opens",
    "starts",
    "start",
    "begins",
    "ends",
    "until",
    "instead",
    "never",
    "deadline",
    "wird",
    "werden",
    "bleibt",
    "beschlossen",
    "entschieden",
    "muss",
    "müssen",
    "geplant",
    "deshalb",
    "empfiehlt",
    "décidé",
    "sera",
    "seront",
    "doit",
    "doivent",
    "propose",
    "recommande",
    "donc",
    "decidió",
    "será",
    "debe",
    "deben",
    "acordó",
    "deciso",
    "deve",
    "sarà",
    "besloten",
    "wordt",
    "решил",
    "будет",
    "должен",
    "قرر",
];

/// Parts of words, for languages that write words together.
const TELLING_PARTS: [&str; 12] = [
    "決定",
    "延期",
    "変更",
    "いたします",
    "することに",
    "中止",
    "决定",
    "将于",
    "必须",
    "ابتدا",
    "سيتم",
    "결정",
];

/// How many words of a sentence, in small letters, tell plans and outcomes.
pub fn tells(lower: &str) -> usize {
    let word = |word: &str| TELLING.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()));
    lower.split_whitespace().filter(|w| word(w)).count()
        + TELLING_PARTS.iter().filter(|part| lower.contains(*part)).count()
}

/// Whether a sentence reports a decision, a finding or a plan.
pub fn is_telling(lower: &str) -> bool {
    const STEMS: [&str; 29] = [
        "to sum up",
        "in summary",
        "zusammengefasst",
        "en résumé",
        "decid",
        " vote",
        "stimmte",
        " votó",
        "agreed",
        "recommend",
        "approv",
        "announc",
        "propos",
        "conclu",
        "confirm",
        "postpon",
        "cancel",
        "launch",
        "replac",
        "instead",
        "therefore",
        "will be ",
        "will close",
        "will start",
        "will move",
        "will stay",
        "beschl",
        "entschied",
        "décid",
    ];
    STEMS.iter().any(|stem| lower.contains(stem))
}

/// Whether a sentence says what the document is: "This policy explains …", "We propose …".
pub fn is_about(lower: &str) -> bool {
    const SAYS: [&str; 9] = [
        "we propose",
        "we present",
        "we show",
        "we find",
        "we recommend",
        "we argue",
        "is a command-line",
        "is a library",
        "is a tool",
    ];
    names_itself(lower) || SAYS.iter().any(|words| lower.contains(words))
}

/// Whether a sentence names the document that it stands in.
pub fn names_itself(lower: &str) -> bool {
    const DOCUMENTS: [&str; 27] = [
        "this agreement",
        "this policy",
        "this document",
        "this report",
        "this paper",
        "this article",
        "this guide",
        "this proposal",
        "this pep",
        "this rfc",
        "this study",
        "this notice",
        "this specification",
        "this tool",
        "this project",
        "this recipe",
        "this post",
        "this module",
        "this licen",
        "this chapter",
        "dieser bericht",
        "dieses dokument",
        "diese studie",
        "ce document",
        "ce rapport",
        "este documento",
        "本稿",
    ];
    DOCUMENTS.iter().any(|start| lower.contains(start))
}

/// Whether a sentence gives an address rather than a statement.
pub fn is_contact(sentence: &str) -> bool {
    ["@", "http://", "https://", "www."].iter().any(|sign| sentence.contains(sign))
}

/// How much more a sentence counts for the heading above it: most below that of the document's own
/// summary, and more below one that announces what matters.
pub fn heading_bonus(heading: &str) -> f64 {
    const SUMMARIES: [&str; 15] = [
        "summary",
        "abstract",
        "zusammenfass",
        "résumé",
        "resumen",
        "riassunto",
        "samenvatting",
        "まとめ",
        "要約",
        "概要",
        "摘要",
        "الخلاصة",
        "요약",
        "tl;dr",
        "kurzfassung",
    ];
    const TELLING: [&str; 21] = [
        "recommend",
        "conclu",
        "decision",
        "outcome",
        "result",
        "finding",
        "overview",
        "motivation",
        "key point",
        "next step",
        "action item",
        "rationale",
        "fazit",
        "ergebnis",
        "empfehl",
        "beschl",
        "conclusión",
        "conclusioni",
        "結論",
        "结论",
        "вывод",
    ];
    let lower = heading.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    match (has(&SUMMARIES), has(&TELLING)) {
        (true, _) => 0.8,
        (_, true) => 0.3,
        _ => 0.0,
    }
}

/// Words that begin a clause before the subject of a sentence.
const BEFORE_SUBJECTS: [&str; 45] = [
    "what", "in", "on", "at", "after", "before", "when", "if", "while", "with", "for", "by", "as",
    "since", "because", "although", "during", "under", "from", "to", "until", "once", "wenn",
    "nach", "vor", "seit", "mit", "bei", "als", "während", "obwohl", "pour", "dans", "après",
    "avant", "quand", "si", "lorsque", "avec", "cuando", "después", "antes", "con", "durante",
    "quando",
];

/// Words that stand for somebody or something.
const PRONOUNS: [&str; 17] = [
    "its", "their", "it", "he", "she", "they", "er", "sie", "es", "il", "elle", "ils", "elles",
    "él", "ella", "ellos", "lei",
];

/// Whether a sentence can't be understood without the one before: it begins with a word that leans on
/// that, or its subject is a pronoun after a clause that names nobody: "If it agrees, …".
pub fn leans(sentence: &str) -> bool {
    if is_tied(sentence) {
        return true;
    }
    let sentence = &sentence[loose_tie(sentence)..];
    let mut words = sentence.split_whitespace();
    // Of "that's", "that".
    let bare = |word: &str| {
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        let end = word.find(|c: char| !c.is_alphanumeric()).unwrap_or(word.len());
        word[..end].to_lowercase()
    };
    let mut first = words.next().map(bare).unwrap_or_default();
    if is_conjunction(&first) {
        first = words.next().map(bare).unwrap_or_default();
    }
    let mut begins = BEFORE_SUBJECTS.contains(&first.as_str());
    // "At that level".
    let pointed = begins && words.clone().next().map(bare).is_some_and(|word| is_pointer(&word));
    if is_reference(&first) || pointed {
        // "This agreement" is the document itself.
        return !is_about(&sentence.to_lowercase());
    }
    if !begins {
        return false;
    }
    for word in words.take(16) {
        if begins && PRONOUNS.contains(&bare(word).as_str()) {
            return true;
        }
        if word.starts_with(char::is_uppercase) {
            return false;
        }
        begins = word.ends_with(',');
    }
    false
}

/// Whether a word after the first points to something in the sentence before.
fn is_pointer(word: &str) -> bool {
    const POINTERS: [&str; 8] = ["that", "this", "these", "those", "it", "them", "dies", "diesem"];
    POINTERS.contains(&word)
}

/// Whether a first word stands for something in the sentence before.
fn is_reference(word: &str) -> bool {
    const REFERENCES: [&str; 15] = [
        "it", "he", "she", "they", "that", "this", "these", "those", "er", "sie", "dies", "das",
        "il", "elle", "ello",
    ];
    REFERENCES.contains(&word)
}

/// Whether a first word joins a sentence to the one before.
pub fn is_conjunction(word: &str) -> bool {
    const CONJUNCTIONS: [&str; 11] =
        ["so", "and", "but", "then", "also", "und", "aber", "mais", "et", "pero", "y"];
    CONJUNCTIONS.contains(&word)
}

/// How many words are the speaker's or the reader's.
pub fn personal(words: &[&str]) -> usize {
    const PERSONS: [&str; 12] =
        ["i", "my", "me", "you", "your", "ich", "mein", "je", "mon", "yo", "mi", "io"];
    words.iter().filter(|word| PERSONS.contains(&word.to_lowercase().as_str())).count()
}

/// How many words of a sentence were not meant: sounds of hesitation, and words said twice in a row.
pub fn hesitations(words: &[&str]) -> usize {
    const SOUNDS: [&str; 11] =
        ["uh", "um", "uhm", "hmm", "mm", "erm", "ah", "yeah", "äh", "ähm", "euh"];
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let twice = lower.windows(2).filter(|pair| pair[0] == pair[1]).count();
    twice + lower.iter().filter(|word| SOUNDS.contains(&word.as_str())).count()
}

/// How many words are numbers, in digits or in words.
pub fn numbers(words: &[&str]) -> usize {
    const NUMBERS: [&str; 40] = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "twenty", "thirty", "forty", "fifty", "sixty", "ninety", "hundred", "thousand", "million",
        "billion", "half", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "zehn",
        "hundert", "deux", "trois", "quatre", "cinq", "dos", "tres", "cuatro", "cinco", "due",
    ];
    let is = |word: &&&str| {
        word.chars().any(char::is_numeric) || NUMBERS.contains(&word.to_lowercase().as_str())
    };
    words.iter().filter(is).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn sentences_that_need_the_one_before_are_known() {
        for sentence in [
            "It comes to about 40 euros a head more.",
            "She will send our deposit back.",
            "If it agrees, work on the platform will begin in October.",
            "In a letter read out at the meeting, it promised to pay.",
            "Dies kostet mehr.",
            "But it asks for a second survey.",
            "At that level Orlow Fell would owe 35,000 crowns.",
            "For that, the driver was dismissed.",
            "That's twelve patients and the two people on the front desk.",
            "What he found will change the town's autumn.",
        ] {
            assert!(leans(sentence), "{sentence}");
        }
        for sentence in [
            "This agreement starts on 1 February.",
            "Under this agreement the Landlord lets room B4.",
            "And the Tenants pay by the third.",
            "On Tuesday evening, she watched the vote.",
            "After a short break the council added two conditions to its decision.",
            "If Lantern Rail agrees, it will pay.",
            "The town must guarantee 8,000 passengers.",
            "",
        ] {
            assert!(!leans(sentence), "{sentence}");
        }
    }
}
