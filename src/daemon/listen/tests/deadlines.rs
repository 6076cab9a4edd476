//! Clients that take too long, and those that may.

use std::time::Instant;

use axum::response::Response;
use futures_util::StreamExt;
use http::header::{CONNECTION, UPGRADE};
use hyper_util::rt::TokioIo;
use tokio::sync::Notify;

use super::*;

#[tokio::test]
async fn a_flood_of_half_sent_requests_is_closed_while_another_client_is_served() {
    caps::raise_descriptor_limit();
    let deadlines = Deadlines {
        head: Duration::from_secs(2),
        ..patient()
    };
    let house = House::plain(deadlines);
    let mut flood = Vec::new();
    for _ in 0..1000 {
        let mut stream = house.connect_from("127.0.0.2").await;
        // What is one too many may be closed before it has said anything.
        _ = stream
            .write_all(b"GET / HTTP/1.1\r\nHost: bmc\r\nX: ")
            .await;
        flood.push(stream);
    }
    let mut other = house.connect_from("127.0.0.3").await;
    assert!(ask(&mut other, GET).await.ends_with("hello"));
    drop(other);
    for mut stream in flood {
        assert_eq!(rest(&mut stream).await, "");
    }
    house.empty().await;
    assert!(house.limits.view().refused_source > 0);
}

#[tokio::test]
async fn a_byte_now_and_then_gains_no_time() {
    let house = House::plain(Deadlines {
        head: SHORT,
        ..patient()
    });
    let started = Instant::now();
    let (mut reader, mut writer) = house.connect().await.into_split();
    let drip = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(SHORT / 10);
        let mut sent = 0;
        loop {
            ticks.tick().await;
            let byte = GET.as_bytes()[sent];
            if writer.write_u8(byte).await.is_err() {
                return sent;
            }
            sent += 1;
        }
    });
    assert_eq!(rest(&mut reader).await, "");
    assert!(started.elapsed() >= SHORT);
    drop(reader);
    assert!(within(drip).await.unwrap() < GET.len());
}

#[tokio::test]
async fn who_says_nothing_is_closed() {
    for kind in [
        Kind::Plain,
        Kind::Redirect { https_port: 443 },
        Kind::Tls(over_tls::certificates().handle()),
    ] {
        let deadlines = Deadlines {
            opening: SHORT,
            ..patient()
        };
        let house = House::open(kind, router(), deadlines);
        assert_eq!(rest(&mut house.connect().await).await, "");
    }
}

#[tokio::test]
async fn who_stops_in_the_middle_of_a_tls_handshake_is_closed() {
    let deadlines = Deadlines {
        opening: SHORT,
        ..patient()
    };
    let kind = Kind::Tls(over_tls::certificates().handle());
    let house = House::open(kind, router(), deadlines);
    let mut stream = house.connect().await;
    stream
        .write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc])
        .await
        .unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_kept_connection_may_idle_for_so_long_and_its_next_header_has_its_own_deadline() {
    let house = House::plain(Deadlines {
        idle: SHORT * 4,
        ..patient()
    });
    let mut stream = house.connect().await;
    assert!(ask(&mut stream, GET).await.ends_with("hello"));
    assert!(ask(&mut stream, GET).await.ends_with("hello"));
    assert_eq!(rest(&mut stream).await, "", "closed when idle for too long");

    let house = House::plain(Deadlines {
        head: SHORT,
        ..patient()
    });
    let mut stream = house.connect().await;
    assert!(ask(&mut stream, GET).await.ends_with("hello"));
    stream.write_all(b"GET / HT").await.unwrap();
    assert_eq!(rest(&mut stream).await, "", "closed in a later header");
}

#[tokio::test]
async fn a_body_that_stops_is_told_to_the_service_and_the_client_hears_of_it() {
    let house = House::plain(Deadlines {
        body_stall: SHORT,
        ..patient()
    });
    let mut stream = house.connect().await;
    let request = "POST / HTTP/1.1\r\nHost: bmc\r\nContent-Length: 10\r\n\r\nabc";
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains(&BodyStalled.to_string()), "{answer}");
    stream.shutdown().await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_body_that_keeps_coming_may_take_longer_than_its_deadline() {
    let house = House::plain(Deadlines {
        body_stall: SHORT * 4,
        ..patient()
    });
    let mut stream = house.connect().await;
    let started = Instant::now();
    let head = "POST / HTTP/1.1\r\nHost: bmc\r\nContent-Length: 16\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut ticks = tokio::time::interval(SHORT / 3);
    for _ in 0..16 {
        ticks.tick().await;
        stream.write_u8(b'x').await.unwrap();
    }
    assert!(answer(&mut stream).await.ends_with("\r\n\r\n16"));
    assert!(started.elapsed() > SHORT * 4);
}

#[tokio::test]
async fn who_does_not_take_the_answer_is_closed() {
    let (gone, went) = oneshot::channel::<()>();
    let gone = Arc::new(std::sync::Mutex::new(Some(gone)));
    let endless = move || async move {
        let gone = gone.lock().unwrap().take();
        let chunks = futures_util::stream::repeat(Bytes::from_static(&[0; 65536]));
        Response::new(Body::from_stream(chunks.map(move |chunk| {
            _ = &gone;
            Ok::<_, Infallible>(chunk)
        })))
    };
    let house = House::open(
        Kind::Plain,
        Router::new().route("/", get(endless)),
        Deadlines {
            write_stall: SHORT,
            ..patient()
        },
    );
    let mut stream = house.connect().await;
    stream.write_all(GET.as_bytes()).await.unwrap();
    within(went).await.unwrap_err();
    house.empty().await;
}

#[tokio::test]
async fn an_upgraded_connection_has_no_deadline_and_still_counts() {
    async fn upgrade(request: axum::extract::Request) -> Response {
        let upgraded = hyper::upgrade::on(request);
        tokio::spawn(async move {
            let mut io = TokioIo::new(upgraded.await.unwrap());
            while let Ok(byte) = io.read_u8().await {
                io.write_u8(byte).await.unwrap();
            }
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, "upgrade".parse().unwrap());
        headers.insert(UPGRADE, "echo".parse().unwrap());
        response
    }
    let house = House::open(
        Kind::Plain,
        router().route("/echo", get(upgrade)),
        Deadlines {
            head: SHORT,
            idle: SHORT,
            ..patient()
        },
    );
    let mut upgraded = house.connect().await;
    let request = "GET /echo HTTP/1.1\r\nHost: bmc\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    upgraded.write_all(request.as_bytes()).await.unwrap();
    let mut head = vec![0; 128];
    within(upgraded.read(&mut head)).await.unwrap();
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    // Another that begins later passes both deadlines first.
    let mut idle = house.connect().await;
    assert!(ask(&mut idle, GET).await.ends_with("hello"));
    assert_eq!(rest(&mut idle).await, "");
    upgraded.write_u8(b'!').await.unwrap();
    assert_eq!(within(upgraded.read_u8()).await.unwrap(), b'!');
    assert_eq!(house.limits.view().open, 1);
    drop(upgraded);
    house.empty().await;
}

#[tokio::test]
async fn told_to_stop_it_ends_what_is_under_way_and_closes_the_rest() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (asked, go_on) = (Arc::clone(&asked), Arc::clone(&go_on));
        move || async move {
            asked.notify_one();
            go_on.notified().await;
            "done"
        }
    };
    let house = House::open(Kind::Plain, router().route("/slow", get(slow)), patient());
    let mut silent = house.connect().await;
    let mut idle = house.connect().await;
    assert!(ask(&mut idle, GET).await.ends_with("hello"));
    let mut busy = house.connect().await;
    let request = "GET /slow HTTP/1.1\r\nHost: bmc\r\n\r\n";
    busy.write_all(request.as_bytes()).await.unwrap();
    within(asked.notified()).await;

    house.stop.send(()).unwrap();
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut idle).await, "");
    TcpStream::connect(house.address).await.unwrap_err();
    go_on.notify_one();
    assert!(rest(&mut busy).await.ends_with("done"));
    within(house.served).await.unwrap();
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_off() {
    let asked = Arc::new(Notify::new());
    let never = {
        let asked = Arc::clone(&asked);
        move || async move {
            asked.notify_one();
            std::future::pending::<()>().await;
        }
    };
    let deadlines = Deadlines {
        stop: SHORT,
        ..patient()
    };
    let house = House::open(Kind::Plain, Router::new().route("/", get(never)), deadlines);
    let mut busy = house.connect().await;
    busy.write_all(GET.as_bytes()).await.unwrap();
    within(asked.notified()).await;
    house.stop.send(()).unwrap();
    within(house.served).await.unwrap();
    assert_eq!(rest(&mut busy).await, "");
}
