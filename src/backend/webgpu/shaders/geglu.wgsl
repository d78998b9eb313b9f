// gate = gelu(gate) * up, where gelu(x) = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
// (Hendrycks and Gimpel, arXiv:1606.08415), and (1 + tanh(y)) / 2 = 1 / (1 + exp(-2 y)).
struct Params {
    // vec4s per row.
    fours: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> gate: array<vec4f>;
@group(0) @binding(2) var<storage, read> up: array<vec4f>;

const TWICE = 1.5957691;

// x: vec4s of a row, y: rows.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
    if at.x < p.fours {
        let i = at.y * p.fours + at.x;
        let x = gate[i];
        // Below -88 the exponential may overflow; gelu is practically zero long before.
        let y = clamp(TWICE * (x + 0.044715 * x * x * x), vec4f(-88.0), vec4f(88.0));
        gate[i] = x / (1.0 + exp(-y)) * up[i];
    }
}
