// Rounds rows to 8 bits in blocks of 32, in steps of a block's largest magnitude ÷ 127.
struct Params {
    // Blocks in all rows.
    blocks: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
// [block][four integers]
@group(0) @binding(2) var<storage, read_write> integers: array<u32>;
// [block]: weight of one step, and the sum of the block's integers times that weight
@group(0) @binding(3) var<storage, read_write> steps: array<vec2f>;

// One invocation per block; y continues where x ends.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let block = at.y * groups.x * 64u + at.x;
    if block >= p.blocks {
        return;
    }
    var sizes = vec4f();
    for (var i = 0u; i < 8u; i++) {
        sizes = max(sizes, abs(x[block * 8u + i]));
    }
    let size = max(max(sizes.x, sizes.y), max(sizes.z, sizes.w));
    // Blocks of zeros stay zero: this minimum keeps the inverse finite.
    let inverse = 127.0 / max(size, 1e-30);
    var sum = vec4i();
    for (var i = 0u; i < 8u; i++) {
        let four = vec4i(round(x[block * 8u + i] * inverse));
        sum += four;
        integers[block * 8u + i] = pack4xI8(four);
    }
    let step = size / 127.0;
    steps[block] = vec2f(step, step * f32(sum.x + sum.y + sum.z + sum.w));
}
