// Rows of the embedding table: out[i] = table[ids[i]].
struct Params {
    // Inputs of the table in blocks of 32.
    blocks: u32,
    // Rows of the table in these buffers: `rows` from `first`.
    first: u32,
    rows: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> words: array<vec4u>;
@group(0) @binding(3) var<storage, read> scales: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

// One invocation per element; x: elements of a row, y: rows.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
    let id = ids[at.y];
    let width = p.blocks * 32u;
    if at.x >= width || id < p.first || id - p.first >= p.rows {
        return;
    }
    let row = id - p.first;
    let block = block_at(row / 4u, at.x / 32u, p.blocks);
    let input = at.x % 32u;
    let four = integers(load_word(block, input / PER_WORD), input % PER_WORD);
    let scale = unpack_scales(scales[block]);
    let weights = scale.scale * four + scale.minimum;
    out[at.y * width + at.x] = weights[row % 4u];
}
