//! Typed settings, their defaults, and where each value came from.

pub mod profile;
