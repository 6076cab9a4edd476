//! The commands that a managed machine needs, built so that no text can change what they mean.

use serde_json::{Map, Value, json};

/// A command with its arguments. Texts only ever become JSON strings.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    pub(super) name: &'static str,
    pub(super) arguments: Option<Value>,
}

/// Commands without arguments, each a constructor.
macro_rules! plain {
    ($($make:ident = $name:literal, $doc:literal;)*) => {
        impl Command {
            $(#[doc = $doc]
            #[must_use]
            pub const fn $make() -> Self {
                Self { name: $name, arguments: None }
            })*
        }
    };
}

plain! {
    capabilities = "qmp_capabilities", "Ends the negotiation, with no capability asked for.";
    cont = "cont", "Lets the machine run. Refused once it was shut down.";
    stop = "stop", "Halts the machine's processors.";
    quit = "quit", "Ends the process.";
    system_reset = "system_reset", "Pulls the reset line.";
    system_powerdown = "system_powerdown", "Presses the ACPI power button.";
    inject_nmi = "inject-nmi", "Sends a diagnostic interrupt.";
    query_status = "query-status", "Asks for the run state: [`super::reply::Status`].";
    query_block = "query-block", "Asks for the drives: a list of [`super::reply::Block`].";
    query_blockstats = "query-blockstats", "Asks what the drives did: a list of [`super::reply::BlockStats`].";
    query_cpus_fast = "query-cpus-fast", "Asks for the processors: a list of [`super::reply::Cpu`].";
    query_rx_filter = "query-rx-filter", "Asks for the network cards: a list of [`super::reply::RxFilter`].";
    query_uuid = "query-uuid", "Asks for the machine's UUID: [`super::reply::Uuid`].";
}

impl Command {
    /// The command's name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Raises or drops a network card's link, by the card's or its backend's id.
    #[must_use]
    pub fn set_link(id: &str, up: bool) -> Self {
        Self {
            name: "set_link",
            arguments: Some(json!({ "name": id, "up": up })),
        }
    }

    /// Sets a property of an object, by its path: `/machine/peripheral/cd0`, `bootindex`.
    #[must_use]
    pub fn qom_set(path: &str, property: &str, value: Value) -> Self {
        Self {
            name: "qom-set",
            arguments: Some(json!({ "path": path, "property": property, "value": value })),
        }
    }

    /// Sets what a reset does from now on: `reset`, or `shutdown` to stop the machine instead.
    #[must_use]
    pub fn set_action_reboot(action: &str) -> Self {
        Self {
            name: "set-action",
            arguments: Some(json!({ "reboot": action })),
        }
    }

    /// Writes so many bytes of the machine's memory, from an address of its bus, into a file.
    #[must_use]
    pub fn pmemsave(address: u64, size: u32, file: &str) -> Self {
        Self {
            name: "pmemsave",
            arguments: Some(json!({ "val": address, "size": size, "filename": file })),
        }
    }

    /// Sends a break on a character device.
    #[must_use]
    pub fn chardev_send_break(id: &str) -> Self {
        Self {
            name: "chardev-send-break",
            arguments: Some(json!({ "id": id })),
        }
    }

    /// The command as a line with its id.
    pub(super) fn line(&self, id: u64) -> Vec<u8> {
        let mut object = Map::new();
        object.insert("execute".into(), self.name.into());
        if let Some(arguments) = &self.arguments {
            object.insert("arguments".into(), arguments.clone());
        }
        object.insert("id".into(), id.into());
        let mut line = Value::Object(object).to_string().into_bytes();
        line.push(b'\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_command_is_a_name_and_an_id() {
        assert_eq!(
            Command::query_status().line(7),
            b"{\"execute\":\"query-status\",\"id\":7}\n"
        );
    }

    #[test]
    fn a_text_stays_a_text() {
        let line = Command::set_link("x\",\"up\":true}\n", false).line(1);
        let text = String::from_utf8(line).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["arguments"]["name"], "x\",\"up\":true}\n");
        assert_eq!(value["arguments"]["up"], false);
    }
}
