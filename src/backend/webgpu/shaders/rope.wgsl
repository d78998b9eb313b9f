// Rotates queries in place and keys into the cache (Su et al., arXiv:2104.09864), and copies values
// to the cache, both as pairs of 16-bit floats.
struct Params {
    // Position of the first token.
    start: u32,
    heads: u32,
    kv_heads: u32,
    // Pairs per head, and rotated pairs per head.
    pairs: u32,
    rotated: u32,
    // Whether pairs are across the two halves of the rotated elements, not neighbours.
    halves: u32,
    // Positions that the cache has room for.
    ring: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
// [token, rotated pair]: cosine and sine
@group(0) @binding(1) var<storage, read> angles: array<vec2f>;
// [token, head, element]
@group(0) @binding(2) var<storage, read_write> queries: array<f32>;
@group(0) @binding(3) var<storage, read> new_keys: array<f32>;
// [token, head, pair of neighbours]
@group(0) @binding(4) var<storage, read> new_values: array<vec2f>;
// [position, head, pair of neighbours]
@group(0) @binding(5) var<storage, read_write> keys: array<u32>;
@group(0) @binding(6) var<storage, read_write> values: array<u32>;

// Indices in the head of the two elements of rotated pair `i`.
fn places(i: u32) -> vec2u {
    if p.halves == 1u {
        return vec2u(i, i + p.rotated);
    }
    return vec2u(2u * i, 2u * i + 1u);
}

fn rotate(pair: vec2f, token: u32, i: u32) -> vec2f {
    let angle = angles[token * p.rotated + i];
    return vec2f(pair.x * angle.x - pair.y * angle.y, pair.x * angle.y + pair.y * angle.x);
}

// Element `n`, rotated, of the key head that begins at `head`.
fn key(head: u32, token: u32, n: u32) -> f32 {
    if n >= 2u * p.rotated {
        return new_keys[head + n];
    }
    let i = select(n / 2u, n % p.rotated, p.halves == 1u);
    let at = places(i);
    let pair = rotate(vec2f(new_keys[head + at.x], new_keys[head + at.y]), token, i);
    return select(pair.y, pair.x, n == at.x);
}

// One invocation per pair of a query, key and value; x: pairs of a token, y: tokens.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
    let of_queries = p.heads * p.pairs;
    let of_keys = p.kv_heads * p.pairs;
    let i = at.x % p.pairs;
    if at.x < of_queries && i < p.rotated {
        let head = (at.y * of_queries + at.x - i) * 2u;
        let place = head + places(i);
        let pair = rotate(vec2f(queries[place.x], queries[place.y]), at.y, i);
        queries[place.x] = pair.x;
        queries[place.y] = pair.y;
    }
    if at.x < of_keys {
        let here = at.y * of_keys + at.x;
        let there = (p.start + at.y) % p.ring * of_keys + at.x;
        let head = (here - i) * 2u;
        let pair = vec2f(key(head, at.y, 2u * i), key(head, at.y, 2u * i + 1u));
        keys[there] = pack2x16float(pair);
        values[there] = pack2x16float(new_values[here]);
    }
}
