//! What a session lets in, and that nothing runs twice.

use std::time::Duration;

use super::rig::{Console, Rig, Told, login};
use crate::ipmi::{
    Completion, Suite,
    frame::payload,
    message::net_fn,
    server::{Ended, Out, Work},
};

const CONTROL: (u8, u8) = (net_fn::CHASSIS, 0x02);

#[test]
fn an_identical_packet_gets_one_answer() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    let packet = console.packet(CONTROL.0, CONTROL.1, &[2]);
    assert_eq!(rig.send_from(console.peer, &packet).len(), 1);
    assert_eq!(rig.send_from(console.peer, &packet), Vec::<Vec<u8>>::new());
    assert_eq!(rig.ran, [CONTROL]);
}

#[test]
fn a_request_that_comes_again_gets_its_answer_again_and_does_not_run_again() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    let first = console.ask(&mut rig, CONTROL, &[2, 3]);
    assert_eq!(first, (Completion::OK, vec![3, 2]));
    for _ in 0..3 {
        let packet = console.packet_again(CONTROL.0, CONTROL.1, &[2, 3]);
        let answers = rig.send_from(console.peer, &packet);
        assert_eq!(console.read(&answers[0]), Some(first.clone()));
    }
    assert_eq!(rig.ran, [CONTROL]);
    console.ask(&mut rig, CONTROL, &[2, 3]);
    assert_eq!(rig.ran, [CONTROL, CONTROL]);
}

#[test]
fn a_client_that_does_not_count_its_requests_does_not_hear_its_first_answer_for_ever() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    let mut ran = Vec::new();
    for _ in 0..8 {
        let packet = console.packet_again(CONTROL.0, CONTROL.1, &[]);
        assert_eq!(rig.send_from(console.peer, &packet).len(), 1);
        ran.push(rig.ran.len());
        rig.pass(Duration::from_secs(5));
    }
    // Kept for 15 seconds after it was given, however often it is asked for.
    assert_eq!(ran, [1, 1, 1, 1, 2, 2, 2, 2]);
}

#[test]
fn a_request_that_comes_again_while_it_runs_waits_for_its_answer() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    let mut packet = console.packet(CONTROL.0, CONTROL.1, &[2]);
    let command = rig.command(console.peer, &mut packet).unwrap();
    let ticket = command.ticket;
    for _ in 0..3 {
        let packet = console.packet_again(CONTROL.0, CONTROL.1, &[2]);
        assert!(rig.send_from(console.peer, &packet).is_empty());
    }
    // Another one comes in between.
    assert_eq!(console.app(&mut rig, 0x01, &[]).0, Completion::OK);
    let Rig {
        server,
        house,
        out,
        now,
        ..
    } = &mut rig;
    let to = server.reply(ticket, Completion::OK, &[9], *now, house, out);
    assert_eq!(to, Some(console.peer));
    let sent: Vec<_> = out.datagrams().map(<[u8]>::to_vec).collect();
    assert_eq!(console.read(&sent[0]), Some((Completion::OK, vec![9])));
    assert_eq!(rig.ran, [(net_fn::APP, 0x01)]);
}

#[test]
fn too_many_under_way_is_node_busy_and_the_request_may_come_again() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    let mut tickets = Vec::new();
    for _ in 0..8 {
        let mut packet = console.packet(CONTROL.0, CONTROL.1, &[]);
        tickets.push(rig.command(console.peer, &mut packet).unwrap().ticket);
    }
    assert_eq!(console.ask(&mut rig, CONTROL, &[]).0, Completion::NODE_BUSY);
    let Rig {
        server,
        house,
        out,
        now,
        ..
    } = &mut rig;
    let ticket = tickets.pop().unwrap();
    server.reply(ticket, Completion::OK, &[], *now, house, out);
    let packet = console.packet_again(CONTROL.0, CONTROL.1, &[]);
    let answers = rig.send_from(console.peer, &packet);
    assert_eq!(console.read(&answers[0]), Some((Completion::OK, vec![])));
}

#[test]
fn what_is_not_sealed_or_from_elsewhere_is_dropped() {
    for suite in Suite::ALL {
        let mut rig = Rig::new();
        let mut console = Console::with(login("admin", suite));
        rig.log_in(&mut console).unwrap();
        let packet = console.packet(CONTROL.0, CONTROL.1, &[2]);
        for flags in [0x00, 0x40, 0x80] {
            let mut bare = packet.clone();
            bare[5] = flags;
            assert!(rig.send_from(console.peer, &bare).is_empty(), "{flags:#x}");
        }
        // In the clear, with the session's id and the next number.
        let mut bare = packet[..16].to_vec();
        bare[5] = 0;
        bare[14] = 8;
        bare.extend([0x20, 0, 0xE0, 0x81, 4, 2, 2, 0x77]);
        assert!(rig.send_from(console.peer, &bare).is_empty());
        for peer in ["192.0.2.1:1001", "192.0.2.2:1000", "[2001:db8::1]:1000"] {
            let peer = peer.parse().unwrap();
            assert!(rig.send_from(peer, &packet).is_empty(), "{peer}");
        }
        // None of these used its number up.
        assert_eq!(rig.send_from(console.peer, &packet).len(), 1);
        assert_eq!(rig.ran, [CONTROL]);
    }
}

#[test]
fn an_authentic_packet_in_the_clear_is_dropped() {
    for suite in Suite::ALL {
        let mut rig = Rig::new();
        let mut console = Console::with(login("admin", suite));
        rig.log_in(&mut console).unwrap();
        // Whatever the payload is: the flag alone says that it isn't encrypted.
        let mut packet = console.packet(CONTROL.0, CONTROL.1, &[2]);
        packet[5] &= !0x80;
        console.client.keys().unwrap().sign(&mut packet);
        assert!(rig.send_from(console.peer, &packet).is_empty());
        packet[5] |= 0x80;
        console.client.keys().unwrap().sign(&mut packet);
        assert_eq!(rig.send_from(console.peer, &packet).len(), 1);
    }
}

#[test]
fn a_jump_of_numbers_is_dropped() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    console.ask(&mut rig, CONTROL, &[]);
    let packets: Vec<_> = (0..16).map(|_| console.packet(0, 1, &[])).collect();
    assert!(rig.send_from(console.peer, &packets[15]).is_empty());
    assert_eq!(rig.send_from(console.peer, &packets[14]).len(), 1);
    assert_eq!(rig.send_from(console.peer, &packets[0]).len(), 1);
}

#[test]
fn a_session_ends_after_a_minute_of_silence() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    for _ in 0..4 {
        rig.pass(Duration::from_secs(59));
        assert_eq!(console.ask(&mut rig, CONTROL, &[]).0, Completion::OK);
    }
    rig.house.told.clear();
    let deadline = rig.server.deadline().unwrap();
    assert!(deadline <= rig.now + Duration::from_secs(60));
    // Forged packets don't keep it alive.
    rig.now += Duration::from_secs(30);
    let mut forged = console.packet(0, 1, &[]);
    forged[20] ^= 1;
    rig.send_from(console.peer, &forged);
    rig.now += Duration::from_secs(30);
    let packet = console.packet(0, 1, &[]);
    assert!(rig.send_from(console.peer, &packet).is_empty());
    assert_eq!(rig.house.told, [Told::Ended("admin", Ended::Idle)]);
}

#[test]
fn other_payloads_go_both_ways() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    let id = rig.id_of(&console);
    let mut datagram = Vec::new();
    console.client.send(payload::SOL, &mut datagram, |out| {
        out.extend([1, 0, 0, 0, b'x'])
    });
    let Rig {
        server,
        house,
        out,
        now,
        ..
    } = &mut rig;
    let work = server.input(&mut datagram, console.peer, *now, house, out);
    let Some(Work::Payload(found)) = work else {
        panic!("{work:?}")
    };
    assert_eq!((found.session, found.kind), (id, payload::SOL));
    assert_eq!(found.data, [1, 0, 0, 0, b'x']);
    let to = server.send(id, payload::SOL, b"to the console", house, out);
    assert_eq!(to, Some(console.peer));
    let mut sent = out.datagrams().next().unwrap().to_vec();
    let heard = format!("{:?}", console.client.input(&mut sent));
    assert!(heard.contains("Payload { kind: 1"), "{heard}");
    assert_eq!(server.send(id, payload::SOL, &[0; 2000], house, out), None);
    assert_eq!(server.sessions().count(), 1);
}

#[test]
fn a_reply_too_long_for_a_packet_says_so() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    let mut packet = console.packet(0x0A, 0x11, &[]);
    let ticket = rig.command(console.peer, &mut packet).unwrap().ticket;
    let Rig {
        server,
        house,
        out,
        now,
        ..
    } = &mut rig;
    server.reply(ticket, Completion::OK, &[0; 2000], *now, house, out);
    let sent = out.datagrams().next().unwrap().to_vec();
    assert_eq!(
        console.read(&sent),
        Some((Completion::TOO_MANY_BYTES, vec![]))
    );
}

#[test]
fn a_reply_to_a_session_that_has_ended_is_not_sent() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    let mut packet = console.packet(CONTROL.0, CONTROL.1, &[]);
    let ticket = rig.command(console.peer, &mut packet).unwrap().ticket;
    let Rig {
        server, house, now, ..
    } = &mut rig;
    server.end(|session| *session.account == "admin", house);
    assert_eq!(
        house.told.last(),
        Some(&Told::Ended("admin", Ended::Revoked))
    );
    let mut out = Out::new();
    assert_eq!(
        server.reply(ticket, Completion::OK, &[], *now, house, &mut out),
        None
    );
    assert_eq!(out.datagrams().count(), 0);
}

#[test]
fn a_server_without_sessions_is_small() {
    let mut rig = Rig::new();
    assert!(
        size_of_val(&rig.server) < 256,
        "{}",
        size_of_val(&rig.server)
    );
    let mut console = rig.console("admin");
    console.ask(&mut rig, CONTROL, &[]);
    rig.pass(Duration::from_secs(60));
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.count(), 0);
    assert_eq!(rig.server.deadline(), None);
}
