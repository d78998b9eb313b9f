// x = x + y.
struct Params {
    // vec4s per row.
    fours: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;

// x: vec4s of a row, y: rows.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
    if at.x < p.fours {
        let i = at.y * p.fours + at.x;
        x[i] += y[i];
    }
}
