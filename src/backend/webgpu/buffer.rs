//! GPU memory: counted, and kept for the next who wants as much.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use super::device::Device;
use crate::error::{Error, Result};

/// Buffers that nobody uses, and bytes of all that there are.
#[derive(Default)]
pub struct Memory {
    free: RefCell<HashMap<u64, Vec<wgpu::Buffer>>>,
    bytes: Cell<u64>,
    given_back: Cell<bool>,
}

/// A buffer of shaders' storage. When the last one who holds it lets go, it is kept for reuse or,
/// if it was made to stay, given back to the GPU.
#[derive(Clone)]
pub struct Buffer(Rc<Owned>);

struct Owned {
    raw: wgpu::Buffer,
    reusable: bool,
    memory: Weak<Memory>,
}

/// What every buffer of ours may be used for.
const USAGE: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE
    .union(wgpu::BufferUsages::COPY_DST)
    .union(wgpu::BufferUsages::COPY_SRC);

/// The smallest buffer; also the alignment of all sizes.
const SMALLEST: u64 = 256;

impl Memory {
    /// Bytes of all buffers that there are.
    pub fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Whether a buffer has been given back since the last call: whoever remembers buffers must
    /// forget them, because the GPU keeps what is remembered.
    pub fn take_given_back(&self) -> bool {
        self.given_back.take()
    }

    /// A buffer of at least `bytes` bytes for a while. What is in it is what its last user left.
    pub fn scratch(self: &Rc<Self>, device: &Device, bytes: u64) -> Buffer {
        let size = bytes.max(SMALLEST).next_power_of_two();
        let free = self.free.borrow_mut().get_mut(&size).and_then(Vec::pop);
        let raw = free.unwrap_or_else(|| self.make(device, size));
        Buffer(Rc::new(Owned { raw, reusable: true, memory: Rc::downgrade(self) }))
    }

    /// A buffer of `bytes` bytes to stay. Zeros are in it.
    ///
    /// # Errors
    /// `out-of-memory` when it is larger than shaders may see.
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
    /// The buffer itself.
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
