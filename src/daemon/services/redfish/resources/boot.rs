//! The boot override of a server, as Redfish's `Boot` object.
//!
//! A target alone asks for one boot from it, unless an override is in force whose lifetime it then
//! takes. The target `None` is no target: it takes the override back whatever else is said, as
//! `Disabled` does.

use outband_core::{
    driver::BootAbility,
    server::{BootMode, BootOverride, BootTarget, Command, OverrideLifetime, Snapshot},
};

use super::{
    super::{
        messages::{Message, base},
        page::Page,
        patch::Fields,
        words::{BOOT_MODES, BOOT_TARGETS, LIFETIMES, meaning, word, words_where},
    },
    systems::Asked,
};

const ENABLED: &str = "BootSourceOverrideEnabled";
const TARGET: &str = "BootSourceOverrideTarget";
const MODE: &str = "BootSourceOverrideMode";

/// What is asked of a property: nothing, to take the override back, or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish<T> {
    Back,
    To(T),
}

/// Writes the override, where there can be one.
pub(super) fn write(page: &mut Page, snapshot: &Snapshot) {
    let Some(ability) = &snapshot.abilities.boot else {
        return;
    };
    let current = snapshot.boot_override;
    let lifetime = current.and_then(|current| word(LIFETIMES, &current.lifetime));
    let target = current.and_then(|current| word(BOOT_TARGETS, &current.target));
    let mode = mode_in_force(current, ability).and_then(|mode| word(BOOT_MODES, &mode));
    page.object("Boot", |page| {
        page.setting(|page| {
            page.text(ENABLED, lifetime.unwrap_or("Disabled"));
            page.text(TARGET, target.unwrap_or("None"));
            page.maybe(MODE, mode);
        });
        let lifetimes = words_where(LIFETIMES, |_| true);
        let lifetimes = ["Disabled"].into_iter().chain(lifetimes);
        page.texts(&format!("{ENABLED}@Redfish.AllowableValues"), lifetimes);
        page.texts(
            &format!("{TARGET}@Redfish.AllowableValues"),
            target_words(ability),
        );
        if !ability.modes.is_empty() {
            let modes = mode_words(ability);
            page.texts(&format!("{MODE}@Redfish.AllowableValues"), modes);
        }
    });
}

fn mode_in_force(current: Option<BootOverride>, ability: &BootAbility) -> Option<BootMode> {
    current
        .and_then(|current| current.mode)
        .or(ability.native_mode)
}

fn target_words(ability: &BootAbility) -> Vec<&'static str> {
    let targets = words_where(BOOT_TARGETS, |target| ability.targets.contains(target));
    ["None"].into_iter().chain(targets).collect()
}

fn mode_words(ability: &BootAbility) -> Vec<&'static str> {
    words_where(BOOT_MODES, |mode| ability.modes.contains(mode)).collect()
}

/// Reads what is asked of the override, where there can be one.
pub(super) fn read(fields: &mut Fields<'_>, snapshot: &Snapshot) -> Option<Asked> {
    let ability = snapshot.abilities.boot.as_ref()?;
    let current = snapshot.boot_override;
    let wanted = fields.object("Boot", |fields| read_boot(fields, ability, current))??;
    Some((Command::BootOverride(wanted), "Boot"))
}

/// The override that is asked for; `None` where nothing is, or something is wrong with it.
fn read_boot(
    fields: &mut Fields<'_>,
    ability: &BootAbility,
    current: Option<BootOverride>,
) -> Option<Option<BootOverride>> {
    let lifetimes = words_where(LIFETIMES, |_| true);
    let lifetimes: Vec<_> = ["Disabled"].into_iter().chain(lifetimes).collect();
    let lifetime = fields.choice(ENABLED, &lifetimes, |word| match word {
        "Disabled" => Some(Wish::Back),
        word => meaning(LIFETIMES, word).map(Wish::To),
    });
    let target = fields.choice(TARGET, &target_words(ability), |word| match word {
        "None" => Some(Wish::Back),
        word => meaning(BOOT_TARGETS, word).map(Wish::To),
    });
    let mode = if ability.modes.is_empty() {
        None
    } else {
        let modes = mode_words(ability);
        fields.choice(MODE, &modes, |word| meaning(BOOT_MODES, word))
    };
    match wanted(lifetime, target, mode, current, ability) {
        Ok(wanted) => wanted,
        Err(Lacking::Target) => {
            fields.missing(TARGET);
            None
        }
        Err(Lacking::Override) => {
            let conflict = Message::new(&base::PROPERTY_VALUE_CONFLICT, [MODE, TARGET]);
            let why = "A mode is asked for together with a target.";
            fields.problem(MODE, conflict.saying(why));
            None
        }
    }
}

/// What a wish lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lacking {
    /// A lifetime without a target.
    Target,
    /// A mode without an override.
    Override,
}

/// The override that comes of what is asked and what is in force.
fn wanted(
    lifetime: Option<Wish<OverrideLifetime>>,
    target: Option<Wish<BootTarget>>,
    mode: Option<BootMode>,
    current: Option<BootOverride>,
    ability: &BootAbility,
) -> Result<Option<Option<BootOverride>>, Lacking> {
    if lifetime == Some(Wish::Back) || target == Some(Wish::Back) {
        return Ok(Some(None));
    }
    let target = match (target, current) {
        (Some(Wish::To(target)), _) => target,
        (_, Some(current)) => current.target,
        (_, None) if lifetime.is_some() => return Err(Lacking::Target),
        // The mode alone: fine as long as it is so already.
        (_, None) => {
            return match mode {
                Some(mode) if ability.native_mode != Some(mode) => Err(Lacking::Override),
                _ => Ok(None),
            };
        }
    };
    let lifetime = match (lifetime, current) {
        (Some(Wish::To(lifetime)), _) => lifetime,
        (_, Some(current)) => current.lifetime,
        (_, None) => OverrideLifetime::Once,
    };
    Ok(Some(Some(BootOverride {
        // The engine numbers it.
        id: 0,
        target,
        lifetime,
        mode: mode.or(current.and_then(|current| current.mode)),
    })))
}

#[cfg(test)]
mod tests {
    use outband_core::driver::Abilities;
    use serde_json::{Value, json};

    use super::*;

    fn ability() -> BootAbility {
        BootAbility {
            targets: [BootTarget::Pxe, BootTarget::Hdd].into(),
            modes: [BootMode::Uefi, BootMode::Legacy].into(),
            native_mode: Some(BootMode::Uefi),
        }
    }

    fn over(
        target: BootTarget,
        lifetime: OverrideLifetime,
        mode: Option<BootMode>,
    ) -> BootOverride {
        BootOverride {
            id: 0,
            target,
            lifetime,
            mode,
        }
    }

    /// What becomes of a body: the override, or the first complaint.
    fn read_body(
        body: Value,
        current: Option<BootOverride>,
    ) -> Result<Option<Option<BootOverride>>, String> {
        let Value::Object(body) = json!({ "Boot": body }) else {
            panic!("no object")
        };
        let shown = json!({"Boot": {(ENABLED): "", (TARGET): "", (MODE): ""}});
        let mut fields = Fields::of(body, &shown).unwrap();
        let ability = ability();
        let read = fields.object("Boot", |fields| read_boot(fields, &ability, current));
        match fields.finish() {
            Ok(()) => Ok(read.flatten()),
            Err(reply) => {
                let body: Value = serde_json::from_slice(&reply.body).unwrap();
                let message = &body["error"]["@Message.ExtendedInfo"][0];
                let id = message["MessageId"].as_str().unwrap();
                let about = message["RelatedProperties"][0].as_str().unwrap();
                let id = id.rsplit('.').next().unwrap();
                Err(format!("{id} {about}"))
            }
        }
    }

    #[test]
    fn a_body_and_what_is_in_force_make_the_override() {
        use BootTarget::{Hdd, Pxe};
        use OverrideLifetime::{Continuous, Once};
        let pxe = over(Pxe, Continuous, Some(BootMode::Legacy));
        for (body, current, wanted) in [
            (
                json!({(TARGET): "Pxe"}),
                None,
                Some(Some(over(Pxe, Once, None))),
            ),
            (
                json!({(TARGET): "Pxe", (ENABLED): "Continuous"}),
                None,
                Some(Some(over(Pxe, Continuous, None))),
            ),
            (
                json!({(TARGET): "Hdd", (ENABLED): "Once", (MODE): "Legacy"}),
                None,
                Some(Some(over(Hdd, Once, Some(BootMode::Legacy)))),
            ),
            // What isn't said stays.
            (
                json!({(TARGET): "Hdd"}),
                Some(pxe),
                Some(Some(over(Hdd, Continuous, pxe.mode))),
            ),
            (
                json!({(ENABLED): "Once"}),
                Some(pxe),
                Some(Some(over(Pxe, Once, pxe.mode))),
            ),
            (
                json!({(MODE): "UEFI"}),
                Some(pxe),
                Some(Some(over(Pxe, Continuous, Some(BootMode::Uefi)))),
            ),
            // Every way to take it back.
            (json!({(ENABLED): "Disabled"}), Some(pxe), Some(None)),
            (json!({(ENABLED): "Disabled"}), None, Some(None)),
            (json!({(TARGET): "None"}), Some(pxe), Some(None)),
            (
                json!({(ENABLED): "Disabled", (TARGET): "None"}),
                Some(pxe),
                Some(None),
            ),
            (
                json!({(ENABLED): "Once", (TARGET): "None"}),
                Some(pxe),
                Some(None),
            ),
            (
                json!({(ENABLED): "Disabled", (TARGET): "Pxe"}),
                None,
                Some(None),
            ),
            // The mode that is so already asks for nothing.
            (json!({(MODE): "UEFI"}), None, None),
            (json!({}), None, None),
        ] {
            assert_eq!(read_body(body.clone(), current), Ok(wanted), "{body}");
        }
    }

    #[test]
    fn what_makes_no_override_is_refused_with_its_place() {
        for (body, complaint) in [
            // What some clients send, and no Redfish value.
            (
                json!({(ENABLED): "Enabled", (TARGET): "Pxe"}),
                "PropertyValueNotInList #/Boot/BootSourceOverrideEnabled",
            ),
            (
                json!({(TARGET): "Cd"}),
                "PropertyValueNotInList #/Boot/BootSourceOverrideTarget",
            ),
            (
                json!({(ENABLED): "Once"}),
                "PropertyMissing #/Boot/BootSourceOverrideTarget",
            ),
            (
                json!({(MODE): "Legacy"}),
                "PropertyValueConflict #/Boot/BootSourceOverrideMode",
            ),
            (
                json!({(MODE): "uefi", (TARGET): "Pxe"}),
                "PropertyValueNotInList #/Boot/BootSourceOverrideMode",
            ),
            (
                json!({"BootNext": "Boot0001", (TARGET): "Pxe"}),
                "PropertyUnknown #/Boot/BootNext",
            ),
        ] {
            assert_eq!(
                read_body(body.clone(), None),
                Err(complaint.to_owned()),
                "{body}"
            );
        }
    }

    #[test]
    fn no_override_is_shown_as_disabled() {
        let snapshot = |boot_override| {
            let abilities = Abilities {
                boot: Some(ability()),
                ..Abilities::default()
            };
            let snapshot = super::super::tests_support::snapshot(abilities);
            let snapshot = Snapshot {
                boot_override,
                ..snapshot
            };
            let mut page = Page::bare();
            write(&mut page, &snapshot);
            serde_json::from_slice::<Value>(&page.bare_bytes()).unwrap()["Boot"].clone()
        };
        let none = snapshot(None);
        assert_eq!(
            (&none[ENABLED], &none[TARGET], &none[MODE]),
            (&json!("Disabled"), &json!("None"), &json!("UEFI"))
        );
        assert_eq!(
            none["BootSourceOverrideTarget@Redfish.AllowableValues"],
            json!(["None", "Pxe", "Hdd"])
        );
        let pxe = over(
            BootTarget::Pxe,
            OverrideLifetime::Once,
            Some(BootMode::Legacy),
        );
        let pxe = snapshot(Some(pxe));
        assert_eq!(
            (&pxe[ENABLED], &pxe[TARGET], &pxe[MODE]),
            (&json!("Once"), &json!("Pxe"), &json!("Legacy"))
        );
    }
}
