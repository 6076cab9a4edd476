//! The firmware's set-up: three pages, walked by keyboard.

use outband_core::{inventory::Inventory, server::BootTarget};
use outband_protocol::hid::Usage;

use super::text::{Area, Border, Grid, Ink, colour};
use crate::settings::profile::Profile;

/// The set-up while someone is in it.
#[derive(Debug, Clone)]
pub(super) struct SetUp {
    page: Page,
    selected: usize,
    /// The boot order as it would be saved.
    order: Vec<BootTarget>,
    question: Option<Question>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Main,
    Boot,
    Exit,
}

/// What is asked before leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Question {
    save: bool,
    yes: bool,
}

/// What a key leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Stay.
    Stay,
    /// Leave; with an order when it is to be saved.
    Leave(Option<Vec<BootTarget>>),
}

const PAGES: [(Page, &str); 3] = [
    (Page::Main, "Main"),
    (Page::Boot, "Boot"),
    (Page::Exit, "Exit"),
];

const EXITS: [&str; 2] = ["Save changes and exit", "Discard changes and exit"];

const BODY: Ink = Ink::new(colour::BLUE, colour::GREY);
const STRONG: Ink = Ink::new(colour::BLACK, colour::GREY);
const PICKED: Ink = Ink::new(colour::WHITE, colour::BLUE);
const BAR: Ink = Ink::new(colour::GREY, colour::BLUE);
const TITLE: Ink = Ink::new(colour::WHITE, colour::BLUE);
const HINT: Ink = Ink::new(colour::DARK_GREY, colour::GREY);

/// Columns and rows of the set-up's screen.
pub(super) const SIZE: (u16, u16) = (80, 25);

/// Where values begin on the first page; a UUID must fit behind it.
const VALUE_COLUMN: u16 = 17;

/// Where the page ends and the help begins.
const HELP_COLUMN: u16 = 54;

impl SetUp {
    pub(super) fn new(order: &[BootTarget]) -> Self {
        Self {
            page: Page::Main,
            selected: 0,
            order: order.to_vec(),
            question: None,
        }
    }

    /// A key went down.
    pub(super) fn key(&mut self, key: Usage) -> Next {
        const F10: u8 = 0x43;
        if let Some(question) = &mut self.question {
            match key {
                Usage::LEFT | Usage::RIGHT | Usage::TAB => question.yes = !question.yes,
                Usage::ESCAPE => self.question = None,
                Usage::ENTER if question.yes => {
                    let order = question.save.then(|| self.order.clone());
                    return Next::Leave(order);
                }
                Usage::ENTER => self.question = None,
                _ => {}
            }
            return Next::Stay;
        }
        match key {
            Usage::LEFT => self.turn(PAGES.len() - 1),
            Usage::RIGHT | Usage::TAB => self.turn(1),
            Usage::UP => self.selected = self.selected.saturating_sub(1),
            Usage::DOWN => self.selected = (self.selected + 1).min(self.lines().saturating_sub(1)),
            Usage::ESCAPE => self.ask(false),
            Usage::ENTER if self.page == Page::Exit => self.ask(self.selected == 0),
            key if key.get() == F10 => self.ask(true),
            key if self.page == Page::Boot => self.shift(key),
            _ => {}
        }
        Next::Stay
    }

    fn turn(&mut self, by: usize) {
        let at = PAGES.iter().position(|(page, _)| *page == self.page);
        let next = (at.unwrap_or(0) + by) % PAGES.len();
        if let Some((page, _)) = PAGES.get(next) {
            self.page = *page;
        }
        self.selected = 0;
    }

    const fn ask(&mut self, save: bool) {
        self.question = Some(Question { save, yes: true });
    }

    fn lines(&self) -> usize {
        match self.page {
            Page::Main => 0,
            Page::Boot => self.order.len(),
            Page::Exit => EXITS.len(),
        }
    }

    /// `+` and `-`, beside the digits or on the keypad, move a device up and down.
    fn shift(&mut self, key: Usage) {
        let to = match key.get() {
            0x2E | 0x57 => self.selected.checked_sub(1),
            0x2D | 0x56 => Some(self.selected + 1),
            _ => None,
        };
        if let Some(to) = to
            && to < self.order.len()
        {
            self.order.swap(self.selected, to);
            self.selected = to;
        }
    }

    pub(super) fn paint(&self, profile: &Profile) -> Grid {
        let (columns, rows) = SIZE;
        let mut grid = Grid::new(columns, rows, BODY);
        let bar = |row| Area {
            column: 0,
            row,
            columns,
            rows: 1,
        };
        grid.fill(bar(0), ' ', TITLE);
        let vendor = profile.inventory.bios_vendor.as_deref();
        grid.put_middle(
            0,
            &format!("{} Set-up", vendor.unwrap_or("Firmware")),
            TITLE,
        );
        grid.fill(bar(1), ' ', BAR);
        let mut column = 3;
        for (page, name) in PAGES {
            let ink = if page == self.page { STRONG } else { BAR };
            grid.put(column, 1, &format!("  {name}  "), ink);
            column += 9;
        }
        let frame = Area {
            column: 0,
            row: 2,
            columns,
            rows: rows - 4,
        };
        grid.frame(frame, Border::SINGLE, BODY);
        for row in 3..rows - 3 {
            grid.put(HELP_COLUMN, row, "│", BODY);
        }
        grid.put(HELP_COLUMN, 2, "┬", BODY);
        grid.put(HELP_COLUMN, rows - 3, "┴", BODY);
        match self.page {
            Page::Main => paint_main(&mut grid, &profile.inventory),
            Page::Boot => self.paint_boot(&mut grid),
            Page::Exit => self.paint_exit(&mut grid),
        }
        self.paint_help(&mut grid);
        for row in rows - 2..rows {
            grid.fill(bar(row), ' ', BAR);
        }
        let keys = "Left/Right Page   Up/Down Line   Enter Select   F10 Save and exit   Esc Exit";
        grid.put_middle(rows - 2, keys, BAR);
        let version = profile.inventory.bios_version.as_deref().unwrap_or("");
        grid.put_middle(rows - 1, &format!("Version {version}"), BAR);
        if let Some(question) = self.question {
            paint_question(&mut grid, question);
        }
        grid
    }

    fn paint_boot(&self, grid: &mut Grid) {
        grid.put(3, 4, "Boot order", STRONG);
        for (row, (place, target)) in (6..).zip(self.order.iter().enumerate()) {
            let ink = if place == self.selected { PICKED } else { BODY };
            let line = format!(" {}. {:<40}", place + 1, device_name(*target));
            grid.put(3, row, &line, ink);
        }
    }

    fn paint_exit(&self, grid: &mut Grid) {
        for (row, (place, line)) in (5..).step_by(2).zip(EXITS.iter().enumerate()) {
            let ink = if place == self.selected { PICKED } else { BODY };
            grid.put(3, row, &format!(" {line:<40}"), ink);
        }
    }

    fn paint_help(&self, grid: &mut Grid) {
        let help: &[&str] = match self.page {
            Page::Main => &[
                "What this machine",
                "is made of.",
                "",
                "Nothing can be",
                "changed here.",
            ],
            Page::Boot => &[
                "Devices are tried",
                "from the top.",
                "",
                "+   move up",
                "-   move down",
            ],
            Page::Exit => &["The machine starts", "anew either way."],
        };
        for (row, line) in (4..).zip(help) {
            grid.put(HELP_COLUMN + 3, row, line, HINT);
        }
    }
}

fn paint_main(grid: &mut Grid, made_of: &Inventory) {
    let processors = made_of.processors.len();
    let processor = made_of.processors.first();
    let model = processor.and_then(|processor| processor.model.as_deref());
    let megahertz = processor.and_then(|processor| processor.max_mhz);
    let memory = made_of.memory_mib();
    let text = |value: &Option<String>| value.clone();
    let lines = [
        ("Maker", text(&made_of.manufacturer)),
        ("Model", text(&made_of.model)),
        ("Serial number", text(&made_of.serial_number)),
        ("UUID", text(&made_of.uuid)),
        ("Firmware", text(&made_of.bios_version)),
        ("", Some(String::new())),
        (
            "Processor",
            model.map(|model| format!("{processors} x {model}")),
        ),
        ("Highest clock", megahertz.map(|mhz| format!("{mhz} MHz"))),
        ("Memory", memory.map(|mib| format!("{mib} MiB"))),
    ];
    let mut row = 4;
    let mut put = |name: &str, value: &str| {
        if row < SIZE.1 - 4 {
            grid.put(3, row, &clip(name, VALUE_COLUMN - 4), BODY);
            grid.put(
                VALUE_COLUMN,
                row,
                &clip(value, HELP_COLUMN - VALUE_COLUMN - 1),
                STRONG,
            );
            row += 1;
        }
    };
    for (name, value) in lines {
        if let Some(value) = value {
            put(name, &value);
        }
    }
    put("", "");
    for drive in &made_of.drives {
        put(&drive.name, drive.model.as_deref().unwrap_or(""));
    }
    for nic in &made_of.nics {
        put(&nic.name, nic.mac.as_deref().unwrap_or(""));
    }
}

fn paint_question(grid: &mut Grid, question: Question) {
    let area = Area {
        column: 22,
        row: 9,
        columns: 36,
        rows: 6,
    };
    grid.fill(area, ' ', PICKED);
    grid.frame(area, Border::DOUBLE, PICKED);
    let text = if question.save {
        "Save changes and exit?"
    } else {
        "Discard changes and exit?"
    };
    grid.put_middle(area.row + 1, text, PICKED);
    let ink = |chosen: bool| if chosen { STRONG } else { PICKED };
    grid.put(31, area.row + 3, "  Yes  ", ink(question.yes));
    grid.put(42, area.row + 3, "  No  ", ink(!question.yes));
}

/// As much of a text as fits into so many characters.
fn clip(text: &str, room: u16) -> String {
    text.chars().take(room.into()).collect()
}

/// A device's name, for people.
pub(super) const fn device_name(target: BootTarget) -> &'static str {
    match target {
        BootTarget::Hdd => "Hard disk",
        BootTarget::Cd => "CD/DVD drive",
        BootTarget::Usb => "USB drive",
        BootTarget::Floppy => "Removable drive",
        BootTarget::Pxe => "Network (PXE)",
        BootTarget::UefiHttp => "Network (UEFI HTTP)",
        BootTarget::Diags => "Diagnostics",
        BootTarget::BiosSetup => "Firmware set-up",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: [BootTarget; 3] = [BootTarget::Hdd, BootTarget::Cd, BootTarget::Pxe];
    const MINUS: u8 = 0x2D;
    const F10: u8 = 0x43;

    fn usage(code: u8) -> Usage {
        Usage::new(code).unwrap()
    }

    fn walk(set_up: &mut SetUp, keys: &[Usage]) -> Next {
        keys.iter()
            .map(|key| set_up.key(*key))
            .find(|next| *next != Next::Stay)
            .unwrap_or(Next::Stay)
    }

    #[test]
    fn the_boot_order_is_changed_and_saved_by_keyboard() {
        let mut set_up = SetUp::new(&ORDER);
        let keys = [Usage::RIGHT, usage(MINUS), usage(F10), Usage::ENTER];
        let order = vec![BootTarget::Cd, BootTarget::Hdd, BootTarget::Pxe];
        assert_eq!(walk(&mut set_up, &keys), Next::Leave(Some(order)));
    }

    #[test]
    fn escape_leaves_without_saving_and_only_after_a_yes() {
        let mut set_up = SetUp::new(&ORDER);
        let keys = [Usage::RIGHT, usage(MINUS), Usage::ESCAPE, Usage::RIGHT];
        walk(&mut set_up, &keys);
        assert_eq!(set_up.key(Usage::ENTER), Next::Stay, "the answer was no");
        assert_eq!(set_up.key(Usage::ESCAPE), Next::Stay);
        assert_eq!(set_up.key(Usage::ENTER), Next::Leave(None));
    }

    #[test]
    fn the_exit_page_saves_or_discards() {
        let exit = [Usage::LEFT, Usage::ENTER, Usage::ENTER];
        let saved = walk(&mut SetUp::new(&ORDER), &exit);
        assert_eq!(saved, Next::Leave(Some(ORDER.to_vec())));
        let exit = [Usage::LEFT, Usage::DOWN, Usage::ENTER, Usage::ENTER];
        assert_eq!(walk(&mut SetUp::new(&ORDER), &exit), Next::Leave(None));
    }

    #[test]
    fn a_device_can_be_moved_no_further_than_to_the_ends() {
        let mut set_up = SetUp::new(&ORDER);
        let up = [Usage::RIGHT, usage(0x2E)];
        walk(&mut set_up, &up);
        assert_eq!(set_up.order, ORDER);
        walk(&mut set_up, &[Usage::DOWN; 9]);
        walk(&mut set_up, &[usage(MINUS)]);
        assert_eq!(set_up.order, ORDER);
    }

    #[test]
    fn the_pages_show_what_they_are_about() {
        let profile = Profile::builtin("pc").unwrap();
        let mut set_up = SetUp::new(&ORDER);
        let shown = |set_up: &SetUp| {
            let grid = set_up.paint(&profile);
            let lines: Vec<_> = (0..grid.rows()).map(|row| grid.line_text(row)).collect();
            lines.join("\n")
        };
        let main = shown(&set_up);
        assert!(
            main.contains("16384 MiB") && main.contains(profile.inventory.uuid.as_ref().unwrap())
        );
        set_up.key(Usage::RIGHT);
        assert!(shown(&set_up).contains("1. Hard disk"));
        set_up.key(Usage::ESCAPE);
        assert!(shown(&set_up).contains("Discard changes and exit?"));
    }
}
