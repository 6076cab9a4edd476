//! The loop that accepts, and never ends for anything a client does.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::FutureExt;
use rustix::io::Errno;
use tokio::{
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    Bound, Deadlines, Kind, LocalSocket, Rules, Service,
    connection::{self, Door},
    local,
    reserve::Reserve,
    told_to_stop,
};

/// How long to wait when accepting fails for want of something that only time brings.
const BACK_OFF: Duration = Duration::from_millis(100);

/// How often such wants are logged at most.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// What can be accepted from.
trait Listen {
    type Stream: Send;
    type From: Send;

    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Self::From)>> + Send;
}

impl Listen for TcpListener {
    type Stream = TcpStream;
    type From = SocketAddr;

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        Self::accept(self).await
    }
}

impl Listen for UnixListener {
    type Stream = UnixStream;
    type From = ();

    async fn accept(&self) -> io::Result<(UnixStream, ())> {
        Ok((Self::accept(self).await?.0, ()))
    }
}

/// Serves what comes over the network until told to stop.
pub(super) async fn network<S: Service>(
    bound: Bound,
    kind: Kind,
    service: S,
    rules: Rules,
    stop: watch::Receiver<bool>,
) {
    let Rules { deadlines, limits } = rules;
    let door = Arc::new(Door {
        kind,
        deadlines,
        stop: stop.clone(),
    });
    let admit = |stream, source: SocketAddr| match limits.enter(source.ip()) {
        Ok(permit) => Some(connection::network(
            stream,
            source,
            permit,
            Arc::clone(&door),
            service.clone(),
        )),
        Err(full) => {
            tracing::debug!(%source, %full, "connection refused");
            None
        }
    };
    run(bound.listener, admit, stop, &deadlines).await;
}

/// Serves what comes over the daemon's own socket until told to stop.
pub(super) async fn local<S: Service>(
    socket: LocalSocket,
    service: S,
    rules: Rules,
    stop: watch::Receiver<bool>,
) {
    let Rules { deadlines, limits } = rules;
    // The file goes when this ends.
    let (listener, _file) = socket.into_parts();
    let admit = |stream, ()| {
        let permit = limits.enter(std::net::Ipv6Addr::LOCALHOST.into()).ok()?;
        Some(local::connection(
            stream,
            permit,
            deadlines,
            stop.clone(),
            service.clone(),
        ))
    };
    run(listener, admit, stop.clone(), &deadlines).await;
}

/// Accepts until told to stop. A client that isn't admitted is closed at once.
async fn run<L, C>(
    listener: L,
    mut admit: impl FnMut(L::Stream, L::From) -> Option<C>,
    mut stop: watch::Receiver<bool>,
    deadlines: &Deadlines,
) where
    L: Listen,
    C: Future<Output = ()> + Send + 'static,
{
    let mut reserve = Reserve::new();
    let mut logged = None;
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = told_to_stop(&mut stop) => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let fault = match accepted {
            Ok((stream, from)) => {
                if let Some(connection) = admit(stream, from) {
                    connections.spawn(connection);
                }
                continue;
            }
            Err(fault) => fault,
        };
        let trouble = Trouble::of(&fault);
        if trouble == Trouble::Client {
            continue;
        }
        if logged.is_none_or(|at: Instant| at.elapsed() >= LOG_EVERY) {
            logged = Some(Instant::now());
            tracing::warn!(why = %fault, "can't accept connections; the newest are closed");
        }
        let room = trouble == Trouble::Descriptors && close_newest(&listener, &mut reserve);
        if !room {
            tokio::select! {
                () = told_to_stop(&mut stop) => break,
                () = sleep(BACK_OFF) => {}
            }
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    // What hasn't ended by then is aborted as the set is dropped.
    _ = timeout(deadlines.stop, all_ended).await;
}

/// Uses the reserve to take and close one waiting client; says whether the reserve is whole again.
fn close_newest<L: Listen>(listener: &L, reserve: &mut Reserve) -> bool {
    if reserve.give_up() {
        drop(listener.accept().now_or_never());
    }
    reserve.take_back()
}

/// Whose trouble it is that accepting failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// One client's; it is gone, and the next may be fine. Linux reports here what went wrong on a
    /// network before the accept (accept(2), "Error handling").
    Client,
    /// There are no descriptors left, in the process or on the device.
    Descriptors,
    /// Something else is short.
    Other,
}

impl Trouble {
    fn of(fault: &io::Error) -> Self {
        match Errno::from_io_error(fault) {
            Some(Errno::MFILE | Errno::NFILE) => Self::Descriptors,
            Some(
                Errno::CONNABORTED
                | Errno::CONNRESET
                | Errno::INTR
                | Errno::PROTO
                | Errno::NOPROTOOPT
                | Errno::NETDOWN
                | Errno::NETUNREACH
                | Errno::HOSTDOWN
                | Errno::HOSTUNREACH
                | Errno::NONET
                | Errno::OPNOTSUPP
                | Errno::PERM,
            ) => Self::Client,
            _ => Self::Other,
        }
    }
}
