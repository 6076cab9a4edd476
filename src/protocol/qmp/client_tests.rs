//! The monitor's client against whole and broken conversations.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::qmp::{Reason, Timestamp};

const GREETING: &str = concat!(
    r#"{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "#,
    r#""package": "Debian 1:7.2+dfsg-7+deb12u18"}, "capabilities": ["oob"]}}"#,
    "\r\n"
);

#[allow(clippy::disallowed_methods)] // any moment will do
fn start() -> Instant {
    Instant::now()
}

fn fresh(now: Instant) -> Client {
    let limits = Limits {
        line: 4096,
        commands: 2,
    };
    Client::new(limits, now + Duration::from_secs(5))
}

fn drain(client: &mut Client, bytes: &[u8]) -> Result<Vec<Incoming>, Fault> {
    let mut found = Vec::new();
    let mut rest = bytes;
    loop {
        let taken = client.receive(rest);
        rest = &rest[taken..];
        while let Some(incoming) = client.poll()? {
            found.push(incoming);
        }
        if rest.is_empty() {
            return Ok(found);
        }
    }
}

fn ready(now: Instant) -> Client {
    let mut client = fresh(now);
    drain(&mut client, GREETING.as_bytes()).unwrap();
    assert_eq!(
        client.outgoing(),
        b"{\"execute\":\"qmp_capabilities\",\"id\":0}\n"
    );
    let found = drain(&mut client, b"{\"return\": {}, \"id\": 0}\r\n").unwrap();
    let [Incoming::Ready(greeting)] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(greeting.version.to_string(), "7.2.22");
    assert_eq!(&*greeting.capabilities[0], "oob");
    client
}

#[test]
fn commands_wait_for_the_negotiation() {
    let now = start();
    let mut client = fresh(now);
    assert_eq!(
        client.execute(&Command::cont(), now),
        Err(NotSent::NotReady)
    );
    drain(&mut client, GREETING.as_bytes()).unwrap();
    assert_eq!(
        client.execute(&Command::cont(), now),
        Err(NotSent::NotReady)
    );
    ready(now).execute(&Command::cont(), now).unwrap();
}

#[test]
fn events_come_between_a_command_and_its_reply() {
    let now = start();
    let mut client = ready(now);
    let reset = client.execute(&Command::system_reset(), now).unwrap();
    let found = drain(
        &mut client,
        concat!(
            r#"{"timestamp": {"seconds": 1700000000, "microseconds": 12}, "event": "RESET", "#,
            r#""data": {"guest": false, "reason": "host-qmp-system-reset"}}"#,
            "\r\n{\"return\": {}, \"id\": 1}\r\n"
        )
        .as_bytes(),
    );
    let event = Incoming::Event(Event {
        at: Some(Timestamp {
            seconds: 1_700_000_000,
            microseconds: 12,
        }),
        kind: EventKind::Reset {
            guest: false,
            reason: Reason::HostQmpSystemReset,
        },
    });
    let reply = Incoming::Reply {
        id: reset,
        result: Ok(json!({})),
    };
    assert_eq!(found, Ok(vec![event, reply]));
}

#[test]
fn each_reply_finds_its_command() {
    let now = start();
    let mut client = ready(now);
    let first = client.execute(&Command::query_status(), now).unwrap();
    let second = client.execute(&Command::cont(), now).unwrap();
    assert_eq!(client.execute(&Command::stop(), now), Err(NotSent::TooMany));
    let bytes = concat!(
        "{\"id\": 2, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\n",
        "{\"return\": null, \"id\": 1}\n"
    );
    let found = drain(&mut client, bytes.as_bytes()).unwrap();
    let refusal = Refusal {
        class: "GenericError".into(),
        description: "no".into(),
    };
    let (one, two) = (Ok(Value::Null), Err(refusal));
    let expected = [(second, two), (first, one)].map(|(id, result)| Incoming::Reply { id, result });
    assert_eq!(found, expected);
    client.execute(&Command::stop(), now).unwrap();
}

#[test]
fn what_a_managed_machine_tells_is_typed() {
    let mut client = ready(start());
    let cases = [
        (
            r#""SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}"#,
            EventKind::Shutdown {
                guest: true,
                reason: Reason::GuestShutdown,
            },
        ),
        (
            r#""SHUTDOWN", "data": {"guest": true}"#,
            EventKind::Shutdown {
                guest: true,
                reason: Reason::Other,
            },
        ),
        (
            r#""WATCHDOG", "data": {"action": "pause"}"#,
            EventKind::Watchdog {
                action: "pause".into(),
            },
        ),
        (
            r#""GUEST_PANICKED", "data": {"action": "pause", "info": {}}"#,
            EventKind::GuestPanicked {
                action: "pause".into(),
            },
        ),
        (r#""POWERDOWN""#, EventKind::Powerdown),
        (r#""STOP""#, EventKind::Stop),
        (r#""RESUME""#, EventKind::Resume),
        (
            r#""DEVICE_TRAY_MOVED", "data": {"device": "", "id": "cd0", "tray-open": true}"#,
            EventKind::DeviceTrayMoved {
                id: "cd0".into(),
                open: true,
            },
        ),
        (
            r#""DEVICE_DELETED", "data": {"path": "/machine/x"}"#,
            EventKind::DeviceDeleted {
                device: None,
                path: "/machine/x".into(),
            },
        ),
        (
            r#""RTC_CHANGE", "data": {"offset": 1}"#,
            EventKind::Other {
                name: "RTC_CHANGE".into(),
                data: json!({"offset": 1}),
            },
        ),
    ];
    for (text, kind) in cases {
        let line = format!(
            "{{\"timestamp\": {{\"seconds\": -1, \"microseconds\": -1}}, \"event\": {text}}}\n"
        );
        let found = drain(&mut client, line.as_bytes());
        assert_eq!(
            found,
            Ok(vec![Incoming::Event(Event { at: None, kind })]),
            "{text}"
        );
    }
}

#[test]
fn a_server_that_lies_is_found_out() {
    let now = start();
    let is = |bytes: &str, fault: fn(&Fault) -> bool| {
        let found = drain(&mut ready(now), bytes.as_bytes());
        assert!(matches!(&found, Err(found) if fault(found)), "{found:?}");
    };
    is("{\"return\": {}, \"id\": 9}\n", |fault| {
        *fault == Fault::UnknownReply
    });
    is("{\"return\": {}, \"id\": \"0\"}\n", |fault| {
        *fault == Fault::UnknownReply
    });
    is("{\"return\": {}}\n", |fault| *fault == Fault::UnknownReply);
    is("{]\n", |fault| matches!(fault, Fault::Nonsense(_)));
    is("{}\n", |fault| matches!(fault, Fault::Nonsense(_)));
    is("[1]\n", |fault| matches!(fault, Fault::Nonsense(_)));
    is("{\"event\": \"RESET\"}\n", |fault| {
        matches!(fault, Fault::Nonsense(_))
    });
    is(
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\n",
        |fault| matches!(fault, Fault::NotUnderstood(_)),
    );
    is(&"[".repeat(5000), |fault| {
        *fault == Fault::LineTooLong(4096)
    });
    let nested = format!("{{\"return\": {}", "[".repeat(2000));
    is(&format!("{nested}\n"), |fault| {
        matches!(fault, Fault::Nonsense(_))
    });
    let greeted = drain(&mut fresh(now), b"{\"return\": {}}\n");
    assert_eq!(greeted, Err(Fault::NoGreeting));
}

#[test]
fn silence_is_cut_off_at_its_deadline() {
    let now = start();
    let second = Duration::from_secs(1);
    let client = fresh(now);
    assert_eq!(client.deadline(), Some(now + 5 * second));
    assert_eq!(client.expire(now + 4 * second), Ok(()));
    assert!(matches!(
        client.expire(now + 5 * second),
        Err(Fault::Silent(_))
    ));
    let mut client = fresh(now);
    drain(&mut client, GREETING.as_bytes()).unwrap();
    assert_eq!(
        client.expire(now + 5 * second),
        Err(Fault::Silent("qmp_capabilities"))
    );
    let mut client = ready(now);
    assert_eq!(client.deadline(), None);
    client.execute(&Command::quit(), now + second).unwrap();
    assert_eq!(client.deadline(), Some(now + second));
    assert_eq!(client.expire(now + second), Err(Fault::Silent("quit")));
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600)) {
        let _ = drain(&mut fresh(start()), &bytes);
        let _ = drain(&mut ready(start()), &bytes);
    }

    #[test]
    fn where_the_stream_is_chopped_makes_no_difference(chunk in 1usize..64) {
        let now = start();
        let bytes = format!(
            "{GREETING}{{\"return\": {{}}, \"id\": 0}}\n{{\"event\": \"STOP\"}}\n\n{{\"event\": \"RESUME\"}}\n"
        );
        let whole = drain(&mut fresh(now), bytes.as_bytes()).unwrap();
        let mut client = fresh(now);
        let mut found = Vec::new();
        for piece in bytes.as_bytes().chunks(chunk) {
            found.extend(drain(&mut client, piece).unwrap());
        }
        proptest::prop_assert_eq!(whole.len(), 3);
        proptest::prop_assert_eq!(found, whole);
    }
}
