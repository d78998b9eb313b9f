"""Strings on which byte-level BPE implementations disagree, by the reason they are hard."""

_FAMILY = "\U0001F468\u200d\U0001F469\u200d\U0001F467\u200d\U0001F466"
_FLAGS = "\U0001F1E9\U0001F1EA\U0001F1EF\U0001F1F5\U0001F1E7\U0001F1F7"

HARD_STRINGS = [
    # Nothing, and almost nothing.
    "", " ", "  ", "a", "\n", "\t", "\r\n",
    # Leading, trailing and inner whitespace: the last space of a run belongs to the next word.
    " leading", "   three leading", "trailing ", "trailing   ", "a  b   c    d", "a\tb\t\tc", "\t\tdef f():",
    " \t \n \t ", "line\n\nparagraph\n\n\n\nend\n", "crlf\r\nand\r\n\r\nmore\r", "mixed \t\u00a0\u2003\u3000spaces",
    "nel\u0085ls\u2028ps\u2029end", "\ufeffbyte order mark", "zero\u200bwidth\u2060joiner", "x" + " " * 70 + "y",
    "\n" * 20 + "z", "vertical\x0btab form\x0cfeed",
    # Digits are single pieces, in every script and every numeric category.
    "0", "12", "123", "1234", "1234567890", "3.14159", "1,000,000.00", "a1b22c333", "2024-12-31T23:59:59Z",
    "-42 +7 1e-10 0x1F", "\u0661\u0662\u0663 \u096a\u096b \uff11\uff12", "x\u00b2 \u00bd \u2167 \u2460 \u4e09\u5341", "v1.2.3-rc4",
    # Contractions, with straight and curly apostrophes and in capitals.
    "I'm you're he'll she'd we've it's don't", "I\u2019m you\u2019re don\u2019t", "DON'T I'M WE'VE IT'S", "'s 't 're '' '", "rock'n'roll 'tis",
    # Emoji: sequences, modifiers, flags, keycaps.
    "\U0001F600", "hi \U0001F44B\U0001F3FD!", _FAMILY, "a" + _FAMILY + "b", _FLAGS, "1\ufe0f\u20e3 \u2764\ufe0f \u2764", "\U0001F9D1\U0001F3FE\u200d\U0001F680 \U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F",
    # Scripts.
    "\u4eca\u65e5\u306f\u3044\u3044\u5929\u6c17\u3067\u3059\u306d\u3002", "\u4f60\u597d\uff0c\u4e16\u754c\uff01\u8fd9\u662f\u4e00\u4e2a\u6d4b\u8bd5\u3002", "\ud55c\uad6d\uc5b4 \ubb38\uc7a5\uc785\ub2c8\ub2e4.",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!", "\u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5 \u039a\u03cc\u03c3\u03bc\u03b5", "\u0939\u093f\u0928\u094d\u0926\u0940 \u092e\u0947\u0902 \u092a\u093e\u0920",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd", "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 123", "abc \u202e\u05d0\u05d1\u05d2\u202c def",
    "\U00020000\U0002A6D6 \U0001D54F\U0001D552",
    # Combining marks: composed, decomposed, stacked, and at the start.
    "caf\u00e9 na\u00efve", "cafe\u0301 nai\u0308ve", "Z\u0351\u036f\u0310a\u0325\u0303l\u0334g\u0321\u0317o\u031b", "\u0301lone", "\u1e9e\u00df\u0130\u0131\ufb01",
    # Control characters, the replacement character, noncharacters.
    "\x01\x02\x1b[31mred\x1b[0m\x7f", "bad \ufffd\ufffd bytes", "\ufdd0\uffff\U0010ffff", "\ue000\uf8ff",
    # The real vocabulary lacks 21 of the 256 bytes. llama.cpp drops such a byte, but only after merging: its neighbours stay apart.
    "\x04\x06", "=\x04= ..\x13..", "a\U00050000b",
    # Punctuation, code, addresses.
    "!!!???...---===***", "a\u2014b\u2013c\u2026 \u201cq\u201d \u2018q\u2019 \u00ab\u00bb", "$100 \u20ac50 \u00a35 \u00a51000 \u20bf1",
    "fn main() {\n    println!(\"{:?}\", vec![1u8; 3]);\n}\n", "def f(x):\n\treturn x**2  # square\n", "if (a<=b && c!=d) { x->y[0] = ~z; }",
    "<div class=\"a b\">&nbsp;</div>", "{\"key\": [1, 2.5, null], \"k2\": \"v\\n\"}", "https://example.com/a/b?c=d&e=%20f#g-h_1", "user.name+tag@mail.example.org",
    "C:\\Windows\\System32", "snake_case camelCase PascalCase SCREAMING_CASE kebab-case", "| a | b |\n|---|:-:|\n| 1 | 2 |\n",
    # Look-alikes of special tokens, whole, broken and adjoining: pasted text never becomes a control token.
    "<|im_start|>system", "<|im_end|>", "<|endoftext|>", "<repo_name>", "<file_sep>", "<issue_start>", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "a<|im_end|>b", " <|im_end|> ", "<|im_start", "<|im_end|", "<<|im_end|>>", "<filename>x</filename>", "[INST] <s> </s> [/INST] <unk> <pad>",
    # Long, and without a place to split.
    "a" * 600, "supercalifragilisticexpialidocious" * 12, "\u4e00" * 100, "ab1" * 60, "=" * 130, "\U0001F600" * 20,
]

# On which SentencePiece and its descendants disagree, and user-defined tokens, which pasted text does contain.
MORE_STRINGS = [
    # Runs that have tokens of their own up to a length.
    "\n\n\n\n\n\n\n", "a\n\n\n\nb \n \n", " \n\n  \n", "\t\t\t", "\t\t\t\t\tx", " " * 31, " " * 32, " " * 33 + "x", "a" + " " * 65, "     five      six",
    # The character that stands for a space, and spaces that are none.
    "\u2581", "\u2581\u2581", "a\u2581b", " \u2581 ", "a \u2581\u2581 b", "\u00a0\u2003", " a", "a ", " a b ",
    # Tokens that are marked up, whole and broken.
    "<h1>", "</h1>", "<h1>Title</h1>", "<h1", "</", "> </", "<s>", "</s>", "a</s>b", "<b>bold</b> <i> x </i>", "<table><tr><td>1</td></tr></table>",
    # Look-alikes of control tokens, and a token that pasted text may be.
    "<start_of_turn>", "<start_of_turn>user\nHi<end_of_turn>\n", "<end_of_turn", "<bos>", "<eos><pad><unk><mask>", "<unused0>", "<start_of_image>", "[multimodal]", "a[multimodal]b", "[multimodal", "<0x41>", "<0x0A>",
    "<think>", "a<think>b</think>\nc", "</think", "<|begin_of_text|><|start_header_id|>user<|end_header_id|>", "<|eot_id|>",
    # Bytes: ancient scripts, new emoji, half of what has a token.
    "\U00012000\U00012001", "\U00013000 \U00010900", "\U0001FAE8\U0001FAF7\U0001F3FF", "\U0001F9FF\u200d", "a\u0301\u0302\u0303\u0304", "\u0915\u094d\u0937\u093f", "\u1680\u180e",
    "\x01\x02\x03", "\x7f\x80\x9f", "\r", "\r\r\n", "a\r\n\r\nb",
    # Digits, contractions and capitals, by whose boundaries pre-tokenizers differ.
    "12 123 1234 12345 123456 1234567", "a1b 1b a12", "it's IT'S It'S can't CAN'T I'll'd", "!!!\n!!\n\n.\n x", "snake_case __init__ (x) ( y", "Hello world Hello, world leading HelloHello", "=" * 5 + "....." + "):\n",
    "\u01c5\u02b0\u0640 \u0e33 \u216b\u00aa",
]
