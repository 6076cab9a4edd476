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
