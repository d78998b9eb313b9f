// x · wᵀ for a few rows: a workgroup computes 16 outputs of one row, and splits the inputs among
// its invocations.

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> words: array<vec4u>;
@group(0) @binding(3) var<storage, read> scales: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

// Blocks processed in parallel, and invocations per block: 4 groups of 4 outputs, 4 words.
const BLOCKS = 8u;
const EACH = 16u;
var<workgroup> sums: array<vec4f, BLOCKS * EACH>;

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) at: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = at.x * 4u + lane / 4u % 4u;
    let start = at.y * p.blocks * 8u;
    var sum = vec4f();
    for (var block = lane / EACH; block < p.blocks; block += BLOCKS) {
        let weights = block_at(group, block, p.blocks);
        let scale = unpack_scales(scales[weights]);
        var products = vec4f();
        var inputs = 0.0;
        for (var word = lane % 4u; word < WORDS; word += 4u) {
            let packed = load_word(weights, word);
            for (var i = 0u; i < PER_WORD; i += 4u) {
                let four = x[start + block * 8u + (word * PER_WORD + i) / 4u];
                products += integers(packed, i) * four.x;
                products += integers(packed, i + 1u) * four.y;
                products += integers(packed, i + 2u) * four.z;
                products += integers(packed, i + 3u) * four.w;
                inputs += four.x + four.y + four.z + four.w;
            }
        }
        sum += scale.scale * products + scale.minimum * inputs;
    }
    sums[lane] = sum;
    workgroupBarrier();
    let output = at.x * 16u + lane;
    if lane < 16u && output < p.outputs {
        var total = 0.0;
        for (var block = 0u; block < BLOCKS; block++) {
            for (var word = 0u; word < 4u; word++) {
                total += sums[block * EACH + lane / 4u * 4u + word][lane % 4u];
            }
        }
        out[at.y * p.width + p.first + output] = total;
    }
}
