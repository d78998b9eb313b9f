//! Inspection of a file from its first bytes.

use crate::common::gguf::File;
use candle_core::quantized::gguf_file::Value;
use precis::lm::model::inspect;
use precis::{Error, Result};

/// Result of inspecting the first `length` bytes of a file of `size` bytes: the architecture,
/// "more", or an error code.
fn said(bytes: &[u8], length: usize, size: usize) -> String {
    match inspect(&bytes[..length], size as u64) {
        Ok(Some(found)) => found.architecture,
        Ok(None) => "more".into(),
        Err(error) => error.code().into(),
    }
}

#[test]
fn a_header_is_enough_and_less_is_not() -> Result<()> {
    let bytes = crate::common::TINY;
    let whole = inspect(bytes, bytes.len() as u64)?.expect("all of it is there");
    assert_eq!((whole.architecture.as_str(), whole.context), ("llama", 512));
    assert!(whole.has_chat_template);
    assert_eq!(whole.parameters, crate::common::tiny().parameters);
    // Four bytes suffice to tell whether it is a model.
    let end = (4..bytes.len())
        .find(|length| said(bytes, *length, bytes.len()) != "more")
        .expect("the header ends");
    assert!(end < bytes.len() / 2, "the header is most of the file");
    assert_eq!(inspect(&bytes[..end], bytes.len() as u64)?, Some(whole));
    Ok(())
}

#[test]
fn what_cannot_be_used_is_named() {
    let mut file = File::tiny();
    let last = file.tensors.len() - 1;
    file.tensors[last].kind = 15;
    let name = file.tensors[last].name.clone();
    let bytes = file.bytes();
    let Err(Error::ModelUnsupportedQuant { tensor, quant, .. }) =
        inspect(&bytes, bytes.len() as u64)
    else {
        panic!("a format for activations passed for one of weights");
    };
    assert_eq!((tensor, quant.as_str()), (name, "Q8K"));
    let text = |text: &str| Value::String(text.into());
    for (key, value, code) in [
        ("general.architecture", "mamba", "model-unsupported-architecture"),
        ("tokenizer.ggml.model", "bert", "model-tokenizer"),
    ] {
        let bytes = File::tiny().set(key, text(value)).bytes();
        assert_eq!(said(&bytes, bytes.len(), bytes.len()), code, "{key}");
    }
}

/// Distinguishes a file truncated after its header from one that needs more bytes.
#[test]
fn a_file_that_ends_too_early_is_truncated() {
    let bytes = crate::common::TINY;
    assert_eq!(said(bytes, bytes.len() - 1, bytes.len() - 1), "model-truncated");
    assert_eq!(said(bytes, 1000, 1000), "model-truncated");
    assert_eq!(said(bytes, 0, 0), "model-truncated");
    assert_eq!(said(b"none of it is GGUF, nowhere.", 28, 1 << 30), "model-not-gguf");
}
