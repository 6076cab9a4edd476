//! System Event Log records (IPMI 2.0 section 32).

/// A record's 16 bytes as Get SEL Entry returns them (IPMI 2.0 table 32-1).
pub type Record = [u8; 16];

/// Where a system event comes from: the generator id of software that runs on the BMC itself
/// (IPMI 2.0 table 32-1, bytes 8 and 9: slave address 20h, LUN 0).
pub const GENERATOR_BMC: u16 = 0x0020;

/// What a system event record (type 02h) says, without the id and time that the log gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SystemEvent {
    /// Who generated it.
    pub generator: u16,
    /// Sensor type (IPMI 2.0 table 42-3).
    pub sensor_type: u8,
    /// Sensor number, 00h where no sensor of the repository reports it.
    pub sensor_number: u8,
    /// Whether the event says that a condition began (`true`) or ended.
    pub assertion: bool,
    /// Event/reading type code, 7 bits (IPMI 2.0 table 42-1; 6Fh is sensor-specific).
    pub event_type: u8,
    /// Event data 1 to 3.
    pub data: [u8; 3],
}

impl SystemEvent {
    /// The record with this id (`1..=0xFFFE`) at this SEL time (seconds since 1970).
    #[must_use]
    pub fn record(&self, id: u16, time: u32) -> Record {
        let [id_low, id_high] = id.to_le_bytes();
        let [t0, t1, t2, t3] = time.to_le_bytes();
        let [gen_low, gen_high] = self.generator.to_le_bytes();
        let direction = if self.assertion { 0 } else { 0x80 };
        [
            id_low,
            id_high,
            0x02,
            t0,
            t1,
            t2,
            t3,
            gen_low,
            gen_high,
            0x04,
            self.sensor_type,
            self.sensor_number,
            direction | (self.event_type & 0x7F),
            self.data[0],
            self.data[1],
            self.data[2],
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_laid_out_as_table_32_1_says() {
        let event = SystemEvent {
            generator: GENERATOR_BMC,
            sensor_type: 0x01,
            sensor_number: 0x30,
            assertion: false,
            event_type: 0x01,
            data: [0x59, 0x50, 0x55],
        };
        assert_eq!(
            event.record(0x0102, 0x0403_0201),
            [
                2, 1, 2, 1, 2, 3, 4, 0x20, 0, 4, 1, 0x30, 0x81, 0x59, 0x50, 0x55
            ]
        );
    }
}
