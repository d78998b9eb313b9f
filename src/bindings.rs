//! The JavaScript interface of the crate, and its hosts: workers of a page, isolates on the edge, and
//! a page's threads. No other module touches JavaScript.

#[cfg(not(feature = "edge"))]
pub mod browser;
#[cfg(feature = "edge")]
pub mod edge;
pub(crate) mod js;
#[cfg(feature = "threads")]
pub mod threads;
