//! The shaders, their bindings, and their compiled pipelines.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::device::Device;

/// Storage of a weight's integers; each format has its own decoding snippet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// 4 bits.
    Q4,
    /// 5 bits.
    Q5,
    /// Signed 8 bits.
    Q8,
}

/// Number format of products of many rows. Their relative speed depends on the GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Products {
    /// 32-bit floats.
    F32,
    /// 16-bit floats, accumulated in 32-bit floats every 32 products.
    F16,
    /// 8-bit integers; activations are rounded as on the CPU.
    Int8,
}

impl Products {
    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "products in f32",
            Self::F16 => "products in f16",
            Self::Int8 => "products in int8",
        }
    }
}

/// A shader and its specialization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kernel {
    Embed(Format),
    RmsNorm,
    MatMul {
        format: Format,
        products: Products,
    },
    /// Precedes an integer product.
    Quantize,
    MatVec(Format),
    Rope,
    /// For heads of `fours` vec4s, as for the next two.
    Attention {
        fours: usize,
    },
    AttentionSplit {
        fours: usize,
    },
    AttentionMerge {
        fours: usize,
    },
    SwiGlu,
    GeGlu,
    AddBias,
    Scale,
    Add,
    AddNorm,
    Penalize,
    Best,
    /// The two benchmark shaders.
    Peak(Products),
    Copy,
}

/// What a shader does with a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

use Access::{Read, Write};

impl Kernel {
    /// Operation name in profiles.
    pub fn operation(self) -> &'static str {
        match self {
            Self::Embed(_) | Self::Scale => "embedding",
            Self::RmsNorm => "norm",
            Self::MatMul { .. } | Self::Quantize => "matrix products",
            Self::MatVec(_) => "matrix-vector products",
            Self::Rope => "rotation and cache",
            Self::Attention { .. } | Self::AttentionSplit { .. } | Self::AttentionMerge { .. } => {
                "attention"
            }
            Self::SwiGlu | Self::GeGlu => "gated activation",
            Self::AddBias => "bias",
            Self::Add => "residual",
            Self::AddNorm => "residual and norm",
            Self::Penalize | Self::Best => "choice of token",
            Self::Peak(_) | Self::Copy => "measuring",
        }
    }

    /// The buffers bound after its parameters.
    fn buffers(self) -> &'static [Access] {
        match self {
            Self::MatMul { products: Products::Int8, .. } => &[Read, Read, Read, Read, Write],
            Self::Embed(_) | Self::MatMul { .. } | Self::MatVec(_) => &[Read, Read, Read, Write],
            Self::Quantize => &[Read, Write, Write],
            Self::RmsNorm => &[Read, Read, Write],
            Self::Rope => &[Read, Write, Read, Read, Write, Write],
            Self::Attention { .. } | Self::AttentionSplit { .. } => {
                &[Read, Read, Read, Write, Write]
            }
            Self::AttentionMerge { .. } => &[Read, Read, Write],
            Self::SwiGlu | Self::GeGlu | Self::AddBias | Self::Add => &[Write, Read],
            Self::AddNorm => &[Write, Read, Read, Write],
            Self::Penalize | Self::Best | Self::Copy => &[Read, Write],
            Self::Scale | Self::Peak(_) => &[Write],
        }
    }

    /// The shader's source: shared snippets and constants, then its own text.
    pub fn source(self) -> String {
        macro_rules! shaders {
            ($($name:literal),+) => {
                concat!($(include_str!(concat!("shaders/", $name, ".wgsl")), "\n"),+)
            };
        }
        let weight = |format| match format {
            Format::Q4 => shaders!("weight", "q4"),
            Format::Q5 => shaders!("weight", "q5"),
            Format::Q8 => shaders!("weight", "q8"),
        };
        let fours = |fours| format!("const FOURS = {fours}u;\n");
        match self {
            Self::Embed(format) => [weight(format), shaders!("embed")].concat(),
            Self::RmsNorm => shaders!("norm", "rms_norm").into(),
            Self::MatMul { format, products } => {
                let (number, matmul) = match products {
                    Products::F32 => (shaders!("number_f32"), shaders!("matmul")),
                    Products::F16 => (shaders!("number_f16"), shaders!("matmul")),
                    Products::Int8 => ("", shaders!("matmul_int8")),
                };
                [number, weight(format), shaders!("product", "product_tile"), matmul].concat()
            }
            Self::Quantize => shaders!("quantize").into(),
            Self::MatVec(format) => [weight(format), shaders!("product", "matvec")].concat(),
            Self::Rope => shaders!("rope").into(),
            Self::Attention { fours: n } => {
                // Two tiles fit the guaranteed 16 KiB of workgroup memory.
                let keys = format!("const KEYS = {}u;\n", (512 / n).clamp(1, 16));
                fours(n) + &keys + shaders!("attention_parts", "attention")
            }
            Self::AttentionSplit { fours: n } => {
                fours(n) + shaders!("attention_parts", "attention_split")
            }
            Self::AttentionMerge { fours: n } => fours(n) + shaders!("attention_merge"),
            Self::SwiGlu => shaders!("swiglu").into(),
            Self::GeGlu => shaders!("geglu").into(),
            Self::AddBias => shaders!("add_bias").into(),
            Self::Scale => shaders!("scale").into(),
            Self::Add => shaders!("add").into(),
            Self::AddNorm => shaders!("norm", "add_norm").into(),
            Self::Penalize => shaders!("penalize").into(),
            Self::Best => shaders!("best").into(),
            Self::Peak(Products::F32) => ["alias Number = f32;\n", shaders!("peak")].concat(),
            Self::Peak(Products::F16) => {
                ["enable f16;\nalias Number = f16;\n", shaders!("peak")].concat()
            }
            Self::Peak(Products::Int8) => shaders!("peak_int8").into(),
            Self::Copy => shaders!("copy").into(),
        }
    }
}

/// A compiled shader.
pub struct Pipeline {
    pub raw: wgpu::ComputePipeline,
    pub layout: wgpu::BindGroupLayout,
}

/// Cache of compiled shaders.
#[derive(Default)]
pub struct Pipelines(RefCell<HashMap<Kernel, Rc<Pipeline>>>);

impl Pipelines {
    /// The pipeline of `kernel`, compiled on first use. Failures surface in [`Device::check`].
    pub fn get(&self, device: &Device, kernel: Kernel) -> Rc<Pipeline> {
        let mut pipelines = self.0.borrow_mut();
        Rc::clone(pipelines.entry(kernel).or_insert_with(|| Rc::new(compile(device, kernel))))
    }
}

fn compile(device: &Device, kernel: Kernel) -> Pipeline {
    let label = format!("{kernel:?}");
    let device = &device.raw;
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(&label),
        source: wgpu::ShaderSource::Wgsl(kernel.source().into()),
    });
    let uniform = wgpu::BufferBindingType::Uniform;
    let storage = kernel.buffers().iter().map(|access| {
        let ty = wgpu::BufferBindingType::Storage { read_only: *access == Read };
        (ty, false)
    });
    let entries: Vec<_> = std::iter::once((uniform, true))
        .chain(storage)
        .zip(0..)
        .map(|((ty, has_dynamic_offset), binding)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
            count: None,
        })
        .collect();
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some(&label),
        entries: &entries,
    });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(&label),
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let raw = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(&label),
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some("main"),
        // No shader reads workgroup memory before writing it.
        compilation_options: wgpu::PipelineCompilationOptions {
            zero_initialize_workgroup_memory: false,
            ..Default::default()
        },
        cache: None,
    });
    Pipeline { raw, layout }
}
