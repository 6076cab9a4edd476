//! Boot overrides: held, used once, and never a second time.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_once_override_is_gone_after_exactly_one_boot() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(once(BootTarget::Pxe)).await.unwrap();
    let held = run.server.snapshot().boot_override.unwrap();
    assert_eq!(bench.boot.given.lock().unwrap().unwrap(), held);
    // A boot that used another override leaves it.
    let boot = |used| Observed::Booted {
        target: None,
        label: None,
        used,
    };
    run.observed.send(boot(Some(held.id + 1))).await.unwrap();
    run.observed.send(boot(None)).await.unwrap();
    run.observed
        .send(Observed::BootBegan {
            by: BootBy::Software,
        })
        .await
        .unwrap();
    run.seen(|s| s.restart_cause == RestartCause::SoftReset)
        .await;
    assert!(run.server.snapshot().boot_override.is_some());
    run.observed.send(boot(Some(held.id))).await.unwrap();
    run.seen(|s| s.boot_override.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn an_override_used_while_no_daemon_looked_is_not_used_again() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(once(BootTarget::Cd)).await.unwrap();
    let held = run.server.snapshot().boot_override.unwrap();
    run.stop().await;

    let run = bench.start(Some(true), 1);
    assert_eq!(
        run.server.snapshot().boot_override,
        Some(held),
        "it survives a restart"
    );
    run.stop().await;

    *bench.boot.used.lock().unwrap() = Some(held.id);
    let run = bench.start(Some(true), 1);
    assert_eq!(run.server.snapshot().boot_override, None);
    assert_eq!(*bench.boot.given.lock().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn an_override_is_gone_once_a_boot_was_given_it() {
    let bench = Bench::default();
    let run = bench.start(Some(false), 1);
    let set = run.submit(once(BootTarget::Cd)).await.unwrap();
    assert_eq!(set.outcome().await, Outcome::Done);
    let id = run.server.snapshot().boot_override.unwrap().id;
    let used = |id| Observed::OverrideUsed { id };
    run.observed.send(used(id + 1)).await.unwrap();
    run.observed.send(used(id)).await.unwrap();
    run.seen(|s| s.boot_override.is_none()).await;
    let booted = |kind: &EventKind| matches!(kind, EventKind::Booted { .. });
    assert!(!bench.events().iter().any(booted), "nobody saw what booted");
}
