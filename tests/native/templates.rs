//! Chat templates, held to Jinja2 as `transformers` sets it up (`tests/oracle/templates.py`).
//!
//! `PRECIS_TEMPLATES=FILE cargo test --release --test native templates:: -- --nocapture` holds the
//! templates of another file to it, and prints a table.

use precis::lm::tokenizer::chat_template::render;
use serde::Deserialize;

#[derive(Deserialize)]
struct Outcome {
    name: String,
    template: String,
    rendered: Option<String>,
}

/// How many templates come out otherwise than Jinja2 has them.
fn differing(json: &str, verbose: bool) -> Vec<String> {
    let outcomes: Vec<Outcome> = serde_json::from_str(json).expect("the outcomes of templates.py");
    assert!(outcomes.len() > 20);
    let mut wrong = Vec::new();
    for Outcome { name, template, rendered } in outcomes {
        let found = render(&template, "What is said here?", ["<s>", "</s>"]);
        let same = found.as_deref().ok() == rendered.as_deref();
        if verbose {
            println!("{} {name}", if same { "same     " } else { "DIFFERENT" });
        }
        if !same {
            wrong.push(format!("{name}\n  {found:?}\n  instead of {rendered:?}"));
        }
    }
    wrong
}

#[test]
fn templates_come_out_as_in_transformers() {
    let json = include_str!("../fixtures/chat-templates.json");
    assert_eq!(differing(json, false).join("\n"), "");
}

#[test]
fn other_templates_come_out_as_in_transformers() {
    let Some(path) = std::env::var_os("PRECIS_TEMPLATES") else { return };
    let json = std::fs::read_to_string(path).expect("a file");
    assert_eq!(differing(&json, true).join("\n"), "");
}

#[test]
fn hostile_templates_take_neither_time_nor_memory() {
    let tree = |step: &str, end: &str| {
        format!(
            "{{% set n = namespace(a='aa') %}}{{% for i in range(40) %}}{{% set n.a = {step} %}}{{% endfor %}}{{{{ {end} }}}}"
        )
    };
    for template in [
        "{{ messages | tojson(indent=999999999) }}".into(),
        "{{ 1 | tojson(indent=9999999999999999999) }}".into(),
        "{{ 'a' * 9999999999 }}".into(),
        "{% set a = [0] * 99999999 %}{{ a }}".into(),
        "{{ range(99999) }}{% for i in range(99999) %}{% endfor %}".into(),
        tree("n.a ~ n.a", "1"),
        tree("[n.a, n.a]", "n.a"),
        tree("{'a': n.a, 'b': n.a}", "n.a"),
        tree("[n.a, n.a]", "n.a | tojson"),
        tree("[n.a]", "n.a"),
    ] {
        let found = render(&template, "What is said here?", ["", ""]);
        assert!(found.is_err(), "{template} gave {found:?}");
    }
}
