//! The Walsh–Hadamard transform, which spreads outliers in a head over all its elements.
//!
//! In a vector with one element ten times the others, rounding to 8 bits leaves few steps for the
//! others. The transform is orthogonal up to a factor, so products of transformed vectors equal
//! those of the originals, and every element becomes a signed sum of all, without outliers
//! (Ashkboos et al., "QuaRot", arXiv:2404.00456).

use super::simd::F32x4;

/// Elements transformed together, and the factor that this puts on products: the largest power of
/// two that divides `len`.
pub fn span(len: usize) -> usize {
    1 << len.trailing_zeros()
}

/// Transforms each [`span`] of `x` in place; its length is a multiple of 8. Applying it twice
/// multiplies by the span.
pub fn transform(x: &mut [f32]) {
    let span = span(x.len());
    let neighbours = F32x4::load(&[1.0, -1.0, 1.0, -1.0]);
    let halves = F32x4::load(&[1.0, 1.0, -1.0, -1.0]);
    for four in x.as_chunks_mut::<4>().0 {
        let x = F32x4::load(four);
        let x = x.mul(neighbours).add(x.swap_neighbours());
        x.mul(halves).add(x.swap_halves()).store(four);
    }
    let mut width = 4;
    while width < span {
        for pair in x.chunks_exact_mut(2 * width) {
            let (low, high) = pair.split_at_mut(width);
            for (low, high) in low.as_chunks_mut().0.iter_mut().zip(high.as_chunks_mut().0) {
                let (a, b) = (F32x4::load(low), F32x4::load(high));
                a.add(b).store(low);
                a.sub(b).store(high);
            }
        }
        width *= 2;
    }
}
