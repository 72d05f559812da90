//! The program: settings, listeners, TLS, the page, and how they start and stop together.

mod assets;
mod defaults;
mod frames;
mod greeting;
mod http;
pub mod limits;
mod listen;
pub mod logging;
mod metrics;
mod negotiate;
mod network;
mod policy;
mod proxy;
pub mod serve;
pub mod settings;
pub mod shutdown;
mod tls;

pub use greeting::Greeting;
pub use listen::ListenError;
pub use tls::TlsError;
