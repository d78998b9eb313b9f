//! Each format from the documents in `tests/fixtures/formats`, whole and damaged.

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use precis::Error;
use precis::document::structure::{BlockKind, Structure};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::text;

const FILES: [&str; 12] = [
    "columns.pdf",
    "locked.pdf",
    "scanned.pdf",
    "minutes.docx",
    "harbour.odt",
    "lighthouse.epub",
    "crane.eml",
    "storm.eml",
    "interview.srt",
    "rolling.vtt",
    "talk.vtt",
    "notice.rtf",
];

fn bytes(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/formats/");
    std::fs::read(format!("{folder}{name}")).expect("a fixture")
}

fn of(name: &str) -> String {
    text(&bytes(name), name).expect("a text")
}

/// What is said of bytes that are refused.
#[track_caller]
fn refused(bytes: &[u8], name: &str, code: &str) -> String {
    let error = text(bytes, name).expect_err("no text");
    assert_eq!(error.code(), code, "{error}");
    error.to_string()
}

/// An archive with these members.
fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a member");
        zip.write_all(content).expect("its content");
    }
    zip.finish().expect("an archive").into_inner()
}

#[test]
fn columns_of_a_pdf_are_read_one_after_the_other() {
    let text = of("columns.pdf");
    let places: Vec<usize> = [
        "# How Bees Choose a New Home\n\nAna Lima and Ben Okafor\n\n## Introduction\n\nIn late spring",
        "outgrows its hive. The old queen leaves\nwith about ten thousand workers",
        "hollow tree.\n\nEach scout inspects",
        "## The Dance",
        "often she repeats the run.\n\nOther scouts",
        "## Stop Signals",
        "## The Quorum",
        "warm their flight muscles to thirty-five\ndegrees.\n\nWe moved",
        "## Results",
        "## Conclusion",
        "of people could copy two of these three\nrules. The third one",
        "Boxes\tScouts\tHours\n2\t300\t13\n5\t300\t16\n5\t150\t25",
    ]
    .iter()
    .map(|part| text.find(part).unwrap_or_else(|| panic!("{part:?} is not in\n{text}")))
    .collect();
    assert!(places.is_sorted(), "{places:?}");
    // The running head and the page numbers are gone.
    assert!(!text.contains("Apiary Letters"), "{text}");
    assert!(text.lines().all(|line| line.parse::<u32>().is_err()), "{text}");
}

#[test]
fn a_pdf_without_text_or_with_a_password_is_refused() {
    let error = refused(&bytes("scanned.pdf"), "a.pdf", "document-not-text");
    assert!(error.contains("may be scanned") && error.contains("OCR"), "{error}");
    let error = refused(&bytes("locked.pdf"), "a.pdf", "document-not-text");
    assert!(error.contains("has a password"), "{error}");
    let error = refused(b"%PDF-1.7 and nothing else", "a.pdf", "document-not-text");
    assert!(error.contains("damaged"), "{error}");
}

#[test]
fn a_word_document_has_headings_lists_and_tables() {
    assert_eq!(
        of("minutes.docx"),
        "# Minutes of the Harbour Board\n\n# Decisions\n\n\
         The board approved the budget of 1.2 million euros for the new pier & crane.\n\n\
         - Work starts on 4 May.\n- The ferry stops for six weeks.\n\n# Next steps\n\n\
         1. Ana Lima asks three firms for offers.\n  1. By the end of March at the latest.\n\
         2. Ben Okafor informs the residents.\n\n| Part | Cost |\n| Pier | 900,000 |\n| Crane | 300,000 |\n\n\
         The old crane is for sale.\n\nThe sum includes taxes."
    );
}

#[test]
fn other_documents_are_read() {
    assert_eq!(
        of("harbour.odt"),
        "# The Harbour\n\nThe pier was built in 1911.\nIt is of oak.\n\nBy the railway.\n\n\
         - A first item.\n  - One within.\n\n| Ships | 12 |"
    );
    assert_eq!(
        of("lighthouse.epub"),
        "# The Light & the Sea\n\n# One\n\nThe keeper climbed the stairs every evening for forty years.\n\n\
         # Two\n\nOne night the lamp stayed dark, and nobody noticed."
    );
    assert_eq!(
        of("notice.rtf"),
        "# Notice to all sailors\n\nThe grüne light is out—keep to the „left“. It is repaired on Friday.\n\n\
         | Buoy | 7 |\nSigned {A} 🠁"
    );
}

#[test]
fn a_mail_has_its_header_its_text_and_the_names_of_its_attachments() {
    let header = "From: Ana Limão <ana@harbour.example>\n\
                  To: Ben Okafor <ben@harbour.example>, crew@harbour.example\n\
                  Date: Mon, 2 Mar 2026 09:30:00 +0100\n";
    let crane = format!(
        "{header}Subject: Crane is late\nAttachments: crane plan.png\n\nHi Ben,\n\n\
         the crane arrives on Thursday instead of Tuesday. Please move the inspection to Friday. \
         Grüße\n\nAna"
    );
    assert_eq!(of("crane.eml"), crane);
    assert_eq!(
        of("storm.eml"),
        format!(
            "{header}Subject: Storm\n\n## Storm warning\n\nWind of force ten is expected\u{a0}tonight.\n\n\
             - Double all lines."
        )
    );
    let kinds = Structure::new(&crane).blocks.into_iter().map(|block| block.kind);
    assert_eq!(kinds.filter(|kind| *kind == BlockKind::Header).count(), 5);
    // Its bytes are enough to know it; a text about a mail is none.
    assert_eq!(text(&bytes("crane.eml"), "-").expect("a text"), crane);
    let about = "From: the office\nTo: all\n\nThe mail is down.";
    assert_eq!(text(about.as_bytes(), "a.txt").expect("a text"), about);
}

#[test]
fn subtitles_become_sentences_and_turns() {
    assert_eq!(
        of("interview.srt"),
        "The harbour has been closed since Monday.\nAna Lima: We could not wait any longer.\nWhy not?\nIt leaked."
    );
    assert_eq!(of("talk.vtt"), "Ana Lima: Good morning, dear friends & guests.\nBen: Is this on?");
    assert_eq!(
        of("rolling.vtt"),
        "so today we will talk about the tide and what it does to a wooden pier"
    );
    assert_eq!(text(&bytes("talk.vtt"), "-").expect("a text"), of("talk.vtt"));
    let about = "SRT files have lines like these:\n1\nand an arrow (-->) between times.";
    assert_eq!(text(about.as_bytes(), "a.md").expect("a text"), about);
}

#[test]
fn the_bytes_say_what_a_file_is() {
    for name in FILES {
        let (own, other) = (text(&bytes(name), name), text(&bytes(name), "renamed.bin"));
        assert_eq!(own, other, "{name}");
    }
    for (member, part) in
        [("xl/workbook.xml", "Excel"), ("ppt/slides/slide1.xml", "PowerPoint"), ("a", "ZIP")]
    {
        let error = refused(&zipped(&[(member, b"<a/>")]), "a.docx", "document-not-text");
        assert!(error.contains(part), "{error}");
    }
    let locked: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let locked = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &locked].concat();
    assert!(refused(&locked, "a.docx", "document-not-text").contains("has a password"));
    assert!(refused(&locked[..8], "a.doc", "document-not-text").contains("old office"));
}

#[test]
fn damaged_files_give_an_error_or_a_text() {
    let start = Instant::now();
    for name in FILES {
        let whole = bytes(name);
        let (mut texts, mut refusals) = (0, 0);
        let mut read = |bytes: &[u8]| match text(bytes, name) {
            Ok(_) => texts += 1,
            Err(error) => {
                let expected = ["document-not-text", "document-too-large", "empty-document"];
                assert!(expected.contains(&error.code()), "{name}: {error}");
                refusals += 1;
            }
        };
        for part in 0..50 {
            read(&whole[..whole.len() * part / 50]);
            // The same number of bytes, some of them changed: the seed makes it the same each time.
            let mut garbled = whole.clone();
            let mut seed = part as u32 + 1;
            for _ in 0..20 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = seed as usize % garbled.len();
                garbled[at] = (seed >> 24) as u8;
            }
            read(&garbled);
        }
        assert_eq!(texts + refusals, 100, "{name}");
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn a_panic_in_a_library_is_an_error() {
    let error = super::guarded("mail", || panic!("a library gave up")).expect_err("no text");
    assert!(matches!(error, Error::DocumentUnreadable { format: "mail", .. }), "{error}");
    // mail-parser 0.11 panics on a message within a message that has nothing.
    let nested = "From: a@b.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\
                  Content-Type: message/rfc822\n\n--x--\n";
    assert!(
        text(nested.as_bytes(), "a.eml").map_or_else(|e| e.code() == "document-not-text", |_| true)
    );
}

#[test]
fn what_unpacks_to_too_much_is_refused() {
    let zeros = vec![b' '; 120_000_000];
    let bomb = zipped(&[("word/document.xml", &zeros)]);
    assert!(bomb.len() < 1_000_000);
    assert!(refused(&bomb, "a.docx", "document-too-large").contains("100000000"));
    // Each member is small enough, all of them are not.
    let bomb = zipped(&[
        ("word/document.xml", &zeros[..60_000_000]),
        ("word/styles.xml", &zeros[..60_000_000]),
    ]);
    refused(&bomb, "a.docx", "document-too-large");

    let packed = |bytes: &[u8]| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("it packs");
        encoder.finish().expect("it packs")
    };
    let pdf = |filter: &str, content: &[u8]| {
        let head = format!(
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
             2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
             3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R>>endobj\n\
             4 0 obj<</Length {}/Filter[{filter}]>>stream\n",
            content.len()
        );
        [head.as_bytes(), content, b"\nendstream endobj\ntrailer<</Root 1 0 R>>"].concat()
    };
    let mut content = ZlibEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..3 {
        content.write_all(&zeros).expect("it packs");
    }
    let once = content.finish().expect("it packs");
    refused(&pdf("/FlateDecode", &once), "a.pdf", "document-too-large");
    let twice = packed(&once);
    refused(&pdf("/FlateDecode/FlateDecode", &twice), "a.pdf", "document-too-large");
    let small = packed(b"q Q");
    assert!(
        refused(&pdf("/FlateDecode", &small), "a.pdf", "document-not-text").contains("no letters")
    );
}
