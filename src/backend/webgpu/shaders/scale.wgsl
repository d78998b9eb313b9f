// x = x * factor.
struct Params {
    // vec4s per row.
    fours: u32,
    factor: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;

// x: vec4s of a row, y: rows.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
    if at.x < p.fours {
        x[at.y * p.fours + at.x] *= p.factor;
    }
}
