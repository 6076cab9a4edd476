//! Switching a server: the sequencer that presses, waits and looks.
