//! What holds for every command: who may send it, on which LUN, and that nothing makes it panic.

use outband_core::access::Role;
use proptest::{
    prelude::{any, prop},
    test_runner::{Config, TestRunner},
};

use super::{
    super::{APP, CHASSIS, Row, TABLE},
    *,
};

/// Every command with the lowest level and the lowest role that may send it (appendix G; the gate's
/// table).
const WHO: &[(u8, u8, Privilege, Role)] = {
    use Privilege::{Administrator as A, Operator as O, User as U};
    &[
        (APP, 0x01, U, Role::ReadOnly),
        (APP, 0x04, U, Role::ReadOnly),
        (APP, 0x07, U, Role::ReadOnly),
        (APP, 0x08, U, Role::ReadOnly),
        (APP, 0x40, A, Role::Administrator),
        (APP, 0x41, U, Role::ReadOnly),
        (APP, 0x42, U, Role::ReadOnly),
        (APP, 0x56, A, Role::Administrator),
        (CHASSIS, 0x00, U, Role::ReadOnly),
        (CHASSIS, 0x01, U, Role::ReadOnly),
        (CHASSIS, 0x02, O, Role::Operator),
        (CHASSIS, 0x04, O, Role::Operator),
        (CHASSIS, 0x06, O, Role::Operator),
        (CHASSIS, 0x07, U, Role::ReadOnly),
        (CHASSIS, 0x08, O, Role::Operator),
        (CHASSIS, 0x09, O, Role::ReadOnly),
        (CHASSIS, 0x0B, A, Role::Administrator),
        (CHASSIS, 0x0F, U, Role::ReadOnly),
    ]
};

const LEVELS: [Privilege; 4] = [
    Privilege::Callback,
    Privilege::User,
    Privilege::Operator,
    Privilege::Administrator,
];

fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().flat_map(|rows| rows.iter())
}

/// The shortest request of a row.
fn shortest(row: &Row) -> Vec<u8> {
    let mut request = vec![row.net_fn, row.command];
    request.resize(2 + row.length.start(), 0);
    request
}

#[tokio::test]
async fn each_command_is_for_who_has_both_the_level_and_the_role() {
    let bench = Bench::new().await;
    let actors = [
        (Role::ReadOnly, actor(&bench.rig, "ro").await),
        (Role::Operator, actor(&bench.rig, "op").await),
        (Role::Administrator, bench.admin.clone()),
    ];
    let rank = |role: Role| actors.iter().position(|(which, _)| *which == role);
    let now = bench.with_light();
    assert_eq!(rows().count(), WHO.len(), "each command stands here once");
    for (net_fn, command, level, role) in WHO {
        let mut same = rows().filter(|row| (row.net_fn, row.command) == (*net_fn, *command));
        let row = same.next().unwrap();
        assert!(
            same.next().is_none(),
            "{net_fn:02x}/{command:02x} is there twice"
        );
        for has_level in LEVELS {
            for (has_role, actor) in &actors {
                let (then, _) = bench.carry_by(actor, has_level, &now, &shortest(row));
                let may = has_level >= *level && rank(*has_role) >= rank(*role);
                let refused = matches!(then, Err(Completion::PRIVILEGE));
                let case = format!("{net_fn:02x}/{command:02x} {has_level:?} {has_role:?}");
                assert_eq!(refused, !may, "{case}: {then:?}");
            }
        }
    }
}

#[tokio::test]
async fn who_may_not_send_a_command_does_not_learn_what_is_wrong_with_it() {
    let bench = Bench::new().await;
    let now = bench.server.snapshot();
    let user = |request| {
        bench
            .carry_by(&bench.admin, Privilege::User, &now, request)
            .0
    };
    assert_eq!(user(&[CHASSIS, 0x02]).unwrap_err(), Completion::PRIVILEGE);
    assert_eq!(
        user(&[CHASSIS, 0x03]).unwrap_err(),
        Completion::INVALID_COMMAND
    );
}

#[tokio::test]
async fn nobody_reaches_a_server_out_of_their_reach() {
    let bench = Bench::new().await;
    let scope = outband_core::access::Scope::Servers(vec!["2".parse().unwrap()]);
    bench.rig.account("far", Role::Administrator, scope).await;
    let far = actor(&bench.rig, "far").await;
    let now = bench.with_light();
    for row in rows() {
        let (then, _) = bench.carry_by(&far, Privilege::Administrator, &now, &shortest(row));
        assert_eq!(then.unwrap_err(), Completion::PRIVILEGE);
    }
}

#[tokio::test]
async fn what_is_not_there_is_unknown_whatever_comes_with_it() {
    let bench = Bench::new().await;
    for (net_fn, command) in [
        (0x2C, 0x00), // PICMG and VITA, asked by ipmitool at each login
        (0x2C, 0x3E), // HPM.2, likewise
        (0x2C, 0x02), // DCMI
        (0x00, 0x03), // Chassis Reset: Chassis Control took its place
        (0x00, 0x05), // Set Chassis Capabilities
        (0x00, 0x0A), // Set Front Panel Enables
        (0x06, 0x02), // Cold Reset
        (0x06, 0x06), // Set ACPI Power State
        (0x06, 0x09), // Get NetFn Support
        (0x06, 0x54), // its own LUN is the protocol's
        (0x0A, 0x40),
        (0x30, 0x70),
    ] {
        for data in [&[][..], &[0; 3], &[0xFF; 64]] {
            let request = [&[net_fn, command], data].concat();
            assert_eq!(bench.ask(&request).await, [0xC1], "{request:02x?}");
        }
    }
}

#[tokio::test]
async fn every_command_is_for_the_first_lun() {
    let bench = Bench::new().await;
    let now = bench.server.snapshot();
    let call = Call {
        bmc: &bench.rig.bmc,
        server: &bench.server,
        now: &now,
        actor: &bench.admin,
        level: Privilege::Administrator,
        channel: &CHANNEL,
    };
    let code = |net_fn, command, lun| {
        let request = Request {
            net_fn,
            lun,
            command,
            data: &[],
        };
        carry_out(&call, &request, &mut Vec::new()).err()
    };
    let of_sessions = [0x37, 0x38, 0x3B, 0x3C, 0x3D, 0x54].map(|command| (APP, command));
    let known = rows()
        .map(|row| (row.net_fn, row.command))
        .chain(of_sessions);
    for (net_fn, command) in known {
        for lun in 1..=3 {
            let code = code(net_fn, command, lun);
            assert_eq!(
                code,
                Some(Completion::INVALID_FOR_LUN),
                "{net_fn:x}/{command:x}"
            );
        }
        let first = code(net_fn, command, 0);
        assert_ne!(
            first,
            Some(Completion::INVALID_FOR_LUN),
            "{net_fn:x}/{command:x}"
        );
    }
    assert_eq!(code(0x2C, 0x00, 1), Some(Completion::INVALID_COMMAND));
}

#[tokio::test]
async fn a_length_that_no_command_has_is_told() {
    let bench = Bench::new().await;
    let now = bench.with_light();
    for row in rows() {
        for length in 0..=64_usize {
            let mut request = vec![row.net_fn, row.command];
            request.resize(2 + length, 0);
            let (then, _) = bench.carry(&now, &request);
            if !row.length.contains(&length) {
                assert_eq!(then.unwrap_err(), Completion::LENGTH, "{request:02x?}");
            }
        }
    }
}

#[test]
fn no_request_makes_a_command_panic_or_answer_at_length() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bench = runtime.block_on(Bench::new());
    let now = bench.with_light();
    let data = prop::collection::vec(any::<u8>(), 0..=64);
    let mut runner = TestRunner::new(Config::with_cases(64));
    let checked = runner.run(&data, |data| {
        // Every command with it, and with every shorter one, so that no length is left to chance.
        for row in rows() {
            for length in 0..=data.len() {
                let request = [&[row.net_fn, row.command], &data[..length]].concat();
                let (_, out) = bench.carry(&now, &request);
                assert!(out.len() <= 32, "{request:02x?}");
            }
        }
        Ok(())
    });
    checked.unwrap();
}
