//! Token scores on the CPU.

/// Divides the scores of tokens `seen` by `penalty` if positive, multiplies them if negative.
pub fn penalize(scores: &mut [f32], seen: &[u32], penalty: f32) {
    for id in seen {
        if let Some(score) = scores.get_mut(*id as usize) {
            *score = if *score > 0.0 { *score / penalty } else { *score * penalty };
        }
    }
}

/// The token with the highest score; the first on ties.
pub fn best(logits: &[f32]) -> u32 {
    let mut best = (f32::NEG_INFINITY, 0);
    for (score, id) in logits.iter().zip(0..) {
        if *score > best.0 {
            best = (*score, id);
        }
    }
    best.1
}
