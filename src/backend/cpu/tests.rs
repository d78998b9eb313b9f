//! Every kernel compared with a slow, obvious reference. The same tests run natively, in Node
//! (simd128) and in a browser (relaxed SIMD).

mod attention;
mod elementwise;
mod matmul;
mod speed;
mod weights;

pub use crate::backend::stored::Stored;
