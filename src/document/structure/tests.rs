use super::*;
use wasm_bindgen_test::wasm_bindgen_test;

/// The kinds and texts of blocks.
fn blocks(text: &str) -> Vec<(BlockKind, String)> {
    let structure = Structure::new(text);
    let lines = |block: &Block| {
        block.lines.iter().map(|line| &text[line.clone()]).collect::<Vec<_>>().join("|")
    };
    structure.blocks.iter().map(|block| (block.kind, lines(block))).collect()
}

fn kinds(text: &str) -> Vec<BlockKind> {
    blocks(text).into_iter().map(|(kind, _)| kind).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn captions_are_no_quoted_mail() {
    let places = ["Porto", "Lyon", "Cork", "Turin", "Graz"];
    let said =
        places.map(|place| format!(">> The wheel broke in {place}, and I want it mended.\n"));
    let said = said.concat();
    let captions = format!("[Captioned.]\n\n{said}");
    assert!(!kinds(&captions).contains(&BlockKind::Quoted));
    assert!(blocks(&captions)[1].1.starts_with("The wheel broke in Porto,"));
    // A mail that quotes a mail that quotes one has both marks.
    let answer = "Yes, gladly: come on Friday at nine, and bring the papers of the chair with you.";
    let mail = format!("{answer}\n\n> Shall I?\n{said}");
    assert!(kinds(&mail).contains(&BlockKind::Quoted));
}

#[wasm_bindgen_test(unsupported = test)]
fn lines_of_one_paragraph_are_one_block() {
    let text = "# Title\n\nText of\ntwo lines.\n\n- one\n  more\n- two\n\nName\n====\nText.\n";
    let expected = [
        (BlockKind::Heading, "Title"),
        (BlockKind::Paragraph, "Text of|two lines."),
        (BlockKind::Item, "one|more"),
        (BlockKind::Item, "two"),
        (BlockKind::Heading, "Name"),
        (BlockKind::Paragraph, "Text."),
    ];
    let expected = expected.map(|(kind, text)| (kind, text.to_string()));
    assert_eq!(blocks(text)[..4], expected[..4]);
    assert_eq!(blocks(text)[4..], expected[4..]);
    let structure = Structure::new(text);
    assert_eq!(structure.title.map(|title| &text[title]), Some("Title"));
    assert_eq!(structure.blocks[5].heading, Some(4));
}

#[wasm_bindgen_test(unsupported = test)]
fn numbers_part_clauses_from_headings_and_items() {
    let text = "3. TERM\n\n3.1 This Agreement starts on 1 February\nand ends later.\n\n1. Heat the oven.\n2. Stir.\n\n\
                The price is\n3.5 million.\n";
    let expected = [
        (BlockKind::Heading, "TERM"),
        (BlockKind::Paragraph, "This Agreement starts on 1 February|and ends later."),
        (BlockKind::Item, "Heat the oven."),
        (BlockKind::Item, "Stir."),
        (BlockKind::Paragraph, "The price is|3.5 million."),
    ];
    assert_eq!(blocks(text), expected.map(|(kind, text)| (kind, text.to_string())));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_short_line_above_a_long_one_is_its_heading() {
    let long = "The agreement begins on 1 September 2025 and runs for twelve months.";
    let text = format!("2. Term and notice\n{long}\nMore of it.\n\nDeposit\n{long}\n");
    let expected = [
        (BlockKind::Heading, "Term and notice".to_string()),
        (BlockKind::Paragraph, format!("{long}|More of it.")),
        (BlockKind::Heading, "Deposit".to_string()),
        (BlockKind::Paragraph, long.to_string()),
    ];
    assert_eq!(blocks(&text), expected);
    // A longer one, where each paragraph is a line.
    let paragraph = [long; 3].join(" ");
    let text = format!("Text.\n\nAnd now the step that nearly everyone leaves out\n{paragraph}\n");
    assert_eq!(kinds(&text), [BlockKind::Paragraph, BlockKind::Heading, BlockKind::Paragraph]);
    // Lines of a wrapped paragraph are about as long as each other.
    let wrapped =
        "The agreement that we signed in\nSeptember runs for twelve months and\nends then.\n";
    assert_eq!(kinds(wrapped), [BlockKind::Paragraph]);
}

#[wasm_bindgen_test(unsupported = test)]
fn speakers_are_told_from_words_before_a_colon() {
    let text = "Ana: Can everybody hear me?\nBogdan: Yes.\nAna: Good. One thing\nis left.\nBogdan: Go on.\n";
    let structure = Structure::new(text);
    assert!(structure.blocks.iter().all(|block| block.kind == BlockKind::Turn));
    assert_eq!(structure.blocks[2].speaker.clone().map(|name| &text[name]), Some("Ana"));
    assert_eq!(structure.blocks[2].lines.len(), 2);
    // A note is nobody.
    let prose = "Some text here.\n\nNote: this is one.\n\nMore text.\n\nNote: another.\n\nEnd of it all.\n\nLast.\n";
    assert!(!kinds(prose).contains(&BlockKind::Turn));
}

#[wasm_bindgen_test(unsupported = test)]
fn mail_is_parted_from_its_header_and_from_older_mail() {
    let text = "From: Marta <m@example.org>\nTo: Tobias\nSubject: Re: AW: Spring offsite\n\nHi,\n\nWe move to the lodge.\n\n\
                On Thu, Renske wrote:\n> Should I wait?\n>> Yes.\n";
    use BlockKind::{Header, Heading, Paragraph, Quoted};
    let found = kinds(text);
    assert_eq!(found[..3], [Header; 3]);
    assert!(matches!(found[3], Paragraph | Heading));
    assert_eq!(found[4..], [Paragraph, Quoted, Quoted, Quoted]);
    let structure = Structure::new(text);
    assert_eq!(structure.title.map(|title| &text[title]), Some("Spring offsite"));
    let old = "See below.\n\n-----Original Message-----\nFrom: A\nTo: B\n\nOld text.\n";
    assert_eq!(kinds(old)[0], Paragraph);
    assert!(kinds(old)[1..].iter().all(|kind| *kind == Quoted));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_memo_and_a_mail_that_is_passed_on_are_text() {
    let body = "The family has named a price of one million for the freehold.\nWe should take the lease instead, and ask for an option to buy later.";
    let header =
        "To: The trustees\nFrom: The director\nFor: Meeting in October\nRe: The old bakery";
    let memo = format!("MEMORANDUM - CONFIDENTIAL\n\n{header}\n\n{body}\n");
    let paragraph = (BlockKind::Paragraph, body.replace('\n', "|"));
    assert_eq!(blocks(&memo).last(), Some(&paragraph));
    let structure = Structure::new(&memo);
    assert_eq!(structure.title.map(|title| &memo[title]), Some("MEMORANDUM - CONFIDENTIAL"));
    for forwarded in [
        format!("FYI\n\n-----Original Message-----\n{header}\n\n{body}\n"),
        format!(
            "See below.\n\nOn Thu, Renske wrote:\n> Hi,\n>\n> {}\n",
            body.replace('\n', "\n> ")
        ),
    ] {
        assert_eq!(blocks(&forwarded).last(), Some(&paragraph), "{forwarded}");
    }
    // So is a thread below its name, or below a list of its mails.
    let thread = format!(
        "Thread about the old bakery\nWith: the trustees, the director.\n\n{header}\n\n{body}\n\n{header}\n\n{body}{body}{body}\n"
    );
    assert!(!kinds(&thread).contains(&BlockKind::Quoted));
    // A short answer is what is new, and a line "For:" begins no mail.
    let short = format!(
        "Approved, please go ahead with option B at 40,000 euros this week\n\n-----Original Message-----\n{header}\n\n{body}\n"
    );
    assert!(blocks(&short)[1..].iter().all(|(kind, _)| *kind == BlockKind::Quoted), "{short}");
    let short = short.replace(body, &body.repeat(8));
    assert!(blocks(&short)[1..].iter().all(|(kind, _)| *kind == BlockKind::Quoted), "{short}");
    let minutes = format!("We met on Monday.\n\nFor: Anna\nDate: 3 May\n\n{body}\n");
    assert_eq!(blocks(&minutes).last(), Some(&paragraph));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_page_break_does_not_end_a_sentence() {
    let page = |n: usize| {
        format!("Board of Transport          Final Report\n\nPage {n} of 41        v2\n\n")
    };
    let text = format!(
        "{}The number of trips grew a lot.\nThe growth was largest among those over\n\n{}seventy. Most trips were booked.\n\n{}End of the text.\n",
        page(1),
        page(2),
        page(3)
    );
    let running: Vec<_> =
        blocks(&text).into_iter().filter(|(kind, _)| *kind == BlockKind::Paragraph).collect();
    assert_eq!(
        running[0].1,
        "The number of trips grew a lot.|The growth was largest among those over|seventy. Most trips were booked."
    );
    assert_eq!(running.len(), 2);
}

#[wasm_bindgen_test(unsupported = test)]
fn tables_code_and_time_codes_are_no_text() {
    let text = "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\nHello and welcome to all.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nlet x = 1;\n```\n";
    use BlockKind::{Code, Furniture, Paragraph, Row};
    assert_eq!(kinds(text), [Furniture, Furniture, Paragraph, Row, Row, Row, Code, Code, Code]);
}

#[wasm_bindgen_test(unsupported = test)]
fn any_text_keeps_its_bytes_in_order() {
    let mut random = crate::random::Random(3);
    let marks: Vec<char> = "a .\n#é日:>-|`1\t".chars().collect();
    for _ in 0..50 {
        let text: String = (0..300).map(|_| marks[random.below(marks.len())]).collect();
        let structure = Structure::new(&text);
        for line in structure.blocks.iter().flat_map(|block| &block.lines) {
            assert!(text.get(line.clone()).is_some(), "{text:?} {line:?}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn who_speaks_is_found_in_exports() {
    let speakers = |text: &str| -> Vec<String> {
        let structure = Structure::new(text);
        let turns = structure.blocks.into_iter().filter_map(|block| block.speaker);
        turns.map(|range| text[range].to_owned()).collect()
    };
    let chat = "[12.03.24, 18:02:11] Mama: Kommt ihr?\n[12.03.24, 18:05:40] Lena: Ja\n\
                3/9/24, 7:41 PM - Mama: ok\n3/9/24, 7:44 PM - Lena: me";
    assert_eq!(speakers(chat), ["Mama", "Lena", "Mama", "Lena"]);
    let call = "<v Dana Fox>Hello.\n\n<v Lucy>Hello.\n\n<v Dana Fox>Go on.\n\n<v Lucy>Yes.";
    assert_eq!(speakers(call), ["Dana Fox", "Lucy", "Dana Fox", "Lucy"]);
    let court = "Q. Where were you?\nA. At home.\nQ. With whom?\nA. With Ana.";
    assert_eq!(speakers(court), ["Q", "A", "Q", "A"]);
    for chat in [
        "[sáb 10:03] Ana: Hola a todos\n[sáb 10:04] Tía Chelo 🌻: hola\n[sáb 10:05] Ana: vale\n[sáb 10:06] Tía Chelo 🌻: sí",
        "Mon 10:03 Ana: Hello all\nMon 10:04 Tía Chelo 🌻: hello\nMon 10:05 Ana: fine\nMon 10:06 Tía Chelo 🌻: yes",
        "Ana [10:03 AM]: Hello all\nTía Chelo 🌻 [10:04 AM]: hello\nAna [10:05 AM]: fine\nTía Chelo 🌻 [10:06 AM]: yes",
        "Ana — 10:03 AM\nHello all\nTía Chelo 🌻 — 10:04 AM\nhello\nAna — 10:05 AM\nfine\nTía Chelo 🌻 — 10:06 AM\nyes",
        "1 | Ana, 3 Sept, 10:03\nHello all\n\n2 | Tía Chelo 🌻 (treasurer), 3 Sept, 10:04\nhello\n\n3 | Ana, 4 Sept, 10:05\nfine\n\n4 | Tía Chelo 🌻, 5 Sept, 10:06\nyes",
        "Ana, [12.03.24 10:03]\nHello all\n\nTía Chelo 🌻, [12.03.24 10:04]\nhello\n\nAna, [12.03.24 10:05]\nfine\n\nTía Chelo 🌻, [12.03.24 10:06]\nyes",
        "[Ana] [오후 3:12] 안녕\n[Tía Chelo 🌻] [오후 3:13] 네\n[Ana] [오후 3:14] 네\n[Tía Chelo 🌻] [오후 3:15] 네",
        "10:03\tAna\tHello all\n10:04\tTía Chelo 🌻\thello\n10:05\tAna\tfine\n10:06\tTía Chelo 🌻\tyes",
        "2024/3/9 上午10:03 - Ana: 你好\n2024/3/9 上午10:04 - Tía Chelo 🌻: 好\n2024/3/9 上午10:05 - Ana: 好\n2024/3/9 上午10:06 - Tía Chelo 🌻: 好",
    ] {
        assert_eq!(speakers(chat), ["Ana", "Tía Chelo 🌻", "Ana", "Tía Chelo 🌻"], "{chat}");
        assert!(kinds(chat).iter().all(|kind| *kind == BlockKind::Turn), "{chat}");
    }
    let once = "10:03 Ana: Hello\n10:04 Bo: hello\n10:05 Ana: fine\n10:06 Bo: yes\n10:07 +49 170 1234567: me too";
    assert_eq!(speakers(once).last().map(String::as_str), Some("+49 170 1234567"));
    let long = "Ana — 10:03 AM\nHello.\n\nOne thing\nis left.\n\nBo — 10:04 AM\nyes\n\nAna — 10:05 AM\nfine\n\nBo — 10:06 AM\nyes";
    assert_eq!(speakers(long), ["Ana", "Ana", "Bo", "Ana", "Bo"]);
    let programme = "Welcome 09:00\nTalks 10:30\nLunch 12:30\nWalk 14:00\nEnd 17:00";
    assert_eq!(speakers(programme), [""; 0]);
    let programme = "Day 1\n09:00 Registration\n10:30 Break\n12:30 Lunch\nDay 2\n09:00 Registration\n10:30 Break\n12:30 Lunch";
    assert_eq!(speakers(programme), [""; 0]);
    let halves =
        "Ana\n10:03 AM\nHello\nBo\n10:04 AM\nhello\nAna\n10:05 AM\nfine\nBo\n10:06 AM\nyes";
    assert_eq!(speakers(halves), [""; 0]);
    let ends_with_a_time = "Ana — 10:03 AM\nwhen?\n\nBo — 10:04 AM\nmaybe 10:30\n\nI can bring cake.\n\nAna — 10:05 AM\nfine\n\nBo — 10:06 AM\nyes";
    assert_eq!(speakers(ends_with_a_time), ["Ana", "Bo", "Bo", "Ana", "Bo"]);
    let reminder = "Ana [10:03 AM]: Reminder: buy milk\nBo [10:04 AM]: ok\nAna [10:05 AM]: fine\nBo [10:06 AM]: yes";
    assert_eq!(speakers(reminder), ["Ana", "Bo", "Ana", "Bo"]);
    let wrapped = "Ana: Hello all\nBo: hello\nAna, here is the thing: we must go\nAna: fine\nBo: yes\nAna: ok";
    assert_eq!(speakers(wrapped), ["Ana", "Bo", "Ana", "Bo", "Ana"]);
    let table = "10:03\tBerlin\t5.3\t1012\n10:04\tBerlin\t5.4\t1012\n10:05\tBerlin\t5.4\t1011\n10:06\tBerlin\t5.5\t1011";
    assert_eq!(speakers(table), [""; 0]);
    let minutes = "- Owner: Ana\n- Due: Friday\n- Owner: Bo\n- Due: Monday\n- Risk: rain";
    assert!(!speakers(minutes).contains(&"Risk".to_owned()));
    let log =
        "[21:14:03] INFO: one\n[21:14:05] INFO: two\n[21:14:06] ERROR: a\n[21:14:07] ERROR: b";
    assert_eq!(speakers(log), [""; 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn headers_of_mails_have_names_in_many_languages() {
    for (text, subject) in [
        ("De : Agnès\nEnvoyé : lundi\nÀ : Luc\nObjet : RE: Budget\n\nBonjour.", "Budget"),
        ("Od: Kasia\nDo: Marek\nTemat: Urlop\n\nCześć!", "Urlop"),
        ("发件人：王芳\n收件人：李文\n主题：会议\n\n你好。", "会议"),
    ] {
        let structure = Structure::new(text);
        assert_eq!(structure.title.map(|title| &text[title]), Some(subject));
    }
}
