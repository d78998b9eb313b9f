//! What kind of document a text is, by cheap signs; it decides what is asked about the text.

use unicode_segmentation::UnicodeSegmentation;

use super::structure::{BlockKind, Structure};
pub use crate::report::Kind;

/// Bytes of a text that are looked at.
const NEAR: usize = 100_000;

/// Recognizes the kind of `text`. The score is between 0 and 1: how clear the signs are.
pub fn recognize(text: &str, structure: &Structure) -> (Kind, f64) {
    let near = &text[..text.floor_char_boundary(NEAR)];
    let signs = Signs::new(near, structure);
    let scores = [
        (Kind::Table, signs.table),
        (Kind::Log, signs.log),
        (Kind::Code, signs.code),
        (Kind::Chat, signs.chat),
        (Kind::Transcript, signs.transcript),
        (Kind::Mail, signs.mail),
        (Kind::Minutes, signs.minutes),
        (Kind::ReleaseNotes, signs.release_notes),
        (Kind::Contract, signs.contract),
        (Kind::Paper, signs.paper),
        (Kind::Technical, signs.technical),
        (Kind::Story, signs.story),
    ];
    let clear = |score: &f64| *score >= 0.5;
    let best = scores
        .into_iter()
        .filter(|(_, score)| clear(score))
        .reduce(|a, b| if b.1 > a.1 { b } else { a });
    best.map_or((Kind::Prose, 0.5), |(kind, score)| (kind, score.min(1.0)))
}

/// How clearly a text is of each kind: 0.5 and more is clear enough.
struct Signs {
    table: f64,
    log: f64,
    code: f64,
    chat: f64,
    transcript: f64,
    mail: f64,
    minutes: f64,
    release_notes: f64,
    contract: f64,
    paper: f64,
    technical: f64,
    story: f64,
}

impl Signs {
    fn new(text: &str, structure: &Structure) -> Self {
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let share = |is: &dyn Fn(&str) -> bool| {
            lines.iter().filter(|line| is(line)).count() as f64 / lines.len().max(1) as f64
        };
        let blocks = structure.blocks.iter().take_while(|block| block.range().start < text.len());
        let blocks: Vec<_> = blocks.filter(|block| block.kind != BlockKind::Furniture).collect();
        let bytes = |kind| {
            let of = blocks.iter().filter(|block| block.kind == kind);
            of.flat_map(|block| &block.lines).map(|line| line.len()).sum::<usize>() as f64
        };
        let count = |kind| blocks.iter().filter(|block| block.kind == kind).count() as f64;
        let all = blocks
            .iter()
            .flat_map(|block| &block.lines)
            .map(|line| line.len())
            .sum::<usize>()
            .max(1) as f64;
        let lower = text.to_lowercase();
        let words = lower.unicode_words().count().max(1) as f64;
        let per_100 = |any: &[&str]| {
            100.0 * any.iter().map(|word| lower.matches(word).count()).sum::<usize>() as f64 / words
        };
        let has = |any: &[&str]| any.iter().filter(|word| lower.contains(*word)).count() as f64;
        let beginning = &lower[..lower.floor_char_boundary(400)];
        let title = structure.title.as_ref().map(|title| {
            text[title.start.min(text.len())..title.end.min(text.len())].to_lowercase()
        });
        let titled = |any: &[&str]| {
            title.as_ref().is_some_and(|title| any.iter().any(|word| title.contains(word)))
        };
        let turns = bytes(BlockKind::Turn) / all;
        let timed = share(&|line| starts_with_time(line));
        let numbers = text
            .unicode_words()
            .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            .count() as f64
            * 100.0
            / words;
        let turn_length = bytes(BlockKind::Turn) / count(BlockKind::Turn).max(1.0);
        let is_chat = turns > 0.4 && timed > 0.5 && turn_length < 120.0;
        let headings = count(BlockKind::Heading);
        let code = bytes(BlockKind::Code) / all;
        let quotes = text.matches(['"', '“', '”', '„', '«', '»']).count() as f64 * 100.0 / words;
        let told = per_100(&[" said", " asked", " he ", " she ", " sagte", " dit-", " dijo"]);
        let versions = blocks
            .iter()
            .filter(|block| {
                block.kind == BlockKind::Heading
                    && has_version(&text[block.range().start..block.range().end.min(text.len())])
            })
            .count() as f64;
        let addressed = [
            "hi ",
            "hello",
            "dear ",
            "hey ",
            "hallo",
            "liebe",
            "sehr geehrte",
            "bonjour",
            "cher ",
            "chère ",
            "hola",
            "estimad",
            "ciao",
            "gentile",
            "beste ",
        ]
        .iter()
        .any(|start| beginning.trim_start().starts_with(start));
        Self {
            table: share(&|line| is_row(line)).max(csv(&lines)) * 0.9,
            log: share(&|line| starts_with_time(line) || starts_with_level(line))
                * if turns > 0.4 { 0.3 } else { 1.0 },
            code: share(&is_code) * 1.1 * if code > 0.3 && headings > 0.0 { 0.3 } else { 1.0 },
            chat: if is_chat { turns + 0.1 } else { 0.0 },
            transcript: if is_chat { 0.0 } else { turns * 1.2 },
            mail: if count(BlockKind::Header) >= 2.0 && first_is_header(structure) {
                0.95
            } else if addressed && words < 1500.0 && lines.len() > 3 {
                0.6
            } else {
                0.0
            },
            minutes: 0.3
                * has(&[
                    "attendees",
                    "present:",
                    "apologies",
                    "in attendance",
                    "action items",
                    "anwesend",
                    "teilnehmer",
                ])
                + if beginning.contains("minutes") || beginning.contains("protokoll") {
                    0.4
                } else {
                    0.0
                },
            release_notes: if versions >= 2.0 && bytes(BlockKind::Item) / all > 0.3 {
                0.8
            } else {
                0.0
            } + if ["changelog", "release notes", "what's new"]
                .iter()
                .any(|w| beginning.contains(w))
            {
                0.4
            } else {
                0.0
            },
            contract: (per_100(&[
                " shall ",
                " must not ",
                "liabilit",
                "terminat",
                " parties",
                "agreement",
                "licens",
                "personal data",
                "your data",
                "privacy",
                "we do not ",
                "warrant",
                "haft",
                "vertrag",
            ]) / 3.0
                + if titled(&[
                    "agreement",
                    "contract",
                    "policy",
                    "terms of",
                    "terms and",
                    "licen",
                    "vertrag",
                    "datenschutz",
                ]) {
                    0.35
                } else {
                    0.0
                })
            .min(0.9),
            paper: 0.3 * has(&["et al", "\nreferences", "abstract", "doi:", "related work"]),
            technical: 0.35 * f64::from(u8::from(text.matches('`').count() > 5))
                + code.min(0.3)
                + 0.25 * f64::from(u8::from(headings > 3.0))
                + (per_100(&[
                    "function",
                    "implement",
                    "--",
                    "api",
                    "install",
                    "syntax",
                    "compil",
                    "type ",
                    "module",
                    "default",
                    "file",
                ]) / 20.0)
                    .min(0.3),
            story: if numbers < 1.2 && headings < 0.05 * blocks.len() as f64 + 3.0 && words > 400.0
            {
                (quotes / 5.0).min(0.4) + (told / 5.0).min(0.45)
            } else {
                0.0
            },
        }
    }
}

fn first_is_header(structure: &Structure) -> bool {
    structure.blocks.first().is_some_and(|block| block.kind == BlockKind::Header)
}

fn has_version(heading: &str) -> bool {
    let part = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        word.split('.').count() > 1
            && word.split('.').all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    heading.split_whitespace().any(part)
}

fn is_row(line: &str) -> bool {
    line.starts_with('|') || line.matches('\t').count() > 1
}

/// The share of lines that have as many separators as the first.
fn csv(lines: &[&str]) -> f64 {
    let [first, rest @ ..] = lines else { return 0.0 };
    if rest.len() < 2 {
        return 0.0;
    }
    let share = |sign: char| {
        let columns = first.matches(sign).count();
        // Prose has commas, too, but not as many in each line.
        if columns == 0 || first.len() > 2000 {
            return 0.0;
        }
        let alike = rest.iter().filter(|line| line.matches(sign).count() == columns).count();
        alike as f64 / rest.len() as f64
    };
    [',', ';', '\t'].map(share).into_iter().fold(0.0, f64::max)
}

/// "2024-05-01T12:00", "[12:03:44]", "May  1 12:00:01", "12:03".
fn starts_with_time(line: &str) -> bool {
    let near = &line[..line.floor_char_boundary(32)];
    let near = near.trim_start_matches(['[', '(']);
    let digits = near.bytes().filter(u8::is_ascii_digit).count();
    let colon =
        near.bytes().zip(near.bytes().skip(1)).any(|(a, b)| a == b':' && b.is_ascii_digit());
    let begins = near.starts_with(|c: char| c.is_ascii_digit());
    let month = [
        "Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ",
        "Dec ",
    ];
    colon && (begins && digits >= 3 || month.iter().any(|month| near.starts_with(month)))
}

fn starts_with_level(line: &str) -> bool {
    let near = line.trim_start_matches(['[', '<']);
    ["ERROR", "WARN", "INFO", "DEBUG", "TRACE", "FATAL"].iter().any(|level| near.starts_with(level))
}

fn is_code(line: &str) -> bool {
    let ends = line.ends_with([';', '{', '}'])
        || line.ends_with("):")
        || line.ends_with("},")
        || line.ends_with(");");
    let begins = [
        "fn ", "def ", "import ", "from ", "class ", "#include", "const ", "let ", "var ",
        "public ", "private ", "return", "if (", "for (", "while (", "use ", "pub ", "//", "/*",
        "* ", "impl ", "struct ", "package ", "func ", "export ", "SELECT ", "INSERT ", "CREATE ",
        "elif ", "else:", "}", "@",
    ];
    let begun = begins.iter().any(|start| line.starts_with(start));
    ends || begun && !line.ends_with('.')
}
