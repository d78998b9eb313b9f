//! Operations, written down in order and handed to the GPU a few at a time.

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

/// Parameters of one operation in the buffer of all: what WebGPU lets offsets be multiples of.
const SLOT: usize = 256;

/// Operations of a submission at most: those of a chunk of a model of 30 layers fit, and to spare.
const SLOTS: usize = 1024;

/// Bytes that the processor has to say in a submission at most.
const ROOM: usize = SLOT * SLOTS;

/// Bind groups to remember; the buffers of a token that is written are the same every time.
const GROUPS: usize = 4096;

/// How long a submission may keep the GPU from everybody else, in milliseconds.
const SUBMISSION_MS: f64 = 50.0;

/// Multiply-adds of a submission while nothing is known of the GPU: 100 ms of a very slow one.
const FIRST_BUDGET: f64 = 2e9;

/// Writes operations down and submits them.
pub struct Recorder {
    pub device: Device,
    pub memory: Rc<Memory>,
    pipelines: Pipelines,
    now_ms: Clock,
    recording: RefCell<Recording>,
    parameters: wgpu::Buffer,
    groups: RefCell<HashMap<(Kernel, Vec<wgpu::Buffer>), wgpu::BindGroup>>,
    /// Buffers that the processor reads, by their size.
    staging: RefCell<HashMap<u64, Vec<wgpu::Buffer>>>,
    /// Multiply-adds of a submission.
    budget: Cell<f64>,
    times: RefCell<Option<Times>>,
}

/// What has been written down since the last submission.
#[derive(Default)]
struct Recording {
    encoder: Option<wgpu::CommandEncoder>,
    pass: Option<wgpu::ComputePass<'static>>,
    operations: usize,
    /// [`SLOT`] bytes for all operations that have the same, and where they begin; between them
    /// what [`Recorder::bring`] is told.
    parameters: Vec<u8>,
    slots: HashMap<Vec<u32>, u32>,
    /// Multiply-adds of the submission, and of all since the last wait.
    work: f64,
    work_since_wait: f64,
    /// When the first submission since the last wait was handed over.
    began: Option<f64>,
}

impl Recording {
    /// What copies are written to; a pass has to end before.
    fn encoder(&mut self, device: &Device) -> &mut wgpu::CommandEncoder {
        self.pass = None;
        self.encoder.get_or_insert_with(|| device.raw.create_command_encoder(&Default::default()))
    }

    /// Notes what the processor has to say; returns where it will stand.
    fn say(&mut self, bytes: &[u8]) -> usize {
        let offset = self.parameters.len();
        self.parameters.extend(bytes);
        self.parameters.resize(self.parameters.len().next_multiple_of(SLOT), 0);
        offset
    }
}

/// Operations that are timed by the GPU itself.
struct Times {
    queries: wgpu::QuerySet,
    /// Those of the submission that is being written, and their multiply-adds.
    names: Vec<(&'static str, f64)>,
    /// Those of submissions whose times have not been read.
    unread: Vec<(wgpu::Buffer, Vec<(&'static str, f64)>)>,
    totals: Vec<OperationReport>,
}

impl Recorder {
    /// Nothing is written down yet. The clock tells how long submissions take.
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

    /// The clock's time.
    pub fn now_ms(&self) -> Option<f64> {
        (self.now_ms)()
    }

    /// A buffer for a while.
    pub fn scratch(&self, bytes: u64) -> Buffer {
        self.memory.scratch(&self.device, bytes)
    }

    /// Writes down an operation on `grid` workgroups: `parameters` as the shader declares them,
    /// then its buffers in order. `work` counts its multiply-adds.
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
        // The layers of a model are alike, and so are most parameters.
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
            // Times are those of whole passes: one each.
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

    /// Writes down a copy of `bytes` bytes from the beginning of `to` on.
    pub fn copy(&self, from: &Buffer, offset: u64, to: &Buffer, bytes: u64) {
        self.copy_raw(from.raw(), offset, to.raw(), bytes);
    }

    fn copy_raw(&self, from: &wgpu::Buffer, offset: u64, to: &wgpu::Buffer, bytes: u64) {
        let mut recording = self.recording.borrow_mut();
        recording.encoder(&self.device).copy_buffer_to_buffer(from, offset, to, 0, bytes);
    }

    /// Writes down that `words` come into a buffer. For few of them: they take the place of
    /// parameters.
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

    /// Brings `words` into a buffer, before whatever is written down from now on. For many of
    /// them: what was written down before is handed over.
    pub fn upload(&self, to: &Buffer, offset: u64, words: &[u8]) {
        self.flush();
        self.device.queue.write_buffer(to.raw(), offset, words);
    }

    /// Hands over what has been written down.
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

    /// Waits until everything that was written down has been done.
    ///
    /// # Errors
    /// `gpu-lost`, `gpu-failed` or `out-of-memory`, whatever happened since the device was opened.
    pub async fn wait(&self) -> Result<()> {
        let fence = self.scratch(4);
        self.fetch(&fence, 4).await?;
        let mut recording = std::mem::take(&mut *self.recording.borrow_mut());
        let ms = (self.now_ms)().zip(recording.began.take()).map(|(now, began)| now - began);
        let work = std::mem::take(&mut recording.work_since_wait);
        // Waits for a token that is written say nothing about speed.
        if let Some(ms) = ms.filter(|ms| *ms > 0.0 && work > FIRST_BUDGET) {
            self.budget.set((work / ms * SUBMISSION_MS).max(FIRST_BUDGET / 4.0));
        }
        self.recording.replace(recording);
        Ok(())
    }

    /// Waits for the first `bytes` bytes of a buffer.
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
        self.staging.borrow_mut().entry(size).or_default().push(staging);
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
            // Nobody waits any more: a run that was dropped.
            let _ = sender.send(result);
        });
        // A browser calls back by itself; elsewhere somebody has to wait for the GPU.
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

    /// Begins to time operations, or ends it; returns what was timed since the last beginning.
    /// Nothing where the GPU can't.
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

    /// Adds up the times of what has been done.
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
    /// Writes down that the times of the submission go to a buffer of their own.
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
