//! What JavaScript and the documents repeat of the Rust types: values of options, limits, error codes
//! and the schema of reports. To write these files again:
//! `UPDATE_DEFINITIONS=1 cargo test --release --test native definitions::`.

use std::fmt::Write as _;
use std::path::Path;

use precis::error::codes::{self, Code, Origin};
use precis::report::{Kind, Report, Support};
use precis::summarize::plan::{Form, Format, Length, PromptStyle, Strategy};
use precis::summarize::profile::{Wording, answer_tokens};
use precis::summarize::{LONGEST_INSTRUCTION, MAX_DOCUMENT};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, schema_for};
use serde_json::Value;

const NOTICE: &str = "// Written by `UPDATE_DEFINITIONS=1 cargo test --release --test native definitions::`. Do not edit.\n";

/// Checks a file of the repository, or writes it when asked.
fn holds(path: &str, wanted: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_DEFINITIONS").is_some() {
        std::fs::write(&file, wanted).expect("the folder exists");
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    let command = "UPDATE_DEFINITIONS=1 cargo test --release --test native definitions::";
    assert!(found == wanted, "{path} differs from the Rust types. To update it: {command}");
}

/// The names of an enum's values.
fn values<T: JsonSchema>() -> Vec<String> {
    let schema = schema_for!(T).to_value();
    let name = |value: &Value| value.as_str().expect("a name").to_owned();
    match (&schema["oneOf"], &schema["enum"]) {
        // Each with a description.
        (Value::Array(all), _) => all.iter().map(|one| name(&one["const"])).collect(),
        (_, Value::Array(all)) => all.iter().map(name).collect(),
        _ => panic!("this is not an enum: {schema}"),
    }
}

fn list(ts: &mut String, what: &str, constant: &str, values: &[String]) {
    let members: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    let members = members.join(", ");
    writeln!(ts, "\n/** {what}. */\nexport const {constant} = [{members}] as const;")
        .expect("memory");
}

fn number(ts: &mut String, what: &str, constant: &str, value: usize) {
    writeln!(ts, "\n/** {what}. */\nexport const {constant} = {value};").expect("memory");
}

fn codes_of(origin: Origin) -> Vec<String> {
    codes::of(origin).map(|code| code.name().to_owned()).collect()
}

#[test]
fn the_package_has_the_engine_s_values() {
    let mut ts = NOTICE.to_owned();
    list(&mut ts, "Lengths of a summary", "LENGTHS", &values::<Length>());
    list(&mut ts, "Forms of a summary", "FORMS", &values::<Form>());
    list(&mut ts, "Marks of key points", "FORMATS", &values::<Format>());
    list(&mut ts, "Reading methods", "STRATEGIES", &values::<Strategy>());
    list(&mut ts, "Kinds of documents", "KINDS", &values::<Kind>());
    list(
        &mut ts,
        "Whether a statement of a summary is the document's",
        "SUPPORTS",
        &values::<Support>(),
    );
    list(&mut ts, "In whose words a summary is", "WORDINGS", &values::<Wording>());
    list(&mut ts, "How a model is asked", "PROMPTS", &values::<PromptStyle>());
    number(&mut ts, "Largest document, in UTF-8 bytes", "MAX_DOCUMENT", MAX_DOCUMENT);
    let codes = codes_of(Origin::Package);
    list(&mut ts, "Error codes of the page and the package", "CLIENT_ERROR_CODES", &codes);
    holds("www/src/package/definitions.ts", &ts);
}

#[test]
fn the_edge_has_the_engine_s_values() {
    let mut ts = NOTICE.to_owned();
    list(&mut ts, "Lengths of a summary", "LENGTHS", &values::<Length>());
    list(&mut ts, "Forms of a summary", "FORMS", &values::<Form>());
    list(&mut ts, "Reading methods", "STRATEGIES", &values::<Strategy>());
    list(&mut ts, "Kinds of documents", "KINDS", &values::<Kind>());
    number(
        &mut ts,
        "Characters of an instruction, at most",
        "LONGEST_INSTRUCTION",
        LONGEST_INSTRUCTION,
    );
    let version = env!("CARGO_PKG_VERSION");
    writeln!(ts, "\n/** Version of the engine. */\nexport const VERSION = {version:?};")
        .expect("memory");
    ts += "\n/** Tokens of an answer of each length, if the caller does not say. */\nexport const ANSWER_TOKENS = {";
    for length in [Length::Headline, Length::Sentence, Length::Short, Length::Medium, Length::Long]
    {
        let name = serde_json::to_string(&length).expect("a name");
        write!(ts, " {}: {},", name.trim_matches('"'), answer_tokens(length.sentences()))
            .expect("memory");
    }
    ts.truncate(ts.len() - 1);
    ts += " } as const;\n";
    ts += "\n/** HTTP status of each code that the edge answers with. All others are 500. */\nexport const STATUS = {\n";
    let mut codes: Vec<Code> = codes::of(Origin::Edge).collect();
    codes.sort_by_key(|code| code.status());
    for code in codes {
        writeln!(ts, "  {:?}: {},", code.name(), code.status()).expect("memory");
    }
    ts += "} as const;\n";
    holds("www/src/edge/definitions.ts", &ts);
}

#[test]
fn the_edge_describes_reports_as_the_types_do() {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    let mut generator = settings.into_generator();
    generator.subschema_for::<Report>();
    let schemas = serde_json::to_string(&generator.take_definitions(true)).expect("JSON");
    let what = "/** The parts of a report, for OpenAPI. */\nexport const REPORT_SCHEMAS: Readonly<Record<string, object>> = ";
    holds("www/src/edge/report-schemas.ts", &format!("{NOTICE}\n{what}{schemas};\n"));
}

#[test]
fn the_documents_explain_every_code() {
    let mut table = String::from(
        "| code | what happened | what to do | HTTP status on the edge |\n|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let status = match code.origins().contains(&Origin::Edge) {
            true => code.status().to_string(),
            false => String::new(),
        };
        let (name, happened, advice) = (code.name(), code.happened(), code.advice());
        writeln!(table, "| `{name}` | {happened} | {advice} | {status} |").expect("memory");
    }
    let text = "# Errors\n\nEvery failure has a stable code for programs, and a sentence for people that says what to do. \
                The engine, the page, the npm package, the command line and the edge share these codes. On the edge, \
                every code without a status below is 500.\n\n";
    holds("docs/errors.md", &format!("{text}{table}"));
}
