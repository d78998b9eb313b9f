// Blocks of 32 4-bit integers. Word j of an output holds integers 8j to 8j + 7: the first four in
// the low halves of its bytes, the others in the high halves.
const WORDS = 4u;
const PER_WORD = 8u;

alias Word = vec4u;

// A word of a block, for each of four outputs.
fn load_word(block: u32, word: u32) -> Word {
    return words[block * 4u + word];
}

// Integer i of a word, for each of four outputs.
fn integers(word: Word, i: u32) -> vec4f {
    return vec4f((word >> vec4u(i % 4u * 8u + i / 4u * 4u)) & vec4u(15u));
}

// Integers 4i to 4i + 3 of a word as bytes, for each of four outputs.
fn four_integers(word: Word, i: u32) -> vec4u {
    return (word >> vec4u(4u * i)) & vec4u(0x0f0f0f0fu);
}
