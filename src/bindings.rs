//! What JavaScript calls, and the hosts that it brings: pages' workers, isolates on the edge, and the
//! threads of a page. Nothing else in the crate touches JavaScript.

#[cfg(not(feature = "edge"))]
pub mod browser;
#[cfg(feature = "edge")]
pub mod edge;
pub(crate) mod js;
#[cfg(target_feature = "atomics")]
pub mod threads;
