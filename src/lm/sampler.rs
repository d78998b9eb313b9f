//! Selects the next token from scores.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::backend::Backend;
use crate::backend::scores::{best, penalize};
use crate::error::Result;

/// How the next token is chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// Divides the scores; 0 always takes the best token.
    pub temperature: f32,
    /// Only the best `top_k` tokens are considered; 0 for all.
    pub top_k: usize,
    /// Considers only the best tokens up to a total probability of `top_p`; 1 for all.
    pub top_p: f32,
    /// Scores of the last [`Self::penalty_window`] tokens are divided by this if positive, and
    /// multiplied if negative (Keskar et al., arXiv:1909.05858); 1 for none.
    pub repetition_penalty: f32,
    /// Number of recent tokens that are penalized.
    pub penalty_window: usize,
    /// Random seed.
    pub seed: u64,
}

impl Sampling {
    /// Always selects the best token.
    pub fn greedy() -> Self {
        Self {
            temperature: 0.0,
            top_k: 0,
            top_p: 1.0,
            repetition_penalty: 1.0,
            penalty_window: 64,
            seed: 0,
        }
    }
}

/// Selects tokens and remembers them.
pub struct Sampler {
    sampling: Sampling,
    random: SmallRng,
    recent: Vec<u32>,
}

impl Sampler {
    /// A sampler without history.
    pub fn new(sampling: Sampling) -> Self {
        let random = SmallRng::seed_from_u64(sampling.seed);
        Self { sampling, random, recent: Vec::new() }
    }

    /// Selects from `scores`, one per token, and remembers the token. NaN is never selected unless
    /// all scores are NaN. Scores are read back from the device only for random sampling.
    ///
    /// # Errors
    /// As [`Backend::read`].
    pub async fn choose<B: Backend>(&mut self, backend: &B, scores: B::Tensor) -> Result<u32> {
        let s = &self.sampling;
        let mut seen = Vec::new();
        if s.repetition_penalty != 1.0 {
            let window = self.recent.len().saturating_sub(s.penalty_window);
            seen.extend_from_slice(&self.recent[window..]);
            seen.sort_unstable();
            seen.dedup();
        }
        let id = if s.temperature > 0.0 {
            let mut scores = backend.read(&scores).await?;
            penalize(&mut scores, &seen, s.repetition_penalty);
            self.draw(&scores)
        } else {
            backend.best(scores, &seen, s.repetition_penalty).await?
        };
        self.recent.push(id);
        Ok(id)
    }

    fn draw(&mut self, logits: &[f32]) -> u32 {
        let s = &self.sampling;
        let mut candidates: Vec<(f32, u32)> =
            logits.iter().copied().zip(0..).filter(|(score, _)| score.is_finite()).collect();
        candidates.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        if s.top_k > 0 {
            candidates.truncate(s.top_k);
        }
        let Some((top, _)) = candidates.first().copied() else { return best(logits) };
        for (score, _) in &mut candidates {
            *score = ((*score - top) / s.temperature).exp();
        }
        let total: f32 = candidates.iter().map(|(p, _)| p).sum();
        let mut kept = 0.0;
        let last = candidates.iter().position(|(p, _)| {
            kept += p;
            kept >= s.top_p * total
        });
        candidates.truncate(last.map_or(candidates.len(), |last| last + 1));
        let mut at = self.random.random::<f32>() * candidates.iter().map(|(p, _)| p).sum::<f32>();
        for (p, id) in &candidates {
            at -= p;
            if at < 0.0 {
                return *id;
            }
        }
        candidates.last().map_or(0, |(_, id)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::cpu::{Cpu, Tensor};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use wasm_bindgen_test::wasm_bindgen_test;

    fn choose(sampler: &mut Sampler, scores: Vec<f32>) -> u32 {
        let scores = Tensor { width: scores.len(), data: scores };
        match pin!(sampler.choose(&Cpu::default(), scores))
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(id) => id.expect("the processor is always there"),
            Poll::Pending => panic!("the processor's backend never waits"),
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn greedy_takes_the_first_best() {
        let mut sampler = Sampler::new(Sampling::greedy());
        assert_eq!(choose(&mut sampler, vec![1.0, 3.0, f32::NAN, 3.0]), 1);
        assert_eq!(choose(&mut sampler, vec![f32::NAN; 3]), 0);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn penalty_turns_away_from_what_was_said() {
        let mut sampler = Sampler::new(Sampling { repetition_penalty: 2.0, ..Sampling::greedy() });
        assert_eq!(choose(&mut sampler, vec![3.0, 2.0, -1.0]), 0);
        assert_eq!(choose(&mut sampler, vec![3.0, 2.0, -1.0]), 1);
        assert_eq!(choose(&mut sampler, vec![-1.0, -1.0, -1.5]), 2);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn draws_follow_the_probabilities_and_the_seed() {
        let sampling = |top_k, top_p| Sampling {
            temperature: 1.0,
            top_k,
            top_p,
            seed: 7,
            ..Sampling::greedy()
        };
        let count = |sampling: Sampling| {
            let mut sampler = Sampler::new(sampling);
            let mut counts = [0; 4];
            for _ in 0..4000 {
                // Probabilities 8/15, 4/15, 2/15 and 1/15.
                let logits = [8.0f32, 4.0, 2.0, 1.0].map(f32::ln);
                counts[choose(&mut sampler, logits.to_vec()) as usize] += 1;
            }
            counts
        };
        let all = count(sampling(0, 1.0));
        for (count, share) in all.iter().zip([8.0, 4.0, 2.0, 1.0]) {
            assert!((f64::from(*count) - 4000.0 * share / 15.0).abs() < 120.0, "{all:?}");
        }
        assert_eq!(all, count(sampling(0, 1.0)));
        assert_eq!(count(sampling(1, 1.0))[0], 4000);
        assert_eq!(count(sampling(0, 0.75))[2..], [0, 0]);
    }
}
