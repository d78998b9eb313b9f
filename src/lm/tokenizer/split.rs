//! Splits text into the words that byte-level BPE merges tokens in: what the regular expressions of
//! these vocabularies match, found in one pass over the characters.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// How a vocabulary splits text. The expressions are those of its `tokenizer.json`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pattern {
    /// SmolLM2: every digit alone; what is between digits by GPT-2's expression,
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    Smollm,
    /// Qwen 2 and 3, `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|`
    /// ` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    Qwen2,
    /// Llama 3: as Qwen's, with `\p{N}{1,3}` instead of `\p{N}`
    Llama3,
}

/// What the expressions tell characters apart by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// `\p{L}`
    Letter,
    /// `\p{N}`
    Number,
    /// `\s`
    Space,
    Other,
}

impl Pattern {
    /// The words of a text, in order. Together they are the text.
    pub fn words(self, text: &str) -> impl Iterator<Item = &str> {
        let mut rest = text;
        std::iter::from_fn(move || {
            let (word, after) = rest.split_at(self.first(rest)?);
            rest = after;
            Some(word)
        })
    }

    /// The length of the first word.
    fn first(self, text: &str) -> Option<usize> {
        let mut chars = text.chars();
        let first = chars.next()?;
        let class = self.class(first);
        let len = first.len_utf8();
        let next = chars.next().map(|c| self.class(c));
        let smollm = self == Self::Smollm;
        if let Some(len) = contraction(text, !smollm) {
            return Some(len);
        }
        Some(match (class, next) {
            (Class::Letter, _) => self.run(text, 0, Class::Letter),
            (Class::Number, _) => self.digits(text),
            _ if next == Some(Class::Letter) && self.joins(first) => {
                self.run(text, len, Class::Letter)
            }
            (Class::Space, Some(Class::Other)) if first == ' ' => self.signs(text, len),
            (Class::Other, _) => self.signs(text, 0),
            (Class::Space, _) => self.spaces(text),
        })
    }

    fn class(self, c: char) -> Class {
        match c {
            'a'..='z' | 'A'..='Z' => Class::Letter,
            '0'..='9' => Class::Number,
            '\t'..='\r' | ' ' => Class::Space,
            '\0'..='\x7f' => Class::Other,
            _ if c.is_whitespace() => Class::Space,
            _ => match c.general_category_group() {
                GeneralCategoryGroup::Letter => Class::Letter,
                GeneralCategoryGroup::Number => Class::Number,
                // SmolLM2's digits are the standard library's, which knows newer ones.
                _ if self == Self::Smollm && c.is_numeric() => Class::Number,
                _ => Class::Other,
            },
        }
    }

    /// The end of the characters of one class that follow `from`.
    fn run(self, text: &str, from: usize, class: Class) -> usize {
        let end = text[from..].find(|c| self.class(c) != class);
        end.map_or(text.len(), |end| from + end)
    }

    /// Whether a character that is neither letter nor number is one word with the letters after it.
    fn joins(self, c: char) -> bool {
        match self {
            Self::Smollm => c == ' ',
            Self::Qwen2 | Self::Llama3 => !matches!(c, '\r' | '\n'),
        }
    }

    fn digits(self, text: &str) -> usize {
        let most = if self == Self::Llama3 { 3 } else { 1 };
        let digits = text.chars().take(most).take_while(|c| self.class(*c) == Class::Number);
        digits.map(char::len_utf8).sum()
    }

    /// The end of a run of other characters, with the line ends that belong to it.
    fn signs(self, text: &str, from: usize) -> usize {
        let end = self.run(text, from, Class::Other);
        match self {
            Self::Smollm => end,
            Self::Qwen2 | Self::Llama3 => {
                let rest = &text[end..];
                end + rest.len() - rest.trim_start_matches(['\r', '\n']).len()
            }
        }
    }

    /// The end of white space at the start of a text: its last character belongs to the next word.
    fn spaces(self, text: &str) -> usize {
        let end = self.run(text, 0, Class::Space);
        let (spaces, rest) = text.split_at(end);
        if self != Self::Smollm
            && let Some(at) = spaces.rfind(['\r', '\n'])
        {
            return at + 1;
        }
        // `(?!\S)`. A digit of SmolLM2's is no part of the text that the expression sees.
        let Some(next) = rest.chars().next() else { return end };
        if self == Self::Smollm && self.class(next) == Class::Number {
            return end;
        }
        match spaces.char_indices().next_back() {
            Some((last, _)) if last > 0 => last,
            _ => end,
        }
    }
}

/// The length of an English contraction at the start of a text (`'s`, `'ll`).
fn contraction(text: &str, any_case: bool) -> Option<usize> {
    let rest = text.strip_prefix('\'')?;
    let fold = |c: char| match c {
        // What `(?i)` takes for an s, too.
        'ſ' if any_case => 's',
        _ if any_case => c.to_ascii_lowercase(),
        _ => c,
    };
    let mut chars = rest.chars();
    let (first, second) = (chars.next()?, chars.next());
    match (fold(first), second.map(fold)) {
        ('s' | 't' | 'm' | 'd', _) => Some(1 + first.len_utf8()),
        ('r' | 'v', Some('e')) | ('l', Some('l')) => Some(3),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};
    use tokenizers::pre_tokenizers::PreTokenizerWrapper;
    use tokenizers::pre_tokenizers::digits::Digits;
    use tokenizers::pre_tokenizers::sequence::Sequence;
    use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
    use tokenizers::tokenizer::{OffsetReferential, OffsetType};
    use tokenizers::{PreTokenizedString, PreTokenizer, SplitDelimiterBehavior};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    const GPT2: &str =
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// The twin: the expressions themselves, as the crate `tokenizers` matches them.
    pub fn twin(pattern: Pattern) -> Vec<PreTokenizerWrapper> {
        let llama = |digits: &str| {
            format!(
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
            )
        };
        let split = |expression: String| {
            let isolated = SplitDelimiterBehavior::Isolated;
            let split = Split::new(SplitPattern::Regex(expression), isolated, false);
            PreTokenizerWrapper::Split(split.expect("an expression"))
        };
        match pattern {
            Pattern::Smollm => {
                vec![PreTokenizerWrapper::Digits(Digits::new(true)), split(GPT2.into())]
            }
            Pattern::Qwen2 => vec![split(llama(""))],
            Pattern::Llama3 => vec![split(llama("{1,3}"))],
        }
    }

    fn check(pattern: Pattern, twin: &Sequence, text: &str) {
        let mut expected = PreTokenizedString::from(text);
        twin.pre_tokenize(&mut expected).expect("a text");
        let expected: Vec<&str> = expected
            .get_splits(OffsetReferential::Original, OffsetType::Byte)
            .into_iter()
            .map(|(word, _, _)| word)
            .collect();
        let words: Vec<&str> = pattern.words(text).collect();
        // Not all of a long text.
        let at = words.iter().zip(&expected).position(|(word, expected)| word != expected);
        let around = |words: &[&str]| {
            let (from, until) = at.map_or((0, 0), |at| (at.saturating_sub(3), at + 3));
            format!("{:?} of {}", words.get(from..until), words.len())
        };
        assert_eq!(around(&words), around(&expected), "{pattern:?}");
    }

    const ALL: [Pattern; 3] = [Pattern::Smollm, Pattern::Qwen2, Pattern::Llama3];

    #[wasm_bindgen_test(unsupported = test)]
    fn every_character_is_of_its_class() {
        for pattern in ALL {
            let twin = Sequence::new(twin(pattern));
            let chars: Vec<char> = ('\0'..=char::MAX).collect();
            for chars in chars.chunks(4096) {
                // Beside a letter, a sign and a digit.
                let text: String = chars.iter().flat_map(|c| [*c, 'a', *c, '.', *c, '1']).collect();
                check(pattern, &twin, &text);
            }
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn texts_are_split_as_by_the_expressions() {
        const PARTS: [&str; 30] = [
            " ",
            "  ",
            "\n",
            "\r\n",
            "\t",
            "\u{a0}",
            "\u{3000}",
            "a",
            "Word",
            "é",
            "e\u{301}",
            "語",
            "ไทย",
            "1",
            "23",
            "٣",
            "½",
            ".",
            "…",
            "'",
            "'s",
            "'S",
            "'ſ",
            "'ll",
            "'Re",
            "’s",
            "🐝",
            "\u{200d}",
            "\0",
            "\u{85}",
        ];
        let mut rng = SmallRng::seed_from_u64(7);
        for pattern in ALL {
            let twin = Sequence::new(twin(pattern));
            check(pattern, &twin, "");
            check(pattern, &twin, include_str!("../../../tests/fixtures/article.md"));
            for _ in 0..4000 {
                let parts = rng.random_range(1..12);
                let text: String =
                    (0..parts).map(|_| PARTS[rng.random_range(0..PARTS.len())]).collect();
                check(pattern, &twin, &text);
            }
        }
    }
}
