// Products in 32-bit floats, which need no scaling.
alias Number = f32;

fn note_size(across: u32, fours: u32, size: vec4f) {}

fn settle_sizes() {}

fn size_of(fours: u32) -> vec4f {
    return vec4f(1.0);
}
