// Blocks of 32 integers of 8 bits with a sign. Word j of an output holds integers 4j to 4j + 3,
// lowest first.
const WORDS = 8u;
const PER_WORD = 4u;

// Integer i of a word of each of four outputs.
fn integers(words: vec4u, i: u32) -> vec4f {
    return vec4f(vec4i(words << vec4u(24u - 8u * i)) >> vec4u(24u));
}

// The integers of a word of each of four outputs, as bytes.
fn four_integers(words: vec4u, i: u32) -> vec4u {
    return words;
}
