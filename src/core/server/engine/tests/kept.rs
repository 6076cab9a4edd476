//! What is kept over a restart of the daemon, and the restore policy.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_could_not_be_made_durable_is_refused_and_taken_back() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(Command::AssetTag("first".into())).await.unwrap();
    *bench.store.fails.lock().unwrap() = true;
    let refused = run.submit(Command::AssetTag("second".into())).await;
    assert!(matches!(refused, Err(Refused::Host(_))));
    let refused = run.submit(once(BootTarget::Cd)).await;
    assert!(matches!(refused, Err(Refused::Host(_))));
    run.seen(|s| &*s.asset_tag == "first" && s.boot_override.is_none())
        .await;
    assert_eq!(*bench.boot.given.lock().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_refused_setting_does_not_come_back_with_a_later_one() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(Command::AssetTag("first".into())).await.unwrap();
    *bench.store.fails_once.lock().unwrap() = true;
    let (refused, accepted) = tokio::join!(
        run.submit(Command::AssetTag("second".into())),
        run.submit(Command::RestorePolicy(RestorePolicy::AlwaysOn)),
    );
    assert!(matches!(refused, Err(Refused::Host(_))));
    accepted.unwrap();
    run.stop().await;
    let run = bench.start(Some(true), 1);
    let snapshot = run.server.snapshot();
    assert_eq!(&*snapshot.asset_tag, "first");
    assert_eq!(snapshot.restore_policy, RestorePolicy::AlwaysOn);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_killed_before_the_restored_start_tries_it_again() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let policy = Command::RestorePolicy(RestorePolicy::AlwaysOn);
    run.submit(policy).await.unwrap();
    run.stop().await;
    let killed = bench.start(Some(false), 2);
    killed.task.abort();
    bench.presses();
    let run = bench.start(Some(false), 2);
    run.light.send_replace(lit(true));
    run.seen(|s| s.power == PowerState::On).await;
    assert_eq!(bench.presses()[0], (Line::PowerButton, true));
    tokio::time::sleep(Duration::from_secs(10)).await;
    run.stop().await;
    bench.presses();
    // Once it was on, it is a restart again.
    let run = bench.start(Some(false), 2);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(bench.presses(), []);
    drop(run);
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_the_daemon_presses_nothing_whatever_the_policy() {
    for policy in [
        RestorePolicy::AlwaysOff,
        RestorePolicy::Previous,
        RestorePolicy::AlwaysOn,
    ] {
        for on in [true, false] {
            let bench = Bench::default();
            let run = bench.start(Some(on), 1);
            run.submit(Command::RestorePolicy(policy)).await.unwrap();
            run.stop().await;
            let run = bench.start(Some(on), 1);
            tokio::time::sleep(Duration::from_secs(600)).await;
            assert_eq!(run.server.snapshot().restore_policy, policy);
            assert_eq!(bench.presses(), [], "{policy:?} {on}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_loss_of_power_previous_returns_to_on_and_says_why() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(Command::RestorePolicy(RestorePolicy::Previous))
        .await
        .unwrap();
    run.stop().await;
    let run = bench.start(Some(false), 2);
    run.light.send_replace(lit(true));
    let snapshot = run.seen(|s| s.power == PowerState::On).await;
    assert_eq!(snapshot.restart_cause, RestartCause::RestorePrevious);
    assert_eq!(bench.presses()[0], (Line::PowerButton, true));
}

#[tokio::test(start_paused = true)]
async fn the_time_on_is_counted_over_restarts() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    run.light.send_replace(lit(true));
    run.seen(|s| s.power == PowerState::On).await;
    tokio::time::sleep(Duration::from_secs(90 * 60)).await;
    assert_eq!(run.server.snapshot().power_on_hours(Instant::now()), 1);
    run.light.send_replace(lit(false));
    run.seen(|s| s.power == PowerState::Off).await;
    tokio::time::sleep(Duration::from_secs(90 * 60)).await;
    run.stop().await;
    let run = bench.start(Some(true), 1);
    tokio::time::sleep(Duration::from_secs(31 * 60)).await;
    assert_eq!(run.server.snapshot().power_on_hours(Instant::now()), 2);
    // Nor does a server that stays on lose what was not yet an hour.
    run.stop().await;
    let run = bench.start(Some(true), 1);
    assert_eq!(run.server.snapshot().power_on_hours(Instant::now()), 2);
    tokio::time::sleep(Duration::from_secs(59 * 60)).await;
    assert_eq!(run.server.snapshot().power_on_hours(Instant::now()), 3);
}

#[tokio::test(start_paused = true)]
async fn after_a_loss_of_power_exactly_what_the_policy_says_is_done() {
    use RestorePolicy::{AlwaysOff, AlwaysOn, Previous};
    for (policy, was, is, pressed) in [
        (AlwaysOff, true, Some(false), false),
        (AlwaysOff, false, Some(false), false),
        (Previous, true, Some(false), true),
        (Previous, false, Some(false), false),
        (AlwaysOn, true, Some(false), true),
        (AlwaysOn, false, Some(false), true),
        (AlwaysOn, true, Some(true), false),
        (AlwaysOn, true, None, false),
    ] {
        let bench = Bench::default();
        let run = bench.start(Some(was), 1);
        run.submit(Command::RestorePolicy(policy)).await.unwrap();
        run.stop().await;
        bench.events();
        let run = bench.start(is, 2);
        tokio::time::sleep(Duration::from_secs(600)).await;
        let case = format!("{policy:?}, was on {was}, is on {is:?}");
        assert_eq!(!bench.presses().is_empty(), pressed, "{case}");
        let said = bench.events().into_iter().find_map(|kind| match kind {
            EventKind::PowerReturned { did, .. } => Some(did),
            _ => None,
        });
        let said = said.expect(&case);
        assert_eq!(said.contains("unknown"), is.is_none(), "{case}: {said}");
        drop(run);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pulse_does_not_count_as_the_start_that_the_policy_asked_for() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let policy = Command::RestorePolicy(RestorePolicy::AlwaysOn);
    run.submit(policy).await.unwrap();
    run.stop().await;
    let run = bench.start(Some(false), 2);
    // Off for all that is known, it can't be interrupted; unknown for a moment, it can.
    run.light.send_replace(DARK);
    run.seen(|s| s.power == PowerState::Unknown).await;
    let nmi = run.submit(Command::Power(PowerAction::Nmi)).await.unwrap();
    assert_eq!(nmi.outcome().await, Outcome::Done);
    run.task.abort();
    bench.presses();
    let run = bench.start(Some(false), 2);
    run.light.send_replace(lit(true));
    run.seen(|s| s.power == PowerState::On).await;
    assert_eq!(bench.presses()[0], (Line::PowerButton, true));
}

#[tokio::test(start_paused = true)]
async fn the_time_on_is_kept_when_the_daemon_stops() {
    let bench = Bench::default();
    for _ in 0..3 {
        let run = bench.start(Some(true), 1);
        tokio::time::sleep(Duration::from_secs(20 * 60)).await;
        run.stop().await;
    }
    let run = bench.start(Some(true), 1);
    assert_eq!(run.server.snapshot().powered_on_minutes, 60);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_is_killed_loses_minutes_of_the_time_on() {
    let bench = Bench::default();
    for killed in 0..3 {
        let run = bench.start(Some(true), 1);
        let kept = run.server.snapshot().powered_on_minutes;
        assert_eq!(kept, killed * 55);
        tokio::time::sleep(Duration::from_secs(59 * 60)).await;
        run.task.abort();
        assert!(run.task.await.unwrap_err().is_cancelled());
    }
    let run = bench.start(Some(true), 1);
    tokio::time::sleep(Duration::from_secs(15 * 60)).await;
    assert_eq!(run.server.snapshot().power_on_hours(Instant::now()), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refused_setting_is_in_the_log() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    *bench.store.fails.lock().unwrap() = true;
    let refused = run.submit(Command::AssetTag("second".into())).await;
    assert!(matches!(refused, Err(Refused::Host(_))));
    let told = |kind: &EventKind| matches!(kind, EventKind::Refused { command, .. } if command.contains("second"));
    assert!(bench.events().iter().any(told));
}

#[tokio::test(start_paused = true)]
async fn a_start_that_nobody_saw_has_no_known_cause() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    run.light.send_replace(lit(true));
    run.seen(|s| s.restart_cause == RestartCause::PowerButton)
        .await;
    run.light.send_replace(lit(false));
    run.seen(|s| s.power == PowerState::Off).await;
    run.stop().await;
    let run = bench.start(Some(true), 1);
    let snapshot = run.server.snapshot();
    assert_eq!(snapshot.restart_cause, RestartCause::Unknown);
    assert_eq!(snapshot.last_reset, None);
}

#[tokio::test(start_paused = true)]
async fn the_pause_of_a_power_cycle_is_kept_for_administrators_to_set() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let pause = || Command::CycleInterval(30);
    let refused = run.submit_as(Role::Operator, pause()).await;
    assert!(matches!(refused, Err(Refused::Denied(_))));
    run.submit(pause()).await.unwrap();
    run.stop().await;

    let run = bench.start(Some(true), 1);
    assert_eq!(run.server.snapshot().cycle_interval, 30);
    let cycle = Command::Power(PowerAction::Cycle);
    let cycle = run.submit(cycle).await.unwrap();
    run.light.send_replace(lit(false));
    run.seen(|s| s.power == PowerState::Off).await;
    let off_at = Instant::now();
    let pressed = [true, false, true].map(|down| (Line::PowerButton, down));
    bench.pressed(&pressed).await;
    assert_eq!(off_at.elapsed().as_secs(), 30);
    run.light.send_replace(lit(true));
    assert_eq!(cycle.outcome().await, Outcome::Done);
}
