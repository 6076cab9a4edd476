//! The deadlines themselves, at the very bottom of a connection: beneath TLS, so that a client which
//! trickles TLS records is held to them like any other.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::{
    limits::Permit,
    pace::{Pace, Patience},
};

/// How much of what a refused client still sends is read and dropped before it is cut off.
const LINGER_BYTES: usize = 256 * 1024;

/// A connection's bytes, cut off when a deadline passes. Holds the connection's place among the
/// [`Limits`](super::Limits) for as long as the socket is open, upgrades included.
#[derive(Debug)]
pub(super) struct Guard<IO> {
    io: IO,
    pace: Arc<Pace>,
    reading: Alarm,
    writing: Alarm,
    /// Since writing got stuck: when it counts as stalled.
    stalled: Option<Instant>,
    linger: Linger,
    _permit: Permit,
}

/// How far the closing of a connection has come.
#[derive(Debug)]
enum Linger {
    Open,
    Until(Instant, usize),
    Done,
}

impl<IO> Guard<IO> {
    pub(super) fn new(io: IO, pace: Arc<Pace>, permit: Permit) -> Self {
        Self {
            io,
            pace,
            reading: Alarm::default(),
            writing: Alarm::default(),
            stalled: None,
            linger: Linger::Open,
            _permit: permit,
        }
    }

    /// Turns a write that makes no progress for too long into an error.
    fn not_stalled<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if write.is_ready() {
            self.stalled = None;
            return write;
        }
        let patience = self.pace.deadlines().write_stall;
        let until = *self
            .stalled
            .get_or_insert_with(|| Instant::now() + patience);
        ready!(self.writing.poll(cx, until));
        Poll::Ready(Err(late("the client does not take what it asked for")))
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Guard<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let patience = this.pace.patience();
        let read = Pin::new(&mut this.io).poll_read(cx, buffer);
        let too_late = match patience {
            // Asked also when bytes came: who always has some to send must not outrun the alarm.
            Patience::Until(until) if read.is_ready() => Instant::now() >= until,
            Patience::Until(until) => this.reading.poll(cx, until).is_ready(),
            // hyper doesn't ask for bytes again when an answer ends, so who reads must be woken.
            Patience::AskAgain(at) if read.is_pending() => this.reading.poll(cx, at).is_ready(),
            Patience::AskAgain(_) | Patience::Endless => false,
        };
        if too_late {
            return Poll::Ready(Err(late("the client did not finish its request in time")));
        }
        ready!(read)?;
        if !buffer.filled().is_empty() {
            this.pace.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<IO> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let write = Pin::new(&mut this.io).poll_write(cx, bytes);
        let written = ready!(this.not_stalled(cx, write))?;
        this.pace.sent();
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let write = Pin::new(&mut this.io).poll_write_vectored(cx, slices);
        let written = ready!(this.not_stalled(cx, write))?;
        this.pace.sent();
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flush = Pin::new(&mut this.io).poll_flush(cx);
        this.not_stalled(cx, flush)
    }

    /// Says that no more will be sent; then, where the client may still be sending what nobody will
    /// read, reads and drops that for a moment, so that it gets to see why it was refused.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match this.linger {
                Linger::Open => {
                    let shutdown = Pin::new(&mut this.io).poll_shutdown(cx);
                    ready!(this.not_stalled(cx, shutdown))?;
                    this.linger = if this.pace.leaves_unread() {
                        let until = Instant::now() + this.pace.deadlines().linger;
                        Linger::Until(until, LINGER_BYTES)
                    } else {
                        Linger::Done
                    };
                }
                Linger::Until(until, left) => {
                    let mut dropped = [0; 4096];
                    let mut buffer = ReadBuf::new(&mut dropped);
                    if this.reading.poll(cx, until).is_ready() {
                        this.linger = Linger::Done;
                        continue;
                    }
                    let read = ready!(Pin::new(&mut this.io).poll_read(cx, &mut buffer));
                    let length = buffer.filled().len();
                    this.linger = if read.is_err() || length == 0 || length >= left {
                        Linger::Done
                    } else {
                        Linger::Until(until, left - length)
                    };
                }
                Linger::Done => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// A timer that is made when first needed and moved as seldom as can be.
#[derive(Debug, Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready when the moment has come.
    fn poll(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if sleep.deadline() > until {
            sleep.as_mut().reset(until);
        }
        loop {
            // Set too early, it wakes once for nothing, which is cheaper than moving it at each
            // request of a busy connection.
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
    }
}

fn late(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, why)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::{
        super::{Deadlines, Limits},
        *,
    };

    fn guarded(buffer: usize) -> (DuplexStream, Guard<DuplexStream>, Arc<Pace>) {
        let (client, server) = duplex(buffer);
        let pace = Arc::new(Pace::new(Deadlines::default(), Instant::now()));
        let permit = Arc::new(Limits::default())
            .enter([127, 0, 0, 2].into())
            .unwrap();
        (client, Guard::new(server, Arc::clone(&pace), permit), pace)
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_each_second_gains_no_time_for_a_header() {
        let start = Instant::now();
        let (mut client, mut guard, _pace) = guarded(64);
        tokio::spawn(async move {
            while client.write_u8(b'x').await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let fault = loop {
            if let Err(fault) = guard.read_u8().await {
                break fault;
            }
        };
        assert_eq!(fault.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), 15);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_may_take_its_time_and_then_the_client_may_idle() {
        let start = Instant::now();
        let (mut client, mut guard, pace) = guarded(64);
        client.write_all(b"request").await.unwrap();
        guard.read_exact(&mut [0; 7]).await.unwrap();
        pace.request_began();
        let wait = tokio::time::timeout(Duration::from_secs(1000), guard.read_u8());
        wait.await.expect_err("no deadline while the service works");
        pace.answer_ended();
        let fault = guard.read_u8().await.unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), 1060);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_cut_off_and_a_slow_one_is_not() {
        let (mut client, mut guard, pace) = guarded(64);
        pace.request_began();
        let reader = tokio::spawn(async move {
            // One byte each 29 seconds is slow, and enough.
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(29)).await;
                client.read_u8().await.unwrap();
            }
            client
        });
        let start = Instant::now();
        let fault = guard.write_all(&[0; 200]).await.unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), 10 * 29 + 30);
        drop(reader.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_client_may_finish_sending() {
        let (mut client, mut guard, _pace) = guarded(64);
        // More than is under way at once, so it only comes to its end when somebody reads.
        let sender = tokio::spawn(async move { client.write_all(&[0; 1000]).await });
        guard.shutdown().await.unwrap();
        let sent = tokio::time::timeout(Duration::from_secs(1), sender).await;
        sent.expect("the client is stuck").unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_client_is_not_waited_for_for_ever() {
        let (_silent, mut guard, _pace) = guarded(64);
        let start = Instant::now();
        guard.shutdown().await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 1);

        let (mut endless, mut guard, _pace) = guarded(64);
        let sender = tokio::spawn(async move {
            let mut sent = 0;
            while endless.write_all(&[0; 64]).await.is_ok() {
                sent += 64;
            }
            sent
        });
        guard.shutdown().await.unwrap();
        drop(guard);
        assert!(sender.await.unwrap() <= LINGER_BYTES + 4096);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clean_end_is_not_drawn_out() {
        let (_client, mut guard, pace) = guarded(64);
        pace.request_began();
        pace.answer_ended();
        let start = Instant::now();
        guard.shutdown().await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
