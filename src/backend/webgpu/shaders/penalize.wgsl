// Divides the scores of the tokens `ids` (no duplicates) by the penalty if positive, and multiplies
// them if negative (Keskar et al., arXiv:1909.05858).
struct Params {
    count: u32,
    penalty: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
    if at.x < p.count {
        let score = scores[ids[at.x]];
        scores[ids[at.x]] = select(score * p.penalty, score / p.penalty, score > 0.0);
    }
}
