//! The power-on self-test: a screen that draws itself.

use std::time::Duration;

use outband_core::server::BootMode;
use tokio::time::Instant;

use super::{
    scene::{Scene, TextMode},
    text::{Grid, Ink, colour},
};
use crate::settings::profile::Profile;

/// Where a self-test has got to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Post {
    pub(super) since: Instant,
    /// How long it takes in all.
    pub(super) takes: Duration,
    pub(super) wish: Wish,
}

/// What someone asked for while it ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Nothing,
    SetUp,
    Menu,
}

/// The part of the self-test that the maker's picture takes, where there is one.
const SPLASH: f64 = 0.45;

/// Columns and rows of the self-test's screen.
pub(super) const SIZE: (u16, u16) = (80, 30);

const PLAIN: Ink = Ink::PLAIN;
const BRIGHT: Ink = Ink::new(colour::WHITE, colour::BLACK);
const ACCENT: Ink = Ink::new(colour::BRIGHT_CYAN, colour::BLACK);
const GOOD: Ink = Ink::new(colour::BRIGHT_GREEN, colour::BLACK);
const FAINT: Ink = Ink::new(colour::DARK_GREY, colour::BLACK);
const WARM: Ink = Ink::new(colour::YELLOW, colour::BLACK);

impl Post {
    pub(super) fn ends(&self) -> Instant {
        self.since + self.takes
    }

    /// What is on the screen: it depends on nothing but the time.
    pub(super) fn scene(&self, profile: &Profile, now: Instant) -> Scene {
        let passed = now.saturating_duration_since(self.since).as_secs_f64();
        let part = (passed / self.takes.as_secs_f64().max(0.001)).clamp(0.0, 1.0);
        let splash = profile.blueprint.screen.splash;
        if splash && part < SPLASH {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let percent = (part / SPLASH * 100.0) as u8;
            return Scene::Splash {
                percent,
                hint: self.hint(profile),
            };
        }
        let part = if splash {
            (part - SPLASH) / (1.0 - SPLASH)
        } else {
            part
        };
        Scene::Text {
            mode: TextMode::SelfTest,
            grid: self.page(profile, part),
            cursor: None,
        }
    }

    /// The page of text; `part` runs from 0 to 1.
    pub(super) fn page(&self, profile: &Profile, part: f64) -> Grid {
        let (columns, rows) = SIZE;
        let made_of = &profile.inventory;
        let mut grid = Grid::new(columns, rows, PLAIN);
        let known = |text: &Option<String>| text.clone().unwrap_or_default();
        grid.put(2, 1, &known(&made_of.bios_vendor), BRIGHT);
        grid.put(
            2,
            2,
            &format!("Version {}", known(&made_of.bios_version)),
            FAINT,
        );
        paint_mark(&mut grid);
        let model = format!("{} {}", known(&made_of.manufacturer), known(&made_of.model));
        grid.put(2, 4, &model, ACCENT);
        if let Some(serial) = &made_of.serial_number {
            grid.put(2, 5, &format!("Serial number {serial}"), PLAIN);
        }
        let mut row = 7;
        if part > 0.08 {
            for processor in &made_of.processors {
                let cores = processor.cores.map(|n| format!(", {n} cores"));
                let mhz = processor.max_mhz.map(|n| format!(", {n} MHz"));
                let line = format!(
                    "{:<12}{}{}{}",
                    processor.socket,
                    known(&processor.model),
                    cores.unwrap_or_default(),
                    mhz.unwrap_or_default()
                );
                grid.put(2, row, &line, PLAIN);
                row += 1;
            }
        }
        if let (Some(mib), true) = (made_of.memory_mib(), part > 0.15) {
            let tested = ((part - 0.15) / 0.4).clamp(0.0, 1.0);
            let count = counted(mib, tested);
            grid.put(2, row, &format!("{:<12}{count} MiB", "Memory"), PLAIN);
            if tested >= 1.0 {
                grid.put(14 + digits(mib) + 5, row, "OK", GOOD);
            }
        }
        row += 2;
        let devices = devices(profile);
        let shown = devices.len() as f64 * ((part - 0.6) / 0.3).clamp(0.0, 1.0);
        for (place, (name, what)) in (0u32..).zip(&devices) {
            if f64::from(place) < shown && row < rows - 4 {
                grid.put(2, row, &format!("{name:<12}"), PLAIN);
                grid.put(14, row, what, PLAIN);
                row += 1;
            }
        }
        if let (Some(mode), true) = (profile.blueprint.boot.native_mode, part > 0.92) {
            let mode = match mode {
                BootMode::Uefi => "UEFI",
                BootMode::Legacy => "BIOS",
            };
            grid.put(2, row + 1, &format!("Starting in {mode} mode"), BRIGHT);
        }
        let ink = if self.wish == Wish::Nothing {
            PLAIN
        } else {
            WARM
        };
        grid.put(2, rows - 2, self.hint(profile), ink);
        grid
    }

    /// What the screen says about keys.
    fn hint(&self, profile: &Profile) -> &'static str {
        match self.wish {
            _ if !profile.blueprint.boot.has_set_up() => "",
            Wish::Nothing => "Press DEL for set-up, F12 for boot menu",
            Wish::SetUp => "Entering set-up ...",
            Wish::Menu => "Opening the boot menu ...",
        }
    }
}

/// The maker's mark at the upper right.
fn paint_mark(grid: &mut Grid) {
    const MARK: [&str; 4] = ["▄▀▀▀█▀▀▀▄", "█   █   █", "█   ▀   █", "▀▄▄▄▄▄▄▄▀"];
    for (row, line) in (1..).zip(MARK) {
        grid.put(67, row, line, ACCENT);
    }
}

/// How much memory is shown as tested: it counts in steps, as counters do.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)]
fn counted(mib: u64, tested: f64) -> u64 {
    if tested >= 1.0 {
        return mib;
    }
    let step = (mib / 64).max(1);
    (mib as f64 * tested) as u64 / step * step
}

/// How many digits a number has.
fn digits(number: u64) -> u16 {
    u16::try_from(number.to_string().len()).unwrap_or(0)
}

/// What is found, with what is said of it.
fn devices(profile: &Profile) -> Vec<(String, String)> {
    let made_of = &profile.inventory;
    let drives = made_of.drives.iter().map(|drive| {
        let size = drive
            .bytes
            .map(|bytes| format!(" {} GB", bytes / 1_000_000_000));
        let model = drive.model.clone().unwrap_or_default();
        (drive.name.clone(), model + &size.unwrap_or_default())
    });
    let nics = made_of
        .nics
        .iter()
        .map(|nic| (nic.name.clone(), nic.mac.clone().unwrap_or_default()));
    let keyboard = [("USB".to_owned(), "Keyboard, pointer".to_owned())];
    drives.chain(nics).chain(keyboard).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(wish: Wish) -> Post {
        Post {
            since: Instant::now(),
            takes: Duration::from_secs(2),
            wish,
        }
    }

    fn text(grid: &Grid) -> String {
        let lines: Vec<_> = (0..grid.rows()).map(|row| grid.line_text(row)).collect();
        lines.join("\n")
    }

    #[test]
    fn the_screen_draws_itself_from_picture_to_devices() {
        let profile = Profile::builtin("pc").unwrap();
        let post = post(Wish::Nothing);
        let at = |ms| post.scene(&profile, post.since + Duration::from_millis(ms));
        assert!(matches!(at(0), Scene::Splash { percent: 0, .. }));
        let pages: Vec<_> = [1000, 1300, 1999]
            .into_iter()
            .map(|ms| match at(ms) {
                Scene::Text { grid, .. } => text(&grid),
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(!pages[0].contains("16384 MiB"));
        assert!(pages[1].contains("Memory") && !pages[1].contains("16384 MiB"));
        assert!(pages[2].contains("16384 MiB OK"), "{}", pages[2]);
        assert!(
            pages[2].contains("Simulated SSD 256 256 GB"),
            "{}",
            pages[2]
        );
        assert!(pages[2].contains("Press DEL for set-up, F12 for boot menu"));
    }

    #[test]
    fn every_profile_fits_on_the_page() {
        for name in Profile::names() {
            let profile = Profile::builtin(name).unwrap();
            let page = text(&post(Wish::SetUp).page(&profile, 1.0));
            assert!(page.contains("Keyboard, pointer"), "{page}");
            let says = page.contains("Entering set-up");
            assert_eq!(says, profile.blueprint.boot.has_set_up(), "{page}");
        }
    }
}
