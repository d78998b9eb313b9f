//! Shaders are valid WGSL for WebGPU, checked on any machine.

use naga::valid::{Capabilities, ValidationFlags, Validator};

use crate::backend::webgpu::kernel::{Format, Kernel, Products};

fn all() -> Vec<Kernel> {
    let mut all = vec![Kernel::RmsNorm, Kernel::Rope, Kernel::SwiGlu, Kernel::Add, Kernel::AddNorm];
    all.extend([Kernel::GeGlu, Kernel::AddBias, Kernel::Scale]);
    all.extend([Kernel::Penalize, Kernel::Best, Kernel::Quantize, Kernel::Copy]);
    all.extend([Products::F32, Products::F16, Products::Int8].map(Kernel::Peak));
    for format in [Format::Q4, Format::Q5, Format::Q8] {
        all.extend([Kernel::Embed(format), Kernel::MatVec(format)]);
        let products = [Products::F32, Products::F16, Products::Int8];
        all.extend(products.map(|products| Kernel::MatMul { format, products }));
    }
    for fours in [2, 16, 20, 64] {
        all.extend([Kernel::Attention { fours }, Kernel::AttentionSplit { fours }]);
        all.push(Kernel::AttentionMerge { fours });
    }
    all
}

fn validate(source: &str) -> Result<(), String> {
    let module = naga::front::wgsl::parse_str(source).map_err(|e| e.emit_to_string(source))?;
    let capabilities = Capabilities::SHADER_FLOAT16 | Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    Validator::new(ValidationFlags::all(), capabilities)
        .validate(&module)
        .map(|_| ())
        .map_err(|e| e.emit_to_string(source))
}

#[test]
fn every_shader_is_valid() {
    for kernel in all() {
        validate(&kernel.source()).unwrap_or_else(|e| panic!("{kernel:?}: {e}"));
    }
}

#[test]
fn an_error_in_a_shader_is_seen() {
    let source = Kernel::Add.source();
    assert!(validate(&source.replace("x[i] += y[i]", "x[i] += 1u")).is_err());
    assert!(validate(&source.replace("read_write", "read")).is_err());
}
