//! Listeners as clients meet them: real sockets on the loopback, deadlines made short.

mod caps;
mod deadlines;
mod http1;
mod over_tls;
mod own_socket;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router, body::Bytes, response::IntoResponse, routing::get};
use http::StatusCode;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use super::*;

/// A test that waits for so long hangs.
const HANG: Duration = Duration::from_secs(30);

const GET: &str = "GET / HTTP/1.1\r\nHost: bmc\r\n\r\n";

/// A listener being served.
struct House {
    address: SocketAddr,
    limits: Arc<Limits>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl House {
    fn open(kind: Kind, router: Router, deadlines: Deadlines) -> Self {
        Self::with_limits(kind, router, deadlines, Limits::default())
    }

    fn with_limits(kind: Kind, router: Router, deadlines: Deadlines, limits: Limits) -> Self {
        let bound = Bound::new("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = bound.local_addr();
        let limits = Arc::new(limits);
        let rules = Rules {
            deadlines,
            limits: Arc::clone(&limits),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(serve(vec![bound], kind, router, rules, async {
            _ = stopped.await;
        }));
        Self {
            address,
            limits,
            stop,
            served,
        }
    }

    fn plain(deadlines: Deadlines) -> Self {
        Self::open(Kind::Plain, router(), deadlines)
    }

    async fn connect(&self) -> TcpStream {
        self.connect_from("127.0.0.1").await
    }

    async fn connect_from(&self, source: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket
            .bind(SocketAddr::new(source.parse().unwrap(), 0))
            .unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// Waits until no connection is open.
    async fn empty(&self) {
        within(async {
            while self.limits.view().open > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// Long for all but what a test is about.
fn patient() -> Deadlines {
    Deadlines {
        opening: HANG,
        head: HANG,
        idle: HANG,
        body_stall: HANG,
        write_stall: HANG,
        linger: HANG,
        stop: HANG,
    }
}

const SHORT: Duration = Duration::from_millis(300);

fn router() -> Router {
    Router::new()
        .route("/", get("hello").post(length))
        .route("/peer", get(peer))
}

async fn length(
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> impl IntoResponse {
    match body {
        Ok(body) => (StatusCode::OK, body.len().to_string()),
        Err(why) => (StatusCode::REQUEST_TIMEOUT, why.body_text()),
    }
}

async fn peer(Extension(peer): Extension<Peer>, local: Option<Extension<LocalAddress>>) -> String {
    format!("{peer:?} {:?}", local.map(|Extension(local)| local.0))
}

/// The hang limit of tests.
async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(HANG * 2, future).await.expect("the test hangs")
}

/// What comes until the other side closes, however it does.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    within(async {
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            text.extend_from_slice(&buffer[..length]);
        }
    })
    .await;
    String::from_utf8(text).unwrap()
}

/// One answer with a Content-Length, off a connection that goes on.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    within(async {
        loop {
            text.push(char::from(stream.read_u8().await.unwrap()));
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .unwrap();
            if body.len() == length.parse::<usize>().unwrap() {
                return;
            }
        }
    })
    .await;
    text
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    answer(stream).await
}
