//! Commands, their arguments and what they print. Exit codes: 0 done (or nobody reads the output any
//! more), 2 bad usage, 1 an error, whose code stands on standard error.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use precis::host::Event;
use precis::host::native::{Native, block_on};
use precis::lm::gguf::Gguf;
use precis::lm::model::Config;
use precis::measure::suite::SuiteKind;
use precis::summarize::Options;
use precis::summarize::plan::{Form, Length, Strategy};
use serde::de::{DeserializeOwned, IntoDeserializer};

use super::input::{is_folder, is_standard_input, read_text};
use super::model::{FETCH, ModelArguments, load, open, start_threads};
use super::output::{Done, Output, Stop, print_json, say};
use super::progress::{progress, summary_line};
use super::{batch, bench, card, suite};

/// Summarize a document with a small language model on this machine, and measure how fast it reads.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Summarize files and the files in folders.
    Summarize {
        /// Files with text, web pages, PDF, Word, OpenDocument, EPUB, RTF, mail (EML) or subtitles (SRT,
        /// VTT), and folders; "-" reads standard input. Hidden files, links and files that are
        /// not text are left out of a folder.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Print JSON instead of the summary: the report of one file, or a line for each of several.
        #[arg(long)]
        json: bool,
        /// Append a line of JSON for each file to OUT instead of printing. Run the same command again
        /// to go on where it stopped: a file is skipped if its last line in OUT has a summary of the
        /// same text by the same model with the same options.
        #[arg(long, short, value_name = "OUT")]
        output: Option<PathBuf>,
        #[command(flatten)]
        summary: SummaryArguments,
        #[command(flatten)]
        model: ModelArguments,
    },
    /// Measure prefill at fixed lengths and decode after it.
    Bench {
        /// Lengths of the prompts, in tokens.
        #[arg(long, value_delimiter = ',', default_value = "512,2048")]
        prompt_tokens: Vec<usize>,
        /// Tokens to write after each prompt.
        #[arg(long, default_value_t = 32)]
        decode_tokens: usize,
        /// Measured repetitions, after one that is not counted.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
        repetitions: u32,
        /// Print the share of each operation too, and how near it comes to what the GPU can; the
        /// clock costs some of the speed.
        #[arg(long)]
        profile: bool,
        /// Measure by the suite instead and print a result card (docs/measuring.md): "quick" takes
        /// about a minute for each way to compute, "standard" ten, "full" an hour; on all threads,
        /// in the longer ones on one thread too, and on the GPU where the backend is not "cpu".
        #[arg(
            long,
            value_parser = named::<SuiteKind>,
            conflicts_with_all = ["prompt_tokens", "decode_tokens", "repetitions", "profile"]
        )]
        suite: Option<SuiteKind>,
        /// What the card calls this machine.
        #[arg(long, requires = "suite", default_value = "unnamed")]
        name: String,
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        model: ModelArguments,
    },
    /// Check result cards that others have measured.
    #[command(subcommand)]
    Card(CardCommand),
    /// Show what a model file holds.
    Inspect { model: PathBuf },
}

#[derive(Subcommand)]
enum CardCommand {
    /// Say whether the medians, intervals and scores of cards follow from their measurements. Exits with 1
    /// if one is no card, is invalid, or contradicts itself.
    Check {
        /// JSON files of cards.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

#[derive(clap::Args)]
struct SummaryArguments {
    /// How long: "headline", "sentence", "short" (about three sentences), "medium" (six) or "long"
    /// (twelve). [default: what the document asks for at its end, or a sentence]
    #[arg(long, value_parser = named::<Length>)]
    length: Option<Length>,
    /// How more than a sentence is set: "paragraph" or "key-points".
    #[arg(long, default_value = "paragraph", value_parser = named::<Form>)]
    form: Form,
    /// A question to answer instead.
    #[arg(long, value_name = "QUESTION", conflicts_with_all = ["length", "form"])]
    ask: Option<String>,
    /// How to read it: "one-pass" extends the model's context where the document is longer,
    /// "windows" reads it in parts, "auto" does so where it does not fit.
    #[arg(long, default_value = "auto", value_parser = named::<Strategy>)]
    strategy: Strategy,
    /// Read passages that are alike each time, not once.
    #[arg(long)]
    fresh: bool,
}

impl From<SummaryArguments> for Options {
    fn from(arguments: SummaryArguments) -> Self {
        let SummaryArguments { length, form, ask: instruction, strategy, fresh } = arguments;
        Self { length, form, instruction, strategy, fresh, ..Self::default() }
    }
}

/// Parses the arguments and runs the command.
pub fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Summarize { files, .. }
            if files.iter().filter(|file| is_standard_input(file)).count() > 1 =>
        {
            let twice = "standard input (\"-\") can be read only once";
            Arguments::command().error(ErrorKind::ArgumentConflict, twice).exit()
        }
        Command::Summarize { files, json, output, summary, model } => match &files[..] {
            [file] if output.is_none() && !is_folder(file) => {
                summarize(file, json, &summary.into(), &model)
            }
            _ => batch::summarize(&files, json, output.as_deref(), &summary.into(), &model),
        },
        Command::Bench { suite: Some(kind), name, json, model, .. } => {
            print_card(kind, name, json, &model)
        }
        Command::Bench {
            prompt_tokens, decode_tokens, repetitions, profile, json, model, ..
        } => bench::measure(&prompt_tokens, decode_tokens, repetitions, profile, json, &model),
        Command::Card(CardCommand::Check { files }) => card::check(&files),
        Command::Inspect { model } => inspect(&model),
    };
    match done {
        Ok(()) | Err(Stop::Closed) => ExitCode::SUCCESS,
        Err(Stop::Told) => ExitCode::FAILURE,
        Err(Stop::Failed(error)) => {
            say(format_args!("error[{}]: {error}", error.code()));
            ExitCode::FAILURE
        }
    }
}

/// The value of this name, as JSON has it.
fn named<T: DeserializeOwned>(name: &str) -> std::result::Result<T, serde::de::value::Error> {
    T::deserialize(name.into_deserializer())
}

fn summarize(file: &Path, json: bool, options: &Options, model: &ModelArguments) -> Done {
    let text = read_text(file)?;
    let mut engine = load(model)?;
    let show = std::io::stderr().is_terminal();
    let host = Native::new(move |event| match event {
        Event::Piece { text } if !json => {
            // A closed pipe shows at the end, when the rest is printed.
            let _ = Output::standard().send(&text);
        }
        event if show => progress("", &event),
        _ => {}
    });
    let report = block_on(engine.run(&text, options, &host))?;
    if json {
        return print_json(&report);
    }
    writeln!(Output::standard())?;
    summary_line(&report);
    Ok(())
}

fn print_card(kind: SuiteKind, name: String, json: bool, model: &ModelArguments) -> Done {
    let compute = model.backend.into();
    let card = suite::measure(kind, name, &model.model, compute, start_threads(model)?)?;
    let card = if json { card.json()? } else { card.markdown() };
    writeln!(Output::standard(), "{card}")
}

fn inspect(path: &Path) -> Done {
    let gguf = Gguf::open(open(path, FETCH)?)?;
    let config = Config::from_gguf(&gguf);
    let mut out = Output::standard();
    let mut keys: Vec<_> = gguf.metadata().collect();
    keys.sort_by_key(|(key, _)| *key);
    for (key, value) in keys {
        let mut value = format!("{value:?}");
        if let Some((end, _)) = value.char_indices().nth(100) {
            value.truncate(end);
            value.push('…');
        }
        writeln!(out, "{key} = {value}")?;
    }
    let mut names: Vec<_> = gguf.tensor_names().collect();
    names.sort();
    for name in names {
        match gguf.tensor(name) {
            Ok(t) => writeln!(out, "{name} [{}, {}] {}", t.rows, t.cols, t.quant.name()),
            Err(error) => writeln!(out, "{name} ({}: {error})", error.code()),
        }?;
    }
    writeln!(out, "\n{:#?}", config?)
}
