//! The GPU device: selection, features and failures.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};

/// An open GPU device.
pub struct Device {
    pub raw: wgpu::Device,
    pub queue: wgpu::Queue,
    /// Name of the GPU and its driver.
    pub name: String,
    /// Whether it is a software renderer, which is slower than the CPU backend.
    pub is_software: bool,
    /// Whether shaders may use 16-bit floats.
    pub has_f16: bool,
    /// Largest buffer binding of a shader, in bytes.
    pub max_binding: u64,
    failure: Arc<Mutex<Option<Error>>>,
}

/// Optional limits, set by tests to exercise every code path.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Restrictions {
    /// Largest buffer binding of a shader, in bytes.
    pub max_binding: Option<u64>,
}

impl Device {
    /// Opens the GPU that the system considers fastest.
    ///
    /// # Errors
    /// `gpu-unavailable`.
    pub async fn open(restrictions: Restrictions) -> Result<Self> {
        let unavailable = |reason: String| Error::GpuUnavailable { reason };
        let mut description = wgpu::InstanceDescriptor::new_without_display_handle();
        // The shaders are not written for the rules of OpenGL.
        description.backends = wgpu::Backends::PRIMARY;
        let adapter = wgpu::Instance::new(description)
            .request_adapter(&wgpu::RequestAdapterOptions {
                power_preference: wgpu::PowerPreference::HighPerformance,
                ..Default::default()
            })
            .await
            .map_err(|error| match error {
                // wgpu's message would list all backends that it was built without.
                wgpu::RequestAdapterError::NotFound { .. } => unavailable("none was found".into()),
                error => unavailable(error.to_string()),
            })?;
        let optional = wgpu::Features::SHADER_F16 | wgpu::Features::TIMESTAMP_QUERY;
        let features = adapter.features() & optional;
        // Default WebGPU limits, except for sizes, which are as large as the adapter offers.
        let offered = adapter.limits();
        let limits = wgpu::Limits {
            max_buffer_size: offered.max_buffer_size,
            max_storage_buffer_binding_size: offered.max_storage_buffer_binding_size,
            ..Default::default()
        };
        let max_binding = offered.max_storage_buffer_binding_size.min(offered.max_buffer_size);
        let info = adapter.get_info();
        let (raw, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                label: Some("precis"),
                required_features: features,
                required_limits: limits,
                ..Default::default()
            })
            .await
            .map_err(|e| unavailable(e.to_string()))?;

        let name = describe(&raw, &info);
        let failure = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&failure);
        raw.set_device_lost_callback(move |reason, message| {
            note(&shared, Error::GpuLost { reason: format!("{message} ({reason:?})") });
        });
        let shared = Arc::clone(&failure);
        raw.on_uncaptured_error(Arc::new(move |error| {
            note(
                &shared,
                match error {
                    wgpu::Error::OutOfMemory { .. } => Error::GpuOutOfMemory,
                    error => Error::GpuFailed { reason: error.to_string() },
                },
            );
        }));
        Ok(Self {
            raw,
            queue,
            name,
            is_software: info.device_type == wgpu::DeviceType::Cpu,
            has_f16: features.contains(wgpu::Features::SHADER_F16),
            max_binding: max_binding.min(restrictions.max_binding.unwrap_or(u64::MAX)),
            failure,
        })
    }

    /// The first failure since the device was opened, if any. Results computed after it are
    /// invalid.
    pub fn check(&self) -> Result<()> {
        // A browser reports a loss by itself; other platforms report it when polled.
        #[cfg(not(target_arch = "wasm32"))]
        let _ = self.raw.poll(wgpu::PollType::Poll);
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.clone().map_or(Ok(()), Err)
    }

    /// Marks the device as failed.
    pub fn fail(&self, error: Error) {
        note(&self.failure, error);
    }
}

/// Keeps the first failure, the cause of later ones; a loss also replaces an earlier failure.
fn note(failure: &Mutex<Option<Error>>, error: Error) {
    let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
    match (&*failure, &error) {
        (None, _) | (Some(Error::GpuFailed { .. }), Error::GpuLost { .. }) => {
            *failure = Some(error)
        }
        _ => {}
    }
}

fn describe(device: &wgpu::Device, info: &wgpu::AdapterInfo) -> String {
    let parts = [info.name.as_str(), info.driver.as_str(), info.driver_info.as_str()];
    let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let told = if said.is_empty() { told_by_browser(device) } else { said.join(", ") };
    if told.is_empty() { "a GPU without a name".into() } else { told }
}

/// Vendor and architecture: browsers hide the model name, which is what wgpu reports.
#[cfg(target_arch = "wasm32")]
fn told_by_browser(device: &wgpu::Device) -> String {
    let Some(info) = device.as_webgpu().map(|device| device.adapter_info()) else {
        return String::new();
    };
    // Older browsers lack this property.
    if info.is_undefined() {
        return String::new();
    }
    format!("{} {}", info.vendor(), info.architecture()).trim().into()
}

#[cfg(not(target_arch = "wasm32"))]
fn told_by_browser(_: &wgpu::Device) -> String {
    String::new()
}
