//! Pictures as files and streams: the encoders.

pub mod png;
