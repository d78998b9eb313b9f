// x = x + y, and the root-mean-square norm of that (rms_norm.wgsl), in one go: between two parts of
// a layer nothing else happens to either.
struct Params {
    // Numbers of a row, in fours.
    fours: u32,
    epsilon: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> gain: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

const LANES = 64u;
var<workgroup> sums: array<f32, LANES>;

// One workgroup a row.
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) row: vec3u, @builtin(local_invocation_index) lane: u32) {
    let start = row.x * p.fours;
    var squares = 0.0;
    for (var i = lane; i < p.fours; i += LANES) {
        let four = x[start + i] + y[start + i];
        x[start + i] = four;
        squares += dot(four, four);
    }
    sums[lane] = squares;
    for (var step = LANES / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if lane < step {
            sums[lane] += sums[lane + step];
        }
    }
    workgroupBarrier();
    let scale = 1.0 / sqrt(sums[0] / f32(4u * p.fours) + p.epsilon);
    for (var i = lane; i < p.fours; i += LANES) {
        out[start + i] = x[start + i] * scale * gain[i];
    }
}
