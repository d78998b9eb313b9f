// Blocks of 32 signed 8-bit integers. Word j of an output holds integers 4j to 4j + 3, lowest
// first.
const WORDS = 8u;
const PER_WORD = 4u;

alias Word = vec4u;

// A word of a block, for each of four outputs.
fn load_word(block: u32, word: u32) -> Word {
    return words[block * 8u + word];
}

// Integer i of a word, for each of four outputs.
fn integers(word: Word, i: u32) -> vec4f {
    return vec4f(vec4i(word << vec4u(24u - 8u * i)) >> vec4u(24u));
}

// The integers of a word as bytes, for each of four outputs.
fn four_integers(word: Word, i: u32) -> vec4u {
    return word;
}
