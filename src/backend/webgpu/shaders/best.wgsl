// Index of the largest number; the first on ties. NaN is never selected.
struct Params {
    count: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read_write> best: array<u32>;

const LANES = 256u;
var<workgroup> top_scores: array<f32, LANES>;
var<workgroup> top_ids: array<u32, LANES>;

// One workgroup scans all numbers.
@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
    var top = -3.4028234e38;
    var id = 0xffffffffu;
    for (var i = lane; i < p.count; i += LANES) {
        if scores[i] > top {
            top = scores[i];
            id = i;
        }
    }
    top_scores[lane] = top;
    top_ids[lane] = id;
    for (var step = LANES / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if lane < step {
            let other = top_scores[lane + step];
            let other_id = top_ids[lane + step];
            let is_earlier = other == top_scores[lane] && other_id < top_ids[lane];
            if other > top_scores[lane] || is_earlier {
                top_scores[lane] = other;
                top_ids[lane] = other_id;
            }
        }
    }
    if lane == 0u {
        // All numbers are NaN: index 0.
        best[0] = select(top_ids[0], 0u, top_ids[0] == 0xffffffffu);
    }
}
