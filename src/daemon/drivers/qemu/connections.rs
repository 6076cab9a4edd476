//! The connections to a machine's screen and serial port, kept up while its process lives.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::{
    command_line::{SCREEN, SERIAL},
    fault::Fault,
    folder::Folder,
    screen::Screen,
    serial::Port,
};

/// How long after a connection broke the next is tried.
const AGAIN: Duration = Duration::from_secs(1);

/// Opens both; they run until the set is dropped or shut down.
pub(super) async fn open(
    folder: &Folder,
    screen: &Arc<Screen>,
    port: &Arc<Port>,
) -> Result<JoinSet<()>, Fault> {
    let (to_screen, to_port) = (folder.socket(SCREEN), folder.socket(SERIAL));
    let first = (
        screen.connect(&to_screen).await?,
        port.connect(&to_port).await?,
    );
    let mut connections = JoinSet::new();
    connections.spawn(keep_screen(screen.clone(), to_screen, first.0));
    connections.spawn(keep_port(port.clone(), to_port, first.1));
    Ok(connections)
}

async fn keep_screen(screen: Arc<Screen>, socket: PathBuf, first: super::screen::Connection) {
    let mut connection = Some(first);
    loop {
        if let Some(connection) = connection.take() {
            note(connection.run().await);
        }
        tokio::time::sleep(AGAIN).await;
        connection = screen.connect(&socket).await.ok();
    }
}

async fn keep_port(port: Arc<Port>, socket: PathBuf, first: super::serial::Connection) {
    let mut connection = Some(first);
    loop {
        if let Some(connection) = connection.take() {
            note(connection.run().await);
        }
        tokio::time::sleep(AGAIN).await;
        connection = port.connect(&socket).await.ok();
    }
}

/// A connection that ends with its process is nothing to speak of; any other is.
fn note(ended: Result<(), Fault>) {
    if let Err(fault) = ended {
        match fault {
            Fault::Ended(_) => tracing::debug!("{fault}"),
            fault => tracing::warn!("{fault}"),
        }
    }
}
