//! The headers of mails, and older mail below newer.

use std::ops::Range;

/// Names in mail headers, in several languages.
const HEADERS: [&str; 48] = [
    "from",
    "to",
    "cc",
    "bcc",
    "date",
    "sent",
    "subject",
    "attachments",
    "reply-to",
    "re",
    "for",
    "von",
    "an",
    "datum",
    "gesendet",
    "betreff",
    "de",
    "à",
    "objet",
    "envoyé",
    "para",
    "asunto",
    "oggetto",
    "da",
    "a",
    "fecha",
    "enviado",
    "assunto",
    "data",
    "inviato",
    "van",
    "aan",
    "onderwerp",
    "verzonden",
    "od",
    "do",
    "temat",
    "från",
    "till",
    "ämne",
    "от",
    "кому",
    "тема",
    "дата",
    "发件人",
    "收件人",
    "主题",
    "件名",
];

/// Those of them that say nothing where no other header stands before: "For:", "Re:".
pub const NEVER_FIRST: [&str; 2] = ["for", "re"];

/// Those of them that name the subject.
pub const SUBJECTS: [&str; 13] = [
    "subject",
    "re",
    "betreff",
    "objet",
    "asunto",
    "oggetto",
    "assunto",
    "onderwerp",
    "temat",
    "ämne",
    "тема",
    "主题",
    "件名",
];

/// The name of a mail header's field at the beginning of a line, and where its value begins.
pub fn header_name(words: &str) -> Option<(&str, usize)> {
    let near = &words[..words.floor_char_boundary(24)];
    let (name, rest) = near.split_once([':', '：'])?;
    let name = name.trim_matches(['*', ' ', '\u{a0}']);
    let known = HEADERS.contains(&name.to_lowercase().as_str());
    known.then_some((name, near.len() - rest.len()))
}

/// Whether older mail is copied below this line.
pub fn opens_older_mail(words: &str) -> bool {
    let inner = words.trim_matches(['-', '_', ' ']);
    words.starts_with("--")
        && [
            "Original Message",
            "Forwarded message",
            "Ursprüngliche Nachricht",
            "Message d'origine",
            "Mensaje original",
        ]
        .iter()
        .any(|start| inner.eq_ignore_ascii_case(start) || inner.starts_with(start))
}

/// Whether a line introduces quoted mail: "On …, Ana wrote:".
pub fn quotes_mail(words: &str, next: &str) -> bool {
    let says =
        ["wrote:", "schrieb:", "a écrit :", "a écrit:", "escribió:", "ha scritto:", "schreef:"];
    next.starts_with('>')
        && words.len() < 200
        && (says.iter().any(|say| words.ends_with(say))
            || words.ends_with(':') && words.starts_with("Am "))
}

/// A subject without "Re:" and "Fwd:".
pub fn without_replies(text: &str, mut value: Range<usize>) -> Range<usize> {
    while let Some((mark, _)) = text[value.clone()].split_once(':')
        && ["re", "aw", "fwd", "fw", "wg", "sv", "antw", "tr"]
            .contains(&mark.trim().to_lowercase().as_str())
    {
        let rest = &text[value.start + mark.len() + 1..value.end];
        value.start = value.end - rest.trim_start().len();
    }
    value
}
