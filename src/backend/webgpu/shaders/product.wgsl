// Parameters of x · wᵀ.
struct Params {
    rows: u32,
    // Inputs in blocks of 32.
    blocks: u32,
    // Outputs in these buffers, the first of them, and outputs of the whole matrix.
    outputs: u32,
    first: u32,
    width: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
