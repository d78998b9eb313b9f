//! Truncated, inconsistent or nonsense model files: each gives its error code, never a panic.

use std::io::Cursor;

use crate::common::gguf::{Failing, File, text};
use crate::common::random::Random;
use crate::common::{TINY, load, logits, streamed};
use candle_core::quantized::gguf_file::Value;
use precis::Error;
use precis::backend::cpu::Cpu;
use precis::lm::session::Session;

const INVALID: &str = "model-invalid";
const TRUNCATED: &str = "model-truncated";
const MISSING: &str = "model-missing-key";
const TOKENIZER: &str = "model-tokenizer";
const QUANT: &str = "model-unsupported-quant";
const UNSUPPORTED: &str = "model-unsupported-architecture";
const NOT_GGUF: &str = "model-not-gguf";

/// The error code of loading these bytes, or `ok`.
fn code(bytes: Vec<u8>) -> &'static str {
    match load(&Cpu::default(), Cursor::new(bytes)) {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

fn error(file: &File) -> Error {
    load(&Cpu::default(), Cursor::new(file.bytes())).err().expect("this file can't be loaded")
}

/// Checks each file's code, and lists all that differ.
#[track_caller]
fn check(cases: Vec<(&str, File, &str)>) {
    let wrong: Vec<String> = cases
        .into_iter()
        .filter_map(|(what, file, expected)| {
            let bytes = file.bytes();
            // Loaded as a file, and as a stream.
            let arriving = streamed(&bytes, bytes.len(), 10_000, true);
            let arriving = arriving.map_or_else(|error| error.code(), |_| "ok");
            let code = code(bytes);
            let right = code == expected && arriving == expected;
            (!right).then(|| format!("{what}: {code} and {arriving}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The cases below each change one thing in this file, so it must load.
#[test]
fn the_file_that_the_cases_are_made_of_is_good() {
    let session = |bytes: &[u8]| {
        let mut session = Session::new(
            Cpu::default(),
            load(&Cpu::default(), Cursor::new(bytes)).expect("a good file"),
        );
        logits(&mut session, &[7, 8, 9], 3)
    };
    let written = File::tiny().bytes();
    assert_eq!(session(&written), session(TINY));
    // Any version that candle reads, any alignment, and trailing bytes.
    let mut aligned = File::tiny().set("general.alignment", Value::U32(64));
    aligned.alignment = 64;
    assert_eq!(session(&aligned.bytes()), session(TINY));
    assert_eq!(session(&[&written[..], b"more"].concat()), session(TINY));
}

#[test]
fn beginnings() {
    for (bytes, expected) in [
        (&b""[..], TRUNCATED),
        (b"GGU", TRUNCATED),
        (b"GGUF", TRUNCATED),
        (b"GGUF\x03\0\0\0", TRUNCATED),
        (b"abc", NOT_GGUF),
        (b"<!DOCTYPE html><title>Not found</title>", NOT_GGUF),
        (b"FUGG\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", NOT_GGUF),
        // No keys, no tensors.
        (b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", MISSING),
        (b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0", INVALID),
        (b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f", INVALID),
        (b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0\0", TRUNCATED),
    ] {
        assert_eq!(code(bytes.to_vec()), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_truncated() {
    for length in (0..TINY.len()).step_by(997).chain([TINY.len() - 1]) {
        assert_eq!(code(TINY[..length].to_vec()), TRUNCATED, "{length} bytes");
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
        ("version 0", version(0), INVALID),
        ("version 4", version(4), INVALID),
        ("nested lists", file().set("deep", deep), INVALID),
        ("alignment 0", aligned("general.alignment", Value::U32(0)), INVALID),
        ("alignment 0 of 8 bits", aligned("general.alignment", Value::U8(0)), INVALID),
        ("alignment 0 with NUL", aligned("general.alignment\0", Value::U32(0)), INVALID),
        ("huge alignment", aligned("general.alignment", Value::U32(u32::MAX)), TRUNCATED),
    ]);
    // Lengths inside the header, at the first key and at its value.
    let bytes = file().bytes();
    let key_len = u64::from_le_bytes(bytes[24..32].try_into().expect("8 bytes")) as usize;
    for (at, value, expected) in [
        (24, u64::MAX, INVALID),
        (24, 1 << 40, INVALID),
        (24, 1 << 29, TRUNCATED),
        (32 + key_len + 4, u64::MAX, INVALID),
        (32 + key_len + 4, 1 << 29, TRUNCATED),
    ] {
        let mut bytes = bytes.clone();
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        assert_eq!(code(bytes), expected, "{value} at {at}");
    }
    let mut unknown_type = bytes;
    unknown_type[32 + key_len] = 99;
    assert_eq!(code(unknown_type), INVALID);
}

#[test]
fn tensors_that_lie() {
    let file =
        |name: &str, change: fn(&mut crate::common::gguf::Entry)| File::tiny().tensor(name, change);
    let (table, key, norm) = ("token_embd.weight", "blk.0.attn_k.weight", "output_norm.weight");
    check(vec![
        ("unknown format", file(key, |t| t.kind = 77), QUANT),
        ("Q3_K", file(key, |t| t.kind = 11), QUANT),
        ("half a block of Q6_K", file(key, |t| t.kind = 14), INVALID),
        ("a norm in Q4_1", file(norm, |t| t.kind = 3), INVALID),
        ("offset past the end", file(table, |t| t.offset = 1 << 40), TRUNCATED),
        ("offset near 2^64", file(table, |t| t.offset = u64::MAX - 31), INVALID),
        ("end past the end", file(norm, |t| t.offset += 32), TRUNCATED),
        ("no dimensions", file(norm, |t| t.dims.clear()), INVALID),
        ("three dimensions", file(key, |t| t.dims.push(1)), INVALID),
        ("five dimensions", file(key, |t| t.dims.extend([1, 1, 1])), INVALID),
        ("no rows", file(key, |t| t.dims[1] = 0), INVALID),
        ("no columns", file(key, |t| t.dims[0] = 0), INVALID),
        ("half a block", file(key, |t| t.dims[0] = 48), INVALID),
        ("too many rows", file(key, |t| t.dims[1] = 1 << 40), TRUNCATED),
        ("2^122 numbers", file(key, |t| t.dims = vec![1 << 62, 1 << 60]), INVALID),
        ("2^64 numbers", file(key, |t| t.dims = vec![1 << 32, 1 << 32]), TRUNCATED),
        ("2^64 - 1 columns", file(norm, |t| t.dims = vec![u64::MAX]), INVALID),
        ("transposed", file(key, |t| t.dims.reverse()), INVALID),
        ("a row too few", file(key, |t| t.dims[1] -= 1), INVALID),
        ("a norm too short", file(norm, |t| t.dims[0] -= 1), INVALID),
    ]);
}

/// What is computed with one such weight is no number, so the summary would be garbage.
#[test]
fn weights_that_are_no_numbers() {
    let with = |name: &str, number: &[u8]| {
        let mut file = File::tiny();
        let entry = file.tensors.iter().find(|tensor| tensor.name == name).expect("a tensor");
        let at = entry.offset as usize;
        file.data[at..at + number.len()].copy_from_slice(number);
        file
    };
    let (table, key, norm) = ("token_embd.weight", "blk.0.attn_k.weight", "output_norm.weight");
    // Scales of blocks are halves.
    let (infinite, none) = (0x7c00_u16.to_le_bytes(), 0xfe00_u16.to_le_bytes());
    check(vec![
        ("an infinite scale", with(key, &infinite), INVALID),
        ("a scale that is no number", with(table, &none), INVALID),
        ("an infinite norm", with(norm, &f32::NEG_INFINITY.to_le_bytes()), INVALID),
        ("a norm that is no number", with(norm, &f32::NAN.to_le_bytes()), INVALID),
        // The smallest number there is.
        ("a denormal norm", with(norm, &1_u32.to_le_bytes()), "ok"),
    ]);
}

#[test]
fn every_tensor_and_key_is_asked_for_by_name() {
    for tensor in File::tiny().tensors {
        let mut file = File::tiny();
        file.tensors.retain(|other| other.name != tensor.name);
        let error = error(&file);
        assert_eq!(error.code(), MISSING, "{}", tensor.name);
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
        "tokenizer.ggml.model",
        "tokenizer.ggml.pre",
        "tokenizer.ggml.tokens",
        "tokenizer.ggml.token_type",
        "tokenizer.ggml.merges",
    ] {
        for file in [File::tiny().without(key), File::tiny().set(key, Value::Bool(true))] {
            let error = error(&file);
            assert_eq!(error.code(), MISSING, "{key}");
            assert!(error.to_string().contains(key), "{error}");
        }
    }
    for optional in
        ["llama.rope.dimension_count", "llama.rope.freq_base", "tokenizer.chat_template"]
    {
        assert_eq!(code(File::tiny().without(optional).bytes()), "ok", "{optional}");
    }
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
        cases.push((key, size(key, 0), INVALID));
        cases.push((key, size(key, u32::MAX), INVALID));
    }
    let (eps, base) = ("attention.layer_norm_rms_epsilon", "rope.freq_base");
    cases.extend([
        ("-4 heads", set("attention.head_count", Value::I32(-4)), MISSING),
        ("3 heads", size("attention.head_count", 3), INVALID),
        ("3 key heads", size("attention.head_count_kv", 3), INVALID),
        ("8 key heads", size("attention.head_count_kv", 8), INVALID),
        ("64 heads", size("attention.head_count", 64), INVALID),
        ("wider", size("embedding_length", 96), INVALID),
        ("narrower inside", size("feed_forward_length", 64), INVALID),
        ("more layers", size("block_count", 3), MISSING),
        ("odd rotation", size("rope.dimension_count", 15), INVALID),
        ("rotation wider than a head", size("rope.dimension_count", 18), INVALID),
        ("NaN epsilon", set(eps, Value::F32(f32::NAN)), MISSING),
        ("infinite epsilon", set(eps, Value::F32(f32::INFINITY)), MISSING),
        ("negative epsilon", set(eps, Value::F32(-1.0)), INVALID),
        ("base 0", set(base, Value::F32(0.0)), INVALID),
        ("NaN base", set(base, Value::F32(f32::NAN)), MISSING),
        ("mamba", File::tiny().set("general.architecture", text("mamba")), UNSUPPORTED),
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
        (
            "a token less",
            edit("tokens", drop_last).edit("tokenizer.ggml.token_type", drop_last),
            TOKENIZER,
        ),
        ("no tokens", edit("tokens", Vec::clear), INVALID),
        ("tokens that are numbers", edit("tokens", |v| v.fill(Value::U32(1))), MISSING),
        ("a type less", edit("token_type", drop_last), MISSING),
        ("a merge without a space", edit("merges", |v| v[3] = text("ab")), TOKENIZER),
        ("a merge of unknown tokens", edit("merges", |v| v[3] = text("\u{1} \u{2}")), "ok"),
        ("a merge to no token", edit("merges", |v| v[3] = text("z q")), TOKENIZER),
        ("merges that are numbers", edit("merges", |v| v.fill(Value::U32(1))), MISSING),
        ("another kind", tiny().set("tokenizer.ggml.model", text("bert")), TOKENIZER),
        ("without scores", tiny().set("tokenizer.ggml.model", text("llama")), MISSING),
        ("another splitting", tiny().set("tokenizer.ggml.pre", text("falcon")), TOKENIZER),
        (
            "a template that is none",
            tiny().set("tokenizer.chat_template", Value::Bool(true)),
            MISSING,
        ),
        ("template: syntax", template("{% for"), TOKENIZER),
        ("template: refuses", template("{{ raise_exception('no') }}"), TOKENIZER),
        ("template: no message", template("Hello."), TOKENIZER),
        ("template: other message", template("{{ messages[5].content }}"), TOKENIZER),
        ("template: endless", template(endless), TOKENIZER),
        ("template: plain", template("{{ messages[0].content }}"), "ok"),
    ]);
}

/// Metadata of other architectures beyond llama's.
#[test]
fn windows_and_scaling_that_make_no_sense() {
    let gemma = || File::read(&crate::common::fixture("tiny-gemma3.gguf"));
    let set = |key: &str, value| gemma().set(&format!("gemma3.{key}"), value);
    let (window, period) = ("attention.sliding_window", "attention.sliding_window_pattern");
    let scaled = |kind: &str, factor| {
        set("rope.scaling.type", text(kind)).set("gemma3.rope.scaling.factor", Value::F32(factor))
    };
    check(vec![
        ("as it is", gemma(), "ok"),
        ("no window", gemma().without("gemma3.attention.sliding_window"), MISSING),
        ("a window of nothing", set(window, Value::U32(0)), INVALID),
        ("a window of everything", set(window, Value::U32(u32::MAX)), INVALID),
        ("every layer sees everything", set(period, Value::U32(1)), "ok"),
        ("no layer at all does", set(period, Value::U32(0)), INVALID),
        ("base 0", set("rope.freq_base_swa", Value::F32(0.0)), INVALID),
        ("linear", scaled("linear", 8.0), "ok"),
        ("by nothing", scaled("linear", 0.0), INVALID),
        ("by no number", scaled("linear", f32::NAN), MISSING),
        ("of another kind", scaled("longrope", 8.0), UNSUPPORTED),
        (
            "a byte that is none",
            gemma().edit("tokenizer.ggml.tokens", |tokens| {
                let byte =
                    tokens.iter_mut().find(|t| matches!(t, Value::String(s) if s == "<0x41>"));
                *byte.expect("a token for each byte") = text("<0x4G>");
            }),
            TOKENIZER,
        ),
        (
            "scores that are words",
            gemma().edit("tokenizer.ggml.scores", |scores| scores.fill(text("high"))),
            MISSING,
        ),
    ]);
}

/// Any bytes give an error or a model that runs.
#[test]
fn random_damage_never_panics() {
    let mut random = Random(40);
    let good = File::tiny().bytes();
    let header = File::tiny().header_len();
    let mut codes = std::collections::BTreeMap::<&str, usize>::new();
    for round in 0..3000 {
        let mut bytes = good.clone();
        for _ in 0..=random.below(3) {
            // Half of the time in the sizes and tensor entries, a small part of the header.
            let range = if round % 2 == 0 { 0..header } else { header - 1300..header };
            let at = range.start + random.below(range.len());
            bytes[at] = match random.below(4) {
                0 => 0xff,
                1 => 0,
                2 => bytes[at] ^ (1 << random.below(8)),
                _ => random.next() as u8,
            };
        }
        // A stream gives the same codes, and rejects some more files.
        let arriving = streamed(&bytes, bytes.len(), 100_000, true).map_err(|error| error.code());
        let outcome = match load(&Cpu::default(), Cursor::new(bytes)) {
            Ok(model) => {
                assert!(matches!(arriving, Ok(_) | Err(INVALID | QUANT | TRUNCATED)));
                let mut session = Session::new(Cpu::default(), model);
                logits(&mut session, &[5, 6, 7], 2);
                "ok"
            }
            Err(error) => error.code(),
        };
        *codes.entry(outcome).or_default() += 1;
    }
    println!("{codes:?}");
    // The damage must reach every layer of checks.
    assert!(codes.len() >= 5, "{codes:?}");
}

#[test]
fn a_reader_that_fails_is_the_hosts_failure() {
    // One buffer (256 KB) holds the whole file, so it fails at once or never; with padding, tensors
    // are read later than the header.
    let error = load(&Cpu::default(), Failing(Cursor::new(TINY.to_vec()), 0))
        .err()
        .expect("nothing is read");
    assert_eq!(error.code(), "host-failed");
    assert!(error.to_string().contains("the disk is gone"), "{error}");
    let mut far = File::tiny().set("general.alignment", Value::U32(1 << 20));
    far.alignment = 1 << 20;
    assert_eq!(code(far.bytes()), "ok");
    let error = load(&Cpu::default(), Failing(Cursor::new(far.bytes()), 1 << 19))
        .err()
        .expect("no tensors");
    assert_eq!(error.code(), "host-failed");
}
