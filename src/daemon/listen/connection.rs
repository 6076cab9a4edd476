//! One connection, from its accept to its end.

use std::{
    convert::Infallible,
    future::{Future, ready},
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
};

use http::{Request, Response, StatusCode};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower::ServiceExt;

use super::{
    Deadlines, Kind, LocalAddress, Peer, Service,
    body::{AnswerBody, RequestBody},
    guard::Guard,
    limits::Permit,
    pace::Pace,
    redirect::{self, To},
    told_to_stop,
};

/// A request line and its headers may take so many bytes; more is answered 431 (RFC 6585). So are
/// more than a hundred headers, which is hyper's own limit.
const HEAD_MAX: usize = 16 * 1024;

/// What a connection may hold of a body in either direction.
const BUFFER_MAX: usize = 64 * 1024;

/// The first byte of every TLS connection: a handshake record (RFC 8446 section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// What all connections of a listener have in common.
#[derive(Debug)]
pub(super) struct Door {
    pub kind: Kind,
    pub deadlines: Deadlines,
    pub stop: watch::Receiver<bool>,
}

/// Serves a client that came over the network.
pub(super) async fn network<S: Service>(
    stream: TcpStream,
    source: SocketAddr,
    permit: Permit,
    door: Arc<Door>,
    service: S,
) {
    let accepted = Instant::now();
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let local = SocketAddr::new(local.ip().to_canonical(), local.port());
    let pace = Arc::new(Pace::new(door.deadlines, accepted));
    let mut stop = door.stop.clone();
    let entered = tokio::select! {
        entered = timeout_at(
            accepted + door.deadlines.opening,
            enter(stream, Arc::clone(&pace), permit, &door.kind),
        ) => entered,
        () = told_to_stop(&mut stop) => return,
    };
    let visit = Visit {
        pace,
        stop,
        peer: Peer::Network {
            source: source.ip().to_canonical(),
            tls: matches!(door.kind, Kind::Tls(_)),
        },
        local: Some(LocalAddress(local)),
    };
    match (entered, &door.kind) {
        (Ok(Ok(Entered::Tls(stream))), _) => visit.serve(stream, service).await,
        (Ok(Ok(Entered::Plain(guard))), Kind::Plain) => visit.serve(guard, service).await,
        (Ok(Ok(Entered::Plain(guard))), Kind::Redirect { https_port }) => {
            visit.redirect(guard, To::Port(*https_port)).await;
        }
        (Ok(Ok(Entered::Plain(guard))), Kind::Tls(_)) => {
            visit.redirect(guard, To::Same(local.port())).await;
        }
        (Ok(Err(why)), _) => tracing::debug!(%source, %why, "connection never began"),
        (Err(_), _) => tracing::debug!(%source, "connection took too long to begin"),
    }
}

/// A connection on which HTTP may begin.
enum Entered {
    Tls(Box<TlsStream<Guard<TcpStream>>>),
    Plain(Guard<TcpStream>),
}

/// Waits for the client to begin, and shakes hands where TLS is spoken.
async fn enter(
    stream: TcpStream,
    pace: Arc<Pace>,
    permit: Permit,
    kind: &Kind,
) -> io::Result<Entered> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let guard = Guard::new(stream, pace, permit);
    match kind {
        Kind::Tls(tls) if first == [TLS_HANDSHAKE] => {
            let stream = TlsAcceptor::from(tls.config()).accept(guard).await?;
            Ok(Entered::Tls(Box::new(stream)))
        }
        _ => Ok(Entered::Plain(guard)),
    }
}

/// One client's stay.
pub(super) struct Visit {
    pub pace: Arc<Pace>,
    pub stop: watch::Receiver<bool>,
    pub peer: Peer,
    pub local: Option<LocalAddress>,
}

impl Visit {
    /// Lets the service answer what the client asks, one request after another.
    pub(super) async fn serve<IO, S>(self, io: IO, service: S)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service,
    {
        self.http1(io, service, true).await;
    }

    /// Sends the client to HTTPS, and closes.
    async fn redirect<IO>(self, io: IO, to: To)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = tower::service_fn(move |request| ready(Ok(redirect::answer(&request, to))));
        self.http1(io, service, false).await;
    }

    async fn http1<IO, S>(self, io: IO, service: S, keep_alive: bool)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service,
    {
        let mut stop = self.stop.clone();
        let mut builder = http1::Builder::new();
        builder
            .keep_alive(keep_alive)
            .max_header_size(HEAD_MAX)
            .max_buf_size(BUFFER_MAX)
            // The guard keeps the time.
            .header_read_timeout(None);
        let requests = Requests {
            visit: self,
            service,
        };
        let connection = builder
            .serve_connection(TokioIo::new(io), requests)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = told_to_stop(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(why) = ended {
            tracing::debug!(%why, "connection ended early");
        }
    }
}

/// hyper's view of the service: marks where requests begin and end, and says whom they are from.
struct Requests<S> {
    visit: Visit,
    service: S,
}

impl<S: Service> hyper::service::Service<Request<Incoming>> for Requests<S> {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let pace = Arc::clone(&self.visit.pace);
        pace.request_began();
        let mut request = request.map(|body| RequestBody::watched(body, &pace));
        request.extensions_mut().insert(self.visit.peer.clone());
        if let Some(local) = self.visit.local {
            request.extensions_mut().insert(local);
        }
        let answer = self.service.clone().oneshot(request);
        Box::pin(async move {
            let response = answer.await?;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                pace.upgraded();
            }
            Ok(response.map(|body| AnswerBody { body, pace }))
        })
    }
}
