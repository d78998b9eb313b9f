//! Measuring: one prompt, a suite of them, and the card that says what came of it.

pub mod bench;
pub mod card;
pub mod stats;
pub mod suite;
