//! Models whose files arrive in pieces, and the cost of a narrow embedding.

use std::io::Cursor;

use crate::common::gguf::File;
use crate::common::golden::{self, Golden};
use crate::common::random::Random;
use crate::common::tolerance::{NARROW_EMBEDDING, Tolerance};
use crate::common::{load, streamed};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use precis::backend::cpu::Cpu;
use precis::lm::model::{Model, ModelStream};
use precis::lm::session::Session;
use precis::{Error, Result};

fn code(outcome: Result<Model<Cpu>>) -> &'static str {
    outcome.err().map_or("no error", |error| error.code())
}

/// However the file is cut, the model equals the one loaded from a file.
#[test]
fn pieces_make_the_same_model() {
    let ids: Vec<u32> = (0..40).map(|i| 3 + 7 * i % 200).collect();
    let mut session = Session::new(Cpu::default(), crate::common::tiny());
    let want = crate::common::logits(&mut session, &ids, 16);
    for piece in [1, 4093, crate::common::TINY.len()] {
        let model = streamed(crate::common::TINY, crate::common::TINY.len(), piece, false)
            .expect("a model");
        let whole = session.model();
        assert_eq!(model.config, whole.config);
        assert_eq!((model.parameters, model.linear_macs), (whole.parameters, whole.linear_macs));
        assert_eq!((model.quant, model.file_bytes), (whole.quant, whole.file_bytes));
        assert_eq!(model.fingerprint, whole.fingerprint);
        let got = crate::common::logits(&mut Session::new(Cpu::default(), model), &ids, 16);
        assert_eq!(got, want, "in pieces of {piece}");
    }
}

/// A key matrix in every format that allows the tiny model's width, at the end of the file.
#[test]
fn every_format_is_the_same_in_pieces() {
    let mut random = Random(60);
    let ids: Vec<u32> = (0..40).map(|i| 3 + 7 * i % 200).collect();
    let mut all = Vec::new();
    for (kind, dtype) in [
        (0, GgmlDType::F32),
        (1, GgmlDType::F16),
        (30, GgmlDType::BF16),
        (2, GgmlDType::Q4_0),
        (6, GgmlDType::Q5_0),
        (7, GgmlDType::Q5_1),
        (8, GgmlDType::Q8_0),
    ] {
        let mut file = File::tiny();
        let offset = file.data.len().next_multiple_of(file.alignment);
        let mut weights = 0;
        file = file.tensor("blk.0.attn_k.weight", |tensor| {
            weights = tensor.dims.iter().product::<u64>() as usize;
            (tensor.kind, tensor.offset) = (kind, offset as u64);
        });
        let matrix = Tensor::from_vec(random.signed_vec(weights), (weights / 64, 64), &Device::Cpu);
        let matrix = QTensor::quantize(&matrix.expect("a matrix"), dtype).expect("quantized");
        file.data.resize(offset, 0);
        file.data.extend_from_slice(&matrix.data().expect("bytes"));
        let bytes = file.bytes();
        let model = load(&Cpu::default(), Cursor::new(&bytes)).expect("a good file");
        let whole = crate::common::logits(&mut Session::new(Cpu::default(), model), &ids, 16);
        let model = streamed(&bytes, bytes.len(), 4093, false).expect("a good file");
        let pieces = crate::common::logits(&mut Session::new(Cpu::default(), model), &ids, 16);
        assert!(whole.iter().all(|logit| logit.is_finite()), "{dtype:?}");
        assert_eq!(pieces, whole, "{dtype:?}");
        assert!(!all.contains(&whole), "{dtype:?}: the matrix makes no difference");
        all.push(whole);
    }
}

#[test]
fn what_is_no_model_is_refused() {
    let size = crate::common::TINY.len();
    for end in [0, 3, 20, 1000, size / 2, size - 1] {
        let cut = &crate::common::TINY[..end];
        assert_eq!(code(streamed(cut, size, 4096, true)), "model-truncated", "{end} of {size}");
        let short = code(streamed(cut, end, 4096, true));
        let not_gguf = end < 4 && !b"GGUF".starts_with(cut);
        assert_eq!(short, if not_gguf { "model-not-gguf" } else { "model-truncated" }, "{end}");
    }
    assert_eq!(code(streamed(crate::common::TINY, size - 1, 4096, true)), "model-invalid");
    assert_eq!(code(streamed(&[7; 100_000], 100_000, 4096, true)), "model-not-gguf");

    // Two tensors in one place, which is possible in a file with random access.
    let mut file = File::tiny();
    file.tensors.sort_by_key(|tensor| tensor.offset);
    file.tensors[1].offset = file.tensors[0].offset;
    let bytes = file.bytes();
    assert_eq!(code(streamed(&bytes, bytes.len(), 4096, true)), "model-invalid");

    let mut stream = ModelStream::new(Cpu::default(), size as u64, true);
    stream.push(crate::common::TINY).expect("the fixture loads");
    let Err(Error::ModelInvalid { reason }) = stream.finish(Some("00")) else {
        panic!("another hash is refused")
    };
    assert!(reason.contains(&golden::sha256(crate::common::TINY)), "{reason}");
}

/// The embedding is also the head, so rounding it to 4 bits costs twice. Over many positions, as in
/// the test of other rounding.
#[test]
fn a_narrow_embedding_costs_little() {
    const PIECES: usize = 60;
    const PIECE: usize = 32;
    const SAMPLED: usize = 24;
    let file = std::fs::read(crate::common::REAL).expect("`cargo xtask model fetch` brings it");
    let model = streamed(&file, file.len(), 1 << 20, true).expect("the real model");
    drop(file);
    let article = model.tokenizer.encode(&crate::common::text("article.md")).expect("plain text");
    let json = crate::common::text("golden.json");
    let record: Golden = golden::parse(&json);
    let mut session = Session::new(Cpu::default(), model);
    let Tolerance { metric, bound, reason, .. } = NARROW_EMBEDDING;

    let ids = record.prompts[2].ids(&article);
    let recorded = golden::halves(&crate::common::fixture("article-pieces-exact.logits.f16"));
    let recorded = recorded.chunks_exact(recorded.len() / PIECES);
    let mut distances: Vec<f64> = (ids.chunks(PIECE).take(PIECES).zip(recorded))
        .map(|(piece, recorded)| {
            let logits = crate::common::logits(&mut session, piece, PIECE);
            let sampled: Vec<f32> = logits.into_iter().step_by(SAMPLED).collect();
            NARROW_EMBEDDING.distance(&sampled, recorded)
        })
        .collect();
    distances.sort_by(f64::total_cmp);
    let (median, largest) = (distances[PIECES / 2], distances[PIECES - 1]);
    println!("{metric:?}: median {median:.2e}, largest {largest:.2e}");
    assert!(median <= bound, "{median:.2e}: {reason}");

    // How often the best token stays the best, here and with the file's own embedding.
    let file = Session::new(Cpu::default(), crate::common::real(&Cpu::default()));
    let [narrow, wide] = [session, file].map(|mut session| {
        let mut same = 0;
        for prompt in &record.prompts {
            session.truncate(0);
            let mut logits = crate::common::logits(&mut session, &prompt.ids(&article), 256);
            for id in &prompt.exact.greedy {
                same += usize::from(precis::backend::scores::best(&logits) == *id);
                logits =
                    crate::common::now(session.decode(*id)).expect("a token of the vocabulary");
            }
        }
        same
    });
    let steps: usize = record.prompts.iter().map(|prompt| prompt.exact.greedy.len()).sum();
    println!("of {steps} greedy tokens without rounding {narrow} are the same, {wide} otherwise");
    assert!(3 * narrow > 2 * steps, "{narrow} of {steps}");
}
