//! Every packet, cut at every length.

use outband_protocol::ipmi::frame::payload;

use super::{attack::Attack, stock, wire::Wire};
use crate::Failure;

/// How many steps a login has.
const STEPS: usize = 3;

impl Attack<'_> {
    pub(super) fn cuts(&mut self) -> Result<(), Failure> {
        let mut wire = self.stranger()?;
        for packet in self.packets.clone() {
            self.cut(&mut wire, &packet)?;
        }
        wire.settle()?;
        for step in 0..STEPS {
            self.cuts_of_step(step)?;
        }
        for (command, data) in stock::REQUESTS {
            let mut wire = self.insider()?;
            let request = wire.console.request(command, data);
            let (mut packet, mut body) = (Vec::new(), Vec::new());
            wire.console.client.request(&request, &mut packet);
            request.write(&mut body);
            self.cut(&mut wire, &packet)?;
            for at in 0..body.len() {
                let (mut packet, piece) = (Vec::new(), body.get(..at).unwrap_or_default());
                let put = |out: &mut Vec<u8>| out.extend_from_slice(piece);
                wire.console.client.send(payload::MESSAGE, &mut packet, put);
                wire.send(&packet)?;
                self.sent.cut += 1;
            }
            wire.close()?;
        }
        Ok(())
    }

    /// Sends a packet at every length but its own.
    fn cut(&mut self, wire: &mut Wire, packet: &[u8]) -> Result<(), Failure> {
        for at in 0..packet.len() {
            wire.send(packet.get(..at).unwrap_or_default())?;
            self.sent.cut += 1;
        }
        Ok(())
    }

    /// A step of a login at every length but its own, each in a login of its own: a wrong one may
    /// well end it.
    fn cuts_of_step(&mut self, step: usize) -> Result<(), Failure> {
        for at in 0.. {
            let mut wire = self.stranger()?;
            for _ in 0..step {
                wire.console.step()?;
            }
            let mut packet = Vec::new();
            wire.console.client.step(&mut packet);
            if at >= packet.len() {
                break;
            }
            wire.send(packet.get(..at).unwrap_or_default())?;
            wire.settle()?;
            self.sent.cut += 1;
        }
        Ok(())
    }
}
