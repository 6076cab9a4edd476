//! A small HTTP client for a running daemon: over its own socket, or over HTTPS with a password.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};
use zeroize::Zeroizing;

use super::Failure;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The longest answer that is read, in bytes.
const ANSWER_MAX: usize = 16 << 20;

/// Where the daemon is.
#[derive(Debug)]
pub(super) enum Daemon {
    /// At its own socket.
    Local(PathBuf),
    /// At a URL.
    Remote(Remote),
}

/// A daemon reached over the network.
pub(super) struct Remote {
    pub(super) url: Uri,
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
    /// Whom to trust: a certificate file (PEM).
    pub(super) trust: Option<PathBuf>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Remote({})", self.url)
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Answer {
    /// The body of a good answer; the daemon's own words of a bad one.
    pub(super) fn good(self) -> Result<Bytes, Failure> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let text = String::from_utf8_lossy(&self.body);
        // The native API gives its words as `message` or `error`; the local door as plain text.
        let json: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        let words = json.as_ref().and_then(|json| {
            let named = ["message", "error", "detail"]
                .iter()
                .find_map(|k| json.get(*k));
            let named = named.map(|v| v.get("message").unwrap_or(v));
            named.and_then(serde_json::Value::as_str)
        });
        let words = words.unwrap_or(text.trim());
        let words: String = words
            .chars()
            .filter(|c| !c.is_control())
            .take(1000)
            .collect();
        Err(Failure::new(if words.is_empty() {
            format!("the daemon answered {}", self.status)
        } else {
            format!("{words} ({})", self.status.as_u16())
        }))
    }
}

impl Daemon {
    /// Sends a request and gives the answer.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Answer, Failure> {
        match tokio::time::timeout(PATIENCE, self.try_ask(method, path, body)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::new("the daemon didn't answer within a minute")),
        }
    }

    async fn try_ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Bytes::new, |body| Bytes::copy_from_slice(&body));
        match self {
            Self::Local(socket) => {
                let stream = UnixStream::connect(socket).await.map_err(|why| {
                    let socket = socket.display();
                    Failure::new(format!("no daemon answers at {socket}: {why}"))
                })?;
                let request = request
                    .header(header::HOST, "localhost")
                    .body(Full::new(body));
                exchange(stream, request).await
            }
            Self::Remote(remote) => {
                let (host, port) = remote.place()?;
                let authority = remote.url.authority().map(ToString::to_string);
                let proof = Zeroizing::new(format!("{}:{}", remote.user, *remote.password));
                let proof = format!("Basic {}", STANDARD.encode(proof.as_bytes()));
                let request = request
                    .header(header::HOST, authority.unwrap_or_default())
                    .header(header::AUTHORIZATION, proof)
                    .body(Full::new(body));
                let stream = TcpStream::connect((host.as_str(), port)).await;
                let stream = stream
                    .map_err(|why| Failure::new(format!("can't reach {}: {why}", remote.url)))?;
                match &remote.trust {
                    Some(trust) => exchange(secure(stream, host, trust).await?, request).await,
                    None => exchange(stream, request).await,
                }
            }
        }
    }
}

impl Remote {
    /// Host and port; refuses what would send the password in the clear.
    fn place(&self) -> Result<(String, u16), Failure> {
        let https = self.url.scheme_str() == Some("https");
        let host = self.url.host().unwrap_or_default();
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let ip: Option<std::net::IpAddr> = host.parse().ok();
        let loopback = ip.map_or(host == "localhost", |ip| ip.is_loopback());
        match self.url.scheme_str() {
            Some("https") if self.trust.is_none() => Err(Failure::new(
                "name the daemon's certificate with --cacert: it is its own trust anchor",
            )),
            Some("http") if !loopback => Err(Failure::new(
                "the password would be sent in the clear: use https",
            )),
            Some("http") if self.trust.is_some() => Err(Failure::new("--cacert is for https")),
            Some("http" | "https") if !host.is_empty() => {
                let port = if https { 443 } else { 80 };
                Ok((host, self.url.port_u16().unwrap_or(port)))
            }
            _ => Err(Failure::new("--url is as in https://192.0.2.1")),
        }
    }
}

/// TLS over a connection, trusting one certificate file.
async fn secure(
    stream: TcpStream,
    host: String,
    trust: &Path,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Failure> {
    let fail = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", trust.display()));
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(trust).map_err(|why| fail(&why))? {
        let certificate = certificate.map_err(|why| fail(&why))?;
        roots.add(certificate).map_err(|why| fail(&why))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| fail(&why))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host).map_err(|why| fail(&why))?;
    tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|why| Failure::new(format!("TLS: {why}")))
}

/// One request and its answer.
async fn exchange<S>(
    stream: S,
    request: http::Result<Request<Full<Bytes>>>,
) -> Result<Answer, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let fail = |why: &dyn std::fmt::Display| Failure::new(format!("the daemon: {why}"));
    let request = request.map_err(|why| fail(&why))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|why| fail(&why))?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let answer = sender
            .send_request(request)
            .await
            .map_err(|why| fail(&why))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_MAX).collect().await;
        Ok(Answer {
            status: head.status,
            body: body.map_err(|why| fail(&why))?.to_bytes(),
        })
    }
    .await;
    connection.abort();
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str, trust: Option<&str>) -> Result<(String, u16), String> {
        let remote = Remote {
            url: url.parse().unwrap(),
            user: "admin".to_owned(),
            password: Zeroizing::new("12345678".to_owned()),
            trust: trust.map(PathBuf::from),
        };
        remote.place().map_err(|why| why.to_string())
    }

    #[test]
    fn a_password_is_never_sent_in_the_clear_or_to_a_stranger() {
        assert!(place("http://192.0.2.1:8000", None).is_err());
        assert!(place("https://192.0.2.1", None).is_err());
        assert!(place("ftp://192.0.2.1", Some("c.pem")).is_err());
        let good = place("https://[2001:db8::1]", Some("c.pem"));
        assert_eq!(good, Ok(("2001:db8::1".to_owned(), 443)));
        let good = place("http://127.0.0.1:8000", None);
        assert_eq!(good, Ok(("127.0.0.1".to_owned(), 8000)));
    }

    #[test]
    fn a_bad_answer_gives_the_daemons_own_words() {
        let answer = |body: &str| Answer {
            status: StatusCode::NOT_FOUND,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        for (body, words) in [
            ("there is no such account", "there is no such account (404)"),
            ("{\"error\":\"no such server\"}", "no such server (404)"),
            ("{\"error\":{\"message\":\"gone\"}}", "gone (404)"),
            ("", "the daemon answered 404 Not Found"),
        ] {
            assert_eq!(answer(body).good().unwrap_err().to_string(), words);
        }
    }
}
