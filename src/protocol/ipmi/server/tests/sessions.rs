//! The commands that the server answers itself.

use super::rig::{Console, GUID, Rig, Told, key, request};
use crate::ipmi::{
    Completion, Privilege,
    frame::{self, Framing, payload},
    message::{Response, net_fn},
    rmcp,
    server::{Config, Ended},
};

/// Sends a request outside of a session; the answer in the same framing.
fn outside(rig: &mut Rig, framing: Framing, command: u8, data: &[u8]) -> (Completion, Vec<u8>) {
    let mut datagram = Vec::new();
    frame::write_outside(&mut datagram, framing, payload::MESSAGE, |out| {
        request(1, net_fn::APP, command, data).write(out);
    });
    let answers = rig.send_from("192.0.2.9:9".parse().unwrap(), &datagram);
    assert_eq!(answers.len(), 1);
    let mut answer = answers[0].clone();
    let body = &mut answer[rmcp::HEADER_LEN..];
    let Some(frame::Frame::Outside(found, message)) = frame::parse(body) else {
        panic!("{answers:?}");
    };
    assert_eq!(found, framing);
    let response = Response::parse(message).unwrap();
    (response.completion, response.data.to_vec())
}

#[test]
fn what_needs_no_session_is_answered_in_both_framings_and_in_a_session() {
    let suites = [1, 0xC0, 17, 0x03, 0x44, 0x81, 0xC0, 3, 0x01, 0x41, 0x81];
    let cases: [(u8, &[u8], &[u8]); 8] = [
        (0x37, &[], &GUID),
        (0x38, &[0x8E, 4], &[1, 0x80, 0x04, 0x02, 0, 0, 0, 0]),
        (0x38, &[0x81, 2], &[1, 0x80, 0x04, 0x02, 0, 0, 0, 0]),
        (0x38, &[0x0E, 4], &[1, 0x00, 0x04, 0x00, 0, 0, 0, 0]),
        (0x54, &[0x0E, 0, 0x80], &suites),
        (0x54, &[0x01, 1, 0x80], &suites),
        (0x54, &[0x0E, 0, 0x81], &[1]),
        (0x54, &[0x0E, 0, 0x00], &[1, 3, 1, 0x44, 0x41, 0x81]),
    ];
    let mut rig = Rig::new();
    let mut console = rig.console("reader");
    for (command, data, expected) in cases {
        let expected = (Completion::OK, expected.to_vec());
        for framing in [Framing::V15, Framing::V20] {
            assert_eq!(
                outside(&mut rig, framing, command, data),
                expected,
                "{command:#x}"
            );
        }
        assert_eq!(
            console.app(&mut rig, command, data),
            expected,
            "{command:#x}"
        );
    }
    assert!(rig.ran.is_empty());
}

#[test]
fn wrong_questions_are_refused_in_the_specifications_words() {
    let length = Completion::LENGTH;
    let field = Completion::INVALID_FIELD;
    let cases: [(u8, &[u8], Completion); 11] = [
        (0x37, &[0], length),
        (0x38, &[], length),
        (0x38, &[0x8E], length),
        (0x38, &[0x8E, 4, 0], length),
        (0x38, &[0x82, 4], field),
        (0x38, &[0x8E, 0], field),
        (0x38, &[0x8E, 6], field),
        (0x54, &[0x0E, 0], length),
        (0x54, &[0x02, 0, 0x80], field),
        (0x54, &[0x0E, 2, 0x80], field),
        (0x01, &[], Completion::PRIVILEGE),
    ];
    let mut rig = Rig::new();
    for (command, data, expected) in cases {
        for framing in [Framing::V15, Framing::V20] {
            let answer = outside(&mut rig, framing, command, data);
            assert_eq!(answer, (expected, vec![]), "{command:#x} {data:x?}");
        }
    }
}

#[test]
fn the_bmcs_key_and_the_oem_are_told() {
    let mut config = Config::new(GUID);
    config.bmc_key = Some(key("two"));
    config.channel = 8;
    config.oem = [1, 2, 3, 4];
    let mut rig = Rig::with(config);
    let answer = outside(&mut rig, Framing::V15, 0x38, &[0x8E, 4]);
    assert_eq!(answer.1, [8, 0x80, 0x24, 0x02, 1, 2, 3, 4]);
}

#[test]
fn a_ping_with_a_number_gets_an_acknowledge_and_a_pong() {
    let mut rig = Rig::new();
    let ping = [6, 0, 3, 6, 0, 0, 0x11, 0xBE, 0x80, 7, 0, 0];
    let answers = rig.send_from("192.0.2.9:9".parse().unwrap(), &ping);
    assert_eq!(answers, [vec![6, 0, 3, 0x86], rmcp::pong(7).to_vec()]);
}

#[test]
fn a_session_starts_as_user_and_rises_as_far_as_it_may() {
    let mut rig = Rig::new();
    let mut console = rig.console("operator");
    let mut set = |level: u8| {
        let (completion, data) = console.app(&mut rig, 0x3B, &[level]);
        (completion.0, data)
    };
    assert_eq!(set(0), (0, vec![2]));
    assert_eq!(set(3), (0, vec![3]));
    assert_eq!(set(4), (0x81, vec![]));
    assert_eq!(set(5), (0x81, vec![]));
    assert_eq!(set(0), (0, vec![3]));
    for none in [1, 6, 15, 0x12] {
        assert_eq!(set(none), (0xCC, vec![]));
    }
    assert_eq!(set(2), (0, vec![2]));
    assert_eq!(console.app(&mut rig, 0x3B, &[]).0, Completion::LENGTH);
    assert_eq!(console.app(&mut rig, 0x3B, &[2, 2]).0, Completion::LENGTH);
}

#[test]
fn a_session_that_asked_for_less_gets_less() {
    let mut rig = Rig::new();
    let mut asked = super::rig::login("admin", crate::ipmi::Suite::Sha1);
    asked.role = Privilege::User;
    let mut console = Console::with(asked);
    rig.log_in(&mut console).unwrap();
    assert_eq!(
        console.app(&mut rig, 0x3B, &[4]),
        (Completion(0x80), vec![])
    );
}

#[test]
fn commands_come_out_with_user_and_level() {
    let mut rig = Rig::new();
    let mut console = rig.console("operator");
    console.app(&mut rig, 0x3B, &[3]);
    let mut packet = console.packet(net_fn::CHASSIS, 0x02, &[1]);
    let id = rig.id_of(&console);
    let command = rig.command(console.peer, &mut packet).unwrap();
    assert_eq!((command.account, command.user), ("operator", 3));
    assert_eq!(
        (command.session, command.privilege),
        (id, Privilege::Operator)
    );
    assert_eq!((command.net_fn, command.lun, command.command), (0, 0, 2));
    assert_eq!(command.data, [1]);
}

#[test]
fn sessions_are_closed_by_themselves_and_by_administrators() {
    let mut rig = Rig::new();
    let mut admin = rig.console("admin");
    let mut reader = Console::of("reader").at("192.0.2.2:1");
    rig.log_in(&mut reader).unwrap();
    let id = |console: &Console| console.client.managed().unwrap().to_le_bytes();
    let close = |console: &mut Console, rig: &mut Rig, data: &[u8]| console.app(rig, 0x3C, data).0;
    assert_eq!(
        close(&mut reader, &mut rig, &id(&admin)),
        Completion::PRIVILEGE
    );
    // As a User, an administrator may not, either; and nobody learns which ids there are.
    assert_eq!(
        close(&mut admin, &mut rig, &id(&reader)),
        Completion::PRIVILEGE
    );
    assert_eq!(
        close(&mut admin, &mut rig, &[1, 2, 3, 4]),
        Completion::PRIVILEGE
    );
    admin.app(&mut rig, 0x3B, &[4]);
    assert_eq!(close(&mut admin, &mut rig, &[1, 2, 3, 4]).0, 0x87);
    assert_eq!(close(&mut admin, &mut rig, &[0, 0, 0, 0, 9]).0, 0x88);
    for wrong in [&[][..], &[1, 2, 3], &[0; 4], &[0; 6], &[1, 2, 3, 4, 5]] {
        assert_eq!(
            close(&mut admin, &mut rig, wrong),
            Completion::LENGTH,
            "{wrong:?}"
        );
    }
    rig.house.told.clear();
    assert_eq!(
        close(&mut admin, &mut rig, &[0, 0, 0, 0, 2]),
        Completion::OK
    );
    let (by, own) = (rig.id_of(&admin), id(&admin));
    assert_eq!(close(&mut admin, &mut rig, &own), Completion::OK);
    let ends = [("reader", Ended::ClosedBy(by)), ("admin", Ended::Closed)];
    assert_eq!(rig.house.told, ends.map(|(who, why)| Told::Ended(who, why)));
    let packet = reader.packet(0, 1, &[]);
    assert!(rig.send_from(reader.peer, &packet).is_empty());
}

#[test]
fn session_info_tells_of_each() {
    let mut rig = Rig::new();
    let mut admin = rig.console("admin");
    let mut reader = Console::of("reader").at("[2001:db8::1]:513");
    rig.log_in(&mut reader).unwrap();
    let of_admin = [
        1, 63, 2, 2, 2, 0x11, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0xE8, 0x03,
    ];
    let of_reader = [2, 63, 2, 4, 2, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2];
    let mut info = |data: &[u8]| admin.app(&mut rig, 0x3D, data);
    let found = |bytes: &[u8]| (Completion::OK, bytes.to_vec());
    assert_eq!(info(&[0]), found(&of_admin));
    assert_eq!(info(&[1]), found(&of_admin));
    assert_eq!(info(&[2]), found(&of_reader));
    assert_eq!(info(&[3]), found(&[0, 63, 2]));
    assert_eq!(info(&[0xFE, 2]), found(&of_reader));
    assert_eq!(info(&[0xFE, 9]), found(&[0, 63, 2]));
    let id = reader.client.managed().unwrap().to_le_bytes();
    assert_eq!(info(&[&[0xFF][..], &id].concat()), found(&of_reader));
    for wrong in [&[][..], &[0xFE], &[0xFF], &[0xFF, 1, 2, 3], &[0, 0]] {
        assert_eq!(info(wrong).0, Completion::LENGTH, "{wrong:?}");
    }
}
