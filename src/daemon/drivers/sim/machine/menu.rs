//! The boot menu: what to boot this once.

use outband_core::server::BootTarget;
use outband_protocol::hid::Usage;

use super::{
    setup::device_name,
    text::{Area, Border, Grid, Ink, colour},
};

/// The boot menu while it is shown.
#[derive(Debug, Clone)]
pub(super) struct Menu {
    devices: Vec<BootTarget>,
    selected: usize,
}

/// What a key leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Stay.
    Stay,
    /// Boot from this device, or enter the set-up.
    Boot(BootTarget),
    /// Boot as if nobody had asked.
    Leave,
}

impl Menu {
    pub(super) fn new(order: &[BootTarget]) -> Self {
        let mut devices = order.to_vec();
        devices.push(BootTarget::BiosSetup);
        Self {
            devices,
            selected: 0,
        }
    }

    /// A key went down.
    pub(super) fn key(&mut self, key: Usage) -> Next {
        match key {
            Usage::UP => self.selected = self.selected.saturating_sub(1),
            Usage::DOWN => self.selected = (self.selected + 1).min(self.devices.len() - 1),
            Usage::ESCAPE => return Next::Leave,
            Usage::ENTER => {
                return self
                    .devices
                    .get(self.selected)
                    .map_or(Next::Leave, |device| Next::Boot(*device));
            }
            _ => {}
        }
        Next::Stay
    }

    /// Draws the menu over what is on the screen.
    pub(super) fn paint(&self, grid: &mut Grid) {
        const BODY: Ink = Ink::new(colour::WHITE, colour::BLUE);
        const PICKED: Ink = Ink::new(colour::BLUE, colour::GREY);
        const HINT: Ink = Ink::new(colour::GREY, colour::BLUE);
        let width = 44;
        let count = u16::try_from(self.devices.len()).unwrap_or(0);
        let area = Area {
            column: grid.columns().saturating_sub(width) / 2,
            row: grid.rows().saturating_sub(count + 6) / 2,
            columns: width,
            rows: count + 6,
        };
        grid.fill(area, ' ', BODY);
        grid.frame(area, Border::DOUBLE, BODY);
        grid.put_middle(area.row + 1, "Boot from", BODY);
        for (row, (place, device)) in (area.row + 3..).zip(self.devices.iter().enumerate()) {
            let ink = if place == self.selected { PICKED } else { BODY };
            let line = format!("  {:<36}  ", device_name(*device));
            grid.put(area.column + 2, row, &line, ink);
        }
        let hint = "Up/Down   Enter Boot   Esc As usual";
        grid.put_middle(area.row + area.rows - 2, hint, HINT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_that_was_walked_to_is_booted() {
        let mut menu = Menu::new(&[BootTarget::Hdd, BootTarget::Cd]);
        assert_eq!(menu.key(Usage::DOWN), Next::Stay);
        assert_eq!(menu.key(Usage::ENTER), Next::Boot(BootTarget::Cd));
        menu.key(Usage::DOWN);
        menu.key(Usage::DOWN);
        assert_eq!(menu.key(Usage::ENTER), Next::Boot(BootTarget::BiosSetup));
        assert_eq!(menu.key(Usage::ESCAPE), Next::Leave);
    }
}
