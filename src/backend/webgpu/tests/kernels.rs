//! Products, norms, activations, embedding and token selection.

use super::on_a_gpu;

on_a_gpu! {
    products_are_sums
    products_of_parts_are_those_of_the_whole
    rms_norm_is_its_formula
    swiglu_is_its_formula
    geglu_is_its_formula
    biases_and_factors
    embedding_is_the_tables_rows
    adding_and_the_last_row
    the_best_is_the_first_of_the_largest
    buffers_are_used_again
    numbers_come_in_their_turn
    failures_are_seen
}

mod cases {
    use crate::backend::Backend;
    use crate::backend::stored::Stored;
    use crate::backend::webgpu::tests::open;
    use crate::backend::webgpu::{Products, Restrictions};
    use crate::quant::QuantType;
    use crate::random::Random;
    use crate::tolerance::{GPU_HALF_MATMUL, GPU_MATMUL, GPU_SWIGLU, RMS_NORM};

    /// One format for each packed block layout.
    const FORMS: [QuantType; 4] =
        [QuantType::Q4_1, QuantType::Q5_1, QuantType::Q8_0, QuantType::Q6K];

    /// Row counts around the limits of shaders and tiles; inputs and outputs off the tile size.
    const SHAPES: [[usize; 3]; 8] = [
        [1, 32, 5],
        [1, 576, 200],
        [4, 96, 64],
        [5, 96, 65],
        [63, 64, 33],
        [64, 288, 64],
        [65, 32, 130],
        [130, 576, 192],
    ];

    fn doubles(x: &[f32]) -> Vec<f64> {
        x.iter().map(|x| f64::from(*x)).collect()
    }

    /// Random numbers, some a hundred times larger than the rest, as in real models.
    fn activations(random: &mut Random, count: usize) -> Vec<f32> {
        let mut x = random.signed_vec(count);
        for _ in 0..count.div_ceil(50) {
            x[random.below(count)] *= 100.0;
        }
        x
    }

    /// Rounds every block of 32 in steps of its largest magnitude ÷ 127.
    fn rounded(x: &[f32]) -> Vec<f32> {
        let block = |block: &[f32]| {
            let largest = block.iter().fold(0.0f32, |m, x| m.max(x.abs()));
            let inverse = 127.0 / largest.max(1e-30);
            let step = |x: &f32| (x * inverse).round_ties_even() * (largest / 127.0);
            block.iter().map(step).collect::<Vec<_>>()
        };
        x.chunks(32).flat_map(block).collect()
    }

    fn product(w: &Stored, x: &[f32]) -> Vec<f64> {
        let (weights, x) = (w.decode(), doubles(x));
        let dot = |x: &[f64], w: &[f64]| x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>();
        let rows = x.chunks(w.cols);
        rows.flat_map(|x| weights.chunks(w.cols).map(|w| dot(x, w)).collect::<Vec<_>>()).collect()
    }

    pub async fn products_are_sums() {
        let mut random = Random(20);
        let gpu = open(Restrictions::default()).await;
        for products in gpu.products() {
            gpu.multiply_in(products);
            for quant in FORMS {
                for [rows, cols, outputs] in SHAPES {
                    let stored = Stored::random(&mut random, quant, outputs, cols);
                    let cols = stored.cols;
                    let mut x = activations(&mut random, rows * cols);
                    // The factor of the planted weight.
                    x.iter_mut().skip(cols - 1).step_by(cols).for_each(|x| *x = 50.0);
                    let what = format!("{quant:?} {rows}x{cols}x{outputs}, {products:?}");
                    let [got] = gpu.matmul(&gpu.of(cols, &x), [&stored.load(&gpu)]);
                    let got = gpu.numbers(&got).await;
                    let many = rows > 4;
                    let tolerance = match products {
                        Products::F16 if many => GPU_HALF_MATMUL,
                        _ => GPU_MATMUL,
                    };
                    let rounds = products == Products::Int8 && many;
                    let x = if rounds { rounded(&x) } else { x };
                    tolerance.check(&got, &product(&stored, &x), &what);
                    // Planted errors: one weight of one output, the neighbouring row.
                    let wrong = stored.planted(outputs - 1, 0x80);
                    let mut planted = x.clone();
                    planted.rotate_left(cols.min(31));
                    tolerance.catches(&got, &product(&stored, &planted), "other inputs");
                    if tolerance.bound == GPU_MATMUL.bound {
                        tolerance.catches(&got, &product(&wrong, &x), "one weight");
                    }
                }
            }
        }
    }

    /// A matrix too large for one binding.
    pub async fn products_of_parts_are_those_of_the_whole() {
        let mut random = Random(21);
        let whole = open(Restrictions::default()).await;
        let parted = open(Restrictions { max_binding: Some(16 << 10) }).await;
        for quant in FORMS {
            let stored = Stored::random(&mut random, quant, 300, 256);
            let x = random.signed_vec(7 * 256);
            let (a, b) = (stored.load(&whole), stored.load(&parted));
            assert!(a.parts.len() == 1 && b.parts.len() > 1, "{quant:?}");
            for rows in [1, 7] {
                let x = &x[..rows * 256];
                let [want] = whole.matmul(&whole.of(256, x), [&a]);
                let [got] = parted.matmul(&parted.of(256, x), [&b]);
                let (want, got) = (whole.numbers(&want).await, parted.numbers(&got).await);
                assert_eq!(got, want, "{quant:?}");
            }
            let ids = [299, 0, 127, 128, 64];
            let (want, got) = (whole.embed(&a, &ids), parted.embed(&b, &ids));
            assert_eq!(parted.numbers(&got).await, whole.numbers(&want).await, "{quant:?}");
        }
    }

    pub async fn rms_norm_is_its_formula() {
        let mut random = Random(22);
        let gpu = open(Restrictions::default()).await;
        for [rows, width] in [[1, 32], [3, 64], [5, 576], [31, 1536]] {
            let (x, gain) = (random.signed_vec(rows * width), random.signed_vec(width));
            let norm = |gain: &[f32], eps: f64| -> Vec<f64> {
                let row = |row: &[f64]| {
                    let mean = row.iter().map(|x| x * x).sum::<f64>() / width as f64;
                    let scale = 1.0 / (mean + eps).sqrt();
                    let gained = row.iter().zip(gain).map(|(x, gain)| x * scale * f64::from(*gain));
                    gained.collect::<Vec<_>>()
                };
                doubles(&x).chunks(width).flat_map(row).collect()
            };
            let vector = gpu.load_vector(gain.clone()).expect("memory");
            let got = gpu.numbers(&gpu.rms_norm(&gpu.of(width, &x), &vector, 1e-5)).await;
            RMS_NORM.check(&got, &norm(&gain, f64::from(1e-5f32)), &format!("{rows}x{width}"));
            RMS_NORM.catches(&got, &norm(&gain, 1e-3), "epsilon");
            let mut wrong = gain.clone();
            wrong.rotate_left(1);
            RMS_NORM.catches(&got, &norm(&wrong, 1e-5), "gain");
            // The same numbers as an exact sum.
            let halves: Vec<f32> = x.iter().map(|x| x / 2.0).collect();
            let (a, b) = (gpu.of(width, &halves), gpu.of(width, &halves));
            let [sum, normed] = gpu.add_norm(a, &b, &vector, 1e-5);
            assert_eq!(gpu.numbers(&sum).await, x);
            assert_eq!(gpu.numbers(&normed).await, got);
        }
    }

    pub async fn swiglu_is_its_formula() {
        let mut random = Random(23);
        let gpu = open(Restrictions::default()).await;
        let width = 2048;
        let gate: Vec<f32> = (0..width).map(|i| (i as f32 - 1024.0) / 12.8).collect();
        let up = random.signed_vec(width);
        let formula = |up: &[f32]| -> Vec<f64> {
            let silu = |x: f64| x / (1.0 + (-x).exp());
            doubles(&gate).iter().zip(up).map(|(x, up)| silu(*x) * f64::from(*up)).collect()
        };
        let got = gpu.swiglu(gpu.of(width / 4, &gate), &gpu.of(width / 4, &up));
        let got = gpu.numbers(&got).await;
        GPU_SWIGLU.check(&got, &formula(&up), "gates of -80 to 80");
        let mut wrong = up.clone();
        wrong[2000] *= 1.001;
        GPU_SWIGLU.catches(&got, &formula(&wrong), "one factor");
        let gate = [-1e30, -500.0, -90.0, 90.0, 500.0, 1e30, 0.0, -0.0];
        let got = gpu.swiglu(gpu.of(8, &gate), &gpu.of(8, &[1.0; 8]));
        let want = [0.0, 0.0, 0.0, 90.0, 500.0, 1e30, 0.0, 0.0];
        for (got, (want, gate)) in gpu.numbers(&got).await.iter().zip(want.iter().zip(gate)) {
            assert!((got - want).abs() <= want.abs() * 1e-6 + 1e-8, "silu({gate}) = {got}");
        }
    }

    pub async fn geglu_is_its_formula() {
        let mut random = Random(26);
        let gpu = open(Restrictions::default()).await;
        let width = 2048;
        let gate: Vec<f32> = (0..width).map(|i| (i as f32 - 1024.0) / 341.0).collect();
        let up = random.signed_vec(width);
        let formula = |up: &[f32]| -> Vec<f64> {
            let inner = |x: f64| (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            // By definition, but rewritten to avoid cancellation for negative numbers.
            let gelu = |x: f64| x / (1.0 + (-2.0 * inner(x)).exp());
            doubles(&gate).iter().zip(up).map(|(x, up)| gelu(*x) * f64::from(*up)).collect()
        };
        let got = gpu.geglu(gpu.of(width / 4, &gate), &gpu.of(width / 4, &up));
        let got = gpu.numbers(&got).await;
        GPU_SWIGLU.check(&got, &formula(&up), "gates of -3 to 3");
        let mut wrong = up.clone();
        wrong[2000] *= 1.001;
        GPU_SWIGLU.catches(&got, &formula(&wrong), "one factor");
        let gate = [-1e10, -500.0, -90.0, 90.0, 500.0, 1e10, 0.0, -0.0];
        let got = gpu.geglu(gpu.of(8, &gate), &gpu.of(8, &[1.0; 8]));
        let want = [0.0, 0.0, 0.0, 90.0, 500.0, 1e10, 0.0, 0.0];
        for (got, (want, gate)) in gpu.numbers(&got).await.iter().zip(want.iter().zip(gate)) {
            assert!((got - want).abs() <= want.abs() * 1e-6 + 1e-8, "gelu({gate}) = {got}");
        }
    }

    pub async fn biases_and_factors() {
        let gpu = open(Restrictions::default()).await;
        let x = || gpu.of(4, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let bias = gpu.load_vector(vec![0.5, 0.0, -1.0, 2.0]).expect("memory");
        let biased = gpu.numbers(&gpu.add_bias(x(), &bias)).await;
        assert_eq!(biased, [1.5, 2.0, 2.0, 6.0, 5.5, 6.0, 6.0, 10.0]);
        let halved = gpu.numbers(&gpu.scale(x(), 0.5)).await;
        assert_eq!(halved, [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]);
    }

    pub async fn embedding_is_the_tables_rows() {
        let mut random = Random(24);
        let gpu = open(Restrictions::default()).await;
        for quant in QuantType::ALL {
            let stored = Stored::random(&mut random, quant, 133, 96);
            let ids = [132, 0, 7, 8, 64, 132];
            let (table, cols) = (stored.decode(), stored.cols);
            let rows = ids.iter().map(|id| &table[*id as usize * cols..][..cols]);
            let want: Vec<f32> = rows.flatten().map(|w| *w as f32).collect();
            let got = gpu.numbers(&gpu.embed(&stored.load(&gpu), &ids)).await;
            // A fused multiply-add may round once less.
            let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-6 * b.abs().max(0.1);
            assert!(got.iter().zip(&want).all(near), "{quant:?}");
            assert_eq!(got.len(), want.len());
        }
    }

    pub async fn adding_and_the_last_row() {
        let gpu = open(Restrictions::default()).await;
        let x = gpu.of(4, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let y = gpu.of(4, &[0.5, 0.25, -3.0, 1.0, 0.0, -6.0, 1.0, 2.0]);
        let sum = gpu.add(x, &y);
        assert_eq!(gpu.numbers(&sum).await, [1.5, 2.25, 0.0, 5.0, 5.0, 0.0, 8.0, 10.0]);
        assert_eq!(gpu.numbers(&gpu.last_row(&sum)).await, [5.0, 0.0, 8.0, 10.0]);
    }

    pub async fn the_best_is_the_first_of_the_largest() {
        let gpu = open(Restrictions::default()).await;
        let mut random = Random(25);
        let mut scores = random.signed_vec(49_157);
        let best = async |scores: &[f32], seen: &[u32], penalty: f32| {
            let tensor = gpu.of(scores.len(), scores);
            gpu.best(tensor, seen, penalty).await.expect("the GPU is there")
        };
        for at in [40_000, 3_000] {
            scores[at] = 3.0;
            assert_eq!(best(&scores, &[], 1.0).await, at as u32);
        }
        assert_eq!(best(&scores, &[3_000], 2.0).await, 40_000);
        scores[49_156] = 2.0;
        assert_eq!(best(&scores, &[3_000, 40_000], 1.6).await, 49_156);
        assert_eq!(best(&[-1.0, -3.0, -1.5], &[0], 2.0).await, 2);
        assert_eq!(best(&[-1e38, f32::NAN, -1e37], &[], 1.0).await, 2);
        assert_eq!(best(&[f32::NAN; 3], &[], 1.0).await, 0);
    }

    pub async fn buffers_are_used_again() {
        let gpu = open(Restrictions::default()).await;
        let x = gpu.of(64, &[1.0; 640]);
        let y = gpu.of(64, &[2.0; 640]);
        gpu.finish().await.expect("the GPU is there");
        let mut bytes = Vec::new();
        for _ in 0..20 {
            let gain = gpu.load_vector(vec![1.0; 64]).expect("memory");
            let sum = gpu.add(gpu.rms_norm(&x, &gain, 1e-5), &y);
            assert_eq!(gpu.numbers(&sum).await.len(), 640);
            drop((gain, sum));
            gpu.finish().await.expect("the GPU is there");
            bytes.push(gpu.device_bytes());
        }
        assert!(bytes[0] > Some(0));
        assert!(bytes[1..].iter().all(|now| *now == bytes[0]), "{bytes:?}");
    }

    /// Data from the CPU arrives in order, whatever its size.
    pub async fn numbers_come_in_their_turn() {
        let gpu = open(Restrictions::default()).await;
        let (x, y) = (gpu.of(64, &[1.0; 64]), gpu.of(64, &[2.0; 64]));
        let x = gpu.add(x, &y);
        gpu.recorder.bring(&y.buffer, &[0; 256]);
        assert_eq!(gpu.numbers(&gpu.add(x, &y)).await, [3.0; 64]);

        let many: Vec<f32> = (0..64 * 1500).map(|i| i as f32).collect();
        assert_eq!(gpu.numbers(&gpu.of(64, &many)).await, many);
    }

    /// After a failure no result is returned.
    pub async fn failures_are_seen() {
        let gpu = open(Restrictions::default()).await;
        let x = gpu.of(64, &[1.0; 64]);
        // A validation error: writes past the end of the buffer.
        gpu.recorder.upload(&x.buffer, 0, &[0; 1024]);
        assert_eq!(gpu.read(&x).await.map_err(|e| e.code()), Err("gpu-failed"));
        assert_eq!(gpu.finish().await.map_err(|e| e.code()), Err("gpu-failed"));

        let gpu = open(Restrictions::default()).await;
        let x = gpu.of(64, &[1.0; 64]);
        gpu.destroy();
        assert_eq!(gpu.read(&x).await.map_err(|e| e.code()), Err("gpu-lost"));
        let y = gpu.add(x, &gpu.of(64, &[1.0; 64]));
        assert_eq!(gpu.best(y, &[], 1.0).await.map_err(|e| e.code()), Err("gpu-lost"));
    }
}
