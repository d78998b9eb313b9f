//! GPU memory: counted, and pooled for reuse.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use super::device::Device;
use crate::error::{Error, Result};

/// Free buffers, and the total bytes of all buffers.
#[derive(Default)]
pub struct Memory {
    free: RefCell<HashMap<u64, Vec<wgpu::Buffer>>>,
    bytes: Cell<u64>,
    given_back: Cell<bool>,
}

/// A storage buffer. When its last owner drops it, a scratch buffer returns to the pool, and a
/// lasting one is released.
#[derive(Clone)]
pub struct Buffer(Rc<Owned>);

struct Owned {
    raw: wgpu::Buffer,
    reusable: bool,
    memory: Weak<Memory>,
}

/// Usages of every buffer.
const USAGE: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE
    .union(wgpu::BufferUsages::COPY_DST)
    .union(wgpu::BufferUsages::COPY_SRC);

/// The smallest buffer; also the alignment of all sizes.
const SMALLEST: u64 = 256;

impl Memory {
    /// Bytes of all buffers.
    pub fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Whether a buffer was released since the last call. If so, callers must drop their cached
    /// references, which would keep it alive on the GPU.
    pub fn take_given_back(&self) -> bool {
        self.given_back.take()
    }

    /// A pooled buffer of at least `bytes` bytes, with undefined contents.
    pub fn scratch(self: &Rc<Self>, device: &Device, bytes: u64) -> Buffer {
        let size = bytes.max(SMALLEST).next_power_of_two();
        let free = self.free.borrow_mut().get_mut(&size).and_then(Vec::pop);
        let raw = free.unwrap_or_else(|| self.make(device, size));
        Buffer(Rc::new(Owned { raw, reusable: true, memory: Rc::downgrade(self) }))
    }

    /// A zeroed buffer of `bytes` bytes that is not pooled.
    ///
    /// # Errors
    /// `out-of-memory` if it exceeds the largest binding.
    pub fn lasting(
        self: &Rc<Self>,
        device: &Device,
        what: &'static str,
        bytes: u64,
    ) -> Result<Buffer> {
        let size = bytes.max(1).next_multiple_of(SMALLEST);
        if size > device.max_binding {
            return Err(Error::OutOfMemory { what, bytes: bytes as usize });
        }
        let raw = self.make(device, size);
        Ok(Buffer(Rc::new(Owned { raw, reusable: false, memory: Rc::downgrade(self) })))
    }

    fn make(&self, device: &Device, size: u64) -> wgpu::Buffer {
        self.bytes.set(self.bytes.get() + size);
        device.raw.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage: USAGE,
            mapped_at_creation: false,
        })
    }
}

impl Buffer {
    /// The wgpu buffer.
    pub fn raw(&self) -> &wgpu::Buffer {
        &self.0.raw
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let Some(memory) = self.memory.upgrade() else { return };
        if self.reusable {
            memory.free.borrow_mut().entry(self.raw.size()).or_default().push(self.raw.clone());
        } else {
            memory.bytes.set(memory.bytes.get() - self.raw.size());
            memory.given_back.set(true);
        }
    }
}
