//! Certificates: made at first start, kept, handed to the listeners.
