//! Every screen that a machine shows, drawn and looked at.
//!
//! With `OUTBAND_SCREENS` naming a folder the pictures are also written there, as PPM files, for
//! people to judge their looks.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use outband_core::{driver::Line, host::BootId};
use outband_protocol::hid::{HeldKeys, Usage, layout};
use tokio::time::Instant;

use super::Painter;
use crate::{
    drivers::sim::{
        fake::FakeFaults,
        machine::{Beginning, Machine, Work},
    },
    settings::profile::Profile,
};

/// A machine that is walked from screen to screen.
struct Walk {
    profile: Arc<Profile>,
    machine: Machine,
    now: Instant,
    disk: bool,
    label: Option<Arc<str>>,
    seen: BTreeSet<Vec<u8>>,
}

impl Walk {
    fn new(profile: &str, disk: bool) -> Self {
        let profile = Arc::new(Profile::builtin(profile).unwrap());
        let now = Instant::now();
        let beginning = Beginning {
            record: None,
            boot_id: BootId([0; 16]),
            on: false,
            disk,
        };
        let faults = Arc::new(FakeFaults::new());
        let mut walk = Self {
            machine: Machine::new(profile.clone(), faults, beginning, now),
            profile,
            now,
            disk,
            label: None,
            seen: BTreeSet::new(),
        };
        walk.machine.drive(Line::PowerButton, true, now);
        walk.machine.drive(Line::PowerButton, false, now);
        walk
    }

    fn wait(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        loop {
            match self.machine.work() {
                Some(Work::Save(change)) => self.machine.saved(change, self.now),
                Some(Work::ReadLabel) => self.machine.medium(self.label.clone(), self.now),
                None => match self.machine.deadline().filter(|due| *due <= end) {
                    Some(due) => {
                        self.now = due;
                        self.machine.advance(due);
                    }
                    None => break,
                },
            }
        }
        self.now = end;
    }

    fn hold(&mut self, keys: HeldKeys) {
        self.machine.hold(keys, self.now);
        self.machine.hold(HeldKeys::NONE, self.now);
        self.wait(0);
    }

    fn key(&mut self, key: Usage) {
        self.hold([key].into_iter().collect());
    }

    fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            self.hold(layout::us_keys(letter).unwrap());
        }
    }

    /// Draws the screen; it must show something, and nothing that was shown before.
    fn look(&mut self, name: &str) {
        let mut painter = Painter::new();
        let scene = self.machine.scene(self.now);
        assert_eq!(painter.paint(scene, &self.profile, true).len(), 1, "{name}");
        let lit = painter
            .bytes()
            .chunks(4)
            .filter(|pixel| pixel[..3] != [0; 3]);
        assert!(lit.count() > 500, "{name} is nearly empty");
        assert!(self.seen.insert(painter.bytes().to_vec()), "{name} twice");
        if let Some(folder) = std::env::var_os("OUTBAND_SCREENS") {
            let size = painter.size();
            let mut ppm = format!("P6 {} {} 255\n", size.width, size.height).into_bytes();
            let rgb = painter.bytes().chunks(4).flat_map(|p| [p[2], p[1], p[0]]);
            ppm.extend(rgb);
            let profile = &self.profile.blueprint.name;
            let disk = if self.disk { "" } else { "-blank" };
            let path = std::path::Path::new(&folder).join(format!("{profile}{disk}-{name}.ppm"));
            std::fs::write(path, ppm).unwrap();
        }
    }
}

#[test]
fn every_screen_of_a_boot_shows_something_of_its_own() {
    for profile in Profile::names() {
        let mut walk = Walk::new(profile, true);
        let post = walk.profile.blueprint.times.post;
        let part = u64::try_from(post.as_millis() / 20).unwrap();
        walk.wait(part * 5);
        walk.look("1-post-early");
        walk.wait(part * 8);
        walk.look("2-post-memory");
        walk.wait(part * 6);
        walk.look("3-post-late");
        walk.wait(part + 500);
        walk.look("4-loader");
        walk.wait(1500);
        walk.look("5-starting");
        walk.wait(5000);
        walk.look("6-login");
        walk.type_text("root\nuname -a\nuptime\nhelp\nload 80\nwho\n");
        walk.look("7-shell");
        walk.machine.drive(Line::PowerButton, true, walk.now);
        walk.machine.drive(Line::PowerButton, false, walk.now);
        walk.wait(900);
        walk.look("8-going-down");
    }
}

#[test]
fn every_page_of_the_firmware_shows_something_of_its_own() {
    for profile in ["pc", "two-socket"] {
        let mut walk = Walk::new(profile, true);
        walk.key(Usage::DELETE);
        walk.wait(5000);
        walk.look("set-up-1-main");
        walk.key(Usage::RIGHT);
        walk.key(Usage::DOWN);
        walk.look("set-up-2-boot");
        walk.key(Usage::RIGHT);
        walk.look("set-up-3-exit");
        walk.key(Usage::ENTER);
        walk.look("set-up-4-question");
        walk.key(Usage::ENTER);
        walk.key(Usage::F12);
        walk.wait(5000);
        walk.key(Usage::DOWN);
        walk.look("menu");
    }
}

#[test]
fn a_machine_with_nothing_to_boot_shows_what_it_tried() {
    let mut walk = Walk::new("pc", false);
    walk.wait(4000);
    walk.look("network");
    walk.wait(10_000);
    walk.look("nothing");
}
