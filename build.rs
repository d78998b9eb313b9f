//! The memory that the module for the edge may take at most.

/// An isolate on the edge has 128 MB (Cloudflare Workers), of which JavaScript and the request need
/// some: the module may have 110 MiB, 115 MB. Growing past that fails inside, where it is an error
/// with a code, instead of ending the isolate.
const LARGEST: u32 = 110 << 20;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str| std::env::var_os(name).is_some();
    let wasm = std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32");
    if wasm && is("CARGO_FEATURE_EDGE") {
        println!("cargo:rustc-link-arg-cdylib=--max-memory={LARGEST}");
    }
}
