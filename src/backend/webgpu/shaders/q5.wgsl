// Blocks of 32 5-bit integers: four words as in q4.wgsl, and one whose bit k is the fifth bit of
// integer k.
const WORDS = 4u;
const PER_WORD = 8u;

struct Word {
    fours: vec4u,
    // In the lowest eight bits.
    fifths: vec4u,
}

// A word of a block, for each of four outputs.
fn load_word(block: u32, word: u32) -> Word {
    return Word(words[block * 5u + word], words[block * 5u + 4u] >> vec4u(8u * word));
}

// Integer i of a word, for each of four outputs.
fn integers(word: Word, i: u32) -> vec4f {
    let four = (word.fours >> vec4u(i % 4u * 8u + i / 4u * 4u)) & vec4u(15u);
    let fifth = (word.fifths >> vec4u(i)) & vec4u(1u);
    return vec4f(four | (fifth << vec4u(4u)));
}

// Integers 4i to 4i + 3 of a word as bytes, for each of four outputs.
fn four_integers(word: Word, i: u32) -> vec4u {
    let fours = (word.fours >> vec4u(4u * i)) & vec4u(0x0f0f0f0fu);
    // The product has bit k of four at 7j + k for each j; with j = k that is 8k.
    let fifths = (word.fifths >> vec4u(4u * i)) & vec4u(15u);
    return fours | (((fifths * vec4u(0x00204081u)) & vec4u(0x01010101u)) << vec4u(4u));
}
