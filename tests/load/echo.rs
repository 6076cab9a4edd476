//! `echo` and `echo-server`: what a round trip costs when nothing is done in it.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::json;

use crate::{
    Failure, Found,
    console::{DATAGRAM_MAX, receive},
    target::connect,
};

/// `echo`.
#[derive(Debug, Args)]
pub(crate) struct Echo {
    /// Where the echo server is
    #[arg(value_name = "ADDR:PORT")]
    server: SocketAddr,
    /// How many clients at the same time
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    clients: u16,
    /// For how many seconds
    #[arg(long, default_value_t = 4, value_name = "S")]
    seconds: u64,
    /// How long each datagram is
    #[arg(long, default_value_t = 64, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(1..=1400))]
    length: u16,
}

impl Echo {
    pub(crate) fn run(self) -> Result<Found, Failure> {
        let from = Instant::now();
        let end = from + Duration::from_secs(self.seconds.min(3600));
        let done = thread::scope(|scope| {
            let one = || self.one(end);
            let threads: Vec<_> = (0..self.clients).map(|_| scope.spawn(one)).collect();
            let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
            joined
                .map(|done| done.map_err(|_| Failure::from("a client's thread failed"))?)
                .sum::<Result<u64, Failure>>()
        })?;
        let seconds = from.elapsed().as_secs_f64();
        Ok(Found {
            line: json!({
                "mode": "echo", "clients": self.clients, "seconds": seconds, "done": done,
                "rate": done as f64 / seconds,
            }),
            good: done > 0,
        })
    }

    fn one(&self, end: Instant) -> Result<u64, Failure> {
        let socket = connect(self.server, None)?;
        let (sent, mut buffer) = (vec![7; self.length.into()], vec![0; DATAGRAM_MAX]);
        let mut done = 0;
        while Instant::now() < end {
            socket.send(&sent)?;
            done += u64::from(receive(&socket, &mut buffer)?.is_some());
        }
        Ok(done)
    }
}

/// `echo-server`.
#[derive(Debug, Args)]
pub(crate) struct EchoServer {
    /// Where to listen; port 0 takes a free one
    #[arg(default_value = "127.0.0.1:0", value_name = "ADDR:PORT")]
    at: SocketAddr,
    /// How many threads tokio has; 1: that of the program alone
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
}

impl EchoServer {
    /// Serves until it is ended; says first where.
    pub(crate) fn run(self) -> Result<Found, Failure> {
        let mut builder = if self.threads == 1 {
            tokio::runtime::Builder::new_current_thread()
        } else {
            tokio::runtime::Builder::new_multi_thread()
        };
        let runtime = builder
            .worker_threads(self.threads.into())
            .enable_io()
            .build()?;
        let serve = runtime.spawn(serve(self.at));
        runtime.block_on(serve)??;
        Err("the echo server ended".into())
    }
}

async fn serve(at: SocketAddr) -> Result<(), Failure> {
    let socket = tokio::net::UdpSocket::bind(at).await?;
    let here = socket.local_addr()?;
    crate::print(&json!({"mode": "echo-server", "at": here.to_string()}));
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        let (length, peer) = socket.recv_from(&mut buffer).await?;
        let datagram = buffer.get(..length).unwrap_or_default();
        socket.send_to(datagram, peer).await?;
    }
}
