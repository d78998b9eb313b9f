// A matrix of quantized weights, in tiles of 64 outputs: w = scale * integer + minimum. Integers
// are [tile, block of 32 inputs, group of 4 outputs, word], one output per component; scales are
// [tile, block, group], each a 16-bit scale and a 16-bit minimum.
const GROUPS = 16u;

struct Scales {
    scale: vec4f,
    minimum: vec4f,
}

// Index of a group's block, in units of such blocks.
fn block_at(group: u32, block: u32, blocks: u32) -> u32 {
    return (group / GROUPS * blocks + block) * GROUPS + group % GROUPS;
}

fn unpack_scales(packed: vec4u) -> Scales {
    let a = unpack2x16float(packed.x);
    let b = unpack2x16float(packed.y);
    let c = unpack2x16float(packed.z);
    let d = unpack2x16float(packed.w);
    return Scales(vec4f(a.x, b.x, c.x, d.x), vec4f(a.y, b.y, c.y, d.y));
}
