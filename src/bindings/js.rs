//! Code shared by the JavaScript hosts.

use std::cell::{RefCell, RefMut};
use std::ops::ControlFlow;

use js_sys::{Function, Promise, Reflect};
use tsify::Ts;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, MessageChannel, Performance};

use crate::error::Error;
use crate::host::{Event, Host};
use crate::report::EnvironmentReport;

#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// JavaScript's facts about the model file.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, tsify::Tsify)]
#[tsify(missing_as_null)]
pub struct ModelInfo {
    /// Its id in the catalogue, or its file name.
    pub id: String,
    /// SHA-256 of the file, if verified.
    pub sha256: Option<String>,
    /// Time to fetch the file or to find it in storage.
    pub read_ms: Option<f64>,
}

/// The build of this module: `wasm-relaxed-simd` or `wasm-simd`.
pub fn kind() -> &'static str {
    match cfg!(target_feature = "relaxed-simd") {
        true => "wasm-relaxed-simd",
        false => "wasm-simd",
    }
}

/// The host in JavaScript, for one run.
pub struct JsHost {
    /// Stops the run, within a chunk too.
    pub signal: Option<AbortSignal>,
    /// Receives the events.
    pub on_event: Option<Function>,
    pub clock: Clock,
}

/// JavaScript's `performance` clock.
#[derive(Clone)]
pub struct Clock {
    performance: Option<Performance>,
    /// Whether it advances during computation.
    pub runs: bool,
}

impl Clock {
    /// A clock that is assumed to run. It is found by its method `now`, because workerd has no class
    /// `Performance`.
    pub fn running() -> Self {
        let performance = || {
            let performance = Reflect::get(&js_sys::global(), &"performance".into()).ok()?;
            let now = Reflect::get(&performance, &"now".into()).ok()?;
            now.is_function().then(|| performance.unchecked_into())
        };
        Self { performance: performance(), runs: true }
    }

    /// Milliseconds since the epoch, not since the worker's start, to be comparable with the caller's
    /// times.
    pub fn now_ms(&self) -> Option<f64> {
        self.performance.as_ref().map(|p| p.time_origin() + p.now())
    }
}

impl Host for JsHost {
    fn now_ms(&self) -> Option<f64> {
        self.clock.now_ms()
    }

    async fn catch_up(&self) {
        if !self.clock.runs {
            next_task().await;
        }
    }

    async fn yield_now(&self) -> ControlFlow<()> {
        next_task().await;
        match self.signal.as_ref().is_some_and(AbortSignal::aborted) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn emit(&self, event: Event) {
        if let (Some(on_event), Ok(event)) = (&self.on_event, Ts::from_rust(&event)) {
            // A listener that throws must not stop the run.
            let _ = on_event.call1(&JsValue::NULL, &event.into());
        }
    }

    fn environment(&self) -> EnvironmentReport {
        let clock = if self.clock.runs { "runs" } else { "stands still" };
        EnvironmentReport { clock: Some(clock.into()), ..environment() }
    }

    fn memory_bytes(&self) -> Option<u64> {
        Some(core::arch::wasm32::memory_size::<0>() as u64 * 65536)
    }
}

/// Continues in another task, after all waiting tasks. Messages are delivered between tasks, not
/// between promises.
///
/// A browser uses a message, because nested timers wait for 4 ms (HTML, "timer initialization
/// steps"). The edge uses a timer, which lets requests arrive and a stopped clock advance.
async fn next_task() {
    let Some(Ok(channel)) = cfg!(not(feature = "edge")).then(MessageChannel::new) else {
        return timer().await;
    };
    let here = channel.port1();
    let sent = Promise::new(&mut |resolve, reject| {
        here.set_onmessage(Some(&resolve));
        if let Err(error) = channel.port2().post_message(&JsValue::NULL) {
            drop(reject.call1(&JsValue::NULL, &error));
        }
    });
    let _ = JsFuture::from(sent).await;
    // An open port would keep Node from ending.
    here.close();
}

async fn timer() {
    let task = Promise::new(&mut |resolve, _| {
        // Without timers continue at once; then only ending the worker stops a run.
        let set_timeout = Reflect::get(&js_sys::global(), &"setTimeout".into());
        match set_timeout.ok().and_then(|f| f.dyn_into::<Function>().ok()) {
            Some(f) => drop(f.call2(&JsValue::NULL, &resolve, &JsValue::from(0))),
            None => drop(resolve.call0(&JsValue::NULL)),
        }
    });
    let _ = JsFuture::from(task).await;
}

/// JavaScript's facts about the browser and the device.
fn environment() -> EnvironmentReport {
    let get = |of: &JsValue, key: &str| Reflect::get(of, &key.into()).ok();
    let global = js_sys::global();
    let navigator = get(&global, "navigator").unwrap_or_default();
    EnvironmentReport {
        user_agent: get(&navigator, "userAgent").and_then(|v| v.as_string()),
        logical_cores: get(&navigator, "hardwareConcurrency")
            .and_then(|v| v.as_f64())
            .map(|n| n as usize),
        cross_origin_isolated: get(&global, "crossOriginIsolated").and_then(|v| v.as_bool()),
        ..EnvironmentReport::default()
    }
}

/// A JavaScript `Error` with our message and `code`.
pub fn thrown(error: &Error) -> JsValue {
    let thrown = js_sys::Error::new(&error.to_string());
    // Setting a property of a new object can't fail.
    let _ = Reflect::set(&thrown, &"code".into(), &error.code().into());
    thrown.into()
}

/// An object for JavaScript.
pub fn into_js<T: tsify::Tsify + serde::Serialize>(value: &T) -> Result<Ts<T>, JsValue> {
    Ts::from_rust(value).map_err(|e| thrown(&Error::Host { reason: e.to_string() }))
}

/// The argument `option` as the engine takes it.
///
/// # Errors
/// `invalid-options` if it doesn't match its type.
pub fn given<T>(option: &'static str, argument: &Ts<T>) -> Result<T, JsValue>
where
    T: tsify::Tsify + serde::de::DeserializeOwned,
    T::JsType: Clone,
{
    argument.to_rust().map_err(|e| {
        let expected = "an object as the types describe it";
        thrown(&Error::InvalidOptions { option, value: e.to_string(), expected })
    })
}

/// Borrows what only one run at a time may use.
///
/// # Errors
/// `host-failed` during another run.
pub fn hold<T>(engine: &RefCell<T>) -> Result<RefMut<'_, T>, JsValue> {
    let busy = |_| thrown(&Error::Host { reason: "another run is in progress".into() });
    engine.try_borrow_mut().map_err(busy)
}
