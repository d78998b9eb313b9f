//! Words at a sentence's beginning that tie it to the one before.

/// Ties that a sentence is as true without, each with a comma behind it. Words of languages in which
/// the verb would have to move are left out.
const LOOSE: [&str; 41] = [
    "accordingly",
    "additionally",
    "also",
    "as a result",
    "as such",
    "besides",
    "consequently",
    "finally",
    "furthermore",
    "hence",
    "however",
    "in addition",
    "in fact",
    "indeed",
    "lastly",
    "moreover",
    "nevertheless",
    "nonetheless",
    "of course",
    "on the other hand",
    "still",
    "that said",
    "therefore",
    "thus",
    "cependant",
    "de plus",
    "en effet",
    "en outre",
    "enfin",
    "par conséquent",
    "toutefois",
    "además",
    "por lo tanto",
    "por tanto",
    "sin embargo",
    "inoltre",
    "pertanto",
    "tuttavia",
    "além disso",
    "no entanto",
    "portanto",
];

/// Ties that a sentence can't be understood without.
const FIRM: [&str; 18] = [
    "otherwise",
    "instead",
    "similarly",
    "likewise",
    "for example",
    "for instance",
    "in other words",
    "stattdessen",
    "andernfalls",
    "ansonsten",
    "zum beispiel",
    "sinon",
    "par exemple",
    "de lo contrario",
    "por ejemplo",
    "altrimenti",
    "per esempio",
    "por exemplo",
];

/// The bytes of the loose ties in front of a sentence, with their commas and spaces: "However, ". 0 if
/// there is none.
pub fn loose_tie(sentence: &str) -> usize {
    let mut rest = sentence;
    while let Some((tie, after)) = rest.split_once(", ")
        && LOOSE.contains(&tie.to_lowercase().as_str())
    {
        rest = after;
    }
    sentence.len() - rest.len()
}

/// Whether a sentence begins with a tie that it can't be understood without.
pub fn is_tied(sentence: &str) -> bool {
    let ends = |rest: &str| {
        // "Instead of a fee", "Similarly to last year".
        !rest.starts_with(char::is_alphanumeric)
            && !rest.starts_with(" of ")
            && !rest.starts_with(" to ")
    };
    let lower = sentence.to_lowercase();
    FIRM.iter().any(|tie| lower.strip_prefix(tie).is_some_and(ends))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn loose_ties_are_told_from_firm_ones() {
        let rest = |sentence: &'static str| &sentence[loose_tie(sentence)..];
        assert_eq!(rest("However, the roof leaks."), "the roof leaks.");
        assert_eq!(rest("Sin embargo, llueve."), "llueve.");
        assert_eq!(rest("However, in addition, it rains."), "it rains.");
        let ordinals = "First, second and third graders pay half.";
        assert_eq!(rest(ordinals), ordinals);
        assert_eq!(rest("However cold it is, they fly."), "However cold it is, they fly.");
        assert_eq!(rest("Otherwise, the fee is due."), "Otherwise, the fee is due.");
        assert!(is_tied("Otherwise, the fee is due.") && is_tied("For example, honey."));
        assert!(!is_tied("However, the roof leaks.") && !is_tied("Insteadly it rains."));
        assert!(!is_tied("Instead of a fee, members pay dues."));
    }
}
