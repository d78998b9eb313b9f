//! Every kernel held to a slow and obvious twin, on whatever GPU is there: natively that may be
//! Mesa's lavapipe, in a browser SwiftShader. Shaders are validated without one.

mod attention;
mod kernels;
#[cfg(not(target_arch = "wasm32"))]
mod shaders;

use super::{Restrictions, Tensor, WebGpu};
use crate::backend::Backend;

/// Makes a test of each of these functions, natively and in a browser's worker.
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
