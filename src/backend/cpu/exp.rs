//! Exponentials of several vectors at a time.

use std::f32::consts::LOG2_E;

use super::simd::{F32x4, ROUND};

/// Coefficients of `2^r`, from `r^5` down to 1, with relative error below 1e-7 for `|r| <= 1/2`:
/// the minimax polynomial with constant term 1, found by Lawson's algorithm.
#[expect(clippy::approx_constant, reason = "near ln 2, and better than it within the range")]
const EXP2: [f32; 6] =
    [1.326_472_7e-3, 9.671_513e-3, 5.550_734e-2, 2.402_224_2e-1, 6.931_47e-1, 1.0];

/// `2^x`, relative error below 3e-7 for -126 <= x <= 126; smaller x give about 2^-126, negligible
/// beside the 1 in every softmax sum.
///
/// `2^x = 2^n * 2^r` with `n = round(x)`. Several vectors are interleaved to hide latency.
#[inline(always)]
pub fn exp2<const N: usize>(x: [F32x4; N]) -> [F32x4; N] {
    let x = x.map(|x| x.max(F32x4::splat(-126.0)));
    let whole = x.map(|x| x.add(F32x4::splat(ROUND)));
    let r = std::array::from_fn(|i| x[i].sub(whole[i].sub(F32x4::splat(ROUND))));
    exp2_of_parts(whole, r)
}

/// `e^x`, relative error below 3e-7 for -87 <= x <= 88; smaller x give about e^-87.5 and
/// larger ones e^88.
///
/// `e^x = 2^n * e^r` with `n = round(x / ln 2)`. The product with `ln 2` is subtracted in two parts
/// (Cody and Waite, 1980) so that `r` keeps its precision.
#[inline(always)]
pub fn exp(x: F32x4) -> F32x4 {
    let x = x.max(F32x4::splat(-87.5)).min(F32x4::splat(88.0));
    let whole = x.mul_add(F32x4::splat(LOG2_E), F32x4::splat(ROUND));
    let n = whole.sub(F32x4::splat(ROUND));
    let r = n.mul_add(F32x4::splat(-0.693_359_4), x);
    let r = n.mul_add(F32x4::splat(2.121_944_4e-4), r);
    exp2_of_parts([whole], [r.mul(F32x4::splat(LOG2_E))])[0]
}

/// `2^(n + r)` for the integer `n` in the low bits of `whole`, and `|r| <= 1/2`.
#[inline(always)]
fn exp2_of_parts<const N: usize>(whole: [F32x4; N], r: [F32x4; N]) -> [F32x4; N] {
    let [first, rest @ ..] = EXP2;
    let mut p = [F32x4::splat(first); N];
    for c in rest {
        for (p, r) in p.iter_mut().zip(r) {
            *p = p.mul_add(r, F32x4::splat(c));
        }
    }
    std::array::from_fn(|i| p[i].mul(whole[i].exp2_of_low_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn exponentials_are_within_their_stated_error() {
        let lane = |x: F32x4| x.to_array()[3];
        let check = |range: std::ops::Range<i32>, of: fn(F32x4) -> F32x4, exact: fn(f64) -> f64| {
            let inputs: Vec<f32> = range.map(|i| i as f32 / 1000.0).collect();
            let got: Vec<f32> = inputs.iter().map(|x| lane(of(F32x4::splat(*x)))).collect();
            let want: Vec<f64> = inputs.iter().map(|x| exact(f64::from(*x))).collect();
            crate::tolerance::EXP.check(&got, &want, "exponentials");
            assert!(lane(of(F32x4::splat(f32::NEG_INFINITY))) < 1e-37);
            assert_eq!(lane(of(F32x4::splat(0.0))), 1.0);
        };
        check(-87_000..88_000, exp, f64::exp);
        check(-126_000..126_000, |x| exp2([F32x4::splat(0.0), x])[1], f64::exp2);
    }
}
