//! Every kernel compared with a slow, obvious twin. The same tests run natively, in Node (simd128)
//! and in a browser (relaxed SIMD).

mod attention;
mod elementwise;
mod matmul;
mod speed;
mod weights;

pub use crate::backend::stored::Stored;
