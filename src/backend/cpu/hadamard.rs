//! The Walsh–Hadamard transform, which spreads what is large in a head over all its numbers.
//!
//! A vector with one number ten times the others has few steps left for those when it is rounded to
//! 8 bits. The transform is orthogonal but for a factor: products of transformed vectors are those
//! of the vectors themselves, and every number is a sum of all with signs, so that none sticks out
//! (Ashkboos et al., "QuaRot", arXiv:2404.00456).

use super::simd::F32x4;

/// Numbers that are transformed together, and by what their products grow: the largest power of two
/// that divides `len`.
pub fn span(len: usize) -> usize {
    1 << len.trailing_zeros()
}

/// Transforms each [`span`] of `x` in place; a multiple of 8 long. Twice is the vector times the
/// span.
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
