// What both kernels of attention work on. Several workgroups share the keys of a query, each a part
// of them, and attention_merge.wgsl puts together what they write. Scores are logarithms to the
// base 2; `FOURS` is a head's width in fours.
struct Params {
    tokens: u32,
    // Position of the first token.
    start: u32,
    heads: u32,
    kv_heads: u32,
    // log2(e) / sqrt(width of a head)
    scale: f32,
    // How many positions up to its own a query sees.
    window: u32,
    // Workgroups that share the keys of a query.
    parts: u32,
    // Positions that there is room for: position n stands at n modulo this.
    ring: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
// [token, head, four]
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;
// [position modulo ring, head, four]
@group(0) @binding(2) var<storage, read> keys: array<vec2u>;
@group(0) @binding(3) var<storage, read> values: array<vec2u>;
// [token, head, part, four]: weighted sums of values
@group(0) @binding(4) var<storage, read_write> sums: array<vec4f>;
// [token, head, part]: largest score, sum of exponentials
@group(0) @binding(5) var<storage, read_write> totals: array<vec2f>;

const LANES = 64u;
// Less than any score, and finite: whatever is weighted by it vanishes beside the first score, in
// the same part or another.
const NOTHING = -1e30;

fn unpack(packed: vec2u) -> vec4f {
    return vec4f(unpack2x16float(packed.x), unpack2x16float(packed.y));
}
