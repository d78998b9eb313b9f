//! A mail as it is sent (RFC 5322, MIME): who wrote to whom about what, and the text.

use std::borrow::Cow;

use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use precis::document::html;

/// Fields that only mails have.
const OWN_FIELDS: [&str; 8] = [
    "received",
    "return-path",
    "message-id",
    "mime-version",
    "delivered-to",
    "content-transfer-encoding",
    "dkim-signature",
    "content-type",
];

/// A text of fewer characters, beside HTML with many more, only says that the mail is in HTML.
const SHORT: usize = 200;

/// Whether the bytes begin with the header of a mail.
pub fn is_mail(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(64 << 10)];
    let (mut own, mut common) = (false, false);
    for line in start.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return own && common;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        if name.len() == line.len() || name.is_empty() || !name.iter().all(is_name) {
            return false;
        }
        let name = String::from_utf8_lossy(name).to_lowercase();
        own |= OWN_FIELDS.contains(&name.as_str());
        common |= ["from", "to", "subject", "date"].contains(&name.as_str());
    }
    // The header may be longer than what was looked at, or all there is.
    own && common
}

/// The text of a mail; `None` if it has no header.
pub fn text(bytes: &[u8]) -> Option<String> {
    let mail = MessageParser::default().parse(bytes)?;
    let mut header = Vec::new();
    let mut add = |name: &str, value: Option<Cow<str>>| {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            let words: Vec<&str> = value.split_whitespace().collect();
            header.push(format!("{name}: {}", words.join(" ")));
        }
    };
    add("From", mail.from().map(|from| people(from).into()));
    add("To", mail.to().map(|to| people(to).into()));
    add("Cc", mail.cc().map(|cc| people(cc).into()));
    add("Date", mail.date().map(|date| date.to_rfc822().into()));
    add("Subject", mail.subject().map(Cow::from));
    let name = |part: &MessagePart| match &part.body {
        PartType::Message(mail) => Some(mail.subject().unwrap_or("a mail").to_owned()),
        _ => part.attachment_name().map(str::to_owned),
    };
    let attached: Vec<String> = mail.attachments().filter_map(name).collect();
    add("Attachments", Some(attached.join(", ").into()));
    let text = [header.join("\n"), body(&mail)].join("\n\n");
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// "Ana Lima <ana@example.org>, Ben".
fn people(address: &Address) -> String {
    let person = |person: &mail_parser::Addr| match (person.name(), person.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    let people: Vec<String> =
        address.iter().map(person).filter(|person| !person.is_empty()).collect();
    people.join(", ")
}

/// The parts that are shown as the text.
fn body(mail: &Message) -> String {
    let text_of = |index: &u32| match mail.parts.get(*index as usize).map(|part| &part.body) {
        Some(PartType::Text(text)) => text.trim().to_owned(),
        Some(PartType::Html(page)) => html::to_text(page).text.text().trim().to_owned(),
        _ => String::new(),
    };
    let joined = |indices: &[u32]| {
        let texts: Vec<String> =
            indices.iter().map(text_of).filter(|text| !text.is_empty()).collect();
        texts.join("\n\n").replace("\r\n", "\n")
    };
    let text = joined(&mail.text_body);
    if text.chars().count() < SHORT {
        let page = joined(&mail.html_body);
        if page.len() > 3 * text.len() {
            return page;
        }
    }
    text
}
