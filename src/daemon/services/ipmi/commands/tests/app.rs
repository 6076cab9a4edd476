//! The commands about the BMC and its channel.

use outband_core::{
    bmc::{Bmc, Identity},
    events::{EventKind, EventLog, EventLogSettings, NewEvent},
    host::{BootId, BoxFuture, HostFault, Journal},
    server::{PowerState, Servers},
};

use super::*;

/// The same daemon with another identity, and with another log.
fn other(bmc: &Bmc, version: &str, events: Arc<EventLog>) -> Arc<Bmc> {
    Arc::new(Bmc {
        identity: Identity {
            version: version.into(),
            ..bmc.identity.clone()
        },
        servers: Servers::default(),
        gate: bmc.gate.clone(),
        events,
        tasks: bmc.tasks.clone(),
        clock: bmc.clock.clone(),
    })
}

#[tokio::test]
async fn the_device_is_this_version_of_a_chassis_device_for_ipmi_2() {
    let mut bench = Bench::new().await;
    for (version, [major, minor, patch]) in [
        ("0.1.0", [0, 0x01, 0x00]),
        ("1.42.7", [1, 0x42, 0x07]),
        ("2.10.3-rc.1", [2, 0x10, 0x03]),
        ("300.100.1", [0x7F, 0x99, 0x01]),
        ("dev", [0, 0, 0]),
    ] {
        bench.rig.bmc = other(&bench.rig.bmc, version, bench.rig.bmc.events.clone());
        let answer = bench.ask(&[0x06, 0x01]).await;
        let head = [0x00, 0x00, 0x00, major, minor, 0x02, 0x80];
        assert_eq!(answer[..7], head, "{version}");
        // The maker, the product, and what else there is to the version.
        assert_eq!(answer[7..], [0, 0, 0, 0, 0, patch, 0, 0, 0], "{version}");
    }
}

/// A journal that can't be written.
#[derive(Debug)]
struct Broken;

impl Journal for Broken {
    fn append(&self, _: &[u8]) -> std::result::Result<u64, HostFault> {
        Err(HostFault {
            doing: "write the event log",
            why: "the disk is full".into(),
        })
    }
    fn read(&self, _: u64, _: usize) -> std::result::Result<Vec<u8>, HostFault> {
        self.append(&[]).map(|_| Vec::new())
    }
    fn extent(&self) -> std::ops::Range<u64> {
        0..0
    }
    fn truncate(&self, _: u64) -> std::result::Result<(), HostFault> {
        Ok(())
    }
    fn trim(&self, _: u64) -> std::result::Result<u64, HostFault> {
        Ok(0)
    }
    fn sync(&self) -> BoxFuture<std::result::Result<(), HostFault>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn the_self_test_tells_whether_the_log_can_be_written() {
    let mut bench = Bench::new().await;
    assert_eq!(bench.ask(&[0x06, 0x04]).await, [0x00, 0x55, 0x00]);
    let events = EventLog::open(EventLogSettings {
        journal: Arc::new(Broken),
        store: None,
        clock: bench.rig.bmc.clock.clone(),
        boot: BootId([1; 16]),
        max_bytes: 1 << 20,
    });
    let events = events.unwrap();
    events.record(NewEvent {
        server: None,
        kind: EventKind::DaemonStopped,
        actor: None,
        sel: None,
    });
    bench.rig.bmc = other(&bench.rig.bmc, "0.1.0", events);
    assert_eq!(bench.ask(&[0x06, 0x04]).await, [0x00, 0x57, 0x80]);
}

#[tokio::test]
async fn the_acpi_state_says_what_is_sensed_and_no_more() {
    let bench = Bench::new().await;
    for (power, state) in [
        (PowerState::On, 0x20),
        (PowerState::Off, 0x21),
        (PowerState::Unknown, 0x2A),
    ] {
        let now = bench.with(|now| now.power = power);
        assert_eq!(bench.read(&now, &[0x06, 0x07]), [0x00, state, 0x00]);
    }
}

#[tokio::test]
async fn the_device_has_its_own_guid() {
    let bench = Bench::new().await;
    let answer = bench.ask(&[0x06, 0x08]).await;
    assert_eq!(answer, [&[0x00], &[0xDE; 16][..]].concat());
}

#[tokio::test]
async fn the_channel_is_a_lan_with_so_many_sessions() {
    let bench = Bench::new().await;
    let info = [0x00, 0x03, 0x04, 0x01, 0x85, 0xF2, 0x1B, 0x00, 0x00, 0x00];
    for channel in [0x03, 0x0E] {
        assert_eq!(bench.ask(&[0x06, 0x42, channel]).await, info);
    }
    // No IPMB, no system interface, no reserved bit.
    for channel in [0x00, 0x01, 0x04, 0x0F, 0x13] {
        assert_eq!(bench.ask(&[0x06, 0x42, channel]).await, [0xCC]);
    }
}

#[tokio::test]
async fn the_channel_is_always_there_for_up_to_administrators() {
    let bench = Bench::new().await;
    for which in [0x40, 0x80] {
        let answer = bench.ask(&[0x06, 0x41, 0x0E, which]).await;
        assert_eq!(answer, [0x00, 0x22, 0x04]);
    }
    for request in [[0x0E, 0x00], [0x0E, 0xC0], [0x0E, 0x41], [0x01, 0x40]] {
        let request = [&[0x06, 0x41], &request[..]].concat();
        assert_eq!(bench.ask(&request).await, [0xCC], "{request:02x?}");
    }
}

#[tokio::test]
async fn the_channels_access_can_be_set_to_what_it_is() {
    let bench = Bench::new().await;
    for (access, limit, code) in [
        (0x62, 0x44, 0x00),
        (0xA2, 0x84, 0x00),
        // Neither is to be set, whatever stands there.
        (0x00, 0x00, 0x00),
        (0x01, 0x02, 0x00),
        // Disabled, before boot, shared.
        (0x60, 0x44, 0x83),
        (0x61, 0x44, 0x83),
        (0xA3, 0x44, 0x83),
        // Alerts; messages that need no authentication, of anybody or of users.
        (0x42, 0x44, 0xCC),
        (0x72, 0x44, 0xCC),
        (0x6A, 0x44, 0xCC),
        // Another limit, and what is reserved.
        (0x62, 0x43, 0xCC),
        (0x62, 0xC4, 0xCC),
        (0xE2, 0x44, 0xCC),
    ] {
        let answer = bench.ask(&[0x06, 0x40, 0x0E, access, limit]).await;
        assert_eq!(answer, [code], "{access:02x} {limit:02x}");
    }
    assert_eq!(bench.ask(&[0x06, 0x40, 0x02, 0x62, 0x44]).await, [0xCC]);
}

/// What comes of Set Channel Security Keys, and what is answered with it.
fn keys(bench: &Bench, head: [u8; 3], key: &[u8]) -> (Result, Vec<u8>) {
    let request = [&[0x06, 0x56], &head[..], key].concat();
    bench.carry(&bench.server.snapshot(), &request)
}

#[tokio::test]
async fn the_channels_key_is_set_and_taken_away() {
    let bench = Bench::new().await;
    let key = *b"twenty bytes of key.";
    let (then, data) = keys(&bench, [0x0E, 1, 1], &key);
    // Not even an error shows it.
    assert_eq!(format!("{then:?}"), "Ok(SetBmcKey(true))");
    let Ok(Then::SetBmcKey(Some(kept))) = then else {
        panic!("{then:?}")
    };
    assert_eq!(kept[..], key);
    assert_eq!(data, [0x00], "it can't be locked");
    let (then, data) = keys(&bench, [0x03, 1, 1], &[0; 20]);
    assert!(matches!(then, Ok(Then::SetBmcKey(None))), "{then:?}");
    assert_eq!(data, [0x00]);
}

#[tokio::test]
async fn the_channels_key_is_neither_read_nor_locked() {
    let bench = Bench::new().await;
    for (head, length, code) in [
        // Read; lock; what is no operation and no key; another channel.
        ([0x0E, 0, 1], 0, 0xD4),
        ([0x0E, 2, 1], 0, 0xCC),
        ([0x0E, 3, 1], 0, 0xCC),
        ([0x0E, 5, 1], 20, 0xCC),
        ([0x0E, 1, 2], 20, 0xCC),
        ([0x02, 1, 1], 20, 0xCC),
        // Too short and too long.
        ([0x0E, 1, 1], 0, 0x81),
        ([0x0E, 1, 1], 19, 0x81),
        ([0x0E, 1, 1], 21, 0x82),
        ([0x0E, 1, 1], 61, 0x82),
        // There is no K_r.
        ([0x0E, 0, 0], 0, 0x84),
        ([0x0E, 1, 0], 20, 0x84),
        ([0x0E, 2, 0], 0, 0x84),
    ] {
        let (then, _) = keys(&bench, head, &vec![7; length]);
        let case = format!("{head:02x?}, {length} bytes");
        assert_eq!(then.unwrap_err(), Completion(code), "{case}");
    }
}
