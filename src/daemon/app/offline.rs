//! Orders carried out without a daemon.
use super::{
    AppFault,
    orders::{Listed, Order},
};
pub async fn accounts(_: &std::path::Path, _: Order) -> Result<Vec<Listed>, AppFault> {
    Err(AppFault::new("x"))
}
