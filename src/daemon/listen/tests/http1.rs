//! Requests that are too large, or may mean two things.

use super::*;

async fn first_line(request: &str) -> String {
    let house = House::plain(patient());
    let mut stream = house.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut line = String::new();
    within(async {
        while !line.ends_with("\r\n") {
            line.push(char::from(stream.read_u8().await.unwrap()));
        }
    })
    .await;
    line.trim_end().to_owned()
}

#[tokio::test]
async fn a_header_that_is_too_large_is_answered_431() {
    let long = format!(
        "GET / HTTP/1.1\r\nHost: bmc\r\nX: {}\r\n\r\n",
        "x".repeat(16 * 1024)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: bmc\r\n{}\r\n",
        "X: y\r\n".repeat(100)
    );
    for request in [long, many] {
        assert_eq!(
            first_line(&request).await,
            "HTTP/1.1 431 Request Header Fields Too Large"
        );
    }
    let fits = format!(
        "GET / HTTP/1.1\r\nHost: bmc\r\n{}\r\n",
        "X: y\r\n".repeat(99)
    );
    assert_eq!(first_line(&fits).await, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_client_that_is_still_sending_gets_to_see_why_it_was_refused() {
    let house = House::plain(patient());
    let mut stream = house.connect().await;
    let much = "x".repeat(200 * 1024);
    let request = format!("GET / HTTP/1.1\r\nHost: bmc\r\nX: {much}");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_request_of_unclear_length_is_refused() {
    for headers in [
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: +1",
        "Content-Length: 1, 1",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, gzip",
        "X: a\r\n folded",
        "X : a",
    ] {
        let request = format!("POST / HTTP/1.1\r\nHost: bmc\r\n{headers}\r\n\r\nab");
        assert_eq!(
            first_line(&request).await,
            "HTTP/1.1 400 Bad Request",
            "{headers}"
        );
    }
    let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(first_line(old).await, "HTTP/1.1 400 Bad Request");
}

#[tokio::test]
async fn nothing_is_answered_beyond_a_request_with_two_kinds_of_length() {
    let house = House::plain(patient());
    let mut stream = house.connect().await;
    let request = "POST / HTTP/1.1\r\nHost: bmc\r\nContent-Length: 5\r\n\
                   Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /peer HTTP/1.1\r\nHost: bmc\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let all = rest(&mut stream).await;
    assert_eq!(all.matches("HTTP/1.1 ").count(), 1, "{all}");
}

#[tokio::test]
async fn every_request_says_where_it_came_from() {
    let house = House::plain(patient());
    let mut stream = house.connect_from("127.0.0.5").await;
    let request = "GET /peer HTTP/1.1\r\nHost: bmc\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n";
    let expected = format!(
        "Network {{ source: 127.0.0.5, tls: false }} Some({})",
        house.address
    );
    assert!(ask(&mut stream, request).await.ends_with(&expected));
}

#[tokio::test]
async fn a_foreign_name_is_misdirected_and_an_own_one_is_served() {
    let names = HostNames::new("bmc", [""; 0]);
    let router = router().layer(HostCheckLayer(names));
    let house = House::open(Kind::Plain, router, patient());
    let mut stream = house.connect().await;
    assert!(ask(&mut stream, GET).await.ends_with("hello"));
    let foreign = ask(&mut stream, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").await;
    assert!(
        foreign.starts_with("HTTP/1.1 421 Misdirected Request\r\n"),
        "{foreign}"
    );
    let without = ask(&mut stream, "GET / HTTP/1.1\r\n\r\n").await;
    assert!(without.starts_with("HTTP/1.1 400 "), "{without}");
}
