// Blocks of 32 integers of 4 bits. Word j of an output holds integers 8j to 8j + 7, lowest first.
const WORDS = 4u;
const PER_WORD = 8u;

// Integer i of a word of each of four outputs.
fn integers(words: vec4u, i: u32) -> vec4f {
    return vec4f((words >> vec4u(4u * i)) & vec4u(15u));
}
