//! Boot overrides: held, used once, and never a second time.

use super::*;

fn options(written: impl Into<Arc<[BootOption]>>) -> Command {
    Command::BootOptions(written.into())
}

fn keep_valid(bits: u8) -> Command {
    options([BootOption::KeepValid(KeepValid::from_bits(bits))])
}

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

#[tokio::test(start_paused = true)]
async fn an_override_by_ipmi_waits_a_minute_for_a_power_command() {
    for (keep, via_ipmi, lapses) in [(0, true, true), (0x08, true, false), (0, false, false)] {
        let bench = Bench::default();
        let run = bench.start(Some(true), 1);
        run.submit(keep_valid(keep)).await.unwrap();
        let set = once(BootTarget::Pxe);
        let set = match via_ipmi {
            true => run.submit_by_ipmi(set).await,
            false => run.submit(set).await,
        };
        set.unwrap();
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert!(run.server.snapshot().boot_override.is_some());
        tokio::time::sleep(Duration::from_secs(2)).await;
        let case = format!("{keep:#x}, by IPMI {via_ipmi}");
        let held = run.server.snapshot().boot_override;
        assert_eq!(held.is_none(), lapses, "{case}");
        assert_eq!(*bench.boot.given.lock().unwrap(), held, "{case}");
        let told = |kind: &EventKind| *kind == EventKind::OverrideLapsed;
        assert_eq!(bench.events().iter().any(told), lapses, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_power_command_claims_the_override_and_one_that_starts_nothing_puts_it_off() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    run.submit_by_ipmi(once(BootTarget::Pxe)).await.unwrap();
    let held = |run: &Run| run.server.snapshot().boot_override.is_some();
    tokio::time::sleep(Duration::from_secs(50)).await;
    let off = run.submit(Command::Power(PowerAction::Off)).await.unwrap();
    run.light.send_replace(lit(false));
    assert_eq!(off.outcome().await, Outcome::Done);
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert!(held(&run));
    let on = run.submit(Command::Power(PowerAction::On)).await.unwrap();
    run.light.send_replace(lit(true));
    assert_eq!(on.outcome().await, Outcome::Done);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(held(&run), "a slow firmware still finds it");
    run.stop().await;

    // A restart of the daemon lets the minute begin anew, and doesn't lose it.
    let run = bench.start(Some(true), 1);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(held(&run));
    run.submit_by_ipmi(once(BootTarget::Cd)).await.unwrap();
    run.stop().await;
    let run = bench.start(Some(true), 1);
    assert!(held(&run));
    run.seen(|s| s.boot_override.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn a_continuous_override_by_ipmi_waits_for_nobody() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let Command::BootOverride(Some(mut wanted)) = once(BootTarget::Pxe) else {
        panic!()
    };
    wanted.lifetime = OverrideLifetime::Continuous;
    let set = Command::BootOverride(Some(wanted));
    run.submit_by_ipmi(set).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(run.server.snapshot().boot_override.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_override_stays_valid_after_the_boots_that_the_options_name() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    // A reset by hand or by the system keeps it; a command uses it up.
    run.submit(keep_valid(0x02)).await.unwrap();
    run.submit(once(BootTarget::Pxe)).await.unwrap();
    let id = run.server.snapshot().boot_override.unwrap().id;
    let began = |by| Observed::BootBegan { by };
    run.observed.send(began(BootBy::Software)).await.unwrap();
    run.observed
        .send(Observed::OverrideUsed { id })
        .await
        .unwrap();
    let snapshot = run
        .seen(|s| s.boot_override.is_some_and(|held| held.id == id + 1))
        .await;
    assert_eq!(*bench.boot.given.lock().unwrap(), snapshot.boot_override);

    let reset = Command::Power(PowerAction::Reset);
    let reset = run.submit(reset).await.unwrap();
    run.observed.send(began(BootBy::Reset)).await.unwrap();
    let used = Observed::OverrideUsed { id: id + 1 };
    run.observed.send(used).await.unwrap();
    run.seen(|s| s.boot_override.is_none()).await;
    assert_eq!(reset.outcome().await, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn boot_options_are_kept_all_or_none() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let block = |block| BootOption::Mailbox {
        block,
        bytes: vec![0x57, 0x01, 0x00],
    };
    run.submit(options([BootOption::ServicePartition(2), block(0)]))
        .await
        .unwrap();
    let refused = run
        .submit(options([BootOption::ServicePartition(3), block(9)]))
        .await;
    assert!(matches!(refused, Err(Refused::Invalid { .. })));
    *bench.store.fails_once.lock().unwrap() = true;
    let refused = run.submit(options([BootOption::ServicePartition(4)])).await;
    assert!(matches!(refused, Err(Refused::Host(_))));
    run.seen(|s| s.boot_options.service_partition == 2).await;
    run.stop().await;
    let run = bench.start(Some(true), 1);
    let kept = run.server.snapshot().boot_options.clone();
    assert_eq!(kept.service_partition, 2);
    assert_eq!(kept.mailbox[0][..4], [0x57, 0x01, 0x00, 0x00]);
    let told = bench.events().into_iter().find_map(|kind| match kind {
        EventKind::Accepted { command } => Some(command),
        _ => None,
    });
    assert_eq!(told.as_deref(), Some("boot options 1, 7"));
}

#[tokio::test(start_paused = true)]
async fn who_begins_to_write_and_goes_away_keeps_nobody_out() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let begin = || options([BootOption::InProgress(true)]);
    run.submit(begin()).await.unwrap();
    let refused = run.submit(begin()).await;
    assert!(matches!(refused, Err(Refused::SetInProgress)));
    let begun = Instant::now();
    run.seen(|s| !s.boot_options.in_progress).await;
    assert_eq!(begun.elapsed().as_secs(), 60);
    run.submit(begin()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn flags_without_a_device_wait_for_one_and_never_take_an_override_back() {
    let bench = Bench::default();
    let run = bench.start(Some(true), 1);
    let flags = LooseFlags {
        persistent: true,
        uefi: false,
    };
    let loose = || options([BootOption::LooseFlags(flags)]);
    run.submit(loose()).await.unwrap();
    assert_eq!(run.server.snapshot().boot_options.loose_flags, flags);
    run.submit(once(BootTarget::Pxe)).await.unwrap();
    let held = run.server.snapshot();
    assert_eq!(held.boot_options.loose_flags, LooseFlags::default());
    let refused = run.submit(loose()).await;
    assert!(matches!(refused, Err(Refused::SetInProgress)));
    assert_eq!(run.server.snapshot().boot_override, held.boot_override);
}
