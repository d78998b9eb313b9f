//! A text that was made from another, and where each of its characters stood there.

/// A text whose characters know their place in another text, the source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traced {
    text: String,
    /// Where the source runs on differently: the byte here, and the character there.
    moves: Vec<(usize, usize)>,
    /// The source's character that comes next if nothing moves.
    next: usize,
}

impl Traced {
    /// An empty text with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds a character that is the source's at `there`, in characters.
    pub fn push(&mut self, c: char, there: usize) {
        if self.next != there {
            self.moves.push((self.text.len(), there));
        }
        self.text.push(c);
        self.next = there + 1;
    }

    /// Adds characters that one character of the source stands for.
    pub fn push_str(&mut self, text: &str, there: usize) {
        text.chars().for_each(|c| self.push(c, there));
    }

    /// Where in the source the character stands that begins at this byte, in characters; nothing at
    /// the end of the text.
    pub fn origin(&self, byte: usize) -> Option<usize> {
        if byte >= self.text.len() {
            return None;
        }
        let at = self.moves.partition_point(|(here, _)| *here <= byte);
        let (here, there) = at.checked_sub(1).map_or((0, 0), |at| self.moves[at]);
        Some(there + self.text[here..byte].chars().count())
    }

    /// Where in the source each character stands, in characters.
    pub fn origins(&self) -> impl Iterator<Item = usize> + '_ {
        let mut moves = self.moves.iter().peekable();
        let mut next = 0;
        self.text.char_indices().map(move |(byte, _)| {
            if let Some((_, there)) = moves.next_if(|(here, _)| *here == byte) {
                next = *there;
            }
            next += 1;
            next - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn characters_know_their_place() {
        let mut traced = Traced::with_capacity(8);
        for (c, there) in [('a', 0), ('ß', 1), ('c', 7), ('d', 8)] {
            traced.push(c, there);
        }
        traced.push_str("ffi", 9);
        traced.push('.', 10);
        assert_eq!(traced.text(), "aßcdffi.");
        let places = [0, 1, 7, 8, 9, 9, 9, 10];
        assert_eq!(traced.origins().collect::<Vec<_>>(), places);
        let bytes = traced.text().char_indices();
        assert_eq!(bytes.filter_map(|(at, _)| traced.origin(at)).collect::<Vec<_>>(), places);
        assert_eq!(traced.origin(traced.text().len()), None);
    }
}
