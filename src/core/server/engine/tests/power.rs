//! Power actions, from the command to the outcome; the identify light.

use super::*;

#[tokio::test(start_paused = true)]
async fn on_is_accepted_at_once_and_ends_when_the_light_comes_on() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let accepted = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    assert_eq!(
        run.server.snapshot().pending.unwrap().action,
        PowerAction::On
    );
    run.light.send_replace(lit(true));
    assert_eq!(accepted.outcome().await, Outcome::Done);
    let snapshot = run.server.snapshot();
    assert_eq!(snapshot.power, PowerState::On);
    assert_eq!(snapshot.restart_cause, RestartCause::ChassisControl);
    assert_eq!(
        bench.presses(),
        [(Line::PowerButton, true), (Line::PowerButton, false)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_press_by_hand_is_told_from_a_command() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    run.light.send_replace(lit(true));
    let snapshot = run.seen(|s| s.power == PowerState::On).await;
    assert_eq!(snapshot.restart_cause, RestartCause::PowerButton);
    assert_eq!(bench.presses(), []);
}

#[tokio::test(start_paused = true)]
async fn a_deaf_system_fails_the_soft_off_and_off_still_works() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let soft = run
        .submit(Command::Power(PowerAction::SoftOff))
        .await
        .unwrap();
    let Outcome::Failed { seen } = soft.outcome().await else {
        panic!()
    };
    assert!(seen.contains("still on"), "{seen}");
    let ended = bench.events().into_iter().any(|kind| {
        matches!(
            kind,
            EventKind::Ended {
                outcome: Outcome::Failed { .. },
                ..
            }
        )
    });
    assert!(ended, "the failure is no event");
    let off = run.submit(Command::Power(PowerAction::Off)).await.unwrap();
    run.light.send_replace(lit(false));
    assert_eq!(off.outcome().await, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn a_superseded_command_learns_by_what() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let soft = run
        .submit(Command::Power(PowerAction::SoftOff))
        .await
        .unwrap();
    let off = run.submit(Command::Power(PowerAction::Off)).await.unwrap();
    assert_eq!(
        soft.outcome().await,
        Outcome::Superseded {
            by: PowerAction::Off
        }
    );
    run.light.send_replace(lit(false));
    assert_eq!(off.outcome().await, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn the_same_command_again_waits_for_the_same_end() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let first = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    let second = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    run.light.send_replace(lit(true));
    assert_eq!(first.outcome().await, Outcome::Done);
    assert_eq!(second.outcome().await, Outcome::Done);
    assert_eq!(bench.presses().len(), 2, "one press and one release");
}

#[tokio::test(start_paused = true)]
async fn a_role_without_the_privilege_presses_nothing_and_is_written_down() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let refused = run
        .submit_as(Role::ReadOnly, Command::Power(PowerAction::Off))
        .await;
    assert!(matches!(refused, Err(Refused::Denied(_))));
    assert_eq!(bench.presses(), []);
    assert!(matches!(&bench.events()[..], [EventKind::Refused { .. }]));
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_when_the_server_goes_has_an_outcome() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let soft = run.submit(Command::Power(PowerAction::SoftOff));
    let soft = soft.await.unwrap();
    run.stop().await;
    assert!(matches!(soft.outcome().await, Outcome::Failed { .. }));
    let ended = |kind: &EventKind| matches!(kind, EventKind::Ended { .. });
    assert_eq!(bench.events().iter().filter(|kind| ended(kind)).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_identify_light_goes_out_by_itself() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(Command::Identify(Identify::For(15)))
        .await
        .unwrap();
    assert!(run.server.snapshot().identify.unwrap().lit);
    let start = Instant::now();
    run.seen(|s| !s.identify.unwrap().lit).await;
    assert_eq!(start.elapsed().as_secs(), 15);
    assert_eq!(
        bench.presses(),
        [(Line::Identify, true), (Line::Identify, false)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_removed_server_answers_that_it_is_gone() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let server = run.server.clone();
    run.task.abort();
    let _ = run.task.await;
    let actor = Arc::new(Actor::of_role(Role::Administrator));
    let refused = server
        .submit(&actor, Command::Power(PowerAction::Off))
        .await;
    assert!(matches!(refused, Err(Refused::Gone)));
}

#[tokio::test(start_paused = true)]
async fn why_a_server_went_off_is_known_although_the_light_is_looked_at_first() {
    for (observed, cause) in [
        (Observed::ShutDown, OffCause::ShutDown),
        (
            Observed::Failed {
                why: "its process died".into(),
            },
            OffCause::Failed,
        ),
    ] {
        let bench = Bench::default();
        let run = bench.start(Some(true), 1);
        run.observed.send(observed).await.unwrap();
        run.light.send_replace(lit(false));
        run.seen(|s| s.power == PowerState::Off).await;
        let causes = bench.events().into_iter().filter_map(|kind| match kind {
            EventKind::PowerChanged { off_cause, .. } => off_cause,
            _ => None,
        });
        assert_eq!(causes.collect::<Vec<_>>(), [cause]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_be_sensed_does_not_depend_on_the_moment_of_the_start() {
    let bench = Bench::default();
    let run = bench.start(None, 1);
    let snapshot = run.server.snapshot();
    assert_eq!(snapshot.power, PowerState::Unknown);
    assert!(snapshot.abilities.senses_power);
    assert!(snapshot.abilities.power.contains(&PowerAction::SoftCycle));
    run.light.send_replace(lit(true));
    run.seen(|s| s.power == PowerState::On).await;

    let blind = Bench {
        blind: true,
        ..Bench::default()
    };
    let run = blind.start(None, 1);
    let abilities = run.server.snapshot().abilities.clone();
    assert!(!abilities.senses_power);
    assert!(!abilities.power.contains(&PowerAction::SoftCycle));
    let off = run.submit(Command::Power(PowerAction::Off)).await.unwrap();
    assert_eq!(off.outcome().await, Outcome::Unconfirmed);
}

#[tokio::test(start_paused = true)]
async fn a_button_that_can_not_be_pressed_fails_the_command() {
    let bench = Bench {
        blind: true,
        ..Bench::default()
    };
    bench
        .broken
        .lock()
        .unwrap()
        .extend([Line::PowerButton, Line::Nmi]);
    let run = bench.start(None, 1);
    for action in [PowerAction::Off, PowerAction::Nmi, PowerAction::PushButton] {
        let accepted = run.submit(Command::Power(action)).await.unwrap();
        let seen = "power: the relay is gone".to_owned();
        assert_eq!(
            accepted.outcome().await,
            Outcome::Failed { seen },
            "{action}"
        );
        let presses = bench.presses();
        assert_eq!([presses[0].1, presses[1].1], [true, false], "{action}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_identify_light_that_can_not_be_switched_is_refused_and_shown_as_it_was() {
    let bench = Bench::default();
    bench.broken.lock().unwrap().insert(Line::Identify);
    let run = bench.start(Some(true), 1);
    let refused = run.submit(Command::Identify(Identify::On)).await;
    assert!(matches!(refused, Err(Refused::Host(_))));
    assert!(!run.server.snapshot().identify.unwrap().lit);
    let told = |kind: &EventKind| matches!(kind, EventKind::Refused { .. });
    assert!(bench.events().iter().any(told));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_only_lost_from_sight_did_not_start() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let on = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    run.light.send_replace(lit(true));
    assert_eq!(on.outcome().await, Outcome::Done);
    for sensed in [DARK, lit(true)] {
        run.light.send_replace(sensed);
        let power = PowerState::from(sensed.on);
        run.seen(|s| s.power == power).await;
    }
    let snapshot = run.server.snapshot();
    assert_eq!(snapshot.restart_cause, RestartCause::ChassisControl);
    let starts = bench
        .events()
        .into_iter()
        .filter(|kind| matches!(kind, EventKind::PowerChanged { cause: Some(_), .. }));
    assert_eq!(starts.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_press_after_a_failed_start_is_not_the_commands() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let on = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    assert!(matches!(on.outcome().await, Outcome::Failed { .. }));
    run.light.send_replace(lit(true));
    let snapshot = run.seen(|s| s.power == PowerState::On).await;
    assert_eq!(snapshot.restart_cause, RestartCause::PowerButton);
}

#[tokio::test(start_paused = true)]
async fn without_its_driver_a_server_has_no_power_that_could_be_worked() {
    let bench = Bench::default();
    let Run {
        server,
        light,
        task,
        ..
    } = bench.start(Some(true), 1);
    let actor = Arc::new(Actor::of_role(Role::Administrator));
    let soft = Command::Power(PowerAction::SoftOff);
    let soft = server.submit(&actor, soft).await.unwrap();
    drop(light);
    let seen = "power: the driver is gone".to_owned();
    assert_eq!(soft.outcome().await, Outcome::Failed { seen });
    let off = Command::Power(PowerAction::Off);
    let refused = server.submit(&actor, off).await;
    assert!(matches!(refused, Err(Refused::Absent("power"))));
    let snapshot = server.snapshot();
    assert_eq!(snapshot.power, PowerState::Unknown);
    assert_eq!(snapshot.identify, None);
    drop((server, snapshot));
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_switched_the_server_last_is_known_and_kept() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let facts = |s: &Snapshot| {
        (
            s.restart_cause,
            s.restarted_via,
            s.on_by_command,
            s.last_off,
        )
    };
    let on = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    run.light.send_replace(lit(true));
    assert_eq!(on.outcome().await, Outcome::Done);
    let commanded = RestartCause::ChassisControl;
    let by_command = (commanded, Some(Via::Redfish), true, None);
    assert_eq!(facts(&run.server.snapshot()), by_command);
    run.stop().await;

    let run = bench.start(Some(true), 1);
    assert_eq!(facts(&run.server.snapshot()), by_command);
    run.observed.send(Observed::ShutDown).await.unwrap();
    run.light.send_replace(lit(false));
    run.seen(|s| s.last_off == Some(OffCause::ShutDown)).await;
    run.light.send_replace(lit(true));
    let snapshot = run.seen(|s| s.power == PowerState::On).await;
    let by_hand = (
        RestartCause::PowerButton,
        None,
        false,
        Some(OffCause::ShutDown),
    );
    assert_eq!(facts(&snapshot), by_hand);
    run.stop().await;

    // The device lost its power, and the server with it.
    let run = bench.start(Some(false), 2);
    let snapshot = run.server.snapshot();
    assert_eq!(snapshot.last_off, Some(OffCause::SupplyLost));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_follow_has_a_power_control_fault_until_it_does() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let fault = || run.server.snapshot().power_control_fault();
    let on = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    assert!(matches!(on.outcome().await, Outcome::Failed { .. }));
    assert!(fault());
    let on = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    run.light.send_replace(lit(true));
    assert_eq!(on.outcome().await, Outcome::Done);
    assert!(!fault());
    let soft = Command::Power(PowerAction::SoftOff);
    let soft = run.submit(soft).await.unwrap();
    assert!(matches!(soft.outcome().await, Outcome::Failed { .. }));
    assert!(!fault(), "the operating system did not listen");
}
