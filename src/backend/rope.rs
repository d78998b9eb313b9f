//! Rotary position embedding: the only place that computes rotation angles.

use std::f64::consts::TAU;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Rotary position embedding (Su et al., "RoFormer", arXiv:2104.09864).
#[derive(Debug, Clone, PartialEq)]
pub struct Rope {
    /// Base of the geometric sequence of wavelengths.
    pub base: f32,
    /// Rotated elements per head.
    pub dims: usize,
    /// Which elements form pairs.
    pub pairs: RopeLayout,
    /// Frequency divisors per pair, from the scaling that the model was trained with; `None` if it
    /// had none.
    pub frequency_factors: Option<Arc<[f32]>>,
    /// How to reach positions past the trained context; `None`: not at all.
    pub scaling: Option<Yarn>,
}

/// Which elements of a head are rotated together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RopeLayout {
    /// Neighbours: GGUF files of the llama architecture store query and key weights this way.
    Interleaved,
    /// Element `i` of the first half of the rotated elements, with element `i` of the second: all
    /// other architectures.
    Halves,
}

/// Context extension by YaRN (Peng et al., "YaRN: Efficient Context Window Extension of Large
/// Language Models", arXiv:2309.00071), for a model not trained for it.
///
/// Pairs that turn often within the trained context distinguish neighbours, and stay unchanged.
/// Pairs that never complete a turn there would reach unseen angles, and turn slower by the factor.
/// In between is a ramp, linear in the number of turns as in the paper (section 3.2); several
/// programs use a ramp linear in the pair index instead. Attention also gets sharper: scores are
/// multiplied by [`Yarn::magnitude`] twice, once in the queries and once in the keys.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yarn {
    /// Wanted context as a multiple of the trained one; at least 1, which changes nothing.
    pub factor: f32,
    /// Trained context, in positions.
    pub context: usize,
}

/// Pairs with fewer turns within the trained context are slowed by the whole factor: the paper's α,
/// with its value for llama models.
const FEW_TURNS: f64 = 1.0;

/// Pairs with more turns stay unchanged: the paper's β.
const MANY_TURNS: f64 = 32.0;

impl Rope {
    /// Rotary embedding without scaling.
    pub const fn new(base: f32, dims: usize, pairs: RopeLayout) -> Self {
        Self { base, dims, pairs, frequency_factors: None, scaling: None }
    }

    /// Cosines and sines of `positions`, `dims / 2` per position in order: the complex factor of
    /// each pair, including [`Yarn::magnitude`]. Rounded once.
    pub fn angles(&self, positions: Range<usize>) -> impl Iterator<Item = [f32; 2]> {
        let frequencies = self.frequencies();
        let magnitude = self.scaling.map_or(1.0, |yarn| yarn.magnitude());
        positions.flat_map(move |position| {
            let turned: Vec<_> = (frequencies.iter())
                .map(|frequency| {
                    let angle = position as f64 * frequency;
                    [(angle.cos() * magnitude) as f32, (angle.sin() * magnitude) as f32]
                })
                .collect();
            turned
        })
    }

    /// Radians per position of each pair.
    fn frequencies(&self) -> Vec<f64> {
        let trained = |pair: usize| {
            let frequency_factors = self
                .frequency_factors
                .as_ref()
                .and_then(|frequency_factors| frequency_factors.get(pair));
            frequency_factors.map_or(1.0, |frequency_factors| f64::from(*frequency_factors))
        };
        let plain = |pair: usize| {
            let exponent = -2.0 * pair as f64 / self.dims as f64;
            f64::from(self.base).powf(exponent) / trained(pair)
        };
        let frequency_factors =
            |frequency| self.scaling.map_or(1.0, |yarn| yarn.frequency_factors(frequency));
        (0..self.dims / 2)
            .map(plain)
            .map(|frequency| frequency * frequency_factors(frequency))
            .collect()
    }
}

impl Yarn {
    /// Factor on queries and keys: the paper's sqrt(1 / t) = 0.1 ln(factor) + 1, where t is the
    /// attention temperature.
    pub fn magnitude(&self) -> f64 {
        0.1 * f64::from(self.factor).ln() + 1.0
    }

    /// Frequency multiplier of a pair with `frequency` radians per position; 1: unchanged.
    fn frequency_factors(&self, frequency: f64) -> f64 {
        let turns = self.context as f64 * frequency / TAU;
        let own = ((turns - FEW_TURNS) / (MANY_TURNS - FEW_TURNS)).clamp(0.0, 1.0);
        own + (1.0 - own) / f64::from(self.factor)
    }
}

/// The format used in reports: `YaRN, factor 5.75`.
impl fmt::Display for Yarn {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "YaRN, factor {}", self.factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tolerance::ROPE;
    use wasm_bindgen_test::wasm_bindgen_test;

    /// SmolLM2-135M, trained for 8,192 positions.
    const PLAIN: Rope = Rope::new(100_000.0, 64, RopeLayout::Interleaved);

    fn scaled(factor: f32) -> Rope {
        Rope { scaling: Some(Yarn { factor, context: 8192 }), ..PLAIN }
    }

    fn at(rope: Rope, position: usize) -> Vec<[f32; 2]> {
        rope.angles(position..position + 1).collect()
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_factor_of_one_is_plain_to_the_bit() {
        for position in [0, 1, 500, 8191, 44_979] {
            assert_eq!(at(scaled(1.0), position), at(PLAIN, position));
        }
        let table: Vec<_> = PLAIN.angles(0..3).collect();
        assert_eq!(table, [at(PLAIN, 0), at(PLAIN, 1), at(PLAIN, 2)].concat());
    }

    /// Turns within 8,192 positions are 8192 · 100000^(-i / 32) / 2π: 35.7 for pair 10, 24.9 for
    /// pair 11, 1.40 for pair 19 and 0.98 for pair 20.
    #[wasm_bindgen_test(unsupported = test)]
    fn fast_pairs_stay_and_slow_ones_turn_slower_by_the_factor() {
        let (plain, scaled) = (PLAIN.frequencies(), scaled(4.0).frequencies());
        let slower = |i: usize| plain[i] / scaled[i];
        assert_eq!(plain[..11], scaled[..11]);
        for i in 11..20 {
            assert!(1.0 < slower(i) && slower(i) < 4.0, "pair {i}");
            assert!(slower(i - 1) < slower(i), "pair {i}");
        }
        // A factor of 4 is exact in binary.
        assert!((20..32).all(|i| slower(i) == 4.0));
        assert_eq!(Yarn { factor: 1.0, context: 8192 }.magnitude(), 1.0);
    }

    /// (Factor, position, pair), cosine and sine, computed in double precision by a few lines of
    /// Python that transcribe the paper's formulas.
    const COMPUTED: [((f32, usize, usize), [f64; 2]); 8] = [
        ((5.75, 44_978, 0), [-1.155510054, 0.212681657]),
        ((5.75, 44_978, 10), [1.155501238, 0.212729549]),
        ((5.75, 44_978, 13), [-0.675464885, 0.961344975]),
        ((5.75, 44_978, 18), [0.269500945, 1.143593552]),
        ((5.75, 44_978, 25), [0.663509058, 0.969635345]),
        ((5.75, 44_978, 31), [1.167546241, 0.131425826]),
        ((1.25, 9000, 16), [-0.223217281, -0.997647576]),
        ((1.25, 9000, 31), [1.016877670, 0.105292185]),
    ];

    #[wasm_bindgen_test(unsupported = test)]
    fn angles_are_the_papers() {
        for ((factor, position, pair), want) in COMPUTED {
            let what = format!("pair {pair} at {position}, factor {factor}");
            ROPE.check(&at(scaled(factor), position)[pair], &want, &what);
            // The next factor a session would choose.
            if pair > 10 {
                ROPE.catches(&at(scaled(factor + 0.25), position)[pair], &want, &what);
            }
            let magnitude = scaled(factor).scaling.map_or(1.0, |yarn| yarn.magnitude()) as f32;
            let unscaled = at(scaled(factor), position)[pair].map(|x| x / magnitude);
            ROPE.catches(&unscaled, &want, &what);
        }
    }
}
