//! Refuses files that ask for something the engine does not compute: no tensor and no setting of a
//! file is ignored, because the model would then write nonsense without an error.

use std::io::{Read, Seek};

use candle_core::quantized::gguf_file::Value;

use super::{Architecture, Config, FINAL_NORM, ROPE_FACTORS};
use crate::error::{Error, Result};
use crate::lm::gguf::Gguf;

/// Settings that the engine honours, without the architecture's name before them.
const HONOURED: [&str; 16] = [
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.layer_norm_rms_epsilon",
    "attention.sliding_window",
    "attention.sliding_window_pattern",
    "attention.value_length",
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "rope.dimension_count",
    "rope.freq_base",
    "rope.freq_base_swa",
    "rope.scaling.factor",
    "rope.scaling.type",
];

/// Settings that change nothing of what is computed within the trained context.
const WITHOUT_EFFECT: [&str; 5] = [
    "rope.scaling.finetuned",
    "rope.scaling.original_context_length",
    "tensor_data_layout",
    "vocab_size",
    "mm.tokens_per_image",
];

/// Settings of other models, which some conversions write with the value that turns them off.
const OFF: [(&str, f64); 9] = [
    ("attn_logit_softcapping", 0.0),
    ("attention.causal", 1.0),
    ("attention.scale", 0.0),
    ("expert_count", 0.0),
    ("expert_used_count", 0.0),
    ("final_logit_softcapping", 0.0),
    ("logit_scale", 1.0),
    ("pooling_type", 0.0),
    ("rope.scale_linear", 1.0),
];

/// Checks every tensor and every setting of the architecture.
///
/// # Errors
/// `model-unsupported-architecture`, with the tensor's or setting's name.
pub fn check<R: Read + Seek>(gguf: &Gguf<R>, config: &Config) -> Result<()> {
    let mut settings: Vec<_> = gguf.metadata().collect();
    settings.sort_by_key(|(key, _)| *key);
    let prefix = format!("{}.", config.architecture.name());
    let windowed = config.architecture == Architecture::Gemma3;
    for (key, value) in settings {
        let Some(name) = key.strip_prefix(&prefix) else { continue };
        let off = OFF.iter().find(|(off, _)| *off == name).map(|(_, off)| *off);
        let known = HONOURED.contains(&name) || WITHOUT_EFFECT.contains(&name);
        let sliding = name.contains("sliding_window") || name.ends_with("_swa");
        if name == "pooling_type" && number(value) != off {
            let reason = "it makes embeddings and does not write text: choose a model for chats";
            return Err(unsupported(reason.into()));
        }
        if (known && (windowed || !sliding)) || (off.is_some() && number(value) == off) {
            continue;
        }
        // Qwen2's conversions name a window that the model does not use.
        if sliding && number(value) == Some(0.0) {
            continue;
        }
        return Err(unsupported(format!("its setting {key} is unknown: choose another model")));
    }
    let mut names: Vec<_> = gguf.tensor_names().collect();
    names.sort();
    match names.into_iter().find(|name| !is_used(config, name)) {
        Some(name) => {
            Err(unsupported(format!("its tensor {name:?} is unknown: choose another model")))
        }
        None => Ok(()),
    }
}

/// Whether the forward pass reads this tensor.
fn is_used(config: &Config, name: &str) -> bool {
    let whole = ["token_embd.weight", "output.weight", FINAL_NORM];
    if whole.contains(&name) || name == ROPE_FACTORS && config.architecture == Architecture::Llama {
        return true;
    }
    let Some((layer, part)) = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    let matrices = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];
    let norms = ["attn_norm", "ffn_norm"];
    let part_is_used = match part.rsplit_once('.') {
        Some(("attn_q" | "attn_k" | "attn_v", "bias")) => config.biases,
        Some(("attn_q_norm" | "attn_k_norm", "weight")) => config.head_norms,
        Some(("post_attention_norm" | "post_ffw_norm", "weight")) => {
            config.architecture == Architecture::Gemma3
        }
        Some((part, "weight")) => matrices.contains(&part) || norms.contains(&part),
        _ => false,
    };
    part_is_used && layer.parse::<usize>().is_ok_and(|layer| layer < config.layers())
}

/// A number or truth value.
fn number(value: &Value) -> Option<f64> {
    Some(match value {
        Value::U8(n) => f64::from(*n),
        Value::I8(n) => f64::from(*n),
        Value::U16(n) => f64::from(*n),
        Value::I16(n) => f64::from(*n),
        Value::U32(n) => f64::from(*n),
        Value::I32(n) => f64::from(*n),
        Value::U64(n) => *n as f64,
        Value::I64(n) => *n as f64,
        Value::F32(n) => f64::from(*n),
        Value::F64(n) => *n,
        Value::Bool(on) => f64::from(u8::from(*on)),
        Value::String(_) | Value::Array(_) => return None,
    })
}

fn unsupported(reason: String) -> Error {
    Error::ModelUnsupported { reason }
}
