//! IPMI 2.0 over LAN, without a socket: bytes in, bytes out; time and entropy are arguments.
//!
//! Layers, lowest first: [`rmcp`] (the header of every datagram; ASF ping, pong, acknowledge),
//! [`frame`] (the IPMI 1.5 and RMCP+ session headers), [`message`] (requests and responses with
//! their checksums), [`suite`] and [`rakp`] (how a session is set up), [`seal`] (how its packets
//! are encrypted and authenticated) and [`window`] (what makes a replayed packet worthless).
//!
//! [`server::Server`] is the whole server side of one BMC's LAN channel: it answers what comes
//! before a session, sets sessions up, guards them, and hands out the commands that arrive in
//! them. [`client::Client`] is its counterpart, for tests and measurements.
//!
//! Spoken: RMCP+ with cipher suites 17 and 3, and the commands that IPMI allows outside a session
//! in either framing. Not spoken: IPMI 1.5 sessions, suites that lack integrity or encryption,
//! the null user, OEM payloads.
//!
//! Section and table numbers are those of the IPMI specification, version 2.0, revision 1.1.

pub mod client;
pub mod completion;
pub mod frame;
mod mac;
pub mod message;
pub mod privilege;
pub mod rakp;
pub mod rmcp;
pub mod seal;
pub mod sel;
pub mod server;
pub mod suite;
pub mod window;

pub use completion::Completion;
pub use privilege::Privilege;
pub use suite::Suite;
