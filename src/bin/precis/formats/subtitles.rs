//! Subtitles (SubRip and WebVTT): what is said, without times, as sentences and turns of speakers.

/// A pause of so many seconds after a sentence begins a paragraph.
const PAUSE: f64 = 3.0;

/// Characters from which on a paragraph ends with its sentence.
const LONG: usize = 500;

/// Characters from which on it ends anyway where nobody wrote full stops.
const LONG_WITHOUT: usize = 240;

/// Bytes of a tag at most.
const LONGEST_TAG: usize = 200;

/// Seconds between cues that show the same words on, line by line.
const NEXT: f64 = 0.2;

/// What is shown at a time.
#[derive(Debug, Default, Clone, PartialEq)]
struct Cue {
    start: f64,
    end: f64,
    lines: Vec<String>,
}

/// What one speaker says without a pause.
#[derive(Debug, Default)]
struct Turn {
    speaker: Option<String>,
    text: String,
}

/// Whether a text is a file of subtitles: its first lines have a time code.
pub fn is_subtitles(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with("WEBVTT") || text.lines().take(3).any(|line| times(line).is_some())
}

/// What is said; `None` if nothing is.
pub fn text(text: &str) -> Option<String> {
    let turns = turns(&cues(text));
    let speakers = turns.iter().any(|turn| turn.speaker.is_some());
    let write = |turn: &Turn| match &turn.speaker {
        Some(name) => format!("{name}: {}", turn.text),
        None => turn.text.clone(),
    };
    let written: Vec<String> = turns.iter().map(write).collect();
    (!written.is_empty()).then(|| written.join(if speakers { "\n" } else { "\n\n" }))
}

/// "00:01:02,500 --> 00:01:04.000 align:start" in seconds.
fn times(line: &str) -> Option<(f64, f64)> {
    let (start, end) = line.split_once("-->")?;
    Some((seconds(start.trim())?, seconds(end.split_whitespace().next()?)?))
}

fn seconds(time: &str) -> Option<f64> {
    let begins = time.starts_with(|c: char| c.is_ascii_digit());
    let mut sum = 0.0;
    for part in time.split(':').filter(|_| begins) {
        sum = sum * 60.0 + part.replace(',', ".").parse::<f64>().ok()?;
    }
    (begins && time.contains(':')).then_some(sum)
}

fn cues(text: &str) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if let Some((start, end)) = times(line) {
            // A number right above, without a blank line, is that of this cue.
            if let Some(last) = cues.last_mut().filter(|_| open) {
                let is_number = |line: &mut String| line.chars().all(|c| c.is_ascii_digit());
                last.lines.pop_if(is_number);
            }
            cues.push(Cue { start, end, lines: Vec::new() });
            open = true;
        } else if line.trim().is_empty() {
            open = false;
        } else if let Some(cue) = cues.last_mut().filter(|_| open) {
            cue.lines.push(line.trim().to_owned());
        }
    }
    for cue in &mut cues {
        let lines = std::mem::take(&mut cue.lines);
        cue.lines = lines.iter().map(|line| plain(line)).filter(|line| !line.is_empty()).collect();
    }
    cues.retain(|cue| !cue.lines.is_empty());
    without_rolling(cues)
}

/// A line without tags; `<v Ana>` becomes "Ana: ". Sounds, such as "[music]", go.
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let near = &rest[..rest.floor_char_boundary(LONGEST_TAG)];
        let close = match c {
            '<' if rest[1..].starts_with(|c: char| c.is_alphanumeric() || c == '/') => {
                near.find('>')
            }
            '{' if rest[1..].starts_with('\\') => near.find('}'),
            _ => None,
        };
        let Some(close) = close else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        let tag = &rest[1..close];
        if (tag.starts_with("v ") || tag.starts_with("v."))
            && let Some((_, name)) = tag.split_once(' ')
        {
            out.push_str(&format!("{}: ", name.trim()));
        }
        rest = &rest[close + 1..];
    }
    for (entity, c) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&nbsp;", " "),
        ("&lrm;", ""),
        ("&rlm;", ""),
        ("&amp;", "&"),
    ] {
        out = out.replace(entity, c);
    }
    let words: Vec<&str> = out.split_whitespace().filter(|word| !word.contains('♪')).collect();
    let out = words.join(" ");
    let is_sound = [('[', ']'), ('(', ')')].iter().any(|(open, close)| {
        let inner = out.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close));
        inner.is_some_and(|inner| !inner.contains([*open, *close]))
    });
    if is_sound { String::new() } else { out }
}

/// Lines that a rolling caption repeats, at most.
const MOST_ROLLING: usize = 8;

/// Cues that repeat the lines before them and add to them, without what they repeat.
fn without_rolling(cues: Vec<Cue>) -> Vec<Cue> {
    let mut out: Vec<Cue> = Vec::new();
    // What the cue before showed, all of it.
    let mut before = Cue::default();
    for cue in cues {
        let shown = cue.clone();
        let Cue { start, end, mut lines } = cue;
        if (start - before.end).abs() < NEXT {
            let same = (1..=lines.len().min(before.lines.len()).min(MOST_ROLLING)).rev();
            let repeated =
                same.into_iter().find(|n| before.lines[before.lines.len() - n..] == lines[..*n]);
            match repeated {
                Some(repeated) => drop(lines.drain(..repeated)),
                // The last line continues within this one.
                None => {
                    let last = before
                        .lines
                        .last()
                        .filter(|last| lines[0].starts_with(&format!("{last} ")));
                    if let Some(last) = last {
                        lines[0] = lines[0][last.len()..].trim().to_owned();
                    }
                }
            }
        }
        if !lines.is_empty() {
            out.push(Cue { start, end, lines });
        }
        before = shown;
    }
    out
}

fn turns(cues: &[Cue]) -> Vec<Turn> {
    let stops = cues.iter().flat_map(|cue| &cue.lines).filter(|line| ends_sentence(line)).count();
    let punctuated = stops * 10 > cues.len();
    let mut turns: Vec<Turn> = Vec::new();
    let mut end = f64::INFINITY;
    for cue in cues {
        let pause = cue.start - end > PAUSE;
        end = cue.end;
        for (at, line) in cue.lines.iter().enumerate() {
            let (speaker, words, changes) = speaker(line);
            let breaks = turns.last().is_none_or(|turn| {
                let length = turn.text.len();
                let ended = ends_sentence(&turn.text) || !punctuated;
                let pause = pause && at == 0;
                ended && (pause || length > LONG) || !punctuated && length > LONG_WITHOUT
            });
            let last = turns.last();
            let same = last.is_some_and(|turn| speaker.is_none() || turn.speaker == speaker);
            if breaks || changes || !same {
                // The same person continues after a pause.
                let speaker = speaker.or_else(|| last.filter(|_| !changes)?.speaker.clone());
                turns.push(Turn { speaker, text: words.to_owned() });
            } else if let Some(turn) = turns.last_mut() {
                turn.text.push(' ');
                turn.text.push_str(words);
            }
        }
    }
    turns.retain(|turn| !turn.text.is_empty());
    turns
}

/// Who speaks, what, and whether another one begins: "ANA: Yes.", ">> Yes.", "- Yes.".
fn speaker(line: &str) -> (Option<String>, &str, bool) {
    let mark = line.trim_start_matches(['>', '-', '–']);
    let (rest, changes) = (mark.trim_start(), mark.len() < line.len());
    // "[Ana] Yes."
    let bracketed = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some((name, words)) = bracketed.or_else(|| rest.split_once(':')) else {
        return (None, rest, changes);
    };
    let is_word = |word: &str| {
        word.starts_with(char::is_uppercase) || word.chars().all(|c| c.is_ascii_digit())
    };
    let is_name = name.chars().count() <= 30
        && name.split(' ').count() <= 3
        && name.split(' ').all(is_word)
        && name.chars().any(char::is_alphabetic)
        && name.chars().all(|c| c.is_alphanumeric() || " .'’-".contains(c))
        && words.starts_with(' ');
    match is_name {
        true => (Some(as_name(name)), words.trim_start(), changes),
        false => (None, rest, changes),
    }
}

/// "ANA LIMA" as "Ana Lima".
fn as_name(name: &str) -> String {
    if name.chars().any(char::is_lowercase)
        || name.chars().count() < 4 && !name.contains(['A', 'E', 'I', 'O', 'U'])
    {
        return name.to_owned();
    }
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(String::from).unwrap_or_default() + &chars.as_str().to_lowercase()
    };
    name.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '”', ')']).ends_with(['.', '!', '?', '…', '。', '！', '？'])
}
