//! `cargo xtask tidy`: the rules of ARCHITECTURE.md that a program can check.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Result, bail};

use crate::root;
use crate::run::{capture, command};

/// The crate's modules from the ground up. Each may import itself and those before it.
const FLOORS: [&[&str]; 9] = [
    &["error"],
    &["report"],
    &["host", "quant"],
    &["backend"],
    &["lm", "document"],
    &["summarize"],
    &["measure"],
    &["engine"],
    &["bindings", "bin"],
];

/// Folders of www/src from the ground up, in the same way.
const WEB_FLOORS: [&[&str]; 3] =
    [&["package", "edge", "offline"], &["ui", "formats"], &["summarize", "benchmark", "gallery"]];

/// Lines of a file at most: more are not read in one sitting.
const LONGEST: usize = 400;

/// Where a word may stand; everywhere else it is a mistake.
const WHERE: [(&str, &[&str]); 5] = [
    ("unsafe ", &["src/backend/cpu/"]),
    ("web_sys::", &["src/bindings/"]),
    ("js_sys::", &["src/bindings/"]),
    ("wasm_bindgen::", &["src/bindings/"]),
    ("wgpu::", &["src/backend/webgpu"]),
];

/// A source file without its tests.
struct Source {
    path: String,
    text: String,
}

/// Checks every rule, and prints the graph of modules where it is asked for.
///
/// # Errors
/// Names everything that breaks a rule.
pub fn tidy(graph: bool) -> Result<()> {
    let sources = sources()?;
    let edges = edges(&sources);
    if graph {
        print_graph(&edges);
    }
    let mut wrong = upward(&edges);
    wrong.extend(cycles(&edges));
    wrong.extend(web_upward(&sources));
    wrong.extend(misplaced(&sources));
    wrong.extend(too_long(&sources));
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("{} rules of ARCHITECTURE.md are broken:\n  {}", wrong.len(), wrong.join("\n  "))
}

fn sources() -> Result<Vec<Source>> {
    let listed =
        capture(command("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]))?;
    let mut sources = Vec::new();
    for path in listed.lines() {
        let code =
            [".rs", ".ts", ".mjs", ".py", ".wgsl", ".css"].iter().any(|end| path.ends_with(end));
        if code && let Ok(text) = fs::read_to_string(root().join(path)) {
            let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
            let text = text[..end].to_owned();
            sources.push(Source { path: path.to_owned(), text });
        }
    }
    Ok(sources)
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("tests.rs")
    }

    /// The module of a file below src/: `lm::model::llama`.
    fn module(&self) -> Option<String> {
        let inner = self.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        (inner != "lib" && !self.is_test()).then(|| inner.replace('/', "::"))
    }
}

/// Which module imports which, by the paths in their code that begin with `crate` or `super`.
fn edges(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let modules: BTreeSet<String> = sources.iter().filter_map(Source::module).collect();
    let mut edges = BTreeMap::new();
    for source in sources {
        let Some(module) = source.module() else { continue };
        let targets: &mut BTreeSet<String> = edges.entry(module.clone()).or_default();
        let code: String =
            source.text.lines().map(str::trim).filter(|l| !l.starts_with("//")).collect();
        let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
        for (start, base) in [("crate::", ""), ("precis::", ""), ("super::", parent)] {
            for (at, _) in code.match_indices(start) {
                for path in paths(&code[at + start.len()..]) {
                    let path = if base.is_empty() { path } else { format!("{base}::{path}") };
                    targets.extend(longest(&modules, &path).filter(|target| *target != module));
                }
            }
        }
    }
    edges
}

/// The paths at the beginning of some code: one, or those of a group in braces, without groups in it.
fn paths(code: &str) -> Vec<String> {
    let path = |code: &str| -> String {
        code.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect()
    };
    let first = path(code);
    match code[first.len()..].strip_prefix('{') {
        Some(group) if first.is_empty() || first.ends_with("::") => {
            let end = group.find(['{', '}']).unwrap_or(group.len());
            group[..end].split(',').map(|item| format!("{first}{}", path(item.trim()))).collect()
        }
        _ => vec![first],
    }
}

/// The longest beginning of a path that is a module.
fn longest(modules: &BTreeSet<String>, path: &str) -> Option<String> {
    let mut path = path.trim_end_matches(':');
    loop {
        if modules.contains(path) {
            return Some(path.to_owned());
        }
        path = path.rsplit_once("::")?.0;
    }
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

fn floor(floors: &[&[&str]], room: &str) -> Option<usize> {
    floors.iter().position(|rooms| rooms.contains(&room))
}

fn upward(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (from, targets) in edges {
        for to in targets.iter().filter(|to| room(to) != room(from)) {
            let (low, high) = (floor(&FLOORS, room(to)), floor(&FLOORS, room(from)));
            if low.is_none() || high.is_none() {
                wrong.push(format!("{from} imports {to}: give both a floor in xtask/src/tidy.rs"));
            } else if low >= high {
                wrong.push(format!("{from} imports {to}, which stands above it or beside it"));
            }
        }
    }
    wrong
}

/// Modules that import each other, parents and their children aside.
fn cycles(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let related =
        |a: &str, b: &str| a.starts_with(&format!("{b}::")) || b.starts_with(&format!("{a}::"));
    let mut wrong = Vec::new();
    for (from, targets) in edges {
        for to in targets.iter().filter(|to| from < *to && !related(from, to)) {
            if edges.get(to).is_some_and(|back| back.contains(from)) {
                wrong.push(format!("{from} and {to} import each other"));
            }
        }
    }
    wrong
}

fn web_upward(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let Some((folder, _)) =
            source.path.strip_prefix("www/src/").and_then(|path| path.split_once('/'))
        else {
            continue;
        };
        for part in source.text.split("from \"../").skip(1) {
            let target = part.split('/').next().unwrap_or_default();
            let (low, high) = (floor(&WEB_FLOORS, target), floor(&WEB_FLOORS, folder));
            if target != folder && low.is_some() && low >= high {
                wrong.push(format!(
                    "{} imports {target}, which stands above it or beside it",
                    source.path
                ));
            }
        }
    }
    wrong
}

fn misplaced(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| source.module().is_some()) {
        for (word, allowed) in WHERE {
            let code = source.text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
            let found = code.filter(|line| line.contains(word)).count();
            if found > 0 && !allowed.iter().any(|start| source.path.starts_with(start)) {
                wrong.push(format!(
                    "{} has {word:?}, which belongs to {}",
                    source.path,
                    allowed.join(", ")
                ));
            }
        }
    }
    wrong
}

fn too_long(sources: &[Source]) -> Vec<String> {
    let lines = |source: &&Source| source.text.lines().count();
    let long = sources.iter().filter(|source| lines(source) > LONGEST);
    long.map(|source| format!("{} has {} lines of at most {LONGEST}", source.path, lines(&source)))
        .collect()
}

fn print_graph(edges: &BTreeMap<String, BTreeSet<String>>) {
    for rooms in FLOORS.iter().rev() {
        for name in *rooms {
            let own = || edges.iter().filter(|(module, _)| room(module) == *name);
            let below: BTreeSet<&str> = own()
                .flat_map(|(_, targets)| targets)
                .map(|to| room(to))
                .filter(|to| to != name)
                .collect();
            let below: Vec<&str> = below.into_iter().collect();
            println!("{name:<10} {:>3} files  imports {}", own().count(), below.join(", "));
        }
    }
    println!("{} upward imports, {} circles", upward(edges).len(), cycles(edges).len());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    #[test]
    fn what_breaks_a_rule_is_found() {
        let sources = [
            source("src/backend.rs", "use crate::lm::model::Model;\nuse crate::error::Result;\n"),
            source("src/lm/model.rs", "use super::session::Session;\n// use crate::engine;\n"),
            source("src/lm/session.rs", "use super::model::Model; unsafe { }\n"),
            source("src/error.rs", "use web_sys::Window;\n"),
        ];
        let edges = edges(&sources);
        assert_eq!(
            upward(&edges),
            ["backend imports lm::model, which stands above it or beside it"]
        );
        assert_eq!(cycles(&edges), ["lm::model and lm::session import each other"]);
        assert_eq!(misplaced(&sources).len(), 2);
        let web = [source("www/src/package/a.ts", "import { x } from \"../ui/b.js\";\n")];
        assert_eq!(web_upward(&web).len(), 1);
        assert_eq!(too_long(&[source("a.rs", &"\n".repeat(401))]).len(), 1);
        assert!(too_long(&[source("a.rs", &"\n".repeat(400))]).is_empty());
    }
}
