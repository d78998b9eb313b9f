// Blocks of 32 integers of 4 bits. Word j of an output holds integers 8j to 8j + 7: the first four
// in the low halves of its bytes, the others in the high ones.
const WORDS = 4u;
const PER_WORD = 8u;

// Integer i of a word of each of four outputs.
fn integers(words: vec4u, i: u32) -> vec4f {
    return vec4f((words >> vec4u(i % 4u * 8u + i / 4u * 4u)) & vec4u(15u));
}

// Integers 4i to 4i + 3 of a word of each of four outputs, as bytes.
fn four_integers(words: vec4u, i: u32) -> vec4u {
    return (words >> vec4u(4u * i)) & vec4u(0x0f0f0f0fu);
}
