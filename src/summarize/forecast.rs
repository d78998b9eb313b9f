//! How long a run will still take.
//!
//! Time goes to reading and to writing. A prompt's cost is known beforehand, in multiply-adds of which
//! those of attention count more: they come in shorter runs, and half of them wait for a softmax. How
//! many of these the device does in a millisecond is what the run has shown so far, and so is how long a
//! written token takes and how many of them an answer has.

use std::collections::VecDeque;

use crate::lm::model::Config;

/// Tokens of an answer before any is known, of a model that writes.
pub const ANSWER: f64 = 30.0;

/// What writing a token costs before any is known, in tokens that are read.
const WRITTEN: f64 = 6.0;

/// What a multiply-add of attention costs beside one of the linear layers. In Chromium, by the chunks
/// of whole documents, 1.4 for SmolLM2 and 0.9 for Gemma 3, whose heads are wide and whose matrices have
/// 5 and 8 bits.
const ATTENTION: f64 = 1.2;

/// The cost of reading `tokens` from `start` on. A window is taken to be full.
pub fn cost(config: &Config, linear_macs: usize, start: usize, tokens: usize) -> f64 {
    // In floats: 32 bits, as there are in WebAssembly, don't hold these numbers.
    let [start, tokens, linear] = [start, tokens, linear_macs].map(|n| n as f64);
    let [all, window] = [config.attention_macs(), config.window_macs()].map(|n| n as f64);
    let seen = tokens * (start + (tokens + 1.0) / 2.0);
    linear * tokens + ATTENTION * (all * seen + window * tokens)
}

/// What a run has done and has to do.
#[derive(Default)]
pub struct Forecast {
    /// Costs of prompts that are still to come.
    planned: VecDeque<f64>,
    /// Cost of what is left of the prompt in hand.
    left: f64,
    /// Whether the answer to the prompt in hand is still to be written, at least in part.
    answering: bool,
    /// What has been read: tokens, cost, milliseconds.
    read: [f64; 3],
    /// What has been written: tokens, milliseconds.
    written: [f64; 2],
    /// Answers that are finished.
    answers: f64,
    /// Tokens of an answer before any is finished.
    expected: f64,
}

impl Forecast {
    /// Of a run whose prompts cost this much, in order, with answers of about `expected` tokens.
    pub fn new(planned: impl IntoIterator<Item = f64>, expected: f64) -> Self {
        Self { planned: planned.into_iter().collect(), expected, ..Self::default() }
    }

    /// A prompt begins, which turns out to cost this much.
    pub fn begin(&mut self, cost: f64) {
        self.planned.pop_front();
        self.left = cost;
        self.answering = true;
    }

    /// The rest of the prompt in hand turns out to cost this much.
    pub fn go_on(&mut self, cost: f64) {
        self.left = cost;
    }

    /// A part of it was read.
    pub fn took(&mut self, tokens: usize, cost: f64, ms: Option<f64>) {
        self.left -= cost;
        let done = [tokens as f64, cost, ms.unwrap_or(0.0)];
        self.read.iter_mut().zip(done).for_each(|(sum, x)| *sum += x);
    }

    /// Its answer was written, in so many tokens.
    pub fn wrote(&mut self, tokens: usize, ms: Option<f64>) {
        self.answering = false;
        self.answers += 1.0;
        self.written[0] += tokens as f64;
        self.written[1] += ms.unwrap_or(0.0);
    }

    /// Milliseconds that are left; `None` before anything was read, and without a clock. The answer in
    /// hand counts whole until it is finished.
    pub fn left_ms(&self) -> Option<f64> {
        let [tokens, cost, ms] = self.read;
        if ms <= 0.0 {
            return None;
        }
        let reading = (self.left + self.planned.iter().sum::<f64>()) * ms / cost;
        let [written, writing] = self.written;
        let each = if written > 0.0 { writing / written } else { WRITTEN * ms / tokens };
        let length = if self.answers > 0.0 { written / self.answers } else { self.expected };
        let answers = self.planned.len() as f64 + f64::from(u8::from(self.answering));
        Some(reading + answers * length * each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    /// In WebAssembly too, where integers have 32 bits.
    #[wasm_bindgen_test(unsupported = test)]
    fn costs_add_up() {
        let file = std::io::Cursor::new(include_bytes!("../../tests/fixtures/tiny-gemma3.gguf"));
        let gguf = crate::lm::gguf::Gguf::open(file).expect("the fixture");
        let config = Config::from_gguf(&gguf).expect("its sizes");
        let cost = |start, tokens| cost(&config, 106_000_000, start, tokens);
        assert_eq!(cost(0, 30_000) + cost(30_000, 10_000), cost(0, 40_000));
        assert!(cost(0, 40_000) > 40_000.0 * 106e6 && cost(30_000, 1) > cost(0, 1));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn what_is_left_is_what_was_shown_so_far() {
        let mut forecast = Forecast::new([100.0, 100.0, 50.0], 30.0);
        assert_eq!(forecast.left_ms(), None);
        forecast.begin(100.0);
        forecast.took(10, 50.0, Some(5.0));
        // 200 to be read, and three answers of 30 tokens, of 6 times the half millisecond of a token.
        assert_eq!(forecast.left_ms(), Some(20.0 + 3.0 * 30.0 * 3.0));
        forecast.took(10, 50.0, Some(5.0));
        // The prompt is read, and its answer is being written.
        assert_eq!(forecast.left_ms(), Some(15.0 + 3.0 * 30.0 * 3.0));
        forecast.wrote(10, Some(20.0));
        assert_eq!(forecast.left_ms(), Some(15.0 + 2.0 * 10.0 * 2.0));
        forecast.begin(100.0);
        forecast.took(20, 100.0, Some(10.0));
        forecast.wrote(10, Some(20.0));
        forecast.begin(80.0);
        forecast.took(16, 80.0, Some(8.0));
        // Its end is longer than planned.
        forecast.go_on(40.0);
        assert_eq!(forecast.left_ms(), Some(4.0 + 10.0 * 2.0));
        forecast.took(8, 40.0, Some(4.0));
        forecast.wrote(10, Some(20.0));
        assert_eq!(forecast.left_ms(), Some(0.0));
        // Nothing will be written.
        let mut forecast = Forecast::new([100.0, 100.0], 0.0);
        forecast.begin(100.0);
        forecast.took(10, 50.0, Some(5.0));
        assert_eq!(forecast.left_ms(), Some(15.0));
    }
}
