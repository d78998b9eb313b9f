//! Whether a line is written for a program.

/// Words that statements begin with. Sentences begin with some of them, too, but no brackets or operators follow there.
const KEYWORDS: &str = "fn def import from class const let var public private protected static return \
                        if for while use pub impl struct package func export elif raise try with \
                        async await enum type interface local echo set case typedef extern void int \
                        char mod assert except del yield module end do";

/// Words that the parts of a query begin with.
const QUERIES: &str = "SELECT INSERT CREATE UPDATE DELETE FROM WHERE JOIN LEFT INNER GROUP ORDER LIMIT \
                       ALTER DROP WITH VALUES AND";

/// Whether a line, without the spaces around it, is code or configuration (`true`), prose (`false`), or
/// may be either.
pub fn sort(line: &str) -> Option<bool> {
    if line.chars().nth(2).is_none() || line.starts_with("//") || line.starts_with("/*") {
        return line.starts_with('/').then_some(true);
    }
    // Comments, headings, items: they are in prose and in code.
    if line.starts_with("# ") || line.starts_with("-- ") || line.starts_with("* ") {
        return None;
    }
    if let Some(item) = line.strip_prefix("- ") {
        let long = item.split_whitespace().count() > 3;
        return if is_setting(line) { Some(true) } else { long.then_some(false) };
    }
    let wide = line.chars().any(|c| c >= '\u{2e80}');
    let sentence =
        line.ends_with(['.', '!', '?', ':', '。']) && line.contains(' ') && !line.ends_with("):");
    Some(
        is_tag(line)
            || !wide && (ends_as_code(line) || begins_as_code(line) || is_setting(line))
            || !sentence && has_operator(line),
    )
}

fn ends_as_code(line: &str) -> bool {
    let statement = line.ends_with(';')
        && (line.contains(['=', '(', '[', '<', '>', '"', '_', ':', '*'])
            || line.split_whitespace().count() <= 3);
    let open = line.ends_with(['{', '}', '[', '\\']) || line.ends_with("(") && line.len() > 1;
    let ends = ["},", "};", "],", "])", "})", "=>", "->", "&&", "||", "*/"];
    // "f(a, b)," but not "a fix (by Ana),".
    let glued = line.find('(').is_none_or(|at| {
        at == 0 || line[..at].ends_with(|c: char| c.is_alphanumeric() || "_!>])}".contains(c))
    });
    let closed = glued && [");", "):", "),"].iter().any(|end| line.ends_with(end));
    statement || open || closed || ends.iter().any(|end| line.ends_with(end))
}

fn begins_as_code(line: &str) -> bool {
    let signs = line
        .contains(['(', ')', '{', '}', '[', ']', '=', ';', '<', '>', '"', '_', '$', '*'])
        || line.contains("::");
    let short = line.split_whitespace().count() <= 4 && !line.ends_with(['.', ',', '?', '!']);
    let starts = [
        "#!", "#[", "#include", "#define", "#if", "#endif", "#else", "#undef", "@", "}", ")", "$ ",
        "*/",
    ];
    let alone = [
        "else", "else:", "fi", "done", "then", "esac", "do", "end", "return", "pass", "try:",
        "finally:", "break", "continue",
    ];
    let first = line.split(' ').next().unwrap_or_default();
    let is = |words: &str| first.len() < line.len() && words.split(' ').any(|word| word == first);
    let ended = line.ends_with('.') || line.ends_with(',') && !signs;
    is(KEYWORDS) && (signs || short) && !ended
        || starts.iter().any(|start| line.starts_with(start))
        || alone.contains(&line)
        || is(QUERIES) && !ended
}

/// "key = value", "key: value", "[section]", "\"key\": …", and the items of a list of such.
fn is_setting(line: &str) -> bool {
    let item = line.strip_prefix("- ").unwrap_or(line);
    if item.starts_with('[') && item.ends_with(']') && !item.contains(' ') {
        return true;
    }
    let quoted = item.strip_prefix('"').and_then(|rest| rest.split_once("\":"));
    let Some((key, value)) =
        quoted.or_else(|| item.split_once('=')).or_else(|| item.split_once(':'))
    else {
        return item.starts_with('"') && item.ends_with(['"', ',']) && !item.contains(". ");
    };
    let key = key.trim();
    let word = !key.is_empty()
        && key.len() <= 40
        && key.chars().all(|c| c.is_ascii_alphanumeric() || "_.-$@".contains(c))
        && !key.starts_with(|c: char| c.is_ascii_digit());
    let small =
        key.starts_with(|c: char| c.is_ascii_lowercase()) || key.contains('_') || quoted.is_some();
    let spaced = value.is_empty() || value.starts_with(' ') || item.contains('=');
    let words = value.split_whitespace().count();
    word && small && spaced && (words <= 6 || value.ends_with([',', '"'])) && !value.ends_with('.')
}

/// Signs between words that only code has.
fn has_operator(line: &str) -> bool {
    let signs = [
        " = ", " == ", " != ", "->", "=>", "::", " += ", "&&", " || ", " := ", "$(", "${", "()",
        "[]", "\\n", " <= ", " >= ", "=\"", "++", "!(",
    ];
    let name = line.split('(').next().unwrap_or_default();
    let called = line.ends_with(')')
        && name.len() < line.len()
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.:!".contains(c));
    called || signs.iter().any(|sign| line.contains(sign))
}

/// "<p class=…>", "</div>".
fn is_tag(line: &str) -> bool {
    let rest = line.strip_prefix("</").or_else(|| line.strip_prefix('<'));
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '!'))
        && line.ends_with('>')
}
