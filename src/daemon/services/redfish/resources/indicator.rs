//! The identify light, as both properties that Redfish has for it.
//!
//! `Blinking` stands for a light that goes out by itself, and asks for the longest time that can be
//! asked for; `Lit` and `LocationIndicatorActive` stand for one that stays until it is switched off.

use outband_core::server::{Command, Identify, Snapshot};

use super::{
    super::{
        messages::{Message, base},
        page::Page,
        patch::Fields,
        words::{Words, meaning, words_where},
    },
    systems::Asked,
};

/// `IndicatorLED`, and what each asks for.
const LEDS: Words<Identify> = &[
    ("Lit", Identify::On),
    ("Off", Identify::Off),
    ("Blinking", Identify::For(u8::MAX)),
];

/// Writes the light, where there is one.
pub(super) fn write(page: &mut Page, snapshot: &Snapshot) {
    let Some(light) = snapshot.identify else {
        return;
    };
    let led = match (light.lit, light.until) {
        (false, _) => "Off",
        (true, None) => "Lit",
        (true, Some(_)) => "Blinking",
    };
    page.setting(|page| {
        page.plain("LocationIndicatorActive", light.lit);
        page.text("IndicatorLED", led);
    });
}

/// Reads what is asked of the light, where there is one.
pub(super) fn read(fields: &mut Fields<'_>, snapshot: &Snapshot) -> Option<Asked> {
    if !snapshot.abilities.identify {
        return None;
    }
    let active = fields.flag("LocationIndicatorActive");
    let words: Vec<_> = words_where(LEDS, |_| true).collect();
    let led = fields.choice("IndicatorLED", &words, |word| meaning(LEDS, word));
    match (active, led) {
        (Some(active), Some(led)) if active != (led != Identify::Off) => {
            let args = ["IndicatorLED", "LocationIndicatorActive"];
            let conflict = Message::new(&base::PROPERTY_VALUE_CONFLICT, args);
            fields.problem("IndicatorLED", conflict);
            None
        }
        (_, Some(led)) => Some((Command::Identify(led), "IndicatorLED")),
        (Some(true), None) => Some((Command::Identify(Identify::On), "LocationIndicatorActive")),
        (Some(false), None) => Some((Command::Identify(Identify::Off), "LocationIndicatorActive")),
        (None, None) => None,
    }
}
