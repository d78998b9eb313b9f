enable f16;

// Products in 16-bit floats, whose maximum is 65,504: a row's elements in a block are divided by
// the largest of them, and the sums multiplied by it.
alias Number = f16;

// [eight parts of a block][four rows]
var<workgroup> sizes: array<vec4f, 8 * 16>;

fn note_size(across: u32, fours: u32, size: vec4f) {
    sizes[across * 16u + fours] = size;
}

fn settle_sizes() {
    workgroupBarrier();
}

fn size_of(fours: u32) -> vec4f {
    // Negligible beside the other blocks, and its inverse is finite.
    var size = vec4f(1e-30);
    for (var across = 0u; across < 8u; across++) {
        size = max(size, sizes[across * 16u + fours]);
    }
    return size;
}
