//! The GPU: which one, what it can, and what has gone wrong with it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};

/// A GPU that is open.
pub struct Device {
    pub raw: wgpu::Device,
    pub queue: wgpu::Queue,
    /// Name of the GPU and of what drives it.
    pub name: String,
    /// Whether it is a processor that plays a GPU, which is slower than the processor itself.
    pub is_software: bool,
    /// Whether shaders may compute with 16-bit floats.
    pub has_f16: bool,
    /// The largest part of a buffer that a shader may see, in bytes.
    pub max_binding: u64,
    failure: Arc<Mutex<Option<Error>>>,
}

/// What a GPU may be asked to do without; tests do, to see every way there is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Restrictions {
    /// The largest part of a buffer that a shader may see, in bytes.
    pub max_binding: Option<u64>,
}

impl Device {
    /// Opens the GPU that the system thinks fastest.
    ///
    /// # Errors
    /// `gpu-unavailable`.
    pub async fn open(restrictions: Restrictions) -> Result<Self> {
        let unavailable = |reason: String| Error::GpuUnavailable { reason };
        let mut description = wgpu::InstanceDescriptor::new_without_display_handle();
        // OpenGL has other rules than the ones that the shaders are written for.
        description.backends = wgpu::Backends::PRIMARY;
        let adapter = wgpu::Instance::new(description)
            .request_adapter(&wgpu::RequestAdapterOptions {
                power_preference: wgpu::PowerPreference::HighPerformance,
                ..Default::default()
            })
            .await
            .map_err(|error| match error {
                // In wgpu's own words: all the interfaces that it was built without.
                wgpu::RequestAdapterError::NotFound { .. } => unavailable("none was found".into()),
                error => unavailable(error.to_string()),
            })?;
        let optional = wgpu::Features::SHADER_F16 | wgpu::Features::TIMESTAMP_QUERY;
        let features = adapter.features() & optional;
        // What WebGPU promises everywhere; only sizes are asked for as large as there are.
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

    /// What has gone wrong since the device was opened, if anything: nothing that it computed after
    /// can be trusted.
    pub fn check(&self) -> Result<()> {
        // A browser tells of a loss by itself; elsewhere it has to be asked, and if it comes, it
        // comes now.
        #[cfg(not(target_arch = "wasm32"))]
        let _ = self.raw.poll(wgpu::PollType::Poll);
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.clone().map_or(Ok(()), Err)
    }

    /// Takes the device for failed.
    pub fn fail(&self, error: Error) {
        note(&self.failure, error);
    }
}

/// The first failure is the cause of those that follow; a loss is that of those before it, too.
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

/// Maker and family: names of models, which are what wgpu passes on, browsers keep to themselves.
#[cfg(target_arch = "wasm32")]
fn told_by_browser(device: &wgpu::Device) -> String {
    let Some(info) = device.as_webgpu().map(|device| device.adapter_info()) else {
        return String::new();
    };
    // Older browsers have no such property.
    if info.is_undefined() {
        return String::new();
    }
    format!("{} {}", info.vendor(), info.architecture()).trim().into()
}

#[cfg(not(target_arch = "wasm32"))]
fn told_by_browser(_: &wgpu::Device) -> String {
    String::new()
}
