// gate = silu(gate) * up, where silu(x) = x / (1 + exp(-x)) (Shazeer, arXiv:2002.05202).
struct Params {
    // vec4s per row.
    fours: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> gate: array<vec4f>;
@group(0) @binding(2) var<storage, read> up: array<vec4f>;

// x: vec4s of a row, y: rows.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
    if at.x < p.fours {
        let i = at.y * p.fours + at.x;
        let x = gate[i];
        // Below -88 the exponential may overflow; silu is practically zero long before.
        gate[i] = x / (1.0 + exp(-max(x, vec4f(-88.0)))) * up[i];
    }
}
