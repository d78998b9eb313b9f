//! What kind of document a text is, by cheap signs; it decides what is asked about the text.

mod code;
mod cues;
mod lines;
mod signs;

use self::signs::Signs;
use super::structure::Structure;
pub use crate::report::Kind;

/// Bytes of a text that are looked at.
const NEAR: usize = 100_000;

/// Recognizes the kind of `text`. The score is between 0 and 1: how clear the signs are.
pub fn recognize(text: &str, structure: &Structure) -> (Kind, f64) {
    let near = &text[..text.floor_char_boundary(NEAR)];
    let signs = Signs::new(near, structure);
    let scores = [
        (Kind::Table, signs.table()),
        (Kind::Log, signs.log()),
        (Kind::Code, signs.code()),
        (Kind::Chat, signs.chat()),
        (Kind::Transcript, signs.transcript()),
        (Kind::Mail, signs.mail()),
        (Kind::Minutes, signs.minutes()),
        (Kind::ReleaseNotes, signs.release_notes()),
        (Kind::Contract, signs.contract()),
        (Kind::Paper, signs.paper()),
        (Kind::Technical, signs.technical()),
        (Kind::Story, signs.story()),
    ];
    let clear = |score: &f64| *score >= 0.5;
    let best = scores
        .into_iter()
        .filter(|(_, score)| clear(score))
        .reduce(|a, b| if b.1 > a.1 { b } else { a });
    best.map_or((Kind::Prose, 0.5), |(kind, score)| (kind, score.min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn any_line_is_looked_at_safely() {
        let lines = [
            "2024年5月 09:02",
            "[张09:02] 王芳",
            "[é09:02:11]é",
            "--é",
            "a:09:02:é",
            "v1.é",
            "\"é\":",
            "<é",
            "- ",
            "—",
            "é(é),",
            "(é 2020)[1",
            "§é",
        ];
        let text = lines.join("\n");
        let all = lines.iter().copied().chain(["", "\n\n", &text]);
        for text in all.chain(text.char_indices().map(|(at, _)| &text[at..])) {
            let (_, score) = recognize(text, &Structure::new(text));
            assert!((0.0..=1.0).contains(&score), "{text}");
        }
    }
}
