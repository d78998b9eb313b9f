//! What `cargo xtask fuzz` runs under libFuzzer. The native tests run the same targets over `corpus/`.

#[path = "../../tests/common/mod.rs"]
mod common;
pub mod edits;
pub mod targets;
