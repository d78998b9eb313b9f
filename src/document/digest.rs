//! What code can say of tables, logs and source files, where a language model would invent.

use std::collections::{HashMap, HashSet};

use super::kind::Kind;
use super::words::LEVELS;

/// Lines that are looked at.
const LINES: usize = 200_000;

/// Columns that are described.
const COLUMNS: usize = 12;

/// A column with so few different values has them named.
const FEW_VALUES: usize = 6;

/// Definitions of a source file that are named.
const NAMED: usize = 12;

/// Statements about a text of a kind that no model summarizes; empty for other kinds, and where
/// nothing can be said.
pub fn digest(text: &str, kind: Kind) -> Vec<String> {
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES).collect();
    match kind {
        Kind::Table => table(&lines),
        Kind::Log => log(&lines),
        Kind::Code => code(&lines),
        _ => Vec::new(),
    }
}

/// Rows and columns: the first row names the columns if none of its cells is a number.
fn table(lines: &[&str]) -> Vec<String> {
    let Some(sign) = separator(lines) else { return Vec::new() };
    let is_rule = |line: &&&str| !line.chars().all(|c| "|-: +=".contains(c));
    let mut rows = lines.iter().filter(is_rule).map(|line| cells(line, sign));
    let Some(first) = rows.next() else { return Vec::new() };
    let rows: Vec<Vec<String>> = rows.filter(|row| row.len() == first.len()).collect();
    let named = first.iter().all(|cell| number(cell).is_none());
    if rows.is_empty() || first.len() < 2 {
        return Vec::new();
    }
    let count = rows.len() + usize::from(!named);
    let mut all = vec![match named {
        true => format!("A table of {count} rows with the columns {}.", listed(&first)),
        false => format!("A table of {count} rows and {} columns.", first.len()),
    }];
    for (index, name) in first.iter().enumerate().take(COLUMNS) {
        let name = if named { name.clone() } else { format!("Column {}", index + 1) };
        let values: Vec<&str> =
            rows.iter().map(|row| row[index].as_str()).filter(|cell| !cell.is_empty()).collect();
        let numbers: Vec<f64> = values.iter().filter_map(|cell| number(cell)).collect();
        if values.is_empty() {
            continue;
        }
        if numbers.len() * 10 >= values.len() * 9 {
            let (low, high) =
                numbers.iter().fold((f64::MAX, f64::MIN), |(a, b), n| (a.min(*n), b.max(*n)));
            let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
            all.push(format!(
                "{name}: {} to {}, {} on average.",
                figure(low),
                figure(high),
                figure(mean)
            ));
        } else {
            let counts = counted(values.iter().map(|value| (*value).to_string()));
            if counts.len() <= FEW_VALUES {
                let each: Vec<String> =
                    counts.iter().map(|(value, n)| format!("{value} ({n})")).collect();
                all.push(format!("{name}: {}.", each.join(", ")));
            } else if counts.len() < values.len() {
                let (value, n) = &counts[0];
                all.push(format!(
                    "{name}: {} different values, most often {value} ({n}).",
                    counts.len()
                ));
            }
        }
    }
    all
}

/// Times, levels, and the messages that come most often.
fn log(lines: &[&str]) -> Vec<String> {
    let level = |line: &str| {
        let near = &line[..line.floor_char_boundary(120)];
        let words = near.split(|c: char| !c.is_ascii_alphabetic());
        words
            .map(str::to_ascii_uppercase)
            .find_map(|word| LEVELS.into_iter().find(|level| *level == word))
    };
    let time = |line: &str| {
        let end = line
            .find(|c: char| !(c.is_ascii_digit() || "-:.,T/+[]Z ".contains(c)))
            .unwrap_or(line.len());
        let time = line[..end].trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_string();
        (time.len() >= 4).then_some(time)
    };
    let mut all = vec![match (
        lines.first().and_then(|line| time(line)),
        lines.last().and_then(|line| time(line)),
    ) {
        (Some(first), Some(last)) => {
            format!("A log of {} lines from {first} to {last}.", lines.len())
        }
        _ => format!("A log of {} lines.", lines.len()),
    }];
    let levels = counted(lines.iter().filter_map(|line| level(line)).map(str::to_string));
    if !levels.is_empty() {
        let each: Vec<String> = levels.iter().map(|(level, n)| format!("{n} {level}")).collect();
        all.push(format!("By level: {}.", each.join(", ")));
    }
    let message = |line: &str| {
        let start = level(line)
            .and_then(|level| line.to_ascii_uppercase().find(level).map(|at| at + level.len()));
        let rest = &line[start.unwrap_or(0)..];
        let mut plain = String::new();
        for c in rest.trim_start_matches([':', ']', '-', ' ']).chars().take(120) {
            match c.is_ascii_digit() {
                true if plain.ends_with('#') => {}
                true => plain.push('#'),
                false => plain.push(c),
            }
        }
        plain
    };
    let severe = |line: &&&str| matches!(level(line), Some("FATAL" | "ERROR"));
    let errors = counted(lines.iter().filter(severe).map(|line| message(line)));
    all.extend(
        errors.iter().take(2).map(|(message, n)| format!("Error, {}: {message}", times(*n))),
    );
    let messages = counted(lines.iter().map(|line| message(line)));
    let often = messages
        .iter()
        .filter(|(message, n)| *n > 1 && !errors.iter().take(2).any(|(e, _)| e == message));
    all.extend(often.take(3).map(|(message, n)| format!("Message, {}: {message}", times(*n))));
    all
}

/// What a source file defines and uses.
fn code(lines: &[&str]) -> Vec<String> {
    const TYPES: [&str; 6] = ["class", "struct", "enum", "trait", "interface", "type"];
    const FUNCTIONS: [&str; 5] = ["fn", "def", "function", "func", "fun"];
    const USES: [&str; 5] = ["import", "use", "from", "#include", "require"];
    let (mut types, mut functions, mut uses) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().take(8).collect();
        let after = |any: &[&str]| {
            let at = words.iter().take(5).position(|word| any.contains(word))?;
            let name = words.get(at + 1)?.trim_start_matches('*');
            let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
            (end > 0).then(|| name[..end].to_string())
        };
        if USES.contains(words.first().unwrap_or(&"")) {
            let name =
                words.get(1).map_or("", |name| name.trim_matches(['"', '<', '>', ';', '\'', '{']));
            if !name.is_empty() && !uses.contains(&name.to_string()) {
                uses.push(name.to_string());
            }
        } else if let Some(name) = after(&TYPES) {
            types.push(name);
        } else if let Some(name) = after(&FUNCTIONS) {
            functions.push(name);
        }
    }
    let mut all = Vec::new();
    for (what, mut names) in [("type", types), ("function", functions)] {
        let mut known = HashSet::new();
        names.retain(|name| known.insert(name.clone()));
        if !names.is_empty() {
            let plural = if names.len() == 1 { "" } else { "s" };
            all.push(format!("It defines {} {what}{plural}: {}.", names.len(), some(&names)));
        }
    }
    if !uses.is_empty() {
        all.push(format!("It uses {}.", some(&uses)));
    }
    if !all.is_empty() {
        all.insert(0, format!("A source file of {} lines of code.", lines.len()));
    }
    all
}

fn times(count: usize) -> String {
    if count == 1 { "once".into() } else { format!("{count} times") }
}

/// The sign between columns that most lines have as often as the first.
fn separator(lines: &[&str]) -> Option<char> {
    let first = lines.first()?;
    let alike = |sign: &char| {
        let columns = first.matches(*sign).count();
        lines.iter().filter(|line| columns > 0 && line.matches(*sign).count() == columns).count()
    };
    let best = ['|', '\t', ';', ','].into_iter().max_by_key(alike)?;
    (2 * alike(&best) > lines.len()).then_some(best)
}

/// The cells of a row. Quotation marks keep a separator within a cell.
fn cells(line: &str, sign: char) -> Vec<String> {
    let line = if sign == '|' { line.trim_matches('|') } else { line };
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        if c == '"' {
            quoted = !quoted;
        } else if c == sign && !quoted {
            cells.push(String::new());
        } else if let Some(last) = cells.last_mut() {
            last.push(c);
        }
    }
    cells.into_iter().map(|cell| cell.trim().to_string()).collect()
}

/// A cell that is a number, with its currency or per cent left out.
fn number(cell: &str) -> Option<f64> {
    let bare: String = cell.chars().filter(|c| !"$€£% ,".contains(*c)).collect();
    bare.parse::<f64>().ok().filter(|n| n.is_finite())
}

fn figure(n: f64) -> String {
    if n == n.trunc() { format!("{n:.0}") } else { format!("{n:.2}") }
}

/// Values and how often each occurs, the most frequent first.
fn counted(values: impl Iterator<Item = String>) -> Vec<(String, usize)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

fn listed(names: &[String]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() && names.len() <= COLUMNS => {
            format!("{} and {last}", before.join(", "))
        }
        _ => some(names),
    }
}

/// The first of some names, and how many more there are.
fn some(names: &[String]) -> String {
    match names.len() > NAMED {
        true => format!("{} and {} more", names[..NAMED].join(", "), names.len() - NAMED),
        false => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn tables_are_described_by_their_columns() {
        let csv = "name,age,city\nAnna,20,Oslo\n\"B, C\",40,Bergen\nDora,30,Oslo\n";
        let expected = [
            "A table of 3 rows with the columns name, age and city.",
            "name: Anna (1), B, C (1), Dora (1).",
            "age: 20 to 40, 30 on average.",
            "city: Oslo (2), Bergen (1).",
        ];
        assert_eq!(digest(csv, Kind::Table), expected);
        let markdown = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n";
        assert_eq!(digest(markdown, Kind::Table)[1], "a: 1 to 3, 2 on average.");
        assert_eq!(digest("1,2\n3,4\n", Kind::Table)[0], "A table of 2 rows and 2 columns.");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn logs_are_described_by_times_levels_and_messages() {
        let log = "2024-05-01T12:00:00Z INFO worker 1: done\n2024-05-01T12:00:05Z INFO worker 2: done\n\
                   2024-05-01T12:00:09Z ERROR worker 3: no route to host\n";
        let expected = [
            "A log of 3 lines from 2024-05-01T12:00:00Z to 2024-05-01T12:00:09Z.",
            "By level: 2 INFO, 1 ERROR.",
            "Error, once: worker #: no route to host",
            "Message, 2 times: worker #: done",
        ];
        assert_eq!(digest(log, Kind::Log), expected);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn source_files_are_described_by_what_they_define() {
        let source = "import os\n\nclass Reader:\n    def names(self):\n        return os.listdir('.')\n\ndef main():\n    pass\n";
        let expected = [
            "A source file of 6 lines of code.",
            "It defines 1 type: Reader.",
            "It defines 2 functions: names, main.",
            "It uses os.",
        ];
        assert_eq!(digest(source, Kind::Code), expected);
        assert!(digest("Some prose.", Kind::Prose).is_empty());
    }
}
