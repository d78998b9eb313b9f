//! Matrix products: choice of shader and grid.

use super::{Buffer, FEW_ROWS, Kernel, OUTPUTS, Products, TILE, Tensor, WebGpu, Weight, grid_for};
use crate::quant::BLOCK;

/// A matrix prepared for multiplication.
pub(super) struct Factor<'a> {
    x: &'a Tensor,
    products: Products,
    /// Rounded integers and their steps, for integer products.
    rounded: Option<[Buffer; 2]>,
}

impl WebGpu {
    /// Prepares `x` for products with weights.
    pub(super) fn prepare<'a>(&self, x: &'a Tensor) -> Factor<'a> {
        let products = self.multiplies_in.get();
        if x.rows <= FEW_ROWS || products != Products::Int8 {
            return Factor { x, products, rounded: None };
        }
        let blocks = x.rows * x.width / BLOCK;
        let integers = self.recorder.scratch((blocks * BLOCK) as u64);
        let steps = self.recorder.scratch((blocks * 8) as u64);
        let buffers = [&x.buffer, &integers, &steps];
        self.dispatch(Kernel::Quantize, &[blocks], &buffers, grid_for(blocks), 0.0);
        Factor { x, products, rounded: Some([integers, steps]) }
    }

    /// Multiplies a factor by a weight, one part per weight buffer.
    pub(super) fn multiply(&self, factor: &Factor, weight: &Weight) -> Tensor {
        let Factor { x, products, rounded } = factor;
        let out = self.tensor(x.rows, weight.rows);
        let format = weight.format;
        for part in &weight.parts {
            let outputs = part.rows.len();
            let (kernel, grid) = match x.rows <= FEW_ROWS {
                true => (Kernel::MatVec(format), [outputs.div_ceil(OUTPUTS), x.rows, 1]),
                false => (
                    Kernel::MatMul { format, products: *products },
                    [outputs.div_ceil(TILE), x.rows.div_ceil(TILE), 1],
                ),
            };
            let mut buffers = match rounded {
                Some([integers, steps]) => vec![integers, steps],
                None => vec![&x.buffer],
            };
            buffers.extend([&part.words, &part.scales, &out.buffer]);
            let parameters = [x.rows, x.width / BLOCK, outputs, part.rows.start, weight.rows];
            let macs = (x.rows * x.width) as f64 * outputs as f64;
            self.dispatch(kernel, &parameters, &buffers, grid, macs);
        }
        out
    }
}
