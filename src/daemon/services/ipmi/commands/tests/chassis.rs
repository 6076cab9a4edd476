//! The commands about the chassis.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use outband_core::{
    driver::Abilities,
    events::OffCause,
    host::Stamp,
    sensors::{Reading, SensorKind, SensorSpec, Thresholds},
    server::{
        Command, Identify, IdentifyState, LastOutcome, Outcome, PowerAction, PowerState,
        RestartCause, RestorePolicy,
    },
};

use super::{super::chassis::in_danger, *};

/// Switches the server on by the commands under test.
async fn switch_on(bench: &Bench) {
    assert_eq!(bench.ask(&[0x00, 0x02, 1]).await, [0x00]);
    bench
        .seen(|now| now.power == PowerState::On && now.pending.is_none())
        .await;
}

#[tokio::test]
async fn a_diagnostic_interrupt_is_provided_where_there_is_one() {
    let bench = Bench::new().await;
    assert_eq!(
        bench.ask(&[0x00, 0x00]).await,
        [0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x00]
    );
    let bench = Bench::over(Rig::blind().await).await;
    assert_eq!(bench.ask(&[0x00, 0x00]).await[..2], [0x00, 0x04]);
}

#[tokio::test]
async fn the_status_follows_the_power() {
    let bench = Bench::new().await;
    assert_eq!(bench.ask(&[0x00, 0x01]).await, [0x00, 0x00, 0x00, 0x00]);
    switch_on(&bench).await;
    assert_eq!(bench.ask(&[0x00, 0x01]).await, [0x00, 0x01, 0x10, 0x00]);
}

#[tokio::test]
async fn every_field_of_the_status_comes_from_the_servers_state() {
    let bench = Bench::new().await;
    let now = std::cell::RefCell::new(bench.with(|now| now.power = PowerState::Off));
    let status = |change: &dyn Fn(&mut Snapshot)| {
        let mut now = now.borrow().clone();
        change(&mut now);
        bench.read(&now, &[0x00, 0x01])
    };
    for (policy, bits) in [
        (RestorePolicy::AlwaysOff, 0x00),
        (RestorePolicy::Previous, 0x20),
        (RestorePolicy::AlwaysOn, 0x40),
    ] {
        assert_eq!(status(&|now| now.restore_policy = policy), [0, bits, 0, 0]);
    }
    let failed = LastOutcome {
        action: PowerAction::On,
        outcome: Outcome::Failed {
            seen: "still off".into(),
        },
        at: Stamp {
            unix_ms: 0,
            synchronised: true,
        },
    };
    let answer = status(&|now| now.last_outcome = Some(failed.clone()));
    assert_eq!(answer, [0, 0x10, 0, 0]);
    for (cause, bits) in [
        (OffCause::Failed, 0x08),
        (OffCause::SupplyLost, 0x01),
        (OffCause::Command, 0),
        (OffCause::ShutDown, 0),
        (OffCause::Unknown, 0),
    ] {
        assert_eq!(status(&|now| now.last_off = Some(cause)), [0, 0, bits, 0]);
    }
    assert_eq!(status(&|now| now.on_by_command = true), [0, 0, 0x10, 0]);
    let until = Some(bench.rig.bmc.clock.now());
    for (lit, until, bits) in [(false, None, 0x40), (true, until, 0x50), (true, None, 0x60)] {
        let light = IdentifyState { lit, until };
        assert_eq!(status(&|now| now.identify = Some(light)), [0, 0, 0, bits]);
    }
}

#[test]
fn a_fan_beyond_a_critical_threshold_is_a_cooling_fault() {
    let fan = SensorSpec {
        thresholds: Thresholds {
            lower_critical: Some(500.0),
            lower_caution: Some(800.0),
            ..Thresholds::default()
        },
        ..SensorSpec::new("fan", SensorKind::Fan, 0.0..=5000.0)
    };
    for (reading, fails) in [
        (Reading::Analog(2000.0), false),
        (Reading::Analog(700.0), false),
        (Reading::Analog(400.0), true),
        (Reading::Unknown, false),
    ] {
        assert_eq!(in_danger(&fan, reading), fails, "{reading:?}");
    }
}

#[tokio::test]
async fn without_anything_that_senses_power_there_is_no_status() {
    let bench = Bench::over(Rig::blind().await).await;
    assert_eq!(bench.ask(&[0x00, 0x01]).await, [0xD5]);
}

#[tokio::test]
async fn without_a_power_part_its_commands_are_not_there() {
    let bench = Bench::new().await;
    let now = bench.with(|now| now.abilities = Abilities::default().into());
    for request in [&[0x00, 0x01][..], &[0x00, 0x06, 3], &[0x00, 0x0F]] {
        assert_eq!(bench.read(&now, request), [0xC1], "{request:02x?}");
    }
}

#[tokio::test]
async fn each_control_is_one_action() {
    let bench = Bench::new().await;
    let now = bench.server.snapshot();
    for (control, wanted) in [
        (0, PowerAction::Off),
        (1, PowerAction::On),
        (2, PowerAction::Cycle),
        (3, PowerAction::Reset),
        (4, PowerAction::Nmi),
        (5, PowerAction::SoftOff),
    ] {
        let (then, data) = bench.carry(&now, &[0x00, 0x02, control]);
        let Ok(Then::Submit(Command::Power(action))) = then else {
            panic!("{control}: {then:?}")
        };
        assert_eq!((action, data.len()), (wanted, 0));
    }
    for control in 6..=0xFF {
        assert_eq!(
            bench.ask(&[0x00, 0x02, control]).await,
            [0xCC],
            "{control:#x}"
        );
    }
}

#[tokio::test]
async fn what_means_nothing_while_off_is_refused_and_what_is_so_already_is_not() {
    let bench = Bench::new().await;
    for (control, code) in [(0, 0x00), (5, 0x00), (2, 0xD5), (3, 0xD5)] {
        assert_eq!(bench.ask(&[0x00, 0x02, control]).await, [code], "{control}");
    }
    switch_on(&bench).await;
    assert_eq!(bench.ask(&[0x00, 0x02, 1]).await, [0x00]);
    // It has no diagnostic interrupt.
    assert_eq!(bench.ask(&[0x00, 0x02, 4]).await, [0xCC]);
    assert_eq!(bench.ask(&[0x00, 0x02, 5]).await, [0x00]);
    bench.seen(|now| now.power == PowerState::Off).await;
}

#[tokio::test]
async fn what_would_cross_an_action_under_way_is_to_be_sent_again() {
    let bench = Bench::new().await;
    switch_on(&bench).await;
    bench.rig.slow.store(true, SeqCst);
    assert_eq!(bench.ask(&[0x00, 0x02, 2]).await, [0x00]);
    bench.seen(|now| now.pending.is_some()).await;
    assert_eq!(bench.ask(&[0x00, 0x02, 3]).await, [0xC0]);
    // The same once more joins the first; off gets through whatever is under way.
    assert_eq!(bench.ask(&[0x00, 0x02, 2]).await, [0x00]);
    assert_eq!(bench.ask(&[0x00, 0x02, 0]).await, [0x00]);
}

#[tokio::test]
async fn the_light_is_lit_for_a_time_for_good_or_not() {
    let bench = Bench::new().await;
    let now = bench.with_light();
    for (data, wanted) in [
        (&[][..], Identify::For(15)),
        (&[0], Identify::Off),
        (&[7], Identify::For(7)),
        (&[255], Identify::For(255)),
        (&[0, 0], Identify::Off),
        (&[7, 0], Identify::For(7)),
        (&[0, 1], Identify::On),
        (&[7, 1], Identify::On),
    ] {
        let (then, _) = bench.carry(&now, &[&[0x00, 0x04], data].concat());
        let Ok(Then::Submit(Command::Identify(light))) = then else {
            panic!("{data:?}: {then:?}")
        };
        assert_eq!(light, wanted, "{data:?}");
    }
    let (then, _) = bench.carry(&now, &[0x00, 0x04, 7, 2]);
    assert_eq!(then.unwrap_err(), Completion::INVALID_FIELD);
    // This server has none.
    assert_eq!(bench.ask(&[0x00, 0x04]).await, [0xC1]);
}

#[tokio::test]
async fn a_restore_policy_is_set_and_which_there_are_is_told() {
    let bench = Bench::new().await;
    for (policy, wanted, word) in [
        (2, RestorePolicy::AlwaysOn, "AlwaysOn"),
        (1, RestorePolicy::Previous, "LastState"),
        (0, RestorePolicy::AlwaysOff, "AlwaysOff"),
    ] {
        assert_eq!(bench.ask(&[0x00, 0x06, policy]).await, [0x00, 0x07]);
        assert_eq!(bench.ask(&[0x00, 0x06, 3]).await, [0x00, 0x07]);
        assert_eq!(bench.server.snapshot().restore_policy, wanted);
        let system = bench.rig.get("/redfish/v1/Systems/1").await;
        assert_eq!(system["PowerRestorePolicy"], word);
        assert_eq!(bench.ask(&[0x00, 0x01]).await[1], policy << 5);
    }
    for policy in [4, 7, 0x0A, 0x80] {
        assert_eq!(bench.ask(&[0x00, 0x06, policy]).await, [0xCC]);
    }
}

#[tokio::test]
async fn why_a_server_started_is_told_with_the_channel_that_made_it() {
    let bench = Bench::new().await;
    for (cause, via, bytes) in [
        (RestartCause::Unknown, None, [0x0, 0]),
        (RestartCause::ChassisControl, Some(Via::Ipmi), [0x1, 3]),
        (RestartCause::ChassisControl, Some(Via::Redfish), [0x1, 0]),
        (RestartCause::ResetButton, None, [0x2, 0]),
        (RestartCause::PowerButton, None, [0x3, 0]),
        (RestartCause::Watchdog, None, [0x4, 0]),
        (RestartCause::RestoreAlwaysOn, None, [0x6, 0]),
        (RestartCause::RestorePrevious, None, [0x7, 0]),
        (RestartCause::SoftReset, None, [0xA, 0]),
    ] {
        let now = bench.with(|now| {
            now.restart_cause = cause;
            now.restarted_via = via;
        });
        let answer = bench.read(&now, &[0x00, 0x07]);
        assert_eq!(answer, [&[0x00], &bytes[..]].concat(), "{cause:?}");
    }
}

#[tokio::test]
async fn the_pause_of_a_cycle_is_set_in_seconds() {
    let bench = Bench::new().await;
    for seconds in [255, 12, 0] {
        assert_eq!(bench.ask(&[0x00, 0x0B, seconds]).await, [0x00]);
        assert_eq!(bench.server.snapshot().cycle_interval, seconds);
    }
}

#[tokio::test]
async fn the_hours_on_are_counted_in_steps_of_60_minutes() {
    let bench = Bench::new().await;
    let hours = |minutes, running: Option<Duration>| {
        let now = bench.with(|now| {
            now.powered_on_minutes = minutes;
            let clock = bench.rig.bmc.clock.now();
            now.power_on_since = running.and_then(|running| clock.checked_sub(running));
        });
        let answer = bench.read(&now, &[0x00, 0x0F]);
        assert_eq!(answer[..2], [0x00, 60]);
        u32::from_le_bytes(answer[2..].try_into().unwrap())
    };
    assert_eq!(hours(59, None), 0);
    assert_eq!(hours(59, Some(Duration::from_secs(61))), 1);
    assert_eq!(hours(60 * 0x0102_0304, None), 0x0102_0304);
    assert_eq!(hours(60 << 32, None), u32::MAX);
}
