//! What needs files, threads or a native host. One program: each test program compiles the engine again.
//! `cargo test --release --test native tiny::` runs one module of it. What measures time (`linear.rs`), or
//! runs on a driver that may abort (`webgpu.rs`), is a program of its own.

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod cli;
mod decisions;
mod definitions;
mod elsewhere;
mod engine;
mod fuzz;
mod gemma;
mod hostile;
mod inspect;
mod judge;
mod kinds;
mod languages;
mod real_model;
mod refused;
mod requests;
mod reuse;
mod sentences;
mod stream;
mod suite;
mod templates;
mod tiny;
