//! Statistics of repeated measurements.

use crate::report::reported;

reported! {
    /// Statistics of repeated measurements.
    pub struct Spread {
        /// The median; of an even count the mean of the middle two.
        pub median: Option<f64>,
        /// Median of the distances from the median (MAD), not scaled.
        pub mad: Option<f64>,
        /// The smallest.
        pub min: Option<f64>,
        /// The largest.
        pub max: Option<f64>,
        /// All values in order of measurement.
        pub values: Vec<f64>,
        /// Indices of outliers in `values`, from 0: farther from the median than three times 1.4826
        /// MAD (Leys et al. 2013, doi:10.1016/j.jesp.2013.03.013) and than 2 % of it. Outliers
        /// still count.
        pub outliers: Vec<usize>,
    }
}

impl Spread {
    /// From any number of values.
    pub fn of(values: Vec<f64>) -> Self {
        let sorted = sorted(values.iter().copied());
        let median = middle(&sorted);
        let distances: Vec<f64> = median
            .iter()
            .flat_map(|median| values.iter().map(move |x| (x - median).abs()))
            .collect();
        let mad = middle(&self::sorted(distances.iter().copied()));
        let far = median.zip(mad).map(|(median, mad)| f64::max(OUTLIER * mad, 0.02 * median));
        let is_far = |at: &usize| far.is_some_and(|far| distances[*at] > far);
        let outliers = (0..values.len()).filter(is_far).collect();
        let (min, max) = (sorted.first().copied(), sorted.last().copied());
        Self { median, mad, min, max, values, outliers }
    }

    /// Relative spread of the values: MAD ÷ median.
    pub fn noise(&self) -> Option<f64> {
        self.mad.zip(self.median.filter(|median| *median > 0.0)).map(|(mad, median)| mad / median)
    }
}

/// Outlier distance in MAD: three standard deviations of normal values.
const OUTLIER: f64 = 3.0 * 1.4826;

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn middle(sorted: &[f64]) -> Option<f64> {
    let at = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 0 => Some(f64::midpoint(sorted[at - 1], sorted[at])),
        _ => Some(sorted[at]),
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match (self.median, self.min, self.max) {
            (Some(median), Some(min), Some(max)) => write!(f, "{median:.1} [{min:.1}-{max:.1}]"),
            _ => f.write_str("-"),
        }
    }
}
