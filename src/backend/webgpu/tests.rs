//! Every shader compared with a slow, obvious twin, on the available GPU: natively that may be
//! Mesa's lavapipe, in a browser SwiftShader. Shader validation needs no GPU.

mod attention;
mod kernels;
#[cfg(not(target_arch = "wasm32"))]
mod shaders;

use super::{Restrictions, Tensor, WebGpu};
use crate::backend::Backend;

/// Turns each function into a test, natively and in a browser's worker.
macro_rules! on_a_gpu {
    ($($name:ident)*) => {$(
        #[cfg(not(target_arch = "wasm32"))]
        #[test]
        fn $name() {
            crate::host::native::block_on(cases::$name());
        }

        #[cfg(target_arch = "wasm32")]
        #[wasm_bindgen_test::wasm_bindgen_test]
        async fn $name() {
            cases::$name().await;
        }
    )*};
}
use on_a_gpu;

async fn open(restrictions: Restrictions) -> WebGpu {
    WebGpu::open(restrictions, Box::new(|| None)).await.expect(
        "these tests need a GPU or Mesa's lavapipe (package mesa-vulkan-drivers); Chromium needs \
         --enable-unsafe-webgpu",
    )
}

impl WebGpu {
    fn of(&self, width: usize, data: &[f32]) -> Tensor {
        let bits: Vec<u32> = data.iter().map(|x| x.to_bits()).collect();
        Tensor { buffer: self.uploaded(&bits), rows: data.len() / width, width }
    }

    async fn numbers(&self, x: &Tensor) -> Vec<f32> {
        self.read(x).await.expect("the GPU is there")
    }
}
