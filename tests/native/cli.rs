//! The command line from a user's view: output, files and exit codes.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tiny.gguf");

/// The program, to run in `folder`, with relative paths.
fn precis(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_precis"));
    command.current_dir(folder).args(arguments);
    if arguments.first() == Some(&"summarize") {
        command.args(["--model", TINY, "--backend", "cpu", "--threads", "1"]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Standard output and error of a run, which must exit with `code`.
#[track_caller]
fn ended(code: i32, command: &mut Command) -> (String, String) {
    said(code, command.output().expect("the program starts"))
}

#[track_caller]
fn said(code: i32, Output { status, stdout, stderr }: Output) -> (String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert_eq!(status.code(), Some(code), "{stdout}{stderr}");
    (stdout, stderr)
}

/// A folder with these files, each containing a sentence that names it.
fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("its folder");
        fs::write(path, format!("A service called {file} runs in its own process.\n"))
            .expect("a file");
    }
    folder
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn files(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["file"].as_str().expect("the file's path")).collect()
}

#[test]
fn a_closed_pipe_is_quiet() {
    let folder = folder(&["a.txt"]);
    for arguments in [
        &["summarize", "a.txt", "--json"][..],
        &["summarize", "a.txt"],
        &["summarize", "a.txt", "a.txt", "--json"],
        &["summarize", "a.txt", "a.txt"],
        &["inspect", TINY],
    ] {
        let mut child = precis(folder.path(), arguments).spawn().expect("the program starts");
        drop(child.stdout.take());
        let (_, stderr) = said(0, child.wait_with_output().expect("it ends"));
        assert_eq!(stderr, "", "{arguments:?}");
    }
}

#[test]
fn one_file_gives_its_report_or_its_summary() {
    let folder = folder(&["a.txt"]);
    let (json, _) = ended(0, &mut precis(folder.path(), &["summarize", "a.txt", "--json"]));
    assert!(json.starts_with("{\n  \"schema\": \"precis.report/1\""), "{json}");
    let report: Value = serde_json::from_str(&json).expect("a report");
    let (text, stderr) = ended(0, &mut precis(folder.path(), &["summarize", "a.txt"]));
    assert_eq!(text.trim_end(), report["summary"]);
    assert!(stderr.contains("tokens/s"), "{stderr}");
    let (_, stderr) = ended(1, &mut precis(folder.path(), &["summarize", "none.txt"]));
    assert!(stderr.starts_with("error[host-failed]: "), "{stderr}");
}

#[test]
fn a_folder_is_read_in_order_and_only_its_text() {
    let folder = folder(&["in/b.txt", "in/a/z.md", "in/c.txt", "in/.hidden", "in/.git/x.txt"]);
    let path = folder.path();
    fs::write(path.join("in/image.png"), [0x89, b'P', b'N', b'G', 0xff]).expect("a file");
    fs::write(path.join("in/zero.bin"), "text with\0a zero").expect("a file");
    fs::write(path.join("in/empty.txt"), " \n").expect("a file");
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", path.join("in/loop")).expect("a link");
    let (json, stderr) = ended(0, &mut precis(path, &["summarize", "in", "--json"]));
    let lines = lines(&json);
    let separator = std::path::MAIN_SEPARATOR_STR;
    let names = ["in/a/z.md", "in/b.txt", "in/c.txt"].map(|name| name.replace('/', separator));
    assert_eq!(files(&lines), names);
    assert!(lines.iter().all(|line| line["schema"] == "precis.report/1"));
    assert!(json.lines().all(|line| line.starts_with("{\"file\":")));
    assert_eq!(stderr, "skipped 3 files that are not text\n");

    let (text, _) = ended(0, &mut precis(path, &["summarize", "in"]));
    let blocks = names.iter().zip(&lines).map(|(name, line)| {
        format!("== {name} ==\n{}\n", line["summary"].as_str().expect("a summary"))
    });
    assert_eq!(text, blocks.collect::<Vec<_>>().join("\n"));

    fs::create_dir(path.join("none")).expect("a folder");
    let (text, stderr) = ended(0, &mut precis(path, &["summarize", "none"]));
    assert_eq!((text.as_str(), stderr.as_str()), ("", "found no text to summarize\n"));
}

#[test]
fn what_fails_is_told_and_the_rest_is_done() {
    let folder = folder(&["a.txt", "b.txt"]);
    fs::write(folder.path().join("bad.txt"), [0xff]).expect("a file");
    let arguments = ["summarize", "a.txt", "bad.txt", "none.txt", "b.txt", "--json"];
    let (json, stderr) = ended(1, &mut precis(folder.path(), &arguments));
    let lines = lines(&json);
    assert_eq!(files(&lines), ["a.txt", "bad.txt", "none.txt", "b.txt"]);
    let codes: Vec<_> = lines.iter().map(|line| line["error"]["code"].as_str()).collect();
    assert_eq!(codes, [None, Some("document-not-text"), Some("host-failed"), None]);
    assert!(
        lines[1]["error"]["message"]
            .as_str()
            .is_some_and(|message| message.contains("not a text file"))
    );
    assert!(stderr.contains("error[document-not-text]: bad.txt: "), "{stderr}");
    let (text, _) = ended(1, &mut precis(folder.path(), &arguments[..5]));
    assert!(text.starts_with("== a.txt ==\n") && text.contains("\n\n== b.txt ==\n"), "{text}");
}

#[test]
fn documents_of_other_formats_are_read() {
    const FORMATS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/formats");
    let files = ["columns.pdf", "crane.eml", "locked.pdf", "minutes.docx", "talk.vtt"];
    let folder = tempfile::tempdir().expect("a folder");
    for file in files {
        fs::copy(Path::new(FORMATS).join(file), folder.path().join(file)).expect("a file");
    }
    let (json, stderr) = ended(1, &mut precis(folder.path(), &["summarize", ".", "--json"]));
    let lines = lines(&json);
    assert_eq!(lines.len(), files.len(), "{stderr}");
    for (file, line) in files.iter().zip(&lines) {
        assert!(line["file"].as_str().is_some_and(|path| path.ends_with(file)), "{line}");
        let has_summary = line["summary"].as_str().is_some_and(|summary| !summary.is_empty());
        assert_eq!(has_summary, *file != "locked.pdf", "{line}");
    }
    assert_eq!(lines[2]["error"]["code"], "document-not-text");
    assert!(stderr.contains("it has a password"), "{stderr}");
    // A quoting model quotes what the document says, not how it is packed.
    let summary = lines[3]["summary"].as_str().expect("a summary");
    let minutes = "The board approved the budget of 1.2 million euros for the new pier & crane.";
    assert!(summary.contains(minutes), "{summary}");

    // A text has less room than a file with pictures, and each says its limit.
    for (name, start, limit) in
        [("a.txt", "text ", "10000000"), ("a.pdf", "%PDF-1.4\n", "50000000")]
    {
        let path = folder.path().join(name);
        fs::write(&path, start).expect("a file");
        fs::File::options()
            .append(true)
            .open(&path)
            .expect("it")
            .set_len(50_000_001)
            .expect("room");
        let (_, stderr) = ended(1, &mut precis(folder.path(), &["summarize", name]));
        assert!(stderr.contains("error[document-too-large]") && stderr.contains(limit), "{stderr}");
    }
}

#[test]
fn standard_input_is_one_of_the_files() {
    let folder = folder(&["a.txt"]);
    let mut command = precis(folder.path(), &["summarize", "a.txt", "-", "--json"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the program starts");
    let text = b"A program reads what it is given and says what it is about.";
    child.stdin.take().expect("a pipe").write_all(text).expect("it is read");
    let (json, _) = said(0, child.wait_with_output().expect("it ends"));
    let lines = lines(&json);
    assert_eq!(files(&lines), ["a.txt", "-"]);
    assert_eq!(lines[1]["document"]["chars"], text.len());
}

#[test]
fn a_run_goes_on_where_it_stopped() {
    let folder = folder(&["in/a.txt", "in/b.txt", "in/c.txt"]);
    let path = folder.path();
    // The output file is inside the input folder.
    let arguments = ["summarize", "in", "-o", "in/out.jsonl"];
    let out = path.join("in/out.jsonl");
    let again = |arguments: &[&str]| {
        let (stdout, stderr) = ended(0, &mut precis(path, arguments));
        assert_eq!(stdout, "");
        (fs::read_to_string(&out).expect("what was written"), stderr)
    };
    let (whole, stderr) = again(&arguments);
    assert_eq!((lines(&whole).len(), stderr.as_str()), (3, ""));

    // Interrupted in the middle of the last line.
    let end_of_two = whole.match_indices('\n').nth(1).expect("three lines").0 + 1;
    for cut in [end_of_two + 3, end_of_two + 300, whole.len() - 1] {
        fs::write(&out, &whole[..cut]).expect("what was written is cut");
        let (text, stderr) = again(&arguments);
        assert_eq!(stderr, "2 of 3 files were done before\n");
        assert_eq!(text[..end_of_two], whole[..end_of_two]);
        assert_eq!(files(&lines(&text)), files(&lines(&whole)));
    }

    let (before, stderr) = again(&arguments);
    assert_eq!(stderr, "3 of 3 files were done before\n");
    fs::write(path.join("in/b.txt"), "Now it says something else.").expect("a file");
    let (changed, stderr) = again(&arguments);
    assert_eq!(stderr, "2 of 3 files were done before\n");
    let added = lines(changed.strip_prefix(&before).expect("what stood there stands there"));
    assert_eq!(files(&added), [files(&lines(&whole))[1]]);

    let asked = [&arguments[..], &["--length", "headline"]].concat();
    let (other, stderr) = again(&asked);
    assert_eq!((lines(&other).len(), stderr.as_str()), (7, ""));
    assert_eq!(lines(&other)[6]["options"]["length"], "headline");
    assert_eq!(again(&asked).1, "3 of 3 files were done before\n");
}

#[test]
fn what_failed_is_tried_again() {
    let folder = folder(&["a.txt"]);
    let arguments = ["summarize", "a.txt", "b.txt", "--json", "--output", "out.jsonl"];
    let (_, stderr) = ended(1, &mut precis(folder.path(), &arguments));
    assert!(stderr.starts_with("error[host-failed]: b.txt: "), "{stderr}");
    fs::write(folder.path().join("b.txt"), "Here it is at last.").expect("a file");
    let (_, stderr) = ended(0, &mut precis(folder.path(), &arguments));
    assert_eq!(stderr, "1 of 2 files was done before\n");
    let text = fs::read_to_string(folder.path().join("out.jsonl")).expect("what was written");
    assert_eq!(files(&lines(&text)), ["a.txt", "b.txt", "b.txt"]);
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let folder = folder(&["a.txt", "notes.txt"]);
    let notes = folder.path().join("notes.txt");
    let before = fs::read(&notes).expect("a file");
    let (_, stderr) =
        ended(1, &mut precis(folder.path(), &["summarize", "a.txt", "-o", "notes.txt"]));
    assert!(stderr.starts_with("error[invalid-options]: Option output is notes.txt"), "{stderr}");
    assert_eq!(fs::read(&notes).expect("a file"), before);
}

#[test]
fn two_runs_do_not_write_to_one_file() {
    let folder = folder(&["a.txt"]);
    let other = fs::File::create(folder.path().join("out.jsonl")).expect("a file");
    other.lock().expect("a lock");
    let arguments = ["summarize", "a.txt", "-o", "out.jsonl"];
    let (_, stderr) = ended(1, &mut precis(folder.path(), &arguments));
    assert!(stderr.contains("a file that no other run is writing to"), "{stderr}");
    drop(other);
    ended(0, &mut precis(folder.path(), &arguments));
}

#[test]
fn cards_of_others_are_checked() {
    let folder = folder(&["a.txt"]);
    let gallery = Path::new(env!("CARGO_MANIFEST_DIR")).join("gallery");
    let card = gallery.join("xeon-sapphire-rapids-2-cores-native.json");
    let check = |file: &str| ["card", "check", file].map(str::to_owned);
    let run = |code: i32, file: &str| {
        let arguments = check(file);
        ended(code, &mut precis(folder.path(), &arguments.each_ref().map(String::as_str)))
    };
    let (told, stderr) = run(0, card.to_str().expect("a path"));
    assert!(told.contains("consistent: its medians") && told.contains("self-reported"), "{told}");
    assert!(told.contains("engine with SHA-256 1252fca4d747"), "{told}");
    assert_eq!(stderr, "");
    let mut boasting: Value =
        serde_json::from_str(&fs::read_to_string(card).expect("a card")).expect("JSON");
    boasting["configurations"][0]["score"] = 1000.into();
    fs::write(folder.path().join("boasting.json"), boasting.to_string()).expect("a file");
    let (told, _) = run(1, "boasting.json");
    assert!(told.contains("wrong: configurations[0].score is 1000, and "), "{told}");
    assert!(!told.contains("consistent"), "{told}");
    let (told, stderr) = run(1, "a.txt");
    assert_eq!(told, "");
    assert!(stderr.starts_with("a.txt: error[invalid-card]: "), "{stderr}");
}

#[test]
fn bad_usage_has_a_code_of_its_own() {
    let folder = folder(&["a.txt"]);
    for arguments in [
        &["summarize"][..],
        &["summarize", "-", "a.txt", "-"],
        &["summarize", "a.txt", "--length", "endless"],
        &["summarize", "a.txt", "--ask", "What?", "--length", "short"],
    ] {
        let (_, stderr) = ended(2, &mut precis(folder.path(), arguments));
        assert!(stderr.starts_with("error: "), "{stderr}");
    }
}

/// The README's commands parse: with a missing model each fails with an error, not with the usage
/// exit code.
#[test]
fn the_readmes_commands_are_good_usage() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("the README");
    let commands = readme.lines().filter_map(|line| line.strip_prefix("cargo run --release -- "));
    let mut found = 0;
    for line in commands {
        // Every second part is quoted.
        let parts = line.split('"').enumerate();
        let arguments = parts.flat_map(|(i, part)| match i % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        });
        let mut arguments: Vec<&str> = arguments.collect();
        match arguments[0] {
            "inspect" => arguments[1] = "absent.gguf",
            _ => arguments.extend(["--model", "absent.gguf"]),
        }
        let empty = tempfile::tempdir().expect("a folder");
        fs::write(empty.path().join("README.md"), "A service runs in its own process.\n")
            .expect("a file");
        fs::create_dir(empty.path().join("docs")).expect("a folder");
        fs::copy(empty.path().join("README.md"), empty.path().join("docs/a.md")).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_precis"));
        let (_, error) = ended(1, command.current_dir(empty.path()).args(&arguments));
        assert!(error.contains("error[host-failed]"), "{line}: {error}");
        found += 1;
    }
    assert!(found > 5, "{found} commands");
}
