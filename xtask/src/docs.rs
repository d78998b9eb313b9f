//! Checks of what the documents tell people to type. The examples in TypeScript have a test of their
//! own (`www/tests/docs.spec.ts`).

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::run::{capture, command};
use crate::{Cli, root};

/// The documents of the project, by their path in it.
fn documents() -> Vec<PathBuf> {
    let listed = capture(command("git").args(["ls-files", "*.md"])).unwrap();
    let documents: Vec<PathBuf> = listed.lines().map(PathBuf::from).collect();
    assert!(documents.len() > 10, "git lists {} documents", documents.len());
    documents
}

/// The lines that a document tells people to type, without comments.
fn typed(document: &Path) -> Vec<String> {
    let text = fs::read_to_string(root().join(document)).unwrap().replace("\\\n", " ");
    let mut lines = Vec::new();
    let mut in_shell = false;
    for line in text.lines() {
        match line.trim() {
            "```sh" => in_shell = true,
            "```" => in_shell = false,
            line if in_shell => {
                let code = line.split("  #").next().unwrap_or_default();
                lines.extend(code.split(" && ").map(|part| part.trim().to_owned()));
            }
            _ => {}
        }
    }
    lines
}

fn words(line: &str) -> Vec<&str> {
    let end = line.find(" > ").unwrap_or(line.len());
    // None of them holds a space within quotes that matters here.
    line[..end].split_whitespace().collect()
}

#[test]
fn every_command_of_xtask_in_the_documents_exists() {
    let mut found = 0;
    for document in documents() {
        for line in typed(&document) {
            if let Some(rest) = line.strip_prefix("cargo xtask") {
                let arguments = std::iter::once("xtask").chain(words(rest));
                let parsed = Cli::try_parse_from(arguments);
                assert!(
                    parsed.is_ok(),
                    "{}: {line}: {}",
                    document.display(),
                    parsed.err().unwrap()
                );
                found += 1;
            }
        }
    }
    assert!(found > 8, "{found} commands");
}

#[test]
fn every_script_in_the_documents_exists() {
    let manifests = ["www", "edge/cloudflare", "benches/gpu", "benches/browser"]
        .map(|folder| fs::read_to_string(root().join(folder).join("package.json")).unwrap())
        .concat();
    let mut found = 0;
    for document in documents() {
        for line in typed(&document) {
            match words(&line).as_slice() {
                ["npm", "run", name, ..] => {
                    assert!(manifests.contains(&format!("\"{name}\":")), "{line}");
                }
                ["node" | "python" | "python3", script, ..] => {
                    assert!(root().join(script).is_file(), "{}: {line}", document.display());
                }
                _ => continue,
            }
            found += 1;
        }
    }
    assert!(found > 5, "{found} commands");
}

#[test]
fn every_link_to_a_file_in_the_documents_leads_somewhere() {
    let mut found = 0;
    for document in documents() {
        let text = fs::read_to_string(root().join(&document)).unwrap();
        let folder = root().join(&document).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if link.contains("://") || file.is_empty() || file.contains(char::is_whitespace) {
                continue;
            }
            assert!(folder.join(file).exists(), "{}: {link}", document.display());
            found += 1;
        }
    }
    assert!(found > 30, "{found} links");
}

#[test]
fn every_dependency_has_its_reason() {
    let text = fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let first_cells = text.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let mut listed: Vec<&str> = first_cells.flat_map(|cell| cell.split("`, `")).collect();
    listed.iter_mut().for_each(|name| *name = name.trim_matches('`'));
    let json = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
    let mut cargo = command("cargo");
    let cargo = json(capture(cargo.args(["metadata", "--no-deps", "--format-version=1"])).unwrap());
    let crates = cargo["packages"].as_array().unwrap().iter();
    let crates = crates.flat_map(|package| package["dependencies"].as_array().unwrap());
    let outside = crates.filter(|dependency| dependency["path"].is_null());
    let npm = json(fs::read_to_string(root().join("www/package.json")).unwrap());
    let mut used: Vec<&str> =
        outside.map(|dependency| dependency["name"].as_str().unwrap()).collect();
    used.extend(npm["devDependencies"].as_object().unwrap().keys().map(String::as_str));
    for name in &used {
        assert!(listed.contains(name), "docs/dependencies.md does not say why {name} is used");
    }
    for name in &listed {
        assert!(used.contains(name), "docs/dependencies.md names {name}, which nothing uses");
    }
}
