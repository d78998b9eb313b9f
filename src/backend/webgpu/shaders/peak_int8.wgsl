// Measures peak multiply-adds of 8-bit integers: 32 independent chains per invocation, in
// registers. Sums wrap around.
struct Params {
    // Rounds of 512 multiply-adds per invocation.
    rounds: u32,
    // Known only at run time, so that nothing can be precomputed.
    factor: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
// [invocation]
@group(0) @binding(1) var<storage, read_write> out: array<vec4i>;

fn one(x: vec4i, factor: u32) -> vec4i {
    let bits = bitcast<vec4u>(x);
    return x + vec4i(
        dot4I8Packed(bits.x, factor),
        dot4I8Packed(bits.y, factor),
        dot4I8Packed(bits.z, factor),
        dot4I8Packed(bits.w, factor),
    );
}

fn four(x: vec4i, factor: u32) -> vec4i {
    return one(one(one(one(x, factor), factor), factor), factor);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u, @builtin(local_invocation_index) lane: u32) {
    // Each chain starts differently.
    let start = i32(lane) + vec4i(0, 1, 2, 3);
    var a = start;
    var b = start + 4;
    var c = start + 8;
    var d = start + 12;
    var e = start + 16;
    var f = start + 20;
    var g = start + 24;
    var h = start + 28;
    for (var round = 0u; round < p.rounds; round++) {
        a = four(a, p.factor);
        b = four(b, p.factor);
        c = four(c, p.factor);
        d = four(d, p.factor);
        e = four(e, p.factor);
        f = four(f, p.factor);
        g = four(g, p.factor);
        h = four(h, p.factor);
    }
    out[at.x] = a + b + c + d + e + f + g + h;
}
