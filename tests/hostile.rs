//! Model files that are cut, lying or nonsense: each is an error with its own code, never a panic.

mod common;

use std::io::{Cursor, Read, Seek, SeekFrom};

use candle_core::quantized::gguf_file::Value;
use common::gguf::{File, text};
use common::random::Random;
use common::{TINY, load, logits};
use precis::Error;
use precis::backend::cpu::Cpu;
use precis::session::Session;

/// What loading these bytes fails with; `ok` when it doesn't.
fn code(bytes: Vec<u8>) -> &'static str {
    match load(&Cpu, Cursor::new(bytes)) {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

fn error(file: &File) -> Error {
    load(&Cpu, Cursor::new(file.bytes())).err().expect("this file can't be loaded")
}

/// Checks each file's code; all that differ are listed.
#[track_caller]
fn check(cases: Vec<(&str, File, &str)>) {
    let wrong: Vec<String> = cases
        .into_iter()
        .filter_map(|(what, file, expected)| {
            let code = code(file.bytes());
            (code != expected).then(|| format!("{what}: {code}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The cases below differ from this file in one thing each, so this one must work.
#[test]
fn the_file_that_the_cases_are_made_of_is_good() {
    let session = |bytes: &[u8]| {
        let mut session = Session::new(Cpu, load(&Cpu, Cursor::new(bytes)).expect("a good file"));
        logits(&mut session, &[7, 8, 9], 3)
    };
    let written = File::tiny().bytes();
    assert_eq!(session(&written), session(TINY));
    // Any version that candle reads, any alignment, and bytes after the end.
    let mut aligned = File::tiny().set("general.alignment", Value::U32(64));
    aligned.alignment = 64;
    assert_eq!(session(&aligned.bytes()), session(TINY));
    assert_eq!(session(&[&written[..], b"more"].concat()), session(TINY));
}

#[test]
fn beginnings() {
    for (bytes, expected) in [
        (&b""[..], "model-truncated"),
        (b"GGU", "model-truncated"),
        (b"GGUF", "model-truncated"),
        (b"GGUF\x03\0\0\0", "model-truncated"),
        (b"abc", "model-not-gguf"),
        (b"<!DOCTYPE html><title>Not found</title>", "model-not-gguf"),
        (b"FUGG\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "model-not-gguf"),
        // No keys, no tensors.
        (b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "model-missing-key"),
        (b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0", "model-invalid"),
        (b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f", "model-invalid"),
        (b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0\0", "model-truncated"),
    ] {
        assert_eq!(code(bytes.to_vec()), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_truncated() {
    for length in (0..TINY.len()).step_by(997).chain([TINY.len() - 1]) {
        assert_eq!(code(TINY[..length].to_vec()), "model-truncated", "{length} bytes");
    }
}

#[test]
fn headers_that_lie() {
    let file = File::tiny;
    let version = |version| File { version, ..file() };
    let mut deep = Value::U8(0);
    for _ in 0..70 {
        deep = Value::Array(vec![deep]);
    }
    let aligned = |key: &str, value| file().set(key, value);
    check(vec![
        ("version 0", version(0), "model-invalid"),
        ("version 4", version(4), "model-invalid"),
        ("nested lists", file().set("deep", deep), "model-invalid"),
        ("alignment 0", aligned("general.alignment", Value::U32(0)), "model-invalid"),
        ("alignment 0 of 8 bits", aligned("general.alignment", Value::U8(0)), "model-invalid"),
        ("alignment 0 with NUL", aligned("general.alignment\0", Value::U32(0)), "model-invalid"),
        ("huge alignment", aligned("general.alignment", Value::U32(u32::MAX)), "model-truncated"),
    ]);
    // Lengths inside the header, at the first key and at its value.
    let bytes = file().bytes();
    let key_len = u64::from_le_bytes(bytes[24..32].try_into().expect("8 bytes")) as usize;
    for (at, value, expected) in [
        (24, u64::MAX, "model-invalid"),
        (24, 1 << 40, "model-invalid"),
        (24, 1 << 29, "model-truncated"),
        (32 + key_len + 4, u64::MAX, "model-invalid"),
        (32 + key_len + 4, 1 << 29, "model-truncated"),
    ] {
        let mut bytes = bytes.clone();
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        assert_eq!(code(bytes), expected, "{value} at {at}");
    }
    let mut unknown_type = bytes;
    unknown_type[32 + key_len] = 99;
    assert_eq!(code(unknown_type), "model-invalid");
}

#[test]
fn tensors_that_lie() {
    let file = |name: &str, change: fn(&mut common::gguf::Entry)| File::tiny().tensor(name, change);
    let (table, key, norm) = ("token_embd.weight", "blk.0.attn_k.weight", "output_norm.weight");
    check(vec![
        ("unknown format", file(key, |t| t.kind = 77), "model-unsupported-quant"),
        ("Q6_K", file(key, |t| t.kind = 14), "model-unsupported-quant"),
        ("F16", file(key, |t| t.kind = 1), "model-unsupported-quant"),
        ("a matrix in F32", file(key, |t| t.kind = 0), "model-unsupported-quant"),
        ("a norm in Q4_1", file(norm, |t| t.kind = 3), "model-invalid"),
        ("offset past the end", file(table, |t| t.offset = 1 << 40), "model-truncated"),
        ("offset near 2^64", file(table, |t| t.offset = u64::MAX - 31), "model-invalid"),
        ("end past the end", file(norm, |t| t.offset += 32), "model-truncated"),
        ("no dimensions", file(norm, |t| t.dims.clear()), "model-invalid"),
        ("three dimensions", file(key, |t| t.dims.push(1)), "model-invalid"),
        ("five dimensions", file(key, |t| t.dims.extend([1, 1, 1])), "model-invalid"),
        ("no rows", file(key, |t| t.dims[1] = 0), "model-invalid"),
        ("no columns", file(key, |t| t.dims[0] = 0), "model-invalid"),
        ("half a block", file(key, |t| t.dims[0] = 48), "model-invalid"),
        ("too many rows", file(key, |t| t.dims[1] = 1 << 40), "model-truncated"),
        ("2^122 numbers", file(key, |t| t.dims = vec![1 << 62, 1 << 60]), "model-invalid"),
        ("2^64 numbers", file(key, |t| t.dims = vec![1 << 32, 1 << 32]), "model-invalid"),
        ("2^64 - 1 columns", file(norm, |t| t.dims = vec![u64::MAX]), "model-invalid"),
        ("transposed", file(key, |t| t.dims.reverse()), "model-invalid"),
        ("a row too few", file(key, |t| t.dims[1] -= 1), "model-invalid"),
        ("a norm too short", file(norm, |t| t.dims[0] -= 1), "model-invalid"),
    ]);
}

#[test]
fn every_tensor_and_key_is_asked_for_by_name() {
    for tensor in File::tiny().tensors {
        let file = File::tiny().tensor(&tensor.name, |t| t.name = "other".into());
        let error = error(&file);
        assert_eq!(error.code(), "model-missing-key", "{}", tensor.name);
        assert!(error.to_string().contains(&tensor.name), "{error}");
    }
    for key in [
        "general.architecture",
        "llama.block_count",
        "llama.context_length",
        "llama.embedding_length",
        "llama.feed_forward_length",
        "llama.attention.head_count",
        "llama.attention.layer_norm_rms_epsilon",
        "llama.rope.freq_base",
        "tokenizer.ggml.model",
        "tokenizer.ggml.pre",
        "tokenizer.ggml.tokens",
        "tokenizer.ggml.token_type",
        "tokenizer.ggml.merges",
        "tokenizer.chat_template",
    ] {
        for file in [File::tiny().without(key), File::tiny().set(key, Value::Bool(true))] {
            let error = error(&file);
            assert_eq!(error.code(), "model-missing-key", "{key}");
            assert!(error.to_string().contains(key), "{error}");
        }
    }
    assert_eq!(code(File::tiny().without("llama.rope.dimension_count").bytes()), "ok");
}

#[test]
fn sizes_that_do_not_fit() {
    let set = |key: &str, value| File::tiny().set(&format!("llama.{key}"), value);
    let size = |key, value| set(key, Value::U32(value));
    let mut cases = Vec::new();
    for key in [
        "block_count",
        "context_length",
        "embedding_length",
        "feed_forward_length",
        "attention.head_count",
        "attention.head_count_kv",
        "attention.key_length",
        "rope.dimension_count",
    ] {
        cases.push((key, size(key, 0), "model-invalid"));
        cases.push((key, size(key, u32::MAX), "model-invalid"));
    }
    let (eps, base) = ("attention.layer_norm_rms_epsilon", "rope.freq_base");
    cases.extend([
        ("-4 heads", set("attention.head_count", Value::I32(-4)), "model-missing-key"),
        ("3 heads", size("attention.head_count", 3), "model-invalid"),
        ("3 key heads", size("attention.head_count_kv", 3), "model-invalid"),
        ("8 key heads", size("attention.head_count_kv", 8), "model-invalid"),
        ("64 heads", size("attention.head_count", 64), "model-invalid"),
        ("wider", size("embedding_length", 96), "model-invalid"),
        ("narrower inside", size("feed_forward_length", 64), "model-invalid"),
        ("more layers", size("block_count", 3), "model-missing-key"),
        ("odd rotation", size("rope.dimension_count", 15), "model-invalid"),
        ("rotation wider than a head", size("rope.dimension_count", 18), "model-invalid"),
        ("NaN epsilon", set(eps, Value::F32(f32::NAN)), "model-missing-key"),
        ("infinite epsilon", set(eps, Value::F32(f32::INFINITY)), "model-missing-key"),
        ("negative epsilon", set(eps, Value::F32(-1.0)), "model-invalid"),
        ("base 0", set(base, Value::F32(0.0)), "model-invalid"),
        ("NaN base", set(base, Value::F32(f32::NAN)), "model-missing-key"),
        (
            "mamba",
            File::tiny().set("general.architecture", text("mamba")),
            "model-unsupported-architecture",
        ),
    ]);
    check(cases);
}

#[test]
fn vocabularies_that_contradict_themselves() {
    let tiny = File::tiny;
    let edit = |key: &str, change: fn(&mut Vec<Value>)| {
        tiny().edit(&format!("tokenizer.ggml.{key}"), change)
    };
    let drop_last = |values: &mut Vec<Value>| drop(values.pop());
    let template = |template: &str| tiny().set("tokenizer.chat_template", text(template));
    let endless = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}";
    check(vec![
        ("a token less", edit("tokens", drop_last).edit("tokenizer.ggml.token_type", drop_last), "model-invalid"),
        ("no tokens", edit("tokens", Vec::clear), "model-invalid"),
        ("tokens that are numbers", edit("tokens", |v| v.fill(Value::U32(1))), "model-missing-key"),
        ("a type less", edit("token_type", drop_last), "model-missing-key"),
        ("a merge without a space", edit("merges", |v| v[3] = text("ab")), "model-tokenizer"),
        ("a merge of unknown tokens", edit("merges", |v| v[3] = text("\u{1} \u{2}")), "model-tokenizer"),
        ("merges that are numbers", edit("merges", |v| v.fill(Value::U32(1))), "model-missing-key"),
        ("another kind", tiny().set("tokenizer.ggml.model", text("llama")), "model-tokenizer"),
        ("another splitting", tiny().set("tokenizer.ggml.pre", text("qwen2")), "model-tokenizer"),
        ("template: syntax", template("{% for"), "model-tokenizer"),
        ("template: refuses", template("{{ raise_exception('no') }}"), "model-tokenizer"),
        ("template: no message", template("Hello."), "model-tokenizer"),
        ("template: other message", template("{{ messages[5].content }}"), "model-tokenizer"),
        ("template: endless", template(endless), "model-tokenizer"),
        ("template: plain", template("{{ messages[0].content }}"), "ok"),
    ]);
}

/// Whatever the bytes are, the answer is an error or a model that runs.
#[test]
fn random_damage_never_panics() {
    let mut random = Random(40);
    let good = File::tiny().bytes();
    let header = File::tiny().header_len();
    let mut codes = std::collections::BTreeMap::<&str, usize>::new();
    for round in 0..3000 {
        let mut bytes = good.clone();
        for _ in 0..=random.below(3) {
            // Half of the time among the sizes and tensor entries, which most of a header is not.
            let range = if round % 2 == 0 { 0..header } else { header - 1300..header };
            let at = range.start + random.below(range.len());
            bytes[at] = match random.below(4) {
                0 => 0xff,
                1 => 0,
                2 => bytes[at] ^ (1 << random.below(8)),
                _ => random.next() as u8,
            };
        }
        let outcome = match load(&Cpu, Cursor::new(bytes)) {
            Ok(model) => {
                let mut session = Session::new(Cpu, model);
                logits(&mut session, &[5, 6, 7], 2);
                "ok"
            }
            Err(error) => error.code(),
        };
        *codes.entry(outcome).or_default() += 1;
    }
    println!("{codes:?}");
    // The damage reaches every layer of the checks, or this test shows nothing.
    assert!(codes.len() >= 5, "{codes:?}");
}

/// A file whose medium fails after so many bytes.
struct Failing(Cursor<Vec<u8>>, u64);

impl Read for Failing {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        match self.0.position() < self.1 {
            true => self.0.read(buf),
            false => Err(std::io::Error::other("the disk is gone")),
        }
    }
}

impl Seek for Failing {
    fn seek(&mut self, pos: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(pos)
    }
}

#[test]
fn a_reader_that_fails_is_the_hosts_failure() {
    // One buffer (256 KB) holds the whole file, so it fails at once or never; behind padding the
    // tensors are read later than the header.
    let error = load(&Cpu, Failing(Cursor::new(TINY.to_vec()), 0)).err().expect("nothing is read");
    assert_eq!(error.code(), "host-failed");
    assert!(error.to_string().contains("the disk is gone"), "{error}");
    let mut far = File::tiny().set("general.alignment", Value::U32(1 << 20));
    far.alignment = 1 << 20;
    assert_eq!(code(far.bytes()), "ok");
    let error = load(&Cpu, Failing(Cursor::new(far.bytes()), 1 << 19)).err().expect("no tensors");
    assert_eq!(error.code(), "host-failed");
}
