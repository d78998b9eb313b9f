// x · wᵀ for many rows of 8-bit integers (quantize.wgsl): tiles of 64 rows by 64 outputs, 32
// inputs at a time. Products are exact; blocks are scaled and summed in 32-bit floats.

// [row, block, four integers]
@group(0) @binding(1) var<storage, read> x: array<u32>;
// [row, block]: weight of one step, sum
@group(0) @binding(2) var<storage, read> steps: array<vec2f>;
@group(0) @binding(3) var<storage, read> words: array<vec4u>;
@group(0) @binding(4) var<storage, read> scales: array<vec4u>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

// Integers per block, in groups of four.
const INPUTS = 8u;
// [four inputs][four rows], [four inputs][four outputs]
var<workgroup> x_tile: array<vec4u, INPUTS * FOURS>;
var<workgroup> w_tile: array<vec4u, INPUTS * FOURS>;
var<workgroup> step_tile: array<vec2f, 64>;
var<workgroup> scale_tile: array<vec4f, FOURS>;
var<workgroup> minimum_tile: array<vec4f, FOURS>;

fn load(row: u32, at: u32) -> u32 {
    if row >= p.rows {
        return 0u;
    }
    return x[row * p.blocks * INPUTS + at];
}

fn products(x: u32, w: vec4u) -> vec4i {
    return vec4i(
        dot4I8Packed(x, w.x),
        dot4I8Packed(x, w.y),
        dot4I8Packed(x, w.z),
        dot4I8Packed(x, w.w),
    );
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
    let across = lane % 8u;
    let down = lane / 8u;
    // [row][four outputs]
    var sums: array<vec4f, 16>;
    // Sums of a block; declared here for Chromium (product_tile.wgsl).
    var part: array<vec4i, 16>;
    for (var block = 0u; block < p.blocks; block++) {
        workgroupBarrier();
        for (var fours = down; fours < FOURS; fours += 8u) {
            let row = tile.y * 64u + fours * 4u;
            let at = block * INPUTS + across;
            x_tile[across * FOURS + fours] =
                vec4u(load(row, at), load(row + 1u, at), load(row + 2u, at), load(row + 3u, at));
        }
        let row = tile.y * 64u + lane;
        if row < p.rows {
            step_tile[lane] = steps[row * p.blocks + block];
        }
        let group = lane / 4u;
        let weights = block_at(tile.x * FOURS + group, block, p.blocks);
        for (var word = lane % 4u; word < WORDS; word += 4u) {
            let packed = load_word(weights, word);
            for (var i = 0u; i < PER_WORD / 4u; i++) {
                w_tile[(word * (PER_WORD / 4u) + i) * FOURS + group] = four_integers(packed, i);
            }
        }
        if lane % 4u == 0u {
            let scale = unpack_scales(scales[weights]);
            scale_tile[group] = scale.scale;
            minimum_tile[group] = scale.minimum;
        }
        workgroupBarrier();
        part = array<vec4i, 16>();
        for (var k = 0u; k < INPUTS; k++) {
            let a = x_tile[k * FOURS + 2u * down];
            let b = x_tile[k * FOURS + 2u * down + 1u];
            let w0 = w_tile[k * FOURS + 2u * across];
            let w1 = w_tile[k * FOURS + 2u * across + 1u];
            part[0] += products(a.x, w0);
            part[1] += products(a.x, w1);
            part[2] += products(a.y, w0);
            part[3] += products(a.y, w1);
            part[4] += products(a.z, w0);
            part[5] += products(a.z, w1);
            part[6] += products(a.w, w0);
            part[7] += products(a.w, w1);
            part[8] += products(b.x, w0);
            part[9] += products(b.x, w1);
            part[10] += products(b.y, w0);
            part[11] += products(b.y, w1);
            part[12] += products(b.z, w0);
            part[13] += products(b.z, w1);
            part[14] += products(b.w, w0);
            part[15] += products(b.w, w1);
        }
        for (var i = 0u; i < 16u; i++) {
            let step = step_tile[8u * down + i / 2u];
            let outputs = 2u * across + i % 2u;
            sums[i] += step.x * scale_tile[outputs] * vec4f(part[i]) + step.y * minimum_tile[outputs];
        }
    }
    store(tile, across, down, &sums);
}
