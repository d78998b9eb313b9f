//! What the lines of a text look like: written by a program, for a program, or rows of a table.

use crate::document::times::{clock, is_logged, is_stamp, starts_with_date};

/// How many lines of a text are of each sort; each line is of several, perhaps.
#[derive(Debug, Default)]
pub struct Lines {
    /// Lines that are not empty.
    pub all: f64,
    /// Lines of code and of configuration, and lines of prose outside of fenced code.
    pub code: f64,
    /// See `code`.
    pub prose: f64,
    /// Lines that a program logged.
    pub log: f64,
    /// Lines that begin with a time of the day.
    pub timed: f64,
    /// Lines with a name and a time and nothing else, above what somebody wrote in a chat.
    pub stamps: f64,
    /// Lines that begin with a name as in "<ana>".
    pub nicks: f64,
    /// Rows with bars, tabs or columns of spaces.
    pub rows: f64,
    /// Lines with a version number, and perhaps a date.
    pub versions: f64,
    /// Headings of manual pages, and words in capitals that specifications define.
    pub manual: f64,
    /// Options of commands: "--quiet".
    pub options: f64,
    /// Lines that greet.
    pub greetings: f64,
    /// Lines that say goodbye.
    pub closings: f64,
    /// Lines that begin with the number of a clause.
    pub clauses: f64,
    /// Whether the first time is the beginning of a recording: "00:00:12".
    pub elapsed: bool,
    /// Paragraphs.
    pub paragraphs: f64,
    /// Paragraphs in which somebody speaks.
    pub speech: f64,
    /// Paragraphs that begin with what somebody says.
    pub spoken: f64,
}

/// What a mail begins with, with a bar between two.
const GREETINGS: &str = "hi|hello|dear|hey|hallo|liebe|lieber|sehr geehrte|guten|bonjour|cher|chère|chers|\
    hola|estimad|ciao|gentile|caro|cara|prezad|beste|cześć|szanown|здравствуйте|уважаем";

/// What a mail ends with.
const CLOSINGS: &str = "best|kind regards|regards|cheers|sincerely|yours|with warm|warm regards|many thanks|\
    love,|mit freundlichen|viele grüße|liebe grüße|herzliche|gruß|cordialement|bien à|\
    amicalement|saludos|un abrazo|atentamente|cordiali|distinti|atenciosamente|abraços|\
    met vriendelijke|groeten|pozdrawiam|с уважением|此致|敬具";

impl Lines {
    /// Looks at each line of `text` once.
    pub fn new(text: &str) -> Self {
        let mut of = Self::default();
        let (mut fenced, mut quoted, mut first_time) = (false, false, None);
        let mut paragraph = false;
        for whole in text.lines() {
            let line = whole.trim();
            if line.is_empty() {
                paragraph = false;
                continue;
            }
            of.all += 1.0;
            if !std::mem::replace(&mut paragraph, true) {
                of.paragraphs += 1.0;
                let quoted = line.contains(['“', '”', '„', '«', '»', '「', '『']);
                let begins = begins_with_speech(line);
                of.spoken += f64::from(u8::from(begins));
                of.speech += f64::from(u8::from(begins || quoted || line.matches('"').count() > 1));
            }
            let clock = clock(line);
            if let Some(clock) = clock.as_ref().filter(|clock| clock.first) {
                of.timed += 1.0;
                first_time.get_or_insert(clock.early);
            } else if starts_with_date(line) && clock.is_some() {
                of.timed += 1.0;
            }
            let fence = line.starts_with("```") || line.starts_with("~~~");
            let docs = line.matches("\"\"\"").count() % 2 == 1;
            let row = is_row(whole);
            let add = |is: bool| f64::from(u8::from(is));
            of.rows += add(row);
            of.log += add(!fenced && is_logged(line, clock.as_ref()));
            of.stamps += add(is_stamp(line, clock.as_ref()));
            of.nicks += add(is_nick(line));
            of.versions += add(!fenced && is_version(line));
            of.manual += add(is_manual(whole));
            of.clauses += add(is_clause(line));
            of.options += add(line.starts_with("--") && line[2..].starts_with(char::is_alphabetic)
                || line.contains(" --") && !line.contains(" -- "));
            of.greetings += add(is_phrase(line, GREETINGS) && ends_address(line));
            of.closings += add(is_phrase(line, CLOSINGS));
            if !fenced && !fence && !quoted && !docs && !row {
                match super::code::sort(line) {
                    Some(true) => of.code += 1.0,
                    Some(false) => of.prose += 1.0,
                    None => {}
                }
            }
            fenced ^= fence;
            quoted ^= docs;
        }
        of.elapsed = first_time == Some(true);
        of
    }

    /// What part of all lines so many are.
    pub fn share(&self, lines: f64) -> f64 {
        lines / self.all.max(1.0)
    }
}

/// "<ana> Hello", with a time before it or not, but not "<v Ana>" and no tag.
fn is_nick(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit() || "[]:() ".contains(c));
    let inner = rest.strip_prefix('<').and_then(|rest| rest.split_once("> "));
    inner.is_some_and(|(name, _)| {
        (1..=20).contains(&name.len()) && !name.contains([' ', '/', '=', '"', '<'])
    })
}

/// Cells between bars, tabs, or two and more spaces.
fn is_row(whole: &str) -> bool {
    let line = whole.trim();
    if line.starts_with('|') || line.matches('\t').count() > 1 {
        return true;
    }
    if line.len() > 200 || line.ends_with(['.', ';', '{', ',']) {
        return false;
    }
    let cells = line.split("  ").filter(|cell| !cell.trim().is_empty());
    let (mut count, mut letters) = (0, 0);
    for cell in cells {
        count += 1;
        letters = letters.max(cell.trim().len());
    }
    count >= 4 && letters <= 40
}

/// "## [1.4.0] - 2024-03-02", "Version 5.0.2 (18 septembre 2024)", "tidewatch (0.9.2-1) unstable; …".
fn is_version(line: &str) -> bool {
    if line.len() > 80 {
        return false;
    }
    let debian = line.contains("; urgency=");
    let rest = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let (mut rest, mut named) = (rest, line.starts_with(['#', '=', '[']));
    // "Version 2.1", "libfoo 2.1", "What's new in version 2.1".
    for _ in 0..5 {
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            break;
        }
        let Some((word, after)) = rest.split_once([' ', '-', ':']) else { break };
        named |= ["version", "release", "v"].contains(&word.to_lowercase().as_str());
        rest = after.trim_start_matches(|c: char| !c.is_alphanumeric());
    }
    let rest = rest.strip_prefix('v').unwrap_or(rest);
    let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let number = rest[..digits].trim_end_matches('.');
    let parts = number.split('.').filter(|part| !part.is_empty() && part.len() <= 4).count();
    let after = rest[digits..].trim_start_matches(|c: char| !c.is_alphanumeric());
    let bare = after.is_empty()
        || after.len() <= 32 && after.contains(|c: char| c.is_ascii_digit())
        || ["rc", "beta", "alpha", "unreleased"].iter().any(|word| after.starts_with(word));
    let first = rest.len() == line.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
    let date = number.len() > 7
        && parts == 3
        && number.split('.').next_back().is_some_and(|y| y.len() == 4);
    debian || (2..=4).contains(&parts) && !date && bare && (named || first || parts > 2)
}

/// "§ 3", "Article 4", "7. ".
fn is_clause(line: &str) -> bool {
    let starts = ["§", "article ", "artikel ", "artículo ", "articolo ", "section ", "clause "];
    let lower = line[..line.floor_char_boundary(24)].to_lowercase();
    let rest = lower.trim_start_matches(|c: char| c.is_ascii_digit());
    starts.iter().any(|start| lower.starts_with(start))
        || rest.len() < lower.len() && rest.starts_with(['.', ')'])
}

/// "SYNOPSIS", "MUST NOT".
fn is_manual(whole: &str) -> bool {
    let heads = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "EXIT STATUS",
        "SEE ALSO",
        "FLAGS",
        "EXAMPLES",
        "RETURN VALUE",
        "ENVIRONMENT",
        "FILES",
    ];
    let shouts = ["MUST ", "MUST NOT", "SHOULD ", "SHALL NOT", "\"MAY\""];
    heads.contains(&whole.trim_end())
        || shouts.iter().any(|word| whole.contains(word)) && whole.contains(char::is_lowercase)
}

/// Whether a short line begins with one of these phrases.
fn is_phrase(line: &str, phrases: &str) -> bool {
    if line.len() > 64 || line.split_whitespace().count() > 8 {
        return false;
    }
    let lower = line.to_lowercase();
    phrases.split('|').any(|phrase| lower.starts_with(phrase))
}

/// "Dear Ana," and "Hi all!", but not "Hello world. My name …".
fn ends_address(line: &str) -> bool {
    line.ends_with([',', '!', ':', '，', '：'])
        || line.split_whitespace().count() <= 4 && !line.ends_with('.')
}

/// Whether a paragraph begins with what somebody says, after a dash or in quotes.
fn begins_with_speech(line: &str) -> bool {
    let mut chars = line.chars();
    let (first, second) = (chars.next(), chars.next());
    let dash = first.is_some_and(|c| "—–―".contains(c))
        && second.is_some_and(|c| c.is_whitespace() || c.is_uppercase() || "¿¡«".contains(c));
    dash || first.is_some_and(|c| "\"“„«»「『".contains(c))
}
