//! Rich Text Format (RTF 1.9): its text, without tables of fonts, pictures and the like.

use encoding_rs::Encoding;

/// How deep groups may be nested.
const DEEPEST: usize = 200;

/// Destinations that hold no text of the document.
const SKIPPED: [&str; 22] = [
    "fonttbl",
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "object",
    "header",
    "headerl",
    "headerr",
    "headerf",
    "footer",
    "footerl",
    "footerr",
    "footerf",
    "themedata",
    "datastore",
    "fldinst",
    "listtable",
    "listoverridetable",
    "xe",
    "tc",
    "annotation",
];

/// What a group sets, and its end sets back.
#[derive(Clone, Copy, Default)]
struct State {
    skip: bool,
    hidden: bool,
    /// Characters that follow `\u` for programs without Unicode.
    fallback: usize,
    heading: usize,
}

/// The text of a document.
pub fn text(bytes: &[u8]) -> String {
    let mut reader = Reader::new(bytes);
    reader.read();
    reader.end_paragraph("");
    reader.out.trim().to_owned()
}

struct Reader<'a> {
    rest: &'a [u8],
    encoding: &'static Encoding,
    /// Bytes in the document's encoding that are not decoded yet.
    pending: Vec<u8>,
    paragraph: String,
    state: State,
    saved: Vec<State>,
    /// Characters to leave out after `\u`.
    leave_out: usize,
    out: String,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            encoding: encoding_rs::WINDOWS_1252,
            pending: Vec::new(),
            paragraph: String::new(),
            state: State { fallback: 1, ..State::default() },
            saved: Vec::new(),
            leave_out: 0,
            out: String::new(),
        }
    }

    fn read(&mut self) {
        while let [first, rest @ ..] = self.rest {
            self.rest = rest;
            match first {
                b'{' if self.saved.len() < DEEPEST => self.saved.push(self.state),
                b'{' => {}
                b'}' => {
                    self.flush();
                    let heading = self.state.heading;
                    self.state =
                        self.saved.pop().unwrap_or(State { fallback: 1, ..State::default() });
                    self.state.heading = heading;
                }
                b'\\' => self.control(),
                b'\r' | b'\n' => {}
                byte => self.byte(*byte),
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        match self.leave_out {
            0 if !self.state.skip && !self.state.hidden => self.pending.push(byte),
            0 => {}
            _ => self.leave_out -= 1,
        }
    }

    fn push(&mut self, text: &str) {
        self.flush();
        if !self.state.skip && !self.state.hidden {
            self.paragraph.push_str(text);
        }
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let (text, _) = self.encoding.decode_without_bom_handling(&self.pending);
            self.paragraph.push_str(&text);
            self.pending.clear();
        }
    }

    fn control(&mut self) {
        let [first, rest @ ..] = self.rest else { return };
        if !first.is_ascii_alphabetic() {
            self.rest = rest;
            match first {
                b'\'' => {
                    let code = rest.get(..2).and_then(|code| std::str::from_utf8(code).ok());
                    if let Some(code) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
                        self.rest = &rest[2..];
                        self.byte(code);
                    }
                }
                b'~' => self.push(" "),
                b'_' => self.push("-"),
                b'\\' | b'{' | b'}' => self.byte(*first),
                b'*' => self.state.skip = true,
                b'\n' | b'\r' => self.end_paragraph("\n\n"),
                _ => {}
            }
            return;
        }
        let letters = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at(letters);
        let digits = rest
            .iter()
            .enumerate()
            .take_while(|(at, b)| b.is_ascii_digit() || *at == 0 && **b == b'-');
        let (number, rest) = rest.split_at(digits.count());
        self.rest = rest.strip_prefix(b" ").unwrap_or(rest);
        let number = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
        self.word(&String::from_utf8_lossy(word), number);
    }

    fn word(&mut self, word: &str, number: Option<i64>) {
        match word {
            "par" | "sect" | "page" => self.end_paragraph("\n\n"),
            "line" => self.push("\n"),
            "tab" => self.push(" "),
            "cell" | "nestcell" => self.push(" | "),
            "row" | "nestrow" => self.end_paragraph("\n"),
            "emdash" => self.push("—"),
            "endash" => self.push("–"),
            "bullet" => self.push("•"),
            "lquote" => self.push("‘"),
            "rquote" => self.push("’"),
            "ldblquote" => self.push("“"),
            "rdblquote" => self.push("”"),
            "v" | "deleted" => {
                self.flush();
                self.state.hidden = number != Some(0);
            }
            "plain" => {
                self.flush();
                self.state.hidden = false;
            }
            "pard" => self.state.heading = 0,
            "outlinelevel" => self.state.heading = number.map_or(0, |n| n.clamp(0, 5) as usize + 1),
            "uc" => self.state.fallback = number.unwrap_or(1).clamp(0, 8) as usize,
            "u" => {
                let unit = number.unwrap_or(0).rem_euclid(1 << 16) as u16;
                self.flush();
                self.unit(unit);
                self.leave_out = self.state.fallback;
            }
            "ansicpg" => {
                let name = match number.unwrap_or(1252) {
                    932 => "shift_jis".into(),
                    936 => "gbk".into(),
                    949 => "euc-kr".into(),
                    950 => "big5".into(),
                    65001 => "utf-8".into(),
                    page => format!("windows-{page}"),
                };
                self.encoding = Encoding::for_label(name.as_bytes()).unwrap_or(self.encoding);
            }
            "mac" => self.encoding = encoding_rs::MACINTOSH,
            "bin" => {
                let length = usize::try_from(number.unwrap_or(0)).unwrap_or(0).min(self.rest.len());
                self.rest = &self.rest[length..];
            }
            _ if SKIPPED.contains(&word) => self.state.skip = true,
            _ => {}
        }
    }

    /// A unit of UTF-16. The two of a pair come one after the other.
    fn unit(&mut self, unit: u16) {
        if self.state.skip || self.state.hidden {
            return;
        }
        const PRIVATE: u32 = 0xf0000;
        let code = u32::from(unit);
        if (0xd800..0xdc00).contains(&unit) {
            // Kept in a private area until the other half comes.
            self.paragraph.extend(char::from_u32(PRIVATE + code - 0xd800));
            return;
        }
        if (0xdc00..0xe000).contains(&unit) {
            let high =
                self.paragraph.chars().last().map(u32::from).and_then(|c| c.checked_sub(PRIVATE));
            if let Some(high) = high.filter(|high| *high < 0x400) {
                self.paragraph.pop();
                self.paragraph.extend(char::from_u32(0x10000 + (high << 10) + code - 0xdc00));
            }
            return;
        }
        self.paragraph.extend(char::from_u32(code));
    }

    fn end_paragraph(&mut self, end: &str) {
        // One within a group that is left out does not end the paragraph around it.
        if self.state.skip {
            return;
        }
        self.flush();
        let paragraph = std::mem::take(&mut self.paragraph);
        let mut text = paragraph.trim().trim_end_matches('|').trim_end().to_owned();
        let is_row = paragraph.contains(" | ");
        if is_row {
            text = format!("| {text} |");
        }
        if text.is_empty() {
            return;
        }
        let heading = if is_row { 0 } else { self.state.heading };
        let mark = "#".repeat(heading) + if heading > 0 { " " } else { "" };
        self.out.push_str(&format!("{mark}{text}{end}"));
    }
}
