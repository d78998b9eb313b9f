// Shared by row norms: one workgroup per row, whose invocations split the vec4s.
struct Params {
    // vec4s per row.
    fours: u32,
    epsilon: f32,
}

@group(0) @binding(0) var<uniform> p: Params;

const LANES = 64u;
var<workgroup> sums: array<f32, LANES>;

// Inverse root mean square of a row, from each invocation's sum of squares.
fn scale_of(squares: f32, lane: u32) -> f32 {
    sums[lane] = squares;
    for (var step = LANES / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if lane < step {
            sums[lane] += sums[lane + step];
        }
    }
    workgroupBarrier();
    return 1.0 / sqrt(sums[0] / f32(4u * p.fours) + p.epsilon);
}
