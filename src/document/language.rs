//! The language that a text is written in.

use whatlang::Lang;

use super::structure::{BlockKind, Structure};

/// Lines that are looked at, spread over the text, and characters of all of them.
const LINES: usize = 40;
const CHARS: usize = 4000;

/// Fewer letters than this say too little.
const FEWEST_LETTERS: f64 = 60.0;

/// The tags of BCP 47 for the codes of ISO 639-3.
const TAGS: &str = "afr:af aka:ak amh:am ara:ar aze:az bel:be ben:bn bul:bg cat:ca ces:cs cmn:zh \
                    cym:cy dan:da deu:de ell:el eng:en epo:eo est:et fin:fi fra:fr guj:gu heb:he \
                    hin:hi hrv:hr hun:hu hye:hy ind:id ita:it jav:jv jpn:ja kan:kn kat:ka khm:km \
                    kor:ko lat:la lav:lv lit:lt mal:ml mar:mr mkd:mk mya:my nep:ne nld:nl nob:nb \
                    ori:or pan:pa pes:fa pol:pl por:pt ron:ro rus:ru sin:si slk:sk slv:sl sna:sn \
                    spa:es srp:sr swe:sv tam:ta tel:te tgl:tl tha:th tuk:tk tur:tr ukr:uk urd:ur \
                    uzb:uz vie:vi yid:yi zul:zu";

/// The language of most of a text's sentences as a tag of BCP 47, such as `en`; nothing if the text is too
/// short, or could be in several languages.
pub fn recognize(text: &str, structure: &Structure) -> Option<&'static str> {
    let prose = |kind| matches!(kind, BlockKind::Paragraph | BlockKind::Item | BlockKind::Turn);
    let blocks = || structure.blocks.iter().filter(|block| prose(block.kind));
    let count: usize = blocks().map(|block| block.lines.len()).sum();
    let step = count.div_ceil(LINES).max(1);
    let each = CHARS / count.clamp(1, LINES);
    // Letters of all lines, and of each language as far as it is certain.
    let mut all = 0.0;
    let mut certain: Vec<(Lang, f64)> = Vec::new();
    for line in blocks().flat_map(|block| &block.lines).step_by(step) {
        let start: String = text[line.clone()].chars().take(each).collect();
        let letters = start.chars().filter(|c| c.is_alphabetic()).count() as f64;
        all += letters;
        let Some(found) = whatlang::detect(&start) else { continue };
        let letters = letters * found.confidence();
        match certain.iter_mut().find(|(language, _)| *language == found.lang()) {
            Some((_, sum)) => *sum += letters,
            None => certain.push((found.lang(), letters)),
        }
    }
    let (language, letters) = certain.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (letters >= FEWEST_LETTERS && letters >= all / 2.0).then(|| tag(language.code()))?
}

fn tag(code: &str) -> Option<&'static str> {
    TAGS.split(' ').find_map(|pair| pair.strip_prefix(code)?.strip_prefix(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn of(text: &str) -> Option<&'static str> {
        recognize(text, &Structure::new(text))
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn languages_are_recognized() {
        for (language, text) in [
            (
                "en",
                "The town will close the old bridge in May, because its northern pillars have cracks.",
            ),
            (
                "de",
                "Die Stadt sperrt die alte Brücke im Mai, weil ihre nördlichen Pfeiler Risse haben.",
            ),
            (
                "fr",
                "La ville fermera le vieux pont en mai, parce que ses piliers du nord sont fissurés.",
            ),
            (
                "es",
                "La ciudad cerrará el viejo puente en mayo, porque sus pilares del norte tienen grietas.",
            ),
            (
                "it",
                "Il comune chiuderà il vecchio ponte a maggio, perché i piloni a nord hanno delle crepe.",
            ),
            (
                "pt",
                "A cidade vai fechar a velha ponte em maio, porque os seus pilares do norte têm fendas.",
            ),
            (
                "nl",
                "De stad sluit de oude brug in mei, omdat er scheuren in de noordelijke pijlers zitten.",
            ),
            (
                "sv",
                "Staden stänger den gamla bron i maj, eftersom det finns sprickor i de norra pelarna.",
            ),
            (
                "pl",
                "Miasto zamknie stary most w maju, ponieważ jego północne filary są popękane i słabe.",
            ),
            (
                "ru",
                "Город закроет старый мост в мае, потому что в его северных опорах появились трещины.",
            ),
            (
                "uk",
                "Місто закриє старий міст у травні, тому що в його північних опорах з’явилися тріщини.",
            ),
            (
                "el",
                "Ο δήμος θα κλείσει την παλιά γέφυρα τον Μάιο, επειδή οι βόρειες κολόνες έχουν ρωγμές.",
            ),
            (
                "tr",
                "Belediye eski köprüyü mayıs ayında kapatacak, çünkü kuzey ayaklarında çatlaklar var.",
            ),
            (
                "ar",
                "ستغلق المدينة الجسر القديم في شهر مايو لأن أعمدته الشمالية فيها شقوق كثيرة وخطيرة.",
            ),
            (
                "hi",
                "शहर मई में पुराना पुल बंद कर देगा, क्योंकि उसके उत्तरी खंभों में दरारें आ गई हैं और वह अब सुरक्षित नहीं है।",
            ),
            ("th", "เมืองจะปิดสะพานเก่าในเดือนพฤษภาคม เพราะเสาทางด้านเหนือมีรอยร้าวและไม่ปลอดภัยสำหรับรถยนต์"),
            ("zh", &"市政府将于五月关闭旧桥，因为北侧的桥墩出现了裂缝。".repeat(3)),
            (
                "ja",
                &"市は五月に古い橋を閉鎖します。北側の橋脚にひびが入っているからです。".repeat(2),
            ),
            (
                "ko",
                &"시는 오월에 오래된 다리를 폐쇄합니다. 북쪽 교각에 금이 갔기 때문입니다. "
                    .repeat(3),
            ),
        ] {
            assert_eq!(of(&format!("# Bridge\n\n{text} {text}\n")), Some(language), "{text}");
        }
        // Most of its sentences are.
        let german = "Die Stadt sperrt die alte Brücke im Mai, weil ihre Pfeiler Risse haben.\n\n";
        let english = "The mayor said in English: we had no choice.\n\n";
        assert_eq!(of(&(german.repeat(20) + &english.repeat(5))), Some("de"));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn what_has_no_sentences_has_no_language() {
        for text in
            ["", "Hello.", "12.5 4.7 8.1\n\n99 %", "```\nfn main() { println!(\"hello\"); }\n```"]
        {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn every_language_has_a_tag() {
        for language in Lang::all() {
            assert!(tag(language.code()).is_some_and(|tag| tag.len() == 2), "{language}");
        }
    }
}
