//! How wide the characters of a font are, in units of its size.

use std::collections::HashMap;

use hayro_syntax::object::{Array, Dict, Name, Object};

/// Widths of the characters from space to tilde in Helvetica, in thousandths of its size: for fonts
/// that every reader has, files may leave them out.
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// Of 256 codes, in units of the font's size.
pub fn simple(font: &Dict, descriptor: &Dict, name: &str) -> Vec<f64> {
    let unit = match font.get::<Name>("Subtype") {
        // Glyphs of Type 3 fonts have coordinates of their own.
        Some(kind) if kind.as_str() == "Type3" => {
            font.get::<[f64; 6]>("FontMatrix").map_or(0.001, |matrix| matrix[0].abs())
        }
        _ => 0.001,
    };
    let Some(given) = font.get::<Array>("Widths") else {
        let known = |code: usize| HELVETICA.get(code.wrapping_sub(32)).copied().unwrap_or(556);
        let is_fixed = name.contains("Courier") || name.contains("Mono");
        let narrow = if name.contains("Times") { 0.92 } else { 1.0 };
        let width = |code| if is_fixed { 0.6 } else { f64::from(known(code)) / 1000.0 * narrow };
        return (0..256).map(width).collect();
    };
    let missing = descriptor.get::<f64>("MissingWidth").unwrap_or(0.0) * unit;
    let mut widths = vec![missing; 256];
    let first = font.get::<i64>("FirstChar").and_then(|code| usize::try_from(code).ok());
    for (place, width) in widths.iter_mut().skip(first.unwrap_or(0)).zip(given.iter::<f64>()) {
        *place = width * unit;
    }
    widths
}

/// "1 [500 600] 7 9 400": the widths of 1 and 2, and that of 7 to 9.
pub fn composite(given: &Array) -> HashMap<u32, f64> {
    let mut widths = HashMap::new();
    let mut items = given.iter::<Object>();
    while let (Some(Object::Number(first)), Some(next)) = (items.next(), items.next()) {
        let Ok(first) = u32::try_from(first.as_i64()) else { continue };
        if let Object::Array(list) = next {
            let list = (first..).zip(list.iter::<f64>()).map(|(cid, width)| (cid, width / 1000.0));
            widths.extend(list.take(1 << 16));
        } else if let (Object::Number(last), Some(Object::Number(width))) = (next, items.next()) {
            let last = u32::try_from(last.as_i64()).unwrap_or(0).min(first.saturating_add(1 << 16));
            widths.extend((first..=last).map(|cid| (cid, width.as_f64() / 1000.0)));
        }
    }
    widths
}
