//! A small simulated computer that behaves.
