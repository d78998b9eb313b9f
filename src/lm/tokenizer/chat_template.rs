//! Chat templates: Jinja, as Hugging Face's `transformers` renders it (`chat_template_utils.py`), for
//! that is what the authors of models write them for.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, context, escape_formatter, filters};
use minijinja_contrib::pycompat::unknown_method_callback;

/// Instruction limit: many times what real templates need; stops endless ones.
const STEPS: u64 = 20_000;

/// Values in what is written at once, and how deep they may be nested. A template can double a list
/// with each step, and a step that writes it is one.
const MOST_VALUES: usize = 10_000;
const MOST_DEEP: usize = 32;

/// Spaces by which JSON may be indented: a hostile template could fill the memory with them.
const MOST_INDENT: usize = 16;

/// The day that a template is told, if it asks: day, month and year. The real one would change every
/// prompt, and with it every kept note, from day to day. It is the day that Llama 3.2's template names
/// where it can't ask.
const TODAY: (u32, usize, u32) = (26, 7, 2024);

/// The day of the week of [`TODAY`].
const WEEKDAY: &str = "Friday";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The prompt of a conversation in which a person has said `message` and the model, which is told not
/// to think first, is about to answer. `bos` and `eos` are the texts of the tokens of these names.
///
/// # Errors
/// If the template is none, refuses the message, or takes too many steps.
pub fn render(template: &str, message: &str, [bos, eos]: [&str; 2]) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(STEPS));
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // Templates assume Python's methods of strings, lists and dictionaries.
    environment.set_unknown_method_callback(unknown_method_callback);
    environment.set_formatter(|out, state, value| {
        check_size(value)?;
        escape_formatter(out, state, value)
    });
    environment.add_test("iterable", |value: &Value| !value.is_none() && value.try_iter().is_ok());
    environment.add_filter("tojson", tojson);
    environment.add_function("raise_exception", |message: String| -> Result<(), Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_function("strftime_now", strftime_now);
    environment.render_str(
        &without_generation(template),
        context! {
            messages => [context! { role => "user", content => message }],
            // Absent is something else: some templates ask whether it is not none.
            tools => (),
            documents => (),
            add_generation_prompt => true,
            enable_thinking => false,
            bos_token => bos,
            eos_token => eos,
        },
    )
}

/// `{% generation %}` marks what a model writes, for training. Its text stays: it is a block that is
/// always written.
fn without_generation(template: &str) -> String {
    let mut blocks = template.split("{%");
    let mut result = blocks.next().unwrap_or_default().to_owned();
    for block in blocks {
        result += "{%";
        let Some((tag, rest)) = block.split_once("%}") else {
            result += block;
            continue;
        };
        match tag.trim_matches(['-', '+', ' ', '\t', '\n', '\r']) {
            "generation" => result += &tag.replace("generation", "if true"),
            "endgeneration" => result += &tag.replace("endgeneration", "endif"),
            _ => result += tag,
        }
        result += "%}";
        result += rest;
    }
    result
}

/// Refuses a value that consists of too many others to be written.
fn check_size(value: &Value) -> Result<(), Error> {
    let mut waiting = vec![(value.clone(), 0)];
    let mut seen = 0;
    while let Some((value, depth)) = waiting.pop() {
        seen += 1;
        if depth > MOST_DEEP || seen + waiting.len() > MOST_VALUES {
            let reason = "a value is too large to be written";
            return Err(Error::new(ErrorKind::InvalidOperation, reason));
        }
        match value.kind() {
            ValueKind::Seq | ValueKind::Iterable => {
                let members = value.try_iter()?.take(MOST_VALUES);
                waiting.extend(members.map(|member| (member, depth + 1)));
            }
            ValueKind::Map => {
                for key in value.try_iter()?.take(MOST_VALUES) {
                    waiting.push((value.get_item(&key)?, depth + 1));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Like Jinja's, but for letters that HTML gives a meaning: they stay.
fn tojson(value: &Value, indent: Option<Value>, args: Kwargs) -> Result<Value, Error> {
    let indent = match indent {
        None => args.get("indent")?,
        indent => indent,
    };
    check_size(value)?;
    let spaces = indent.clone().and_then(|indent| usize::try_from(indent).ok());
    if spaces.is_some_and(|spaces| spaces > MOST_INDENT) {
        let reason = format!("JSON is indented by more than {MOST_INDENT}");
        return Err(Error::new(ErrorKind::InvalidOperation, reason));
    }
    // Letters beyond ASCII stay, which is also the default of `transformers`.
    let _: Option<bool> = args.get("ensure_ascii")?;
    let json = filters::tojson(value, indent, args)?.to_string();
    let mut plain = String::with_capacity(json.len());
    let mut rest = json.as_str();
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        plain += before;
        let character = match escape.get(..6) {
            Some("\\u003c") => Some('<'),
            Some("\\u003e") => Some('>'),
            Some("\\u0026") => Some('&'),
            Some("\\u0027") => Some('\''),
            _ => None,
        };
        let length = if character.is_some() { 6 } else { 2 };
        match character {
            Some(character) => plain.push(character),
            None => plain += &escape[..length],
        }
        rest = &escape[length..];
    }
    Ok((plain + rest).into())
}

/// The moment in the form of Python's `strftime`: [`TODAY`] at midnight.
fn strftime_now(format: &str) -> String {
    let (day, month, year) = TODAY;
    let name = MONTHS[month - 1];
    let mut result = String::new();
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            result.push(c);
            continue;
        }
        // A minus leaves a leading zero out.
        let (plain, code) = match characters.next() {
            Some('-') => (true, characters.next()),
            code => (false, code),
        };
        let number = |value: u32| if plain { value.to_string() } else { format!("{value:02}") };
        result += &match code {
            Some('d') => number(day),
            Some('m') => number(month as u32),
            Some('Y') => year.to_string(),
            Some('y') => number(year % 100),
            Some('B') => name.into(),
            Some('b') => name[..3].into(),
            Some('A') => WEEKDAY.into(),
            Some('a') => WEEKDAY[..3].into(),
            Some('H' | 'M' | 'S') => number(0),
            Some('I') => number(12),
            Some('p') => "AM".into(),
            Some('%') => "%".into(),
            Some(other) => format!("%{other}"),
            None => "%".into(),
        };
    }
    result
}
