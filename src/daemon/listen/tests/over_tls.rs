//! TLS as clients see it.

use std::{fs, process::Command, time::SystemTime};

use rustls::{
    ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion,
    version::{TLS12, TLS13},
};
use rustls_pki_types::ServerName;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::*;
use crate::tls::{Certificates, Source, Subject, tests::Folder};

fn subject() -> Subject {
    Subject::new("bmc", [""; 0], &[])
}

pub(super) fn certificates() -> Certificates {
    Certificates::open(Source::Memory, &subject(), SystemTime::now()).unwrap()
}

/// A client that trusts this one certificate, and remembers sessions.
fn client(handle: &TlsHandle, version: &'static SupportedProtocolVersion) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(handle.current().cert[0].clone()).unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn connect(house: &House, client: &TlsConnector, name: &'static str) -> TlsStream<TcpStream> {
    let name = ServerName::try_from(name).unwrap();
    let stream = client.connect(name, house.connect().await);
    within(stream).await.unwrap()
}

#[tokio::test]
async fn plain_http_on_the_https_port_is_sent_to_https_on_it() {
    let house = House::open(Kind::Tls(certificates().handle()), router(), patient());
    let port = house.address.port();
    let mut stream = house.connect().await;
    let request = format!("GET /redfish/v1?a HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 308 Permanent Redirect\r\n"),
        "{answer}"
    );
    let location = format!("\r\nlocation: https://localhost:{port}/redfish/v1?a\r\n");
    assert!(answer.contains(&location), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_redirecting_port_sends_to_the_port_of_https_and_never_elsewhere() {
    let house = House::open(Kind::Redirect { https_port: 8443 }, router(), patient());
    let mut stream = house.connect().await;
    stream.write_all(GET.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(
        answer.contains("\r\nlocation: https://bmc:8443/\r\n"),
        "{answer}"
    );

    let mut stream = house.connect().await;
    let request = "GET / HTTP/1.1\r\nHost: a@evil.example/\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 400 "));
}

/// What the server says to a hello of this version (RFC 5246 section 7.4.1.2) that offers what it
/// can do: ECDSA on P-256 with an AEAD suite.
async fn answer_to_hello(version: [u8; 2]) -> [u8; 7] {
    let house = House::open(Kind::Tls(certificates().handle()), router(), patient());
    let mut hello = version.to_vec();
    hello.extend([7; 32]);
    // No session, one suite, no compression.
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
    hello.extend([0, 16]);
    hello.extend([0, 10, 0, 4, 0, 2, 0, 23]); // supported_groups: secp256r1
    hello.extend([0, 13, 0, 4, 0, 2, 4, 3]); // signature_algorithms: ecdsa_secp256r1_sha256
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![0x16, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    let mut stream = house.connect().await;
    stream.write_all(&record).await.unwrap();
    let mut answer = [0; 7];
    within(stream.read_exact(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn tls_1_1_is_refused_and_the_same_hello_of_1_2_is_not() {
    let [record, .., level, description] = answer_to_hello([3, 2]).await;
    // An alert record: fatal, protocol_version (RFC 5246 section 7.2).
    assert_eq!([record, level, description], [0x15, 2, 70]);
    let [record, .., message, _] = answer_to_hello([3, 3]).await;
    // A handshake record: ServerHello.
    assert_eq!([record, message], [0x16, 2]);
}

#[tokio::test]
async fn sessions_are_resumed_and_the_certificate_is_its_own_trust_anchor() {
    let certificates = certificates();
    let house = House::open(Kind::Tls(certificates.handle()), router(), patient());
    for version in [&TLS13, &TLS12] {
        let client = client(&certificates.handle(), version);
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut stream = connect(&house, &client, "localhost").await;
            let answer = ask(&mut stream, "GET /peer HTTP/1.1\r\nHost: bmc\r\n\r\n").await;
            assert!(answer.contains("tls: true"), "{answer}");
            assert_eq!(
                stream.get_ref().1.handshake_kind(),
                Some(expected),
                "{version:?}"
            );
        }
        for name in ["127.0.0.1", "::1", "bmc", "bmc.local"] {
            connect(&house, &client, name).await;
        }
        let stranger = client.connect("evil.example".try_into().unwrap(), house.connect().await);
        within(stranger).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_certificate_made_anew_is_served_without_a_restart() {
    let certificates = certificates();
    let house = House::open(Kind::Tls(certificates.handle()), router(), patient());
    let before = client(&certificates.handle(), &TLS13);
    connect(&house, &before, "bmc").await;
    let more = Subject::new("bmc", ["kvm.example"], &[]);
    assert!(certificates.refresh(&more, SystemTime::now()).unwrap());
    let after = client(&certificates.handle(), &TLS13);
    connect(&house, &after, "kvm.example").await;
}

/// What real clients say of the certificate when it is the one thing they trust.
#[tokio::test(flavor = "multi_thread")]
async fn curl_and_python_trust_the_certificate_alone() {
    let folder = Folder::new();
    let source = Source::Folder(folder.path().to_owned());
    let certificates = Certificates::open(source, &subject(), SystemTime::now()).unwrap();
    let house = House::open(Kind::Tls(certificates.handle()), router(), patient());
    let certificate = folder.path().join("cert.pem");
    assert!(
        fs::read_to_string(&certificate)
            .unwrap()
            .contains("BEGIN CERTIFICATE")
    );
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{}/", house.address.port());
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "30",
        ])
        .arg("--cacert")
        .arg(&certificate)
        .arg(&url);
        assert_eq!(run("curl", curl).await, "hello", "{url}");

        // As strict as Python 3.13 is by default.
        let script = "import ssl, sys, urllib.request as u\n\
            context = ssl.create_default_context(cafile=sys.argv[1])\n\
            context.verify_flags |= ssl.VERIFY_X509_STRICT\n\
            opener = u.build_opener(u.ProxyHandler({}), u.HTTPSHandler(context=context))\n\
            print(opener.open(sys.argv[2], timeout=30).read().decode(), end='')";
        let mut python = Command::new("python3");
        python.args(["-c", script]).arg(&certificate).arg(&url);
        assert_eq!(run("python3", python).await, "hello", "{url}");
    }
    let mut untrusting = Command::new("curl");
    untrusting
        .args(["--silent", "--noproxy", "*", "--output", "/dev/null"])
        .arg(format!("https://{}/", house.address));
    let status = tokio::task::spawn_blocking(move || untrusting.status());
    assert_eq!(
        status.await.unwrap().unwrap().code(),
        Some(60),
        "not trusted"
    );
}

async fn run(program: &'static str, mut command: Command) -> String {
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output
        .unwrap()
        .unwrap_or_else(|why| panic!("{program} is needed for this test: {why}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}
