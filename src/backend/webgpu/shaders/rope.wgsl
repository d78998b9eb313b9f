// Rotates queries in place and keys into the cache (Su et al., arXiv:2104.09864), and puts values
// there, both in pairs of 16-bit floats. Adjacent numbers are a pair.
struct Params {
    // Position of the first token.
    start: u32,
    heads: u32,
    kv_heads: u32,
    // Pairs of a head, and how many of them are rotated.
    pairs: u32,
    rotated: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
// [position, rotated pair]: cosine and sine
@group(0) @binding(1) var<storage, read> angles: array<vec2f>;
// [token, head, pair]
@group(0) @binding(2) var<storage, read_write> queries: array<vec2f>;
@group(0) @binding(3) var<storage, read> new_keys: array<vec2f>;
@group(0) @binding(4) var<storage, read> new_values: array<vec2f>;
// [position, head, pair]
@group(0) @binding(5) var<storage, read_write> keys: array<u32>;
@group(0) @binding(6) var<storage, read_write> values: array<u32>;

fn rotate(pair: vec2f, position: u32, i: u32) -> vec2f {
    if i >= p.rotated {
        return pair;
    }
    let angle = angles[position * p.rotated + i];
    return vec2f(pair.x * angle.x - pair.y * angle.y, pair.x * angle.y + pair.y * angle.x);
}

// One invocation a pair of a query, key and value: x counts them in a token, y tokens.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
    let position = p.start + at.y;
    let of_queries = p.heads * p.pairs;
    let of_keys = p.kv_heads * p.pairs;
    if at.x < of_queries {
        let i = at.y * of_queries + at.x;
        queries[i] = rotate(queries[i], position, at.x % p.pairs);
    }
    if at.x < of_keys {
        let here = at.y * of_keys + at.x;
        let there = position * of_keys + at.x;
        keys[there] = pack2x16float(rotate(new_keys[here], position, at.x % p.pairs));
        values[there] = pack2x16float(new_values[here]);
    }
}
