//! Redfish: `/redfish`.
