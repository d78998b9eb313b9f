// Shared by both attention shaders. Workgroups share the keys of a query in parts, and
// attention_merge.wgsl merges their results. Scores are base-2 logarithms; `FOURS` is a head's
// width in vec4s.
struct Params {
    tokens: u32,
    // Position of the first token.
    start: u32,
    heads: u32,
    kv_heads: u32,
    // log2(e) / sqrt(head width)
    scale: f32,
    // Positions that a query sees, up to and including its own.
    window: u32,
    // Workgroups that share the keys of a query.
    parts: u32,
    // Positions in the ring buffer: position n is stored at n modulo this.
    ring: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
// [token, head, vec4]
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;
// [position modulo ring, head, vec4]
@group(0) @binding(2) var<storage, read> keys: array<vec2u>;
@group(0) @binding(3) var<storage, read> values: array<vec2u>;
// [token, head, part, vec4]: weighted sums of values
@group(0) @binding(4) var<storage, read_write> sums: array<vec4f>;
// [token, head, part]: largest score, sum of exponentials
@group(0) @binding(5) var<storage, read_write> totals: array<vec2f>;

const LANES = 64u;
// Below any score, and finite: its weight vanishes beside the first real score, in this part or
// another.
const NOTHING = -1e30;

fn unpack(packed: vec2u) -> vec4f {
    return vec4f(unpack2x16float(packed.x), unpack2x16float(packed.y));
}
