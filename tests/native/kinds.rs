//! How often the kind of a document is recognized: a labelled set, and a confusion matrix over it.
//!
//! ```sh
//! cargo test --release --test native kinds:: -- --nocapture
//! PRECIS_KINDS=FOLDER cargo test --release --test native kinds:: -- --nocapture
//! ```
//!
//! The documents in `tests/fixtures/kinds/` were written for this purpose and labelled before anything
//! was measured. Rules may be changed for those with odd numbers; those with even numbers only measure.
//! `FOLDER` holds further documents, which are no part of the repository, and `list.tsv`: a line
//! `kind<tab>path` for each of them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use precis::document::clean::Clean;
use precis::document::decode::decode;
use precis::document::kind::{Kind, recognize};
use precis::document::structure::Structure;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/kinds");

const KINDS: [(Kind, &str); 13] = [
    (Kind::Prose, "prose"),
    (Kind::Story, "story"),
    (Kind::Transcript, "transcript"),
    (Kind::Chat, "chat"),
    (Kind::Mail, "mail"),
    (Kind::Minutes, "minutes"),
    (Kind::Contract, "contract"),
    (Kind::Paper, "paper"),
    (Kind::Technical, "technical"),
    (Kind::ReleaseNotes, "release-notes"),
    (Kind::Table, "table"),
    (Kind::Log, "log"),
    (Kind::Code, "code"),
];

/// Documents that are recognized, in percent of all, at least: of each half, and of every kind.
const LEAST: (usize, usize) = (85, 60);

/// A document with the kind that a person says it is.
struct Labelled {
    name: String,
    path: PathBuf,
    kind: usize,
}

/// The index of a kind in [`KINDS`].
fn index(name: &str) -> usize {
    KINDS.iter().position(|(_, kind)| *kind == name).expect("a kind")
}

/// The documents of the repository.
fn committed() -> Vec<Labelled> {
    let mut all = Vec::new();
    for (kind, (_, name)) in KINDS.iter().enumerate() {
        for entry in fs::read_dir(Path::new(FOLDER).join(name)).expect("a folder for each kind") {
            let path = entry.expect("a file").path();
            let file = path.file_stem().expect("a name").to_string_lossy();
            all.push(Labelled { name: format!("{name}/{file}"), path: path.clone(), kind });
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Documents outside the repository, if there are any.
fn elsewhere() -> Vec<Labelled> {
    let Some(folder) = std::env::var_os("PRECIS_KINDS").map(PathBuf::from) else {
        return Vec::new();
    };
    let list = fs::read_to_string(folder.join("list.tsv")).expect("list.tsv");
    let parts = list.lines().filter_map(|line| line.split_once('\t'));
    parts
        .map(|(kind, path)| Labelled {
            name: path.into(),
            path: folder.join(path),
            kind: index(kind),
        })
        .collect()
}

/// How many documents of each kind were recognized as each kind, and which wrongly.
#[derive(Default)]
struct Confusion {
    counts: [[usize; KINDS.len()]; KINDS.len()],
    misses: Vec<String>,
}

impl Confusion {
    fn new<'a>(documents: impl IntoIterator<Item = &'a Labelled>) -> Self {
        let mut confusion = Self::default();
        for document in documents {
            let bytes = fs::read(&document.path)
                .unwrap_or_else(|error| panic!("{}: {error}", document.path.display()));
            let text = decode(&bytes).expect("text");
            let clean = Clean::new(&text);
            let (kind, score) = recognize(clean.text(), &Structure::new(clean.text()));
            let found = KINDS.iter().position(|(known, _)| *known == kind).expect("a known kind");
            confusion.counts[document.kind][found] += 1;
            if found != document.kind {
                let (name, found) = (&document.name, KINDS[found].1);
                confusion.misses.push(format!("{name} is taken for {found} ({score:.2})"));
            }
        }
        confusion
    }

    fn all(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    fn right(&self) -> usize {
        self.all() - self.misses.len()
    }

    fn percent(&self) -> usize {
        100 * self.right() / self.all().max(1)
    }

    /// A table in Markdown: a row for what documents are, a column for what they were taken for.
    fn table(&self, title: &str) -> String {
        let mut out = format!(
            "\n{title}: {} of {} ({} %)\n\n| is |",
            self.right(),
            self.all(),
            self.percent()
        );
        for (_, name) in KINDS {
            write!(out, " {name} |").expect("memory");
        }
        write!(out, "\n|---|{}", "--:|".repeat(KINDS.len())).expect("memory");
        for ((_, name), row) in KINDS.iter().zip(self.counts) {
            write!(out, "\n| **{name}** |").expect("memory");
            for count in row {
                match count {
                    0 => out.push_str(" |"),
                    _ => write!(out, " {count} |").expect("memory"),
                }
            }
        }
        for miss in &self.misses {
            write!(out, "\n- {miss}").expect("memory");
        }
        out
    }
}

#[test]
fn kinds_are_recognized() {
    let documents = committed();
    assert!(documents.len() >= 80, "{} documents", documents.len());
    let odd = |document: &&Labelled| {
        let (_, file) = document.name.split_once('/').expect("a folder");
        let number: usize = file[..2].parse().expect("a number");
        number % 2 == 1
    };
    let (tuned, held_out): (Vec<_>, Vec<_>) = documents.iter().partition(odd);
    let (tuned, held_out) = (Confusion::new(tuned), Confusion::new(held_out));
    let all = Confusion::new(&documents);
    println!("{}", tuned.table("Odd numbers, which rules may be changed for"));
    println!("{}", held_out.table("Even numbers, held out"));
    println!("{}", all.table("Both"));
    let others = elsewhere();
    if !others.is_empty() {
        println!("{}", Confusion::new(&others).table("Outside the repository"));
        println!("{}", Confusion::new(documents.iter().chain(&others)).table("All"));
    }
    let (least, least_of_a_kind) = LEAST;
    for half in [&tuned, &held_out] {
        let (right, all) = (half.right(), half.all());
        assert!(half.percent() >= least, "{right} of {all}:\n{}", half.misses.join("\n"));
    }
    for ((_, name), (row, kind)) in KINDS.iter().zip(all.counts.iter().zip(0..)) {
        let (right, of) = (row[kind], row.iter().sum::<usize>());
        assert!(100 * right >= least_of_a_kind * of, "{right} of {of} of {name} are recognized");
    }
}
