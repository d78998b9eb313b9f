//! Sentences that say what a document is for.

use unicode_segmentation::UnicodeSegmentation;

/// A sentence must name its document among so many first words.
const NEAR: usize = 7;

/// Within so many words after the name it must say what the document does, or before it what for.
const BETWEEN: usize = 4;

/// What points at the document that it stands in.
const THIS: &str = " this our dieser dieses diese diesem unser ce cet cette notre este esta nuestro questo questa dit deze ";

/// What a document may call itself.
const DOCUMENTS: &str = " \
 pep rfc proposal document paper article guide report policy agreement study notice specification post chapter memo \
 tutorial module project library package book survey plan standard manual handbook recommendation \
 bericht dokument studie artikel beitrag richtlinie vertrag leitfaden arbeit vorschlag anleitung handbuch vereinbarung \
 rapport étude contrat politique proposition règlement \
 documento informe artículo estudio guía contrato política propuesta \
 rapporto articolo studio guida contratto proposta relatório artigo \
 gids beleid voorstel ";

/// What documents do, as the beginnings of verbs.
const DOES: &str = "\
 propos specif describ introduc add defin explain present outlin aim provid cover sets establish suggest modif replac \
 remov extend discuss argu show summar recommend contain lays requir govern regulat \
 beschreib erklär regelt behandel stellt schlägt fasst zeigt untersuch enthält legt \
 décri expliqu trait expos résum établi \
 propon explic trata expon resum establec descriv spiega tratta apresent descrev beschrijf stelt";

/// Why a document exists, before its name.
const WHY: &str = " purpose goal aim objective motivation intent zweck ziel but objectif objetivo scopo obiettivo doel ";

/// What says it without a name, or in a language that is written otherwise.
const PHRASES: [&str; 27] = [
    "we propose",
    "we introduce",
    "we present",
    "is proposed",
    "wir schlagen",
    "wir stellen",
    "nous proposons",
    "nous présentons",
    "proponemos",
    "presentamos",
    "proponiamo",
    "presentiamo",
    "в этой статье",
    "в данной работе",
    "этот документ",
    "настоящий документ",
    "мы предлагаем",
    "本稿では",
    "本書では",
    "本文書",
    "本文介绍",
    "本文提出",
    "本报告",
    "이 문서",
    "이 보고서",
    "هذه الوثيقة",
    "هذا التقرير",
];

/// Whether a sentence, in small letters, says what its document is for: "This policy explains …", "The
/// purpose of this report is …", "We propose …".
pub fn states_purpose(lower: &str) -> bool {
    if PHRASES.iter().any(|phrase| lower.contains(phrase)) {
        return true;
    }
    let words: Vec<&str> = lower.unicode_words().take(NEAR + BETWEEN + 1).collect();
    let listed = |list: &str, word: &str| list.contains(&format!(" {word} "));
    let named = words.windows(2).take(NEAR);
    named.enumerate().any(|(at, pair)| {
        let does = |word: &&str| DOES.split_whitespace().any(|verb| word.starts_with(verb));
        let why = |word: &&str| listed(WHY, word);
        listed(THIS, pair[0])
            && listed(DOCUMENTS, pair[1])
            && (words[at + 2..].iter().take(BETWEEN).any(does)
                || words[..at].iter().rev().take(BETWEEN).any(why))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn a_purpose_is_told_from_a_mention() {
        for sentence in [
            "This PEP specifies a file in the folder of an installed package.",
            "The purpose of this report, in short, is to show who pays.",
            "In this paper we therefore present a faster way.",
            "Dieser Bericht fasst die Ergebnisse zusammen.",
            "Ce document décrit le fonctionnement du service.",
            "本稿では、蜂の生活を紹介する。",
        ] {
            assert!(states_purpose(&sentence.to_lowercase()), "{sentence}");
        }
        for sentence in [
            "This PEP has been rejected.",
            "See the end of this document for more.",
            "This morning the post describes nothing.",
            "The study was presented in May.",
        ] {
            assert!(!states_purpose(&sentence.to_lowercase()), "{sentence}");
        }
    }
}
