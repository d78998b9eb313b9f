//! Large files over HTTP: resumed, verified, and under their final name only when they are right.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::stamp::hex;

/// Connections opened for one file before giving up; each resumes where the last one ended.
const CONNECTIONS: usize = 20;

/// One connection's limit. A stalled one ends here and is resumed by the next.
const CONNECTION_TIME: Duration = Duration::from_secs(120);

/// What the finished file must be.
#[derive(Deserialize, Clone)]
pub struct Expected {
    pub bytes: u64,
    /// Lower-case hexadecimal
    pub sha256: String,
}

impl Expected {
    /// Whether the file at `path` exists and is the expected one.
    pub fn holds_for(&self, path: &Path) -> Result<bool> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        if file.metadata()?.len() != self.bytes {
            return Ok(false);
        }
        let mut hash = Sha256::new();
        hash_to_end(&mut file, &mut hash)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(hex(&hash.finalize()) == self.sha256)
    }
}

/// Feeds the rest of a file to `hash` and returns its length.
fn hash_to_end(file: &mut File, hash: &mut Sha256) -> io::Result<u64> {
    let mut buffer = vec![0; 1 << 20];
    let mut total = 0;
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(total);
        }
        hash.update(&buffer[..n]);
        total += n as u64;
    }
}

/// A file on its way: `<name>.part`, hashed as it grows and locked against a second fetch.
pub struct Part<'a> {
    file: File,
    path: PathBuf,
    target: &'a Path,
    expected: &'a Expected,
    hash: Sha256,
    len: u64,
    bar: ProgressBar,
}

impl<'a> Part<'a> {
    /// Opens what an earlier attempt left, or starts anew.
    pub fn open(target: &'a Path, expected: &'a Expected) -> Result<Self> {
        let mut name = target.file_name().context("the model's path has no file name")?.to_owned();
        name.push(".part");
        let path = target.with_file_name(name);
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("another fetch is writing {}: let it finish", path.display())
            }
            // Some network file systems have no locks; there, one fetch at a time is up to people.
            Err(TryLockError::Error(_)) => {}
        }
        let mut hash = Sha256::new();
        let len = hash_to_end(&mut file, &mut hash)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let bar = ProgressBar::new(expected.bytes).with_style(
            ProgressStyle::with_template(
                "   {bar:40} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left",
            )
            .expect("the template is fixed"),
        );
        let mut part = Self { file, path, target, expected, hash, len, bar };
        if part.len > expected.bytes {
            part.restart()?;
        }
        part.bar.set_position(part.len);
        part.bar.reset_eta();
        Ok(part)
    }

    /// Bytes so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Drops what is there.
    pub fn restart(&mut self) -> Result<()> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .with_context(|| self.cannot_write())?;
        self.hash = Sha256::new();
        self.len = 0;
        self.bar.set_position(0);
        Ok(())
    }

    /// Adds bytes at the end.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if self.len + bytes.len() as u64 > self.expected.bytes {
            self.discard()?;
            bail!("it is longer than the {} bytes of the catalogue", self.expected.bytes);
        }
        self.file.write_all(bytes).with_context(|| self.cannot_write())?;
        self.hash.update(bytes);
        self.len += bytes.len() as u64;
        self.bar.set_position(self.len);
        Ok(())
    }

    /// Verifies the whole and gives it its final name; a wrong file is deleted.
    pub fn finish(mut self) -> Result<()> {
        let found = hex(&std::mem::take(&mut self.hash).finalize());
        if self.len != self.expected.bytes || found != self.expected.sha256 {
            self.discard()?;
            bail!(
                "its sha256 is {found} where the catalogue has {}: the download was damaged or the \
                 source changed its file. Nothing was kept; run the command again, and if that does \
                 not help, compare the source with models/models.json",
                self.expected.sha256
            );
        }
        self.file.sync_all().with_context(|| self.cannot_write())?;
        fs::rename(&self.path, self.target)
            .with_context(|| format!("cannot write {}", self.target.display()))?;
        self.bar.finish_and_clear();
        Ok(())
    }

    /// Deletes the file.
    pub fn discard(&mut self) -> Result<()> {
        self.bar.finish_and_clear();
        fs::remove_file(&self.path)
            .with_context(|| format!("cannot delete {}", self.path.display()))
    }

    /// Keeps what came for the next run and says so; an empty file is no help to it.
    fn given_up(mut self, reason: anyhow::Error) -> anyhow::Error {
        if self.len == 0 {
            return self.discard().err().unwrap_or(reason);
        }
        self.bar.abandon();
        reason.context(format!(
            "{} of {} bytes are there, and the next run goes on from them",
            self.len, self.expected.bytes
        ))
    }

    fn cannot_write(&self) -> String {
        format!("cannot write {}: is the disk full?", self.path.display())
    }
}

/// Fetches a URL to `target`, going on where an earlier attempt or connection ended.
pub fn from_url(url: &str, target: &Path, expected: &Expected) -> Result<()> {
    let tls = ureq::tls::TlsConfig::builder()
        // The system's certificates, so that a company's proxy works as it does for other tools.
        .root_certs(ureq::tls::RootCerts::PlatformVerifier)
        .build();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .https_only(url.starts_with("https:"))
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_recv_body(Some(CONNECTION_TIME))
        .build()
        .into();
    let mut part = Part::open(target, expected)?;
    for _ in 0..CONNECTIONS {
        if part.len() == expected.bytes {
            return part.finish();
        }
        let before = part.len();
        match one_connection(&agent, url, &mut part)? {
            None => {}
            // A connection that brought something is worth another one.
            Some(_) if part.len() > before => {}
            Some(reason) => {
                return Err(part.given_up(reason));
            }
        }
    }
    if part.len() == expected.bytes {
        return part.finish();
    }
    Err(part.given_up(anyhow!("{CONNECTIONS} connections broke off")))
}

/// One request for the missing bytes. `Ok(Some(reason))`: the network failed, and another attempt
/// may do better. `Err`: the file cannot be written or is not the expected one.
fn one_connection(
    agent: &ureq::Agent,
    url: &str,
    part: &mut Part,
) -> Result<Option<anyhow::Error>> {
    let mut request = agent.get(url);
    if part.len() > 0 {
        request = request.header("Range", format!("bytes={}-", part.len()));
    }
    let response = match request.call() {
        Ok(response) => response,
        Err(ureq::Error::StatusCode(416)) => {
            part.discard()?;
            bail!("the server's file ends before what is here already: it is another file");
        }
        Err(error) => return Ok(Some(error.into())),
    };
    let resumed = response.status() == 206
        && response
            .headers()
            .get("content-range")
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with(&format!("bytes {}-", part.len())));
    if part.len() > 0 && !resumed {
        part.restart()?;
        if response.status() != 200 {
            return Ok(None);
        }
        // A server that ignores the range sends the file from its beginning.
    }
    if let Some(rest) = response.body().content_length()
        && part.len() + rest != part.expected.bytes
    {
        let offered = part.len() + rest;
        part.discard()?;
        bail!(
            "the server offers {offered} bytes where the catalogue has {}: it is another file, or a \
             page of the network's own",
            part.expected.bytes
        );
    }
    let mut reader = response.into_body().into_reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) if part.len() < part.expected.bytes => {
                return Ok(Some(anyhow!("the connection ended early")));
            }
            Ok(0) => return Ok(None),
            Ok(n) => part.append(&buffer[..n])?,
            Err(error) => return Ok(Some(error.into())),
        }
    }
}
