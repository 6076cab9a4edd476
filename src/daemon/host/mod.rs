//! What meets the ports of `outband_core::host`: store, files, hashes, clocks.
