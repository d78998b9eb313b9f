// Measures peak multiply-adds: 32 independent chains per invocation, in registers. `Number` is f32
// or f16.
struct Params {
    // Rounds of 128 multiply-adds per invocation.
    rounds: u32,
    // Known only at run time, so that nothing can be precomputed.
    factor: f32,
    addend: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
// [invocation]
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>;

fn four(x: vec4<Number>, factor: Number, addend: Number) -> vec4<Number> {
    return (((x * factor + addend) * factor + addend) * factor + addend) * factor + addend;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u, @builtin(local_invocation_index) lane: u32) {
    let factor = Number(p.factor);
    let addend = Number(p.addend);
    // Each chain starts differently.
    let start = Number(f32(lane)) + vec4<Number>(vec4f(0.0, 1.0, 2.0, 3.0));
    var a = start;
    var b = start + Number(4.0);
    var c = start + Number(8.0);
    var d = start + Number(12.0);
    var e = start + Number(16.0);
    var f = start + Number(20.0);
    var g = start + Number(24.0);
    var h = start + Number(28.0);
    for (var round = 0u; round < p.rounds; round++) {
        a = four(a, factor, addend);
        b = four(b, factor, addend);
        c = four(c, factor, addend);
        d = four(d, factor, addend);
        e = four(e, factor, addend);
        f = four(f, factor, addend);
        g = four(g, factor, addend);
        h = four(h, factor, addend);
    }
    out[at.x] = vec4f(a) + vec4f(b) + vec4f(c) + vec4f(d) + vec4f(e) + vec4f(f) + vec4f(g) + vec4f(h);
}
