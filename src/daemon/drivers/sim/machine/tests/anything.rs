//! Whatever is done to a machine, in whatever order.

use super::*;

/// Something that is done to a machine.
#[derive(Debug, Clone)]
enum Deed {
    Drive(Line, bool),
    Keys(u8, u8),
    Bytes(Vec<u8>),
    Wait(u16),
    Override(u64, BootTarget),
}

fn deeds() -> impl proptest::strategy::Strategy<Value = Vec<Deed>> {
    use proptest::prelude::*;
    let line = prop_oneof![
        Just(Line::PowerButton),
        Just(Line::ResetButton),
        Just(Line::Nmi)
    ];
    let target = prop_oneof![
        Just(BootTarget::Hdd),
        Just(BootTarget::Cd),
        Just(BootTarget::Pxe),
        Just(BootTarget::BiosSetup)
    ];
    let deed = prop_oneof![
        3 => (line, any::<bool>()).prop_map(|(line, on)| Deed::Drive(line, on)),
        2 => (4u8..=0x53, 0xE0u8..=0xE7).prop_map(|(key, with)| Deed::Keys(key, with)),
        1 => proptest::collection::vec(any::<u8>(), 0..20).prop_map(Deed::Bytes),
        4 => (0u16..5000).prop_map(Deed::Wait),
        1 => (1u64..9, target).prop_map(|(id, to)| Deed::Override(id, to)),
    ];
    proptest::collection::vec(deed, 0..60)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_done_no_once_is_used_twice_and_time_never_stands_still(deeds in deeds()) {
        let mut bench = Bench::new();
        bench.label = Some("L".into());
        for deed in deeds {
            match deed {
                Deed::Drive(line, on) => bench.machine.drive(line, on, bench.now),
                Deed::Keys(key, with) => bench.hold([Usage::new(with), Usage::new(key)].into_iter().flatten()),
                Deed::Bytes(bytes) => bench.machine.receive(&bytes, bench.now),
                Deed::Wait(ms) => bench.wait(ms.into()),
                Deed::Override(id, target) => {
                    bench.override_boot(id, target, OverrideLifetime::Once);
                    // Overrides are numbered upwards; an older one than was used never comes back.
                    if Some(id) <= bench.machine.last_used() {
                        bench.machine.set_override(None).unwrap();
                    }
                }
            }
            bench.wait(0);
            proptest::prop_assert!(bench.machine.deadline().is_none_or(|due| due > bench.now));
            let _ = bench.machine.scene(bench.now);
        }
        let mut used: Vec<_> = bench.boots().into_iter().filter_map(|(_, used)| used).collect();
        let all = used.len();
        used.dedup();
        proptest::prop_assert_eq!(all, used.len());
    }
}
