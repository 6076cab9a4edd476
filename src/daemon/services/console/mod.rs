//! The native API and, later, the page: `/api/v1`.
