use candle_core::quantized::QTensor;
use candle_core::quantized::ggml_file::qtensor_from_ggml;
use candle_core::{Device, Tensor};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::random::Random;
use crate::tolerance::{PACKED_EIGHT, PACKED_SCALES, Tolerance};

/// Candle's names of our formats.
const DTYPES: [GgmlDType; 11] = [
    GgmlDType::F32,
    GgmlDType::F16,
    GgmlDType::BF16,
    GgmlDType::Q4_0,
    GgmlDType::Q4_1,
    GgmlDType::Q5_0,
    GgmlDType::Q5_1,
    GgmlDType::Q8_0,
    GgmlDType::Q4K,
    GgmlDType::Q5K,
    GgmlDType::Q6K,
];

/// Rows of roughly normally distributed weights, from [-3, 3].
fn normal(random: &mut Random, count: usize) -> Vec<f32> {
    (0..count).map(|_| (0..9).map(|_| random.signed()).sum::<f32>() / 3.0).collect()
}

fn quantized(weights: &[f32], dtype: GgmlDType) -> Vec<u8> {
    let tensor = Tensor::from_slice(weights, (1, weights.len()), &Device::Cpu).expect("tensor");
    let quantized = QTensor::quantize(&tensor, dtype).expect("quantize");
    quantized.data().expect("bytes").to_vec()
}

fn ours(quant: QuantType, bytes: &[u8]) -> Vec<f32> {
    let mut out = vec![0.0; bytes.len() / quant.block_bytes() * quant.block_weights()];
    quant.decode(bytes, &mut out);
    out
}

fn candles(dtype: GgmlDType, bytes: &[u8], count: usize) -> Vec<f32> {
    let tensor = qtensor_from_ggml(dtype, bytes, vec![1, count], &Device::Cpu).expect("tensor");
    tensor
        .dequantize(&Device::Cpu)
        .and_then(|tensor| tensor.flatten_all())
        .and_then(|tensor| tensor.to_vec1())
        .expect("dequantize")
}

/// Bit patterns, with all NaNs equal.
fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn every_format_is_candles() {
    assert_eq!(DTYPES.map(QuantType::from_ggml), QuantType::ALL.map(Some));
    for (dtype, quant) in DTYPES.into_iter().zip(QuantType::ALL) {
        assert_eq!(dtype.block_size(), quant.block_weights(), "{quant:?}");
        assert_eq!(dtype.type_size(), quant.block_bytes(), "{quant:?}");
        assert_eq!(format!("{dtype:?}").replace('_', ""), quant.name().replace('_', ""));
    }
    assert_eq!(QuantType::from_ggml(GgmlDType::Q3K), None);
}

/// Decoding equals candle's, bit for bit, on weights quantized by candle and on random bytes.
#[wasm_bindgen_test(unsupported = test)]
fn decode_is_candles() {
    let mut random = Random(8);
    for (dtype, quant) in DTYPES.into_iter().zip(QuantType::ALL) {
        let made = quantized(&normal(&mut random, 4096), dtype);
        assert_eq!(quant.bytes(4096), Some(made.len()));
        let any: Vec<u8> = (0..made.len()).map(|_| random.next() as u8).collect();
        for bytes in [&made, &any] {
            let (got, want) = (ours(quant, bytes), candles(dtype, bytes, 4096));
            let wrong = bits(&got).into_iter().zip(bits(&want)).position(|(got, want)| got != want);
            assert_eq!(wrong, None, "{quant:?}");
        }
        // Any wrong bit is detected.
        let mut wrong = made.clone();
        wrong[random.below(made.len())] ^= 1 << random.below(8);
        assert!(bits(&ours(quant, &wrong)) != bits(&ours(quant, &made)), "{quant:?}");
    }
}

/// Packed blocks equal the decoded weights, within the tolerance of the format.
#[wasm_bindgen_test(unsupported = test)]
fn blocks_are_what_is_decoded() {
    const EXACT: [QuantType; 5] =
        [QuantType::Q4_0, QuantType::Q4_1, QuantType::Q5_0, QuantType::Q5_1, QuantType::Q8_0];
    let mut random = Random(9);
    for (dtype, quant) in DTYPES.into_iter().zip(QuantType::ALL) {
        let bytes = quantized(&normal(&mut random, 16_384), dtype);
        let want = ours(quant, &bytes);
        let (mut packed, mut next) = (Vec::new(), 0);
        quant.split(&bytes, |i, block| {
            assert_eq!(i, next);
            next += 1;
            let range = match quant.bits() {
                Bits::Four => 0..=15,
                Bits::Five => 0..=31,
                Bits::Eight => -128..=127,
            };
            assert!(block.ints.iter().all(|int| range.contains(int)), "{quant:?}");
            assert!(quant.has_min() || block.min == half::f16::ZERO, "{quant:?}");
            let (scale, min) = (block.scale.to_f32(), block.min.to_f32());
            packed.extend(block.ints.map(|int| scale * f32::from(int) + min));
        });
        if EXACT.contains(&quant) {
            assert_eq!(packed, want, "{quant:?}");
            continue;
        }
        let tolerance: Tolerance = match quant {
            QuantType::Q4K | QuantType::Q5K => PACKED_SCALES,
            _ => PACKED_EIGHT,
        };
        let mut want: Vec<f64> = want.into_iter().map(f64::from).collect();
        tolerance.check(&packed, &want, quant.name());
        // Planted error: two neighbours swapped in every block of 32.
        want.chunks_mut(BLOCK).for_each(|block| block.swap(3, 4));
        tolerance.catches(&packed, &want, quant.name());
    }
}

/// Floats far above and below the range of half-precision scales, and NaN.
#[wasm_bindgen_test(unsupported = test)]
fn floats_of_any_size_make_blocks() {
    for (weight, relative) in [(1e-3, 5e-3), (1e-5, 1e-2), (5e6, 5e-3)] {
        let weights: Vec<u8> =
            (0..32i16).flat_map(|i| (weight * f32::from(i - 16) / 16.0).to_le_bytes()).collect();
        QuantType::F32.split(&weights, |_, block| {
            for (i, int) in (-16i16..).zip(block.ints) {
                let got = block.scale.to_f32() * f32::from(int);
                let want = weight * f32::from(i) / 16.0;
                assert!((got - want).abs() <= relative * weight, "{got} for {want}");
            }
        });
    }
    for weight in [f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE, 0.0] {
        let mut blocks = 0;
        QuantType::F32.split(&weight.to_le_bytes().repeat(64), |_, block| {
            blocks += 1;
            // The scales of these are out of the range of half precision.
            assert_eq!(block.is_finite(), weight.abs() < 1e6, "{weight}");
        });
        assert_eq!(blocks, 2);
    }
}

/// At least 5% less error than candle's encoder, which spans the block; our decoder for both.
#[wasm_bindgen_test(unsupported = test)]
fn encoding_loses_little() {
    let mut random = Random(7);
    let mut errors = [0.0; 2];
    for case in 0..64 {
        let weights: [f32; BLOCK] = [(); BLOCK].map(|()| random.signed().powi(3) - 0.1);
        let weights = if case == 0 { [0.25; BLOCK] } else { weights };
        let theirs = quantized(&weights, GgmlDType::Q4_1);
        for (error, bytes) in errors.iter_mut().zip([&encode_q4_1(&weights)[..], &theirs]) {
            let mut decoded = [0.0; BLOCK];
            QuantType::Q4_1.decode(bytes, &mut decoded);
            let distance = weights.iter().zip(decoded).map(|(w, d)| (w - d).powi(2));
            *error += distance.sum::<f32>();
        }
    }
    assert!(errors[0] < 0.95 * errors[1], "{errors:?}");
    assert!(errors[0] > 0.5 * errors[1], "{errors:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn sizes() {
    assert_eq!(QuantType::Q4_1.bytes(64), Some(40));
    assert_eq!(QuantType::Q4_1.bytes(33), None);
    assert_eq!(QuantType::Q6K.bytes(512), Some(420));
    assert_eq!(QuantType::Q6K.bytes(32), None);
    assert_eq!(QuantType::F32.bytes(usize::MAX), None);
    let code = |quant: QuantType, cols| quant.check_columns(cols).map_err(|error| error.code());
    assert_eq!(code(QuantType::F32, 96), Ok(()));
    assert_eq!(code(QuantType::F32, 48), Err("model-invalid"));
    assert_eq!(code(QuantType::Q4K, 96), Err("model-invalid"));
}
