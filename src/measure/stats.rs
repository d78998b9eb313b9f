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
        /// Lower end of the median's interval of 95 %: the order statistics between which the median
        /// lies with that probability, whatever the distribution is (Thompson 1936,
        /// doi:10.1214/aoms/1177732502). `None` for fewer than six values.
        #[serde(default)]
        pub low: Option<f64>,
        /// Upper end of the median's interval of 95 %.
        #[serde(default)]
        pub high: Option<f64>,
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
        let [low, high] = interval(&sorted).map_or([None, None], |ends| ends.map(Some));
        Self { median, mad, min, max, low, high, values, outliers }
    }

    /// Relative spread of the values: MAD ÷ median.
    pub fn noise(&self) -> Option<f64> {
        self.mad.zip(self.median.filter(|median| *median > 0.0)).map(|(mad, median)| mad / median)
    }

    /// How far the ends of the median's interval are from the median: the larger distance ÷ median.
    pub fn precision(&self) -> Option<f64> {
        let median = self.median.filter(|median| *median > 0.0)?;
        Some((self.high? - median).max(median - self.low?) / median)
    }

    /// By which part the values grow from the first to the last, if they do so in most of their
    /// pairs: the slope of Theil and Sen times the number of steps ÷ median, where the test of Mann
    /// and Kendall (doi:10.2307/1907187) finds a trend with a one-sided error of 2.5 %.
    pub fn growth(&self) -> Option<f64> {
        let median = self.median.filter(|median| *median > 0.0)?;
        let count = self.values.len();
        if count > MOST_VALUES {
            return None;
        }
        let pairs = (0..count).flat_map(|later| (0..later).map(move |earlier| (earlier, later)));
        let mut surplus = 0.0;
        let slopes = pairs.map(|(earlier, later)| {
            let difference = self.values[later] - self.values[earlier];
            surplus += if difference == 0.0 { 0.0 } else { difference.signum() };
            difference / (later - earlier) as f64
        });
        let slope = middle(&sorted(slopes))?;
        let n = count as f64;
        let deviation = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
        let is_trend = surplus - 1.0 > 1.96 * deviation;
        is_trend.then_some(slope * (n - 1.0) / median)
    }
}

/// Outlier distance in MAD: three standard deviations of normal values.
const OUTLIER: f64 = 3.0 * 1.4826;

/// The interval of 95 % of the median of sorted values.
fn interval(sorted: &[f64]) -> Option<[f64; 2]> {
    let count = sorted.len();
    if count > MOST_VALUES {
        return None;
    }
    // The probability that fewer than so many values are below the median, for equally likely sides.
    let mut term = 0.5f64.powi(i32::try_from(count).ok()?);
    let (mut below, mut cut) = (0.0, 0);
    while below + term <= 0.025 {
        below += term;
        cut += 1;
        term *= (count + 1 - cut) as f64 / cut as f64;
    }
    let low = sorted.get(cut.checked_sub(1)?)?;
    Some([*low, *sorted.get(count - cut)?])
}

/// Values for which intervals and trends are computed: more than a suite measures, and few enough for
/// all pairs of them.
const MOST_VALUES: usize = 100;

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

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn ends(count: u32) -> Option<(f64, f64)> {
        let spread = Spread::of((1..=count).rev().map(f64::from).collect());
        spread.low.zip(spread.high)
    }

    /// The ranks are those of tables of the sign test.
    #[wasm_bindgen_test(unsupported = test)]
    fn the_interval_of_a_median() {
        assert_eq!(ends(0), None);
        assert_eq!(ends(5), None);
        assert_eq!(ends(6), Some((1.0, 6.0)));
        assert_eq!(ends(8), Some((1.0, 8.0)));
        assert_eq!(ends(9), Some((2.0, 8.0)));
        assert_eq!(ends(12), Some((3.0, 10.0)));
        assert_eq!(ends(17), Some((5.0, 13.0)));
        assert_eq!(ends(20), Some((6.0, 15.0)));
        assert_eq!(ends(30), Some((10.0, 21.0)));
        // One value far away doesn't matter from nine on.
        let mut values = vec![100.0; 8];
        values.push(900.0);
        assert_eq!(Spread::of(values).precision(), Some(0.0));
        let spread = Spread::of(vec![98.0, 100.0, 100.0, 101.0, 99.0, 104.0]);
        assert_eq!(spread.precision(), Some(0.04));
        // A stranger's card may have any number.
        assert_eq!(ends(4000), None);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_trend_is_told_from_noise() {
        let growth = |values: &[f64]| Spread::of(values.to_vec()).growth();
        assert_eq!(growth(&[]), None);
        assert_eq!(growth(&[5.0; 8]), None);
        assert_eq!(growth(&[100.0, 110.0, 120.0, 130.0, 140.0]), Some(40.0 / 120.0));
        assert!(growth(&[100.0, 104.0, 103.0, 108.0, 110.0, 113.0]).is_some_and(|part| part > 0.1));
        // Slow once, slow at the end, faster and faster, up and down.
        assert_eq!(growth(&[100.0, 100.0, 180.0, 101.0, 100.0, 99.0]), None);
        assert_eq!(growth(&[100.0, 101.0, 99.0, 100.0, 101.0, 130.0]), None);
        assert_eq!(growth(&[140.0, 130.0, 120.0, 110.0, 100.0]), None);
        assert_eq!(growth(&[100.0, 120.0, 101.0, 121.0, 100.0, 119.0]), None);
    }
}
