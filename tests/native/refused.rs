//! Model files that would load in another engine and be computed wrongly here: each is refused by name.

use std::io::Cursor;

use crate::common::gguf::{File, text};
use crate::common::load;
use candle_core::quantized::gguf_file::Value;
use precis::backend::cpu::Cpu;
use precis::lm::tokenizer::Tokenizer;
use precis::{Error, Result};

const UNSUPPORTED: &str = "model-unsupported-architecture";

/// The tokenizer of a file that loads.
fn loaded(file: &File) -> Result<Tokenizer> {
    Ok(load(&Cpu::default(), Cursor::new(file.bytes()))?.tokenizer)
}

fn error(file: &File) -> Error {
    loaded(file).err().expect("this file can't be loaded")
}

/// Without a refusal the model would write nonsense.
#[test]
fn what_would_be_computed_wrongly_is_refused_by_name() {
    let set = |key: &str, value| File::tiny().set(key, value);
    let yes = Value::Bool(true);
    let with_tensor = |name: &str| {
        let mut file = File::tiny();
        let mut norm =
            file.tensors.iter().find(|t| t.name == "output_norm.weight").expect("one").clone();
        norm.name = name.into();
        file.tensors.push(norm);
        file
    };
    for (named, file) in [
        ("blk.0.attn_output.bias", with_tensor("blk.0.attn_output.bias")),
        ("blk.1.ffn_up.bias", with_tensor("blk.1.ffn_up.bias")),
        ("blk.0.attn_q_norm.bias", with_tensor("blk.0.attn_q_norm.bias")),
        ("blk.2.attn_norm.weight", with_tensor("blk.2.attn_norm.weight")),
        ("blk.0.post_attention_norm.weight", with_tensor("blk.0.post_attention_norm.weight")),
        ("output.bias", with_tensor("output.bias")),
        ("llama.expert_count", set("llama.expert_count", Value::U32(8))),
        ("llama.attention.causal", set("llama.attention.causal", Value::Bool(false))),
        ("llama.final_logit_softcapping", set("llama.final_logit_softcapping", Value::F32(30.0))),
        ("llama.attention.sliding_window", set("llama.attention.sliding_window", Value::U32(64))),
        ("llama.attention.temperature", set("llama.attention.temperature", yes.clone())),
        ("keys and values", set("llama.attention.value_length", Value::U32(8))),
        ("embeddings", set("llama.pooling_type", Value::U32(1))),
        ("yarn", set("llama.rope.scaling.type", text("yarn"))),
        ("part 1 of 3", set("split.count", Value::U16(3)).set("split.no", Value::U16(0))),
    ] {
        let error = error(&file);
        assert_eq!(error.code(), UNSUPPORTED, "{error}");
        assert!(error.to_string().contains(named), "{error}");
        assert!(!error.to_string().contains("ownload it again"), "{error}");
    }
    let mut big_endian = File::tiny().bytes();
    big_endian[4..8].reverse();
    let refused = load(&Cpu::default(), Cursor::new(big_endian)).err();
    assert_eq!(refused.map(|error| error.code()), Some(UNSUPPORTED));
    let mut twice = File::tiny();
    twice.tensors.push(twice.tensors[0].clone());
    let mut key_twice = File::tiny();
    key_twice.metadata.push(key_twice.metadata[0].clone());
    for file in [twice, key_twice] {
        assert_eq!(error(&file).code(), "model-invalid");
    }
    for file in [
        set("llama.expert_count", Value::U32(0)).set("llama.pooling_type", Value::U32(0)),
        set("split.count", Value::U16(1)),
        // Keys of other programs.
        set("quantize.imatrix.file", text("a")).set("other.scale", Value::F32(2.0)),
    ] {
        loaded(&file).expect("nothing of it is on");
    }
}

/// Some files mark the tokens of their template as words, which are found in any text.
#[test]
fn a_document_never_ends_its_own_turn() {
    let marks = |file: &File| {
        let tokenizer = loaded(file).expect("a good file");
        let ids = |text: &str| tokenizer.encode(text).expect("plain text");
        (ids("<|im_start|>").len(), tokenizer.chat("a").expect("a template").len())
    };
    let file = File::tiny();
    let tokens = file.metadata.iter().find_map(|(key, value)| match value {
        Value::Array(tokens) if key == "tokenizer.ggml.tokens" => Some(tokens),
        _ => None,
    });
    let is_mark = |token: &Value| matches!(token, Value::String(s) if s == "<|im_start|>");
    let at = tokens.and_then(|tokens| tokens.iter().position(is_mark)).expect("a chat's token");
    let word = file.clone().edit("tokenizer.ggml.token_type", |types| types[at] = Value::I32(4));
    assert_eq!(marks(&word), marks(&file));
    assert!(marks(&word).0 > 1, "the mark is spelled out");
    let without = word.set("tokenizer.chat_template", text("{{ messages[0].content }}"));
    assert_eq!(marks(&without).0, 1, "a word that no template has is found whole");
}

#[test]
fn a_template_that_thinks_ends_its_thoughts() {
    let template = |end: &str| {
        let template = format!("<|im_start|>user\n{{{{ messages[0].content }}}}<|im_end|>\n{end}");
        let file = File::tiny().set("tokenizer.chat_template", text(&template));
        loaded(&file).expect("a good file")
    };
    let open = template("<think>\n");
    // A template's last line end is not part of it.
    assert_eq!(open.chat("a"), template("<think>\n\n</think>\n\n\n").chat("a"));
    assert_ne!(open.chat("a"), template("").chat("a"));
}
