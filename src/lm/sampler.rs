//! Selects the next token from scores.

use crate::backend::Backend;
use crate::error::Result;

/// Number of recent tokens that are penalized.
const PENALTY_WINDOW: usize = 64;

/// Selects the best token, and remembers it.
pub struct Sampler {
    penalty: f32,
    recent: Vec<u32>,
}

impl Sampler {
    /// Always selects the best token.
    pub fn greedy() -> Self {
        Self::penalizing(1.0)
    }

    /// Selects the best token after the scores of the last 64 selected tokens have been divided by
    /// `penalty` if positive, and multiplied if negative (Keskar et al., arXiv:1909.05858).
    pub fn penalizing(penalty: f32) -> Self {
        Self { penalty, recent: Vec::new() }
    }

    /// Selects from `scores`, one per token, and remembers the token. NaN is never selected unless
    /// all scores are NaN.
    ///
    /// # Errors
    /// As [`Backend::best`].
    pub async fn choose<B: Backend>(&mut self, backend: &B, scores: B::Tensor) -> Result<u32> {
        let mut seen = Vec::new();
        if self.penalty != 1.0 {
            seen.extend_from_slice(
                &self.recent[self.recent.len().saturating_sub(PENALTY_WINDOW)..],
            );
            seen.sort_unstable();
            seen.dedup();
        }
        let id = backend.best(scores, &seen, self.penalty).await?;
        self.recent.push(id);
        Ok(id)
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
        let mut sampler = Sampler::greedy();
        assert_eq!(choose(&mut sampler, vec![1.0, 3.0, f32::NAN, 3.0]), 1);
        assert_eq!(choose(&mut sampler, vec![f32::NAN; 3]), 0);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn penalty_turns_away_from_what_was_said() {
        let mut sampler = Sampler::penalizing(2.0);
        assert_eq!(choose(&mut sampler, vec![3.0, 2.0, -1.0]), 0);
        assert_eq!(choose(&mut sampler, vec![3.0, 2.0, -1.0]), 1);
        assert_eq!(choose(&mut sampler, vec![-1.0, -1.0, -1.5]), 2);
    }
}
