//! Puts the program together: settings, drivers, engines, services.
