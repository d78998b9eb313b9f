// Copies a buffer, one vec4 per invocation.
struct Params {
    fours: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4u>;

// y continues where x ends.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = at.y * groups.x * 64u + at.x;
    if i < p.fours {
        out[i] = x[i];
    }
}
