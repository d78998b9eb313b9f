//! Derives a card's marks and scores from its measurements.

use super::{CERTIFIED, Card, Configuration, Reading, Writing};
use crate::backend::webgpu::{Products, peak_in};
use crate::measure::stats::Spread;
use crate::measure::suite::{BEFORE_WRITING, PRECISION};
use crate::report::ModelReport;

/// Tokens that the score reads and writes.
const SCORED: (usize, usize) = (2048, 64);

/// Largest slowdown from the first measurement to the last, where there is a trend.
const SLOWED: f64 = 0.05;

/// Smallest median ÷ best speed of the pulse on an otherwise idle device.
const UNDISTURBED: f64 = 0.9;

/// Minimum length of the shortest measurement, in steps of the clock.
const STEPS: f64 = 100.0;

impl Card {
    /// Computes everything derived from the measurements.
    pub fn settle(&mut self) {
        for configuration in &mut self.configurations {
            configuration.settle(&self.model);
        }
        self.invalid = self.configurations.iter().flat_map(Configuration::faults).collect();
        if self.configurations.is_empty() {
            self.invalid.push("nothing was measured".into());
        }
        self.unsteady = self.configurations.iter().flat_map(Configuration::doubts).collect();
        if self.environment.hidden_during_run == Some(true) {
            self.unsteady.push("the page was hidden during the run, which slows it".into());
        }
    }
}

impl Configuration {
    fn settle(&mut self, model: &ModelReport) {
        let peak = self.peak_of_products();
        for reading in &mut self.prefill {
            let ms = std::mem::take(&mut reading.first_token_ms.values);
            *reading = Reading::of(reading.tokens, ms, std::mem::take(&mut reading.curve));
            let ms = reading.first_token_ms.median.filter(|ms| *ms > 0.0);
            reading.gmacs_per_second = ms.map(|ms| model.macs(reading.tokens) / ms / 1e6);
            reading.efficiency =
                reading.gmacs_per_second.zip(peak).map(|(speed, peak)| speed / peak);
        }
        for writing in &mut self.decode {
            let ms = std::mem::take(&mut writing.token_ms.values);
            *writing = Writing::of(writing.tokens, writing.after, ms);
        }
        for spread in [&mut self.tokenize, &mut self.pulse, &mut self.undisturbed] {
            *spread = Spread::of(std::mem::take(&mut spread.values));
        }
        self.score = self.documents_a_minute();
    }

    /// The peak of the number format used in products of many rows. On the CPU that is the engine's
    /// own product, also used by the pulse: its best speed during the run.
    fn peak_of_products(&self) -> Option<f64> {
        let in_use = |products: &Products| {
            self.backend.features.iter().any(|feature| feature == products.name())
        };
        let peak = match self.backend.kind == "webgpu" {
            true => {
                let products = [Products::F32, Products::F16].into_iter().find(in_use);
                peak_in(&self.peak, products.unwrap_or(Products::Int8))
            }
            false => self.pulse.values.iter().copied().chain(self.peak.int8_gmacs).reduce(f64::max),
        };
        peak.filter(|peak| *peak > 0.0)
    }

    fn documents_a_minute(&self) -> Option<f64> {
        let (read, written) = SCORED;
        let reading = self.prefill.iter().find(|reading| reading.tokens == read)?;
        let is_scored =
            |writing: &&Writing| writing.tokens == written && writing.after <= BEFORE_WRITING;
        let writing = self.decode.iter().find(is_scored)?;
        let ms = reading.first_token_ms.median? + written as f64 * writing.token_ms.median?;
        (ms > 0.0).then_some(60_000.0 / ms)
    }

    /// Why its figures are invalid.
    fn faults(&self) -> Option<String> {
        let name = &self.name;
        match &self.certificate {
            None => Some(format!("{name}: no logits of this model are recorded to compare with")),
            Some(c) if c.distance <= c.bound && c.bound <= CERTIFIED => None,
            Some(c) => Some(format!(
                "{name}: its logits are {:.1e} from the recorded ones, of {:.0e} at most",
                c.distance, CERTIFIED
            )),
        }
    }

    /// Why its figures may not be repeatable.
    fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        for reading in &self.prefill {
            let what = format!("{}: reading {} tokens", self.name, reading.tokens);
            doubts.extend(noise(&what, &reading.first_token_ms));
            doubts.extend(trend(&what, &reading.first_token_ms));
        }
        for writing in &self.decode {
            let what = format!("{}: writing {} after {}", self.name, writing.tokens, writing.after);
            doubts.extend(noise(&what, &writing.token_ms));
            doubts.extend(trend(&what, &writing.token_ms));
        }
        if let Some(undisturbed) = self.undisturbed.median.filter(|part| *part < UNDISTURBED) {
            let percent = 100.0 * (1.0 - undisturbed);
            doubts.push(format!(
                "{}: something else was computing, which took {percent:.0} %",
                self.name
            ));
        }
        doubts.extend(self.coarse());
        doubts
    }

    /// Whether the clock is too coarse for the shortest measurement.
    fn coarse(&self) -> Option<String> {
        let shortest = |spread: &Spread| spread.min;
        let reading = self.prefill.iter().filter_map(|r| shortest(&r.first_token_ms));
        let least = reading.reduce(f64::min)?;
        let clock = self.clock_ms.filter(|clock| clock * STEPS > least)?;
        Some(format!("{}: the clock moves in steps of {clock:.1} ms", self.name))
    }
}

/// Whether a figure is not known well: its median's interval is wide, or where there are too few values
/// for one, they vary (MAD ÷ median).
fn noise(what: &str, spread: &Spread) -> Option<String> {
    let is_large = |part: &f64| *part > PRECISION;
    let percent = |part: f64| match 100.0 * part {
        percent if percent < 10.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    };
    match spread.precision() {
        Some(part) => Some(part)
            .filter(is_large)
            .map(|part| format!("{what} is known to within {} only", percent(part))),
        None => spread
            .noise()
            .filter(is_large)
            .map(|part| format!("{what} varies by {}", percent(part))),
    }
}

/// Whether it got slower in the course of the run, as a hot device does.
fn trend(what: &str, times: &Spread) -> Option<String> {
    let growth = times.growth().filter(|growth| *growth > SLOWED)?;
    Some(format!("{what} took {:.0} % longer at the end of the run", 100.0 * growth))
}
