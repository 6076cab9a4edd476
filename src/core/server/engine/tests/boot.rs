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

#[tokio::test(start_paused = true)]
async fn a_used_override_does_not_come_back_when_the_next_one_is_refused() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit(once(BootTarget::Pxe)).await.unwrap();
    let id = run.server.snapshot().boot_override.unwrap().id;
    let (decide, held) = oneshot::channel();
    *bench.store.held.lock().unwrap() = Some(held);
    let meanwhile = async {
        // The next one is on its way to the store when a boot is seen to have used the first.
        bench.given(BootTarget::Cd).await;
        run.observed
            .send(Observed::OverrideUsed { id })
            .await
            .unwrap();
        run.observed
            .send(Observed::Progress(BootProgress::Setup))
            .await
            .unwrap();
        run.seen(|s| s.boot_progress == Some(BootProgress::Setup))
            .await;
        decide.send(Err(disk_full())).unwrap();
    };
    let (refused, ()) = tokio::join!(run.submit(once(BootTarget::Cd)), meanwhile);
    assert!(matches!(refused, Err(Refused::Host(_))));
    run.seen(|s| s.boot_override.is_none()).await;
    assert_eq!(*bench.boot.given.lock().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn an_override_never_gets_the_number_of_one_that_was_used() {
    let bench = Bench::default();
    // A boot used the first override; the daemon died before that was durable.
    *bench.boot.used.lock().unwrap() = Some(1);
    let run = bench.start(Some(true), 1);
    run.submit(once(BootTarget::Pxe)).await.unwrap();
    assert_eq!(run.server.snapshot().boot_override.unwrap().id, 2);
    run.stop().await;
    let run = bench.start(Some(true), 1);
    assert!(run.server.snapshot().boot_override.is_some());
}
