//! The serial port: one connection that is held for as long as the machine runs, since QEMU drops
//! what the port sends while nobody is connected.

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use bytes::Bytes;
use outband_core::driver::{DriverFault, Serial, SerialSink};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    sync::mpsc,
};

use super::{fault::Fault, machine::Ask};

/// How many pieces may wait for the machine, and how large one is at most.
const PIECES: usize = 16;
const PIECE: usize = 4096;

/// A machine's serial port, whether it runs or not.
#[derive(Debug)]
pub(super) struct Port {
    sink: OnceLock<Arc<dyn SerialSink>>,
    /// To the connection, while there is one.
    to_machine: Mutex<Option<mpsc::Sender<Bytes>>>,
    asks: mpsc::WeakSender<Ask>,
}

impl Port {
    pub(super) fn new(asks: mpsc::WeakSender<Ask>) -> Arc<Self> {
        Arc::new(Self {
            sink: OnceLock::new(),
            to_machine: Mutex::new(None),
            asks,
        })
    }

    /// Connects to a machine's port.
    pub(super) async fn connect(self: &Arc<Self>, socket: &Path) -> Result<Connection, Fault> {
        let connected = UnixStream::connect(socket).await;
        let stream = connected.map_err(Fault::file("connect to the serial port"))?;
        let (to, pieces) = mpsc::channel(PIECES);
        self.set(Some(to));
        Ok(Connection {
            attached: Attached(self.clone()),
            stream,
            pieces,
        })
    }

    fn set(&self, to: Option<mpsc::Sender<Bytes>>) {
        *self
            .to_machine
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = to;
    }
}

/// A connection. Bytes are taken from here on.
pub(super) struct Connection {
    attached: Attached,
    stream: UnixStream,
    pieces: mpsc::Receiver<Bytes>,
}

impl Connection {
    /// Runs until the connection ends.
    pub(super) async fn run(self) -> Result<(), Fault> {
        let Self {
            attached,
            stream,
            mut pieces,
        } = self;
        let sink = &attached.0.sink;
        let (mut from_machine, mut to_machine) = stream.into_split();
        let reading = async {
            let mut buffer = vec![0; PIECE];
            loop {
                match from_machine.read(&mut buffer).await {
                    Ok(0) => return Err(Fault::Ended("".into())),
                    Ok(count) => {
                        if let (Some(sink), Some(bytes)) = (sink.get(), buffer.get(..count)) {
                            sink.received(bytes);
                        }
                    }
                    Err(why) => return Err(Fault::stream("read from the serial port")(why)),
                }
            }
        };
        // A guest that doesn't read its port stops this half alone; the channel is what bounds it.
        let writing = async {
            while let Some(piece) = pieces.recv().await {
                let written = to_machine.write_all(&piece).await;
                written.map_err(Fault::stream("write to the serial port"))?;
            }
            Ok(())
        };
        tokio::try_join!(reading, writing).map(|((), ())| ())
    }
}

/// While it lives, a connection takes what is sent.
struct Attached(Arc<Port>);

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

fn fault(why: &str) -> DriverFault {
    DriverFault {
        part: "serial",
        why: why.into(),
    }
}

impl Serial for Port {
    fn attach(&self, sink: Arc<dyn SerialSink>) {
        // Once, as the contract says.
        let _ = self.sink.set(sink);
    }

    fn send(&self, bytes: &[u8]) -> Result<usize, DriverFault> {
        let to = self
            .to_machine
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let to = to.as_ref().ok_or_else(|| fault("the machine is off"))?;
        let mut taken = 0;
        for piece in bytes.chunks(PIECE) {
            match to.try_send(Bytes::copy_from_slice(piece)) {
                Ok(()) => taken += piece.len(),
                Err(mpsc::error::TrySendError::Full(_)) => break,
                Err(mpsc::error::TrySendError::Closed(_)) => {
                    return Err(fault("the machine is off"));
                }
            }
        }
        Ok(taken)
    }

    fn send_break(&self) -> Result<(), DriverFault> {
        let asks = self.asks.upgrade();
        let asks = asks.ok_or_else(|| fault("the machine is gone"))?;
        asks.try_send(Ask::SerialBreak)
            .map_err(|_| fault("the machine is busy"))
    }
}
