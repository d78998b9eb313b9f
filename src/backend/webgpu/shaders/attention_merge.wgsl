// Merges the parts of attention.wgsl or attention_split.wgsl. `FOURS` is a head's width in vec4s.
struct Params {
    heads: u32,
    parts: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
// [query, part, vec4]
@group(0) @binding(1) var<storage, read> sums: array<vec4f>;
// [query, part]: largest score, sum of exponentials
@group(0) @binding(2) var<storage, read> totals: array<vec2f>;
// [query, vec4]
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

// One invocation per vec4 of a query; x: vec4s of a token, y: tokens.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
    if at.x >= p.heads * FOURS {
        return;
    }
    let query = at.y * p.heads + at.x / FOURS;
    let four = at.x % FOURS;
    var largest = totals[query * p.parts].x;
    for (var part = 1u; part < p.parts; part++) {
        largest = max(largest, totals[query * p.parts + part].x);
    }
    var sum = 0.0;
    var gathered = vec4f();
    for (var part = 0u; part < p.parts; part++) {
        let i = query * p.parts + part;
        let weight = exp2(totals[i].x - largest);
        sum += weight * totals[i].y;
        gathered += weight * sums[i * FOURS + four];
    }
    out[query * FOURS + four] = gathered / sum;
}
