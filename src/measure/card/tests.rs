use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

/// A card with steady figures: 512 tokens in 1 s, 2,048 in 5 s, 64 tokens decoded in 1 s.
fn card() -> Card {
    let curve = vec![CurvePoint { position: 512, tokens_per_second: 512.0 }];
    let mut card = Card {
        schema: SCHEMA.into(),
        name: "a laptop".into(),
        created: "2026-01-01T00:00:00Z".into(),
        model: ModelReport {
            linear_macs: 100_000_000,
            attention_macs: 40_000,
            ..ModelReport::default()
        },
        configurations: vec![Configuration {
            name: "wasm-simd, 1 thread".into(),
            clock_ms: Some(0.1),
            certificate: Some(Certificate {
                tokens: 300,
                logits: 512,
                distance: 1e-3,
                bound: CERTIFIED,
            }),
            prefill: vec![
                Reading::of(512, vec![1000.0, 1010.0, 990.0, 1000.0, 1000.0], curve),
                Reading::of(2048, vec![5000.0; 5], Vec::new()),
            ],
            decode: vec![Writing::of(64, 512, vec![15.625; 5])],
            peak: Peaks { int8_gmacs: Some(100.0), ..Peaks::default() },
            pulse: Spread::of(vec![50.0, 49.0, 51.0]),
            undisturbed: Spread::of(vec![0.97, 0.98, 0.99]),
            ..Configuration::default()
        }],
        ..Card::default()
    };
    card.settle();
    card
}

fn json() -> Value {
    serde_json::to_value(card()).expect("numbers")
}

fn refusal(value: &Value) -> String {
    let error = Card::parse(&value.to_string()).expect_err("a card that none can be");
    assert_eq!(error.code(), "invalid-card");
    error.to_string()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_card_survives_its_json() {
    let card = card();
    assert_eq!(card.invalid, [""; 0]);
    assert_eq!(card.unsteady, [""; 0]);
    assert_eq!(Card::parse(&card.json().expect("numbers")), Ok(card));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_score_counts_documents_a_minute() {
    let score = |card: &Card| card.configurations[0].score;
    assert_eq!(score(&card()), Some(10.0));
    let mut without = card();
    without.configurations[0].prefill.pop();
    without.settle();
    assert_eq!(score(&without), None);
}

/// 512 tokens of 100 million multiply-adds each, plus 40,000 for each of 256.5 positions.
#[wasm_bindgen_test(unsupported = test)]
fn work_is_held_against_the_peak() {
    let card = card();
    let reading = &card.configurations[0].prefill[0];
    let gmacs = 512.0 * (0.1 + 40e-6 * 256.5);
    assert!((reading.gmacs_per_second.unwrap_or(0.0) - gmacs).abs() < 1e-9, "{reading:?}");
    assert!((reading.efficiency.unwrap_or(0.0) - gmacs / 100.0).abs() < 1e-9, "{reading:?}");
}

/// Derived values in a stranger's card are ignored.
#[wasm_bindgen_test(unsupported = test)]
fn what_a_card_claims_is_computed_anew() {
    let mut claims = json();
    claims["configurations"][0]["score"] = json!(1e6);
    claims["configurations"][0]["prefill"][0]["tokens_per_second"]["median"] = json!(1e6);
    claims["configurations"][0]["prefill"][0]["first_token_ms"]["outliers"] = json!([7]);
    claims["invalid"] = json!(["nonsense"]);
    assert_eq!(Card::parse(&claims.to_string()), Ok(card()));
    claims["configurations"][0]["certificate"]["distance"] = json!(0.5);
    claims["configurations"][0]["certificate"]["bound"] = json!(1.0);
    let card = Card::parse(&claims.to_string()).expect("a card");
    assert_eq!(card.invalid.len(), 1, "{:?}", card.invalid);
}

#[wasm_bindgen_test(unsupported = test)]
fn hostile_cards_are_refused() {
    let mut wrong = json();
    wrong["schema"] = json!("precis.result/2");
    assert!(refusal(&wrong).contains("precis.result/2"));
    let mut negative = json();
    negative["configurations"][0]["prefill"][0]["first_token_ms"]["values"][0] = json!(-1);
    assert!(refusal(&negative).contains("-1"));
    let mut huge = json();
    huge["configurations"][0]["pulse"]["values"] = json!(vec![1e300]);
    assert!(refusal(&huge).contains("300 is impossible"));
    let mut tiny = json();
    tiny["configurations"][0]["peak"]["int8_gmacs"] = json!(1e-39);
    tiny["configurations"][0]["pulse"]["values"] = json!([]);
    assert!(refusal(&tiny).contains("impossible"));
    let mut long = json();
    long["name"] = json!("a".repeat(MAX_TEXT + 1));
    refusal(&long);
    let mut control = json();
    control["name"] = json!("a\u{1b}[2J");
    refusal(&control);
    let mut many = json();
    many["unsteady"] = json!(vec!["a"; MAX_ENTRIES + 1]);
    refusal(&many);
    let mut deep = json();
    deep["deep"] = (0..100).fold(json!(1), |inner, _| json!([inner]));
    refusal(&deep);
    let mut text = json();
    text["configurations"][0]["clock_ms"] = json!("NaN");
    refusal(&text);
    refusal(&json!([]));
    refusal(&json!({"schema": SCHEMA}));
    for json in ["", "{", "NaN", &"[".repeat(100_000), &" ".repeat(MAX_BYTES + 1)] {
        assert_eq!(Card::parse(json).map_err(|e| e.code()), Err("invalid-card"));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn doubts_are_named() {
    let doubts = |change: &dyn Fn(&mut Card)| {
        let mut card = card();
        change(&mut card);
        card.settle();
        card.unsteady.join("\n")
    };
    let reading = |ms: [f64; 5]| {
        doubts(&move |card| {
            card.configurations[0].prefill[0].first_token_ms.values = ms.to_vec();
        })
    };
    assert!(reading([1000.0, 1100.0, 900.0, 1080.0, 1010.0]).contains("varies by 6.9 %"));
    assert!(reading([1000.0, 1010.0, 1030.0, 1040.0, 1080.0]).contains("7 % longer at the end"));
    assert_eq!(reading([1000.0, 1010.0, 1020.0, 1010.0, 1050.0]), "");
    let of = |change: &dyn Fn(&mut Configuration)| doubts(&|c| change(&mut c.configurations[0]));
    let writing = |ms: &[f64]| of(&|c| c.decode[0].token_ms.values = ms.to_vec());
    // Single measurements far away are no doubt.
    assert_eq!(writing(&[9.0, 9.9, 10.6, 10.0, 10.1, 10.8, 9.9, 9.4, 10.0, 10.1, 10.0, 9.9]), "");
    assert!(
        writing(&[10.0, 10.0, 10.0, 10.0, 10.0, 11.0]).contains("after 512 is known to within")
    );
    let undisturbed = |values: &[f64]| of(&|c| c.undisturbed.values = values.to_vec());
    assert!(undisturbed(&[0.7, 0.8, 0.99]).contains("something else was computing"));
    assert!(of(&|c| c.clock_ms = Some(16.0)).contains("steps of 16.0 ms"));
    assert!(doubts(&|c| c.environment.hidden_during_run = Some(true)).contains("hidden"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_card_that_contradicts_its_measurements_is_told() {
    let contradictions = |card: &Value| Card::check(&card.to_string()).expect("a card").1;
    let mut settled = card();
    settled.settle();
    let honest = serde_json::to_value(&settled).expect("JSON");
    assert_eq!(contradictions(&honest), [""; 0]);
    // An older card lacks what was not known then.
    let mut old = honest.clone();
    let spread = old["configurations"][0]["prefill"][0]["first_token_ms"].as_object_mut();
    spread.expect("an object").remove("low");
    assert_eq!(contradictions(&old), [""; 0]);
    let mut boasting = honest;
    boasting["configurations"][0]["score"] = json!(1000.0);
    boasting["configurations"][0]["decode"][0]["tokens_per_second"]["values"] = json!([900.0]);
    boasting["invalid"] = json!([]);
    let told = contradictions(&boasting);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("configurations[0].score is 1000.0, and ")));
    assert!(told.iter().any(|line| line.contains("values is 1 entries, and 5 entries follows")));
}

#[wasm_bindgen_test(unsupported = test)]
fn outliers_are_kept_and_marked() {
    let spread = Spread::of(vec![100.0, 101.0, 99.0, 150.0, 100.0]);
    assert_eq!((spread.median, spread.mad, spread.outliers), (Some(100.0), Some(1.0), vec![3]));
    // If all are within 2 %, there are no outliers.
    assert_eq!(Spread::of(vec![100.0, 100.0, 100.0, 101.9]).outliers, [0; 0]);
    assert_eq!(Spread::of(Vec::new()), Spread::default());
}

#[wasm_bindgen_test(unsupported = test)]
fn exports_hold_what_a_name_may_have() {
    let mut card = card();
    card.name = "=1+1, \"quoted\" | <b>*".into();
    let csv = card.csv();
    let lines: Vec<&str> = csv.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 1 + 6, "{csv}");
    assert!(lines[1].starts_with("\"'=1+1, \"\"quoted\"\" | <b>*\",2026"), "{csv}");
    assert!(lines[1].contains(",prefill 512,pp512,tokens/s,512,"), "{csv}");
    let markdown = card.markdown();
    assert!(markdown.starts_with("## \\=1+1, \\\"quoted\\\" \\| \\<b\\>\\*\n"), "{markdown}");
    assert!(markdown.contains("| decode 64 | tg64 | 64.00 |  | 0.0000 | tokens/s |"), "{markdown}");
}
