// Root-mean-square norm (Zhang and Sennrich, arXiv:1910.07467) of each row, in parts as long as the
// gains.

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> gain: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) at: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32,
) {
    let start = (at.y * groups.x + at.x) * p.fours;
    var squares = 0.0;
    for (var i = lane; i < p.fours; i += LANES) {
        let four = x[start + i];
        squares += dot(four, four);
    }
    let scale = scale_of(squares, lane);
    for (var i = lane; i < p.fours; i += LANES) {
        out[start + i] = x[start + i] * scale * gain[i];
    }
}
