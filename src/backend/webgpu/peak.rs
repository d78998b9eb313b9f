//! Peak speeds of a GPU, measured by synthetic shaders, as a reference for the engine's own.
//!
//! Vendor figures don't help: none states what a shader can reach through WebGPU.

use super::buffer::Buffer;
use super::kernel::{Kernel, Products};
use super::{LANES, WebGpu, grid_for};
use crate::error::Result;
use crate::report::Peaks;

/// Workgroups of a multiply shader: two for each of 4,096 slots, twice as many as the largest GPUs
/// have, so that the tail is short.
const GROUPS: usize = 1 << 13;

/// The same for a software renderer, where starting a workgroup is costly.
const GROUPS_OF_SOFTWARE: usize = 1 << 7;

/// Bytes that an invocation of copy.wgsl copies.
const COPIED: usize = 16;

/// Bytes copied to measure bandwidth for a report: more than most GPU caches, but few enough to be
/// available after a run.
pub const MODEST: u64 = 64 << 20;

/// Bytes that a benchmark copies: more than any GPU's cache.
pub const LARGE: u64 = 256 << 20;

/// Peak speed of multiplication in `products`.
pub fn peak_in(peaks: &Peaks, products: Products) -> Option<f64> {
    match products {
        Products::F32 => peaks.f32_gmacs,
        Products::F16 => peaks.f16_gmacs,
        Products::Int8 => peaks.int8_gmacs,
    }
}

/// How long to measure, in milliseconds.
#[derive(Clone, Copy)]
struct Effort {
    /// Warm-up before measuring: an idle GPU is slow at first.
    warm_up: f64,
    /// One measurement; long enough to make the wait negligible.
    one: f64,
    /// Measurements; the best counts.
    repetitions: usize,
    /// No measurement starts after this time, however slow the GPU is.
    all: f64,
}

const THOROUGH: Effort = Effort { warm_up: 200.0, one: 40.0, repetitions: 5, all: 700.0 };

/// For a GPU that is already warm.
const QUICK: Effort = Effort { warm_up: 0.0, one: 10.0, repetitions: 3, all: 60.0 };

impl WebGpu {
    /// Measures this GPU; takes about two seconds, longer on a software renderer.
    pub(super) async fn measured_peaks(&self) -> Result<Peaks> {
        let mut peaks = Peaks { copy_gbs: self.copied(LARGE, THOROUGH).await?, ..Peaks::default() };
        for products in self.products() {
            let peak = self.multiplied(products).await?;
            *match products {
                Products::F32 => &mut peaks.f32_gmacs,
                Products::F16 => &mut peaks.f16_gmacs,
                Products::Int8 => &mut peaks.int8_gmacs,
            } = peak;
        }
        Ok(peaks)
    }

    /// The reference for an operation in a profile: the peak of its number format.
    pub fn peak_of(&self, operation: &str, peaks: &Peaks) -> Option<f64> {
        let products = self.multiplies_in.get();
        let multiplies = operation == Kernel::Quantize.operation();
        peak_in(peaks, if multiplies { products } else { Products::F32 })
    }

    /// 10⁹ bytes read and written per second while copying [`MODEST`] bytes.
    pub(super) async fn copied_quickly(&self) -> Result<Option<f64>> {
        self.copied(MODEST, QUICK).await
    }

    /// 10⁹ multiply-adds per second.
    async fn multiplied(&self, products: Products) -> Result<Option<f64>> {
        let groups = if self.is_software() { GROUPS_OF_SOFTWARE } else { GROUPS };
        let Some(out) = self.spare((groups * LANES * 16) as u64).await? else { return Ok(None) };
        let macs = (groups * LANES * macs_of_a_round(products)) as f64;
        let rounds = self.best(THOROUGH, |rounds| self.multiply_for(products, rounds, &out));
        Ok(rounds.await?.map(|rounds| rounds * macs / 1e6))
    }

    /// Runs `rounds` rounds: a step adds one to float chains, and four products to integer chains.
    fn multiply_for(&self, products: Products, rounds: usize, out: &Buffer) {
        let one = 1f32.to_bits() as usize;
        let parameters = match products {
            Products::F32 | Products::F16 => vec![rounds, one, one],
            Products::Int8 => vec![rounds, FACTOR as usize],
        };
        let groups = out.raw().size() as usize / (LANES * 16);
        self.dispatch(Kernel::Peak(products), &parameters, &[out], [groups, 1, 1], 0.0);
    }

    /// 10⁹ bytes read and written per second.
    async fn copied(&self, bytes: u64, effort: Effort) -> Result<Option<f64>> {
        // A whole number of workgroups.
        let group = (LANES * COPIED) as u64;
        let bytes = bytes.min(self.recorder.device.max_binding) / group * group;
        let Some(from) = self.spare(bytes).await? else { return Ok(None) };
        let Some(to) = self.spare(bytes).await? else { return Ok(None) };
        let copies = self.best(effort, |copies| {
            for _ in 0..copies {
                self.copy(&from, &to);
            }
        });
        Ok(copies.await?.map(|copies| copies * 2.0 * bytes as f64 / 1e6))
    }

    fn copy(&self, from: &Buffer, to: &Buffer) {
        let fours = from.raw().size() as usize / COPIED;
        self.dispatch(Kernel::Copy, &[fours], &[from, to], grid_for(fours), 0.0);
    }

    /// A buffer for measuring; `None` if memory is short, which does not count as a GPU failure.
    async fn spare(&self, bytes: u64) -> Result<Option<Buffer>> {
        let recorder = &self.recorder;
        let scope = recorder.device.raw.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let buffer = recorder.memory.lasting(&recorder.device, "measuring", bytes);
        let lacking = scope.pop().await.is_some();
        Ok((!lacking).then_some(buffer?))
    }

    /// Best throughput in units of `work(1)` per millisecond.
    async fn best(&self, effort: Effort, work: impl Fn(usize)) -> Result<Option<f64>> {
        let recorder = &self.recorder;
        recorder.wait().await?;
        // The first run includes compilation.
        work(1);
        recorder.wait().await?;
        let Some(began) = recorder.now_ms() else { return Ok(None) };
        let mut amount = 1.0f64;
        let mut best: Option<f64> = None;
        let mut counted = 0;
        loop {
            let Some(started) = recorder.now_ms() else { return Ok(None) };
            work(amount as usize);
            recorder.wait().await?;
            let Some(now) = recorder.now_ms() else { return Ok(None) };
            let ms = now - started;
            if ms > 0.0 {
                best = Some(best.unwrap_or(0.0).max(amount / ms));
            }
            let warm = now - began >= effort.warm_up && 2.0 * ms >= effort.one;
            counted += usize::from(warm);
            if counted >= effort.repetitions || now - began >= effort.all {
                return Ok(best);
            }
            if 2.0 * ms < effort.one {
                // In steps, because the first times are mostly waiting.
                amount = (amount * (effort.one / ms.max(0.1)).min(8.0)).ceil();
            }
        }
    }
}

/// Four factors of 8 bits for the integers of a chain.
const FACTOR: u32 = 0x0503_fe01;

/// Multiply-adds per round and invocation: 32 chains, four times.
fn macs_of_a_round(products: Products) -> usize {
    match products {
        Products::F32 | Products::F16 => 32 * 4,
        Products::Int8 => 32 * 4 * 4,
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::backend::webgpu::{MOST_GROUPS, Restrictions};
    use crate::host::native::block_on;

    fn open() -> WebGpu {
        let started = std::time::Instant::now();
        let clock = Box::new(move || Some(started.elapsed().as_secs_f64() * 1000.0));
        block_on(WebGpu::open(Restrictions::default(), clock)).expect("a GPU, or Mesa's lavapipe")
    }

    fn fetched(gpu: &WebGpu, buffer: &Buffer) -> Vec<u32> {
        let bytes = block_on(gpu.recorder.fetch(buffer, buffer.raw().size())).expect("a GPU");
        bytes.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect()
    }

    /// Expected sum of one invocation's chains that end in element `i` of its result.
    fn counted(products: Products, rounds: usize, lane: usize, i: usize) -> u32 {
        let chains = (0..8).map(|chain| lane + i + 4 * chain);
        match products {
            Products::F32 | Products::F16 => {
                (chains.map(|start| start + 4 * rounds).sum::<usize>() as f32).to_bits()
            }
            Products::Int8 => {
                let step = |x: i32| {
                    let pairs = x.to_le_bytes().into_iter().zip(FACTOR.to_le_bytes());
                    let products = pairs.map(|(a, b)| i32::from(a as i8) * i32::from(b as i8));
                    x.wrapping_add(products.sum())
                };
                let end = |start: usize| (0..4 * rounds).fold(start as i32, |x, _| step(x));
                chains.map(end).fold(0, i32::wrapping_add).cast_unsigned()
            }
        }
    }

    /// Every counted multiply-add was executed.
    #[test]
    fn chains_come_to_what_they_should() {
        let gpu = open();
        for products in gpu.products() {
            // 16-bit floats hold integers up to 2,048 exactly.
            for rounds in [0, 1, 7, 50] {
                let out = block_on(gpu.spare((2 * LANES * 16) as u64)).expect("a GPU");
                let out = out.expect("memory");
                gpu.multiply_for(products, rounds, &out);
                for (at, got) in fetched(&gpu, &out).into_iter().enumerate() {
                    let want = counted(products, rounds, at / 4 % LANES, at % 4);
                    assert_eq!(got, want, "{products:?}, {rounds} rounds, number {at}");
                }
            }
        }
    }

    #[test]
    fn copies_are_whole() {
        let gpu = open();
        // More workgroups than fit one dimension, and a partial one.
        let bytes = (MOST_GROUPS + 3) * LANES * COPIED + 5 * 256;
        let spare = || block_on(gpu.spare(bytes as u64)).expect("a GPU").expect("memory");
        let (from, to) = (spare(), spare());
        let numbers = (0..bytes as u32 / 4).map(|i| i.wrapping_mul(0x9E37_79B9));
        let words: Vec<u8> = numbers.clone().flat_map(u32::to_le_bytes).collect();
        gpu.recorder.upload(&from, 0, &words);
        gpu.copy(&from, &to);
        assert!(numbers.eq(fetched(&gpu, &to)), "the copy is another");
    }

    #[test]
    fn peaks_are_measured_and_memory_given_back() {
        let gpu = open();
        let before = gpu.recorder.memory.bytes();
        let peaks = block_on(gpu.measured_peaks()).expect("a GPU");
        println!("{peaks:?}");
        assert!(peaks.copy_gbs > Some(0.0));
        assert!(gpu.products().into_iter().all(|products| peak_in(&peaks, products) > Some(0.0)));
        // Except for the fence buffer, kept for the next wait.
        assert!(gpu.recorder.memory.bytes() <= before + 256);
    }
}
