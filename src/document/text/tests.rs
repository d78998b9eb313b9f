//! Words and sentences of texts as people paste them.

use super::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test(unsupported = test)]
fn lines_of_one_paragraph_are_joined() {
    let text = "# Title\nText of\ntwo lines.\n\n    Indented\nfirst line.\n\nSYNOPSIS\n       cat [file]\n\
                \nName\n====\n  - one\n    more";
    let expected =
        ["Title", "Text of two lines.", "Indented first line.", "SYNOPSIS", "cat [file]"];
    assert_eq!(blocks(text)[..5], expected);
    assert_eq!(blocks(text)[5..], ["Name", "- one", "more"]);
    assert_eq!(blocks("\n \n---\n"), [""; 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_sentence_is_none_of_headings_lists_and_notices() {
    let first = |text: &str| first_sentence(text);
    let man = "SYNOPSIS\n       cat [-v] <file>\n\nDESCRIPTION\n       cat is used to join files,\n\
               \x20      as defined in POSIX (2017), to one. It is old.\n";
    assert_eq!(
        first(man).as_deref(),
        Some("cat is used to join files, as defined in POSIX, to one.")
    );
    let licence = "Copyright 2007 Some Foundation, Inc. All of it.\nEveryone is permitted to copy it.\n\
                   \nThis licence is for **all** `works` of art.";
    assert_eq!(first(licence).as_deref(), Some("This licence is for all works of art."));
    assert_eq!(first("- one\n- two\n\n| a | b |"), None);
    assert_eq!(
        first("SPEC := { NH or nhid } and some options...\n\nTo be (or not to be is one."),
        None
    );
    assert_eq!(first("fn main() { println!(); }\nlet x = 1;"), None);
    assert_eq!(
        first("标题\n\n蜜蜂采集花粉和花蜜。它们住在蜂巢里。").as_deref(),
        Some("蜜蜂采集花粉和花蜜。")
    );
    assert_eq!(first("هل قرأت هذا الكتاب؟ نعم.").as_deref(), Some("هل قرأت هذا الكتاب؟"));
    assert_eq!(first(""), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_in_brackets_is_left_out_of_a_sentence() {
    assert_eq!(plain("A set (or group) of <b>bees</b> [1], and more."), "A set of bees, and more.");
    assert_eq!(
        plain("**Paste** a `file`, or _one_ (not closed."),
        "Paste a file, or _one_ (not closed."
    );
    assert_eq!(plain("snake_case * 2 = a*b"), "snake_case * 2 = a*b");
    assert_eq!(plain("- ((nested) item) here."), "item) here.");
    assert_eq!(plain("((((("), "(((((");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sentence_is_cut_where_it_stands_by_itself() {
    let cut = |text: &str, least| clause(text, least).map(|end| text[..end].to_string());
    let text = "It is a tool for reading files, which are long - and old.";
    assert_eq!(cut(text, 6).as_deref(), Some("It is a tool for reading files"));
    assert_eq!(cut(text, 8).as_deref(), Some("It is a tool for reading files, which are long"));
    assert_eq!(cut(text, 11), None);
    assert_eq!(
        cut("One two three four five six; seven.", 6).as_deref(),
        Some("One two three four five six")
    );
    let two = "cat does some things with the list of files. cat does no others, e.g. with names.";
    assert_eq!(cut(two, 6).as_deref(), Some("cat does some things with the list of files"));
    assert_eq!(cut("It is to state the conditions under which it may be read.", 4), None);
    // It may yet become another word.
    assert_eq!(cut("One two three four five six, whi", 6), None);
    assert_eq!(cut("One two three four five six, which", 6), None);
    assert_eq!(cut("", 0), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_subject_is_a_name_that_comes_early_and_often() {
    let text = "SYNOPSIS\n  fobar [-x]\n\nThe command shows the list of a file. It is a file.\n\
                fobar is in the file. With fobar you can see all of the file.";
    let subject = |ordinary: &[&str]| {
        let is_ordinary = |at: Range<usize>| ordinary.contains(&&text[at]);
        super::subject(text, text, is_ordinary)
    };
    assert_eq!(subject(&["file"]).as_deref(), Some("fobar"));
    // Nothing but ordinary words: no name.
    assert_eq!(subject(&["file", "fobar"]), None);
    // Another language than English.
    let german = "Kater mögen Milch. Kater schlafen. Kater jagen Mäuse.";
    assert_eq!(super::subject(german, german, |_| false), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn words_that_a_document_lacks_are_seen() {
    let words = Words::new("The bees collect pollen in 2024. 蜜蜂采集花粉。");
    assert!(words.have("A bee collected the pollen.") && words.have("花粉"));
    assert!(!words.have("Bees collect honey.") && !words.have("In 2025.") && !words.have("森林"));
    let none = HashSet::new();
    let said: HashSet<String> = terms("pollen").collect();
    assert!(words.weight("collect pollen", &none) > words.weight("collect pollen", &said));
    assert!(words.weight("collect pollen", &said) > words.weight("honey", &none));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sentence_leads_to_its_passage() {
    let text = "Bees live in hives. They collect pollen from 40 flowers a day.\n\
                Anna Schmidt counted them in 2024. Honey is sweet.";
    let found = |sentence: &str| {
        let Source { range, supported } = source(sentence, text, 0..text.len());
        (text[range].to_string(), supported)
    };
    let pollen = "They collect pollen from 40 flowers a day.";
    assert_eq!(found("Pollen is collected from flowers."), (pollen.into(), true));
    assert!(found("Anna Schmidt counted bees.").1);
    // Names and numbers have to be there, whatever else is.
    assert_eq!(found("They collect pollen from 50 flowers a day."), (pollen.into(), false));
    assert!(!found("It was Peter who counted them in 2024.").1);
    assert!(!found("Trains are late again today.").1);
    // Only in the part that it is about.
    assert!(!source("Honey is sweet.", text, 0..20).supported);
    assert_eq!(source("Honey is sweet.", text, 5..5).range, 5..5);
}
