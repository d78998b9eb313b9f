//! Records operations in order and submits them in batches.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures_channel::oneshot;

use super::buffer::{Buffer, Memory};
use super::device::Device;
use super::kernel::{Kernel, Pipelines};
use crate::backend::profiled::Clock;
use crate::error::{Error, Result};
use crate::report::OperationReport;

/// Buffers to read back are kept in so many sizes: the last chunks of prompts have all.
const STAGING_SIZES: usize = 8;

/// Bytes per operation in the shared parameter buffer: WebGPU's offset alignment.
const SLOT: usize = 256;

/// Maximum operations per submission: more than a chunk of a 30-layer model needs.
const SLOTS: usize = 1024;

/// Maximum parameter bytes per submission.
const ROOM: usize = SLOT * SLOTS;

/// Cached bind groups; decoding uses the same buffers for every token.
const GROUPS: usize = 4096;

/// Target GPU time of a submission, in milliseconds, so that others get the GPU.
const SUBMISSION_MS: f64 = 50.0;

/// Multiply-adds per submission before the GPU's speed is known: 100 ms of a very slow one.
const FIRST_BUDGET: f64 = 2e9;

/// Records and submits operations.
pub struct Recorder {
    pub device: Device,
    pub memory: Rc<Memory>,
    pipelines: Pipelines,
    now_ms: Clock,
    recording: RefCell<Recording>,
    parameters: wgpu::Buffer,
    groups: RefCell<HashMap<(Kernel, Vec<wgpu::Buffer>), wgpu::BindGroup>>,
    /// Readback buffers, by size.
    staging: RefCell<HashMap<u64, Vec<wgpu::Buffer>>>,
    /// Multiply-adds per submission.
    budget: Cell<f64>,
    times: RefCell<Option<Times>>,
}

/// State recorded since the last submission.
#[derive(Default)]
struct Recording {
    encoder: Option<wgpu::CommandEncoder>,
    pass: Option<wgpu::ComputePass<'static>>,
    operations: usize,
    /// [`SLOT`] bytes for each distinct set of parameters, with the offsets in `slots`; in between,
    /// the data of [`Recorder::bring`].
    parameters: Vec<u8>,
    slots: HashMap<Vec<u32>, u32>,
    /// Multiply-adds in the submission, and since the last wait.
    work: f64,
    work_since_wait: f64,
    /// Time of the first submission since the last wait.
    began: Option<f64>,
}

impl Recording {
    /// The encoder for copies; ends the current pass first.
    fn encoder(&mut self, device: &Device) -> &mut wgpu::CommandEncoder {
        self.pass = None;
        self.encoder.get_or_insert_with(|| device.raw.create_command_encoder(&Default::default()))
    }

    /// Appends bytes to the parameter buffer; returns their offset.
    fn say(&mut self, bytes: &[u8]) -> usize {
        let offset = self.parameters.len();
        self.parameters.extend(bytes);
        self.parameters.resize(self.parameters.len().next_multiple_of(SLOT), 0);
        offset
    }
}

/// GPU timestamps of operations.
struct Times {
    queries: wgpu::QuerySet,
    /// Names and multiply-adds of the operations in the current submission.
    names: Vec<(&'static str, f64)>,
    /// The same for submissions whose times have not been read.
    unread: Vec<(wgpu::Buffer, Vec<(&'static str, f64)>)>,
    totals: Vec<OperationReport>,
}

impl Recorder {
    /// An empty recorder. The clock measures submissions.
    pub fn new(device: Device, now_ms: Clock) -> Self {
        let parameters = device.raw.create_buffer(&wgpu::BufferDescriptor {
            label: Some("parameters"),
            size: ROOM as u64,
            usage: wgpu::BufferUsages::UNIFORM
                | wgpu::BufferUsages::COPY_SRC
                | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self {
            device,
            memory: Rc::default(),
            pipelines: Pipelines::default(),
            now_ms,
            recording: RefCell::default(),
            parameters,
            groups: RefCell::default(),
            staging: RefCell::default(),
            budget: Cell::new(FIRST_BUDGET),
            times: RefCell::default(),
        }
    }

    /// Time of the clock.
    pub fn now_ms(&self) -> Option<f64> {
        (self.now_ms)()
    }

    /// A pooled scratch buffer.
    pub fn scratch(&self, bytes: u64) -> Buffer {
        self.memory.scratch(&self.device, bytes)
    }

    /// Records an operation on `grid` workgroups: `parameters` as the shader declares them, then
    /// its buffers in order. `work` counts its multiply-adds.
    pub fn dispatch(
        &self,
        kernel: Kernel,
        parameters: &[u32],
        buffers: &[&Buffer],
        grid: [u32; 3],
        work: f64,
    ) {
        let pipeline = self.pipelines.get(&self.device, kernel);
        let mut groups = self.groups.borrow_mut();
        if self.memory.take_given_back() || groups.len() >= GROUPS {
            groups.clear();
        }
        let raw = |buffer: &&Buffer| buffer.raw().clone();
        let group = groups
            .entry((kernel, buffers.iter().map(raw).collect()))
            .or_insert_with(|| self.bind(&pipeline.layout, buffers));

        let mut recording = self.recording.borrow_mut();
        let recording = &mut *recording;
        // Layers of a model are alike, so most parameters repeat.
        let slot = recording.slots.get(parameters).copied();
        let offset = slot.unwrap_or_else(|| {
            let bytes: Vec<u8> = parameters.iter().flat_map(|p| p.to_le_bytes()).collect();
            let offset = recording.say(&bytes) as u32;
            recording.slots.insert(parameters.to_vec(), offset);
            offset
        });
        let encoder = recording
            .encoder
            .get_or_insert_with(|| self.device.raw.create_command_encoder(&Default::default()));
        let mut times = self.times.borrow_mut();
        if let Some(times) = times.as_mut() {
            // Timestamps cover whole passes, so each operation gets its own.
            let at = 2 * times.names.len() as u32;
            times.names.push((kernel.operation(), work));
            let pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: None,
                timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                    query_set: &times.queries,
                    beginning_of_pass_write_index: Some(at),
                    end_of_pass_write_index: Some(at + 1),
                }),
            });
            recording.pass = Some(pass.forget_lifetime());
        }
        let pass = recording.pass.get_or_insert_with(|| {
            encoder.begin_compute_pass(&Default::default()).forget_lifetime()
        });
        pass.set_pipeline(&pipeline.raw);
        pass.set_bind_group(0, &*group, &[offset]);
        pass.dispatch_workgroups(grid[0], grid[1], grid[2]);
        if times.is_some() {
            recording.pass = None;
        }
        recording.operations += 1;
        recording.work += work;
        let full = recording.operations == SLOTS || recording.parameters.len() == ROOM;
        let long = recording.work >= self.budget.get();
        drop(times);
        if full || long {
            self.submit(recording);
        }
    }

    fn bind(&self, layout: &wgpu::BindGroupLayout, buffers: &[&Buffer]) -> wgpu::BindGroup {
        let parameters = wgpu::BufferBinding {
            buffer: &self.parameters,
            offset: 0,
            size: wgpu::BufferSize::new(SLOT as u64),
        };
        let storage = buffers.iter().map(|buffer| buffer.raw().as_entire_binding());
        let entries: Vec<_> = std::iter::once(wgpu::BindingResource::Buffer(parameters))
            .chain(storage)
            .zip(0..)
            .map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource })
            .collect();
        self.device.raw.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout,
            entries: &entries,
        })
    }

    /// Records a copy of `bytes` bytes to the start of `to`.
    pub fn copy(&self, from: &Buffer, offset: u64, to: &Buffer, bytes: u64) {
        self.copy_raw(from.raw(), offset, to.raw(), bytes);
    }

    fn copy_raw(&self, from: &wgpu::Buffer, offset: u64, to: &wgpu::Buffer, bytes: u64) {
        let mut recording = self.recording.borrow_mut();
        recording.encoder(&self.device).copy_buffer_to_buffer(from, offset, to, 0, bytes);
    }

    /// Records a write of `words` to a buffer. For small data: it goes through the parameter
    /// buffer.
    pub fn bring(&self, to: &Buffer, words: &[u8]) {
        let mut recording = self.recording.borrow_mut();
        for (part, at) in words.chunks(ROOM).zip((0..).step_by(ROOM)) {
            if recording.parameters.len() + part.len() > ROOM {
                self.submit(&mut recording);
            }
            let offset = recording.say(part) as u64;
            let encoder = recording.encoder(&self.device);
            let bytes = part.len() as u64;
            encoder.copy_buffer_to_buffer(&self.parameters, offset, to.raw(), at, bytes);
        }
        if recording.parameters.len() == ROOM {
            self.submit(&mut recording);
        }
    }

    /// Writes `words` to a buffer, before everything recorded from now on. For large data: submits
    /// what is already recorded.
    pub fn upload(&self, to: &Buffer, offset: u64, words: &[u8]) {
        self.flush();
        self.device.queue.write_buffer(to.raw(), offset, words);
    }

    /// Submits everything recorded.
    pub fn flush(&self) {
        self.submit(&mut self.recording.borrow_mut());
    }

    fn submit(&self, recording: &mut Recording) {
        recording.pass = None;
        let Some(mut encoder) = recording.encoder.take() else { return };
        if let Some(times) = self.times.borrow_mut().as_mut() {
            times.resolve(&self.device, &mut encoder);
        }
        self.device.queue.write_buffer(&self.parameters, 0, &recording.parameters);
        self.device.queue.submit([encoder.finish()]);
        recording.parameters.clear();
        recording.slots.clear();
        recording.operations = 0;
        recording.work_since_wait += std::mem::take(&mut recording.work);
        recording.began = recording.began.or_else(|| (self.now_ms)());
    }

    /// Waits until everything recorded has completed.
    ///
    /// # Errors
    /// `gpu-lost`, `gpu-failed` or `out-of-memory`, if one occurred since the device was opened.
    pub async fn wait(&self) -> Result<()> {
        let fence = self.scratch(4);
        self.fetch(&fence, 4).await?;
        let mut recording = std::mem::take(&mut *self.recording.borrow_mut());
        let ms = (self.now_ms)().zip(recording.began.take()).map(|(now, began)| now - began);
        let work = std::mem::take(&mut recording.work_since_wait);
        // Waits for a single decoded token say nothing about speed.
        if let Some(ms) = ms.filter(|ms| *ms > 0.0 && work > FIRST_BUDGET) {
            self.budget.set((work / ms * SUBMISSION_MS).max(FIRST_BUDGET / 4.0));
        }
        self.recording.replace(recording);
        Ok(())
    }

    /// Reads the first `bytes` bytes of a buffer, waiting for them.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub async fn fetch(&self, from: &Buffer, bytes: u64) -> Result<Vec<u8>> {
        let size = bytes.next_multiple_of(4);
        let staging = self.staging.borrow_mut().get_mut(&size).and_then(Vec::pop);
        let staging = staging.unwrap_or_else(|| self.readable(size));
        self.copy_raw(from.raw(), 0, &staging, size);
        self.flush();
        let data = self.map(&staging).await?;
        self.read_times().await?;
        let mut kept = self.staging.borrow_mut();
        let full = kept.len() >= STAGING_SIZES;
        kept.retain(|other, _| !full || *other == size);
        kept.entry(size).or_default().push(staging);
        Ok(data)
    }

    fn readable(&self, size: u64) -> wgpu::Buffer {
        self.device.raw.create_buffer(&wgpu::BufferDescriptor {
            label: Some("read back"),
            size,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    }

    async fn map(&self, buffer: &wgpu::Buffer) -> Result<Vec<u8>> {
        self.device.check()?;
        let (sender, receiver) = oneshot::channel();
        buffer.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver is gone if the run was dropped.
            let _ = sender.send(result);
        });
        // A browser calls back by itself; elsewhere we must poll the GPU.
        #[cfg(not(target_arch = "wasm32"))]
        if let Err(error) = self.device.raw.poll(wgpu::PollType::wait_indefinitely()) {
            self.device.fail(Error::GpuLost { reason: error.to_string() });
        }
        let mapped = receiver.await;
        self.device.check()?;
        let lost = |reason: String| Error::GpuLost { reason };
        mapped.map_err(|e| lost(e.to_string()))?.map_err(|e| lost(e.to_string()))?;
        let data = buffer.get_mapped_range(..).map_err(|e| lost(e.to_string()))?.to_vec();
        buffer.unmap();
        Ok(data)
    }

    /// Starts or stops timing operations; returns the timings since the last start. Empty if the
    /// GPU lacks timestamps.
    pub fn profile(&self, on: bool) -> Vec<OperationReport> {
        self.flush();
        let can = self.device.raw.features().contains(wgpu::Features::TIMESTAMP_QUERY);
        let times = (on && can).then(|| Times {
            queries: self.device.raw.create_query_set(&wgpu::QuerySetDescriptor {
                label: None,
                ty: wgpu::QueryType::Timestamp,
                count: 2 * SLOTS as u32,
            }),
            names: Vec::new(),
            unread: Vec::new(),
            totals: Vec::new(),
        });
        self.times.replace(times).map_or(Vec::new(), |times| times.totals)
    }

    /// Adds up the times of completed operations.
    async fn read_times(&self) -> Result<()> {
        let unread = match self.times.borrow_mut().as_mut() {
            Some(times) => std::mem::take(&mut times.unread),
            None => return Ok(()),
        };
        let period = f64::from(self.device.queue.get_timestamp_period());
        for (buffer, names) in unread {
            let data = self.map(&buffer).await?;
            let (stamps, _) = data.as_chunks::<8>();
            let stamps: Vec<u64> = stamps.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
            let mut times = self.times.borrow_mut();
            let Some(times) = times.as_mut() else { return Ok(()) };
            for (pair, (name, macs)) in stamps.as_chunks::<2>().0.iter().zip(names) {
                let ms = pair[1].saturating_sub(pair[0]) as f64 * period / 1e6;
                OperationReport::add(&mut times.totals, name, ms, macs);
            }
        }
        Ok(())
    }
}

impl Times {
    /// Records a copy of the submission's timestamps to a separate buffer.
    fn resolve(&mut self, device: &Device, encoder: &mut wgpu::CommandEncoder) {
        if self.names.is_empty() {
            return;
        }
        let count = 2 * self.names.len() as u32;
        let buffer = |usage| {
            device.raw.create_buffer(&wgpu::BufferDescriptor {
                label: Some("times"),
                size: u64::from(count) * 8,
                usage,
                mapped_at_creation: false,
            })
        };
        let resolved = buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC);
        let staging = buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
        encoder.resolve_query_set(&self.queries, 0..count, &resolved, 0);
        encoder.copy_buffer_to_buffer(&resolved, 0, &staging, 0, staging.size());
        self.unread.push((staging, std::mem::take(&mut self.names)));
    }
}
