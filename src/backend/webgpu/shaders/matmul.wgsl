// x · wᵀ for many rows: tiles of 64 rows by 64 outputs, 32 inputs at a time. Products within a
// block are summed in `Number` (number_f16.wgsl, number_f32.wgsl), blocks in f32.

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> words: array<vec4u>;
@group(0) @binding(3) var<storage, read> scales: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

const INPUTS = 32u;
// [input][four rows], [input][four outputs]
var<workgroup> x_tile: array<vec4<Number>, INPUTS * FOURS>;
var<workgroup> w_tile: array<vec4<Number>, INPUTS * FOURS>;

fn load(row: u32, four: u32) -> vec4f {
    if row >= p.rows {
        return vec4f();
    }
    return x[row * p.blocks * 8u + four];
}

fn largest(four: vec4f) -> f32 {
    let sizes = abs(four);
    return max(max(sizes.x, sizes.y), max(sizes.z, sizes.w));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
    let across = lane % 8u;
    let down = lane / 8u;
    // [row][four outputs]
    var sums: array<vec4f, 16>;
    // Sums of a block; declared here for Chromium (product_tile.wgsl).
    var part: array<vec4<Number>, 16>;
    for (var block = 0u; block < p.blocks; block++) {
        workgroupBarrier();
        // Each invocation loads four inputs of four rows, twice.
        var loaded: array<vec4f, 8>;
        for (var half = 0u; half < 2u; half++) {
            let fours = down + 8u * half;
            var size: vec4f;
            for (var i = 0u; i < 4u; i++) {
                let four = load(tile.y * 64u + fours * 4u + i, block * 8u + across);
                loaded[4u * half + i] = four;
                size[i] = largest(four);
            }
            note_size(across, fours, size);
        }
        settle_sizes();
        for (var half = 0u; half < 2u; half++) {
            let fours = down + 8u * half;
            let size = size_of(fours);
            let a = loaded[4u * half] / size.x;
            let b = loaded[4u * half + 1u] / size.y;
            let c = loaded[4u * half + 2u] / size.z;
            let d = loaded[4u * half + 3u] / size.w;
            let at = across * 4u * FOURS + fours;
            x_tile[at] = vec4<Number>(vec4f(a.x, b.x, c.x, d.x));
            x_tile[at + FOURS] = vec4<Number>(vec4f(a.y, b.y, c.y, d.y));
            x_tile[at + 2u * FOURS] = vec4<Number>(vec4f(a.z, b.z, c.z, d.z));
            x_tile[at + 3u * FOURS] = vec4<Number>(vec4f(a.w, b.w, c.w, d.w));
        }
        let group = lane / 4u;
        let weights = block_at(tile.x * FOURS + group, block, p.blocks);
        let scale = unpack_scales(scales[weights]);
        for (var word = lane % 4u; word < WORDS; word += 4u) {
            let packed = load_word(weights, word);
            for (var i = 0u; i < PER_WORD; i++) {
                let four = scale.scale * integers(packed, i) + scale.minimum;
                w_tile[(word * PER_WORD + i) * FOURS + group] = vec4<Number>(four);
            }
        }
        workgroupBarrier();
        part = array<vec4<Number>, 16>();
        for (var k = 0u; k < INPUTS; k++) {
            let a = x_tile[k * FOURS + 2u * down];
            let b = x_tile[k * FOURS + 2u * down + 1u];
            let w0 = w_tile[k * FOURS + 2u * across];
            let w1 = w_tile[k * FOURS + 2u * across + 1u];
            part[0] += a.x * w0;
            part[1] += a.x * w1;
            part[2] += a.y * w0;
            part[3] += a.y * w1;
            part[4] += a.z * w0;
            part[5] += a.z * w1;
            part[6] += a.w * w0;
            part[7] += a.w * w1;
            part[8] += b.x * w0;
            part[9] += b.x * w1;
            part[10] += b.y * w0;
            part[11] += b.y * w1;
            part[12] += b.z * w0;
            part[13] += b.z * w1;
            part[14] += b.w * w0;
            part[15] += b.w * w1;
        }
        for (var half = 0u; half < 2u; half++) {
            let size = size_of(2u * down + half);
            for (var i = 0u; i < 4u; i++) {
                let at = 8u * half + 2u * i;
                sums[at] += vec4f(part[at]) * size[i];
                sums[at + 1u] += vec4f(part[at + 1u]) * size[i];
            }
        }
    }
    store(tile, across, down, &sums);
}
