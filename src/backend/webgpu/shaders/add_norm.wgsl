// x = x + y, and the root-mean-square norm of the sum (rms_norm.wgsl), in one pass: no other
// operation touches either between two parts of a layer.

@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> gain: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) row: vec3u, @builtin(local_invocation_index) lane: u32) {
    let start = row.x * p.fours;
    var squares = 0.0;
    for (var i = lane; i < p.fours; i += LANES) {
        let four = x[start + i] + y[start + i];
        x[start + i] = four;
        squares += dot(four, four);
    }
    let scale = scale_of(squares, lane);
    for (var i = lane; i < p.fours; i += LANES) {
        out[start + i] = x[start + i] * scale * gain[i];
    }
}
