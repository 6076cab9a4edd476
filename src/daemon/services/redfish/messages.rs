//! Messages of the DMTF's Base registry and of our own, as they stand in error bodies and beside successes
//! (DSP0266 section 12.7).

use super::page::Page;

/// A message as the registry defines it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Definition {
    /// Which registry, with its version.
    registry: &'static str,
    /// Its name.
    name: &'static str,
    /// What it says, with `%1`, `%2`, ... for its arguments.
    text: &'static str,
    /// How many arguments it has.
    args: usize,
    /// How bad it is.
    severity: &'static str,
    /// What can be done about it.
    resolution: &'static str,
}

/// The messages that this service uses.
pub(super) mod base {
    use super::Definition;

    include!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../schemas/redfish/messages.rs"
    ));
}

/// How long an argument may be; longer ones, which only clients make, are cut.
const ARG_MAX: usize = 128;

/// A message with its arguments.
#[derive(Debug, Clone)]
pub(super) struct Message {
    definition: &'static Definition,
    args: Vec<String>,
    property: Option<String>,
    more: Option<String>,
}

impl Message {
    /// A message of a registry. It must get as many arguments as it has.
    pub(super) fn new<const N: usize>(definition: &'static Definition, args: [&str; N]) -> Self {
        debug_assert_eq!(N, definition.args, "{}", definition.name);
        let cut = |arg: &str| arg.chars().take(ARG_MAX).collect();
        Self {
            definition,
            args: args.into_iter().map(cut).collect(),
            property: None,
            more: None,
        }
    }

    /// Says which property it is about, as a JSON pointer below the body: `/Boot/BootNext`.
    pub(super) fn about(mut self, pointer: &str) -> Self {
        self.property = Some(format!("#{pointer}"));
        self
    }

    /// Adds a sentence of our own to the registry's: clients show people the text and little else.
    pub(super) fn saying(mut self, more: impl Into<String>) -> Self {
        self.more = Some(more.into());
        self
    }

    /// Its id: registry, version and name.
    pub(super) fn id(&self) -> String {
        format!("{}.{}", self.definition.registry, self.definition.name)
    }

    /// What it says.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.definition.text.len() + 32);
        let mut parts = self.definition.text.split('%');
        text.extend(parts.next());
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            let arg = number.parse::<usize>().ok();
            let arg = arg.and_then(|number| self.args.get(number.checked_sub(1)?));
            text.extend(arg.map(String::as_str));
            text.push_str(rest);
        }
        if let Some(more) = &self.more {
            text.push(' ');
            text.push_str(more);
        }
        text
    }

    /// Writes it as a `Message` object.
    pub(super) fn write(&self, page: &mut Page) {
        page.text("@odata.type", "#Message.v1_3_0.Message");
        page.text("MessageId", &self.id());
        page.text("Message", &self.text());
        page.texts("MessageArgs", &self.args);
        if let Some(property) = &self.property {
            page.texts("RelatedProperties", [property]);
        }
        page.text("MessageSeverity", self.definition.severity);
        page.text("Resolution", self.definition.resolution);
    }
}

/// Writes messages as a list of this name.
pub(super) fn annotate_as(page: &mut Page, key: &str, messages: &[Message]) {
    page.objects(key, messages, |page, message| message.write(page));
}

/// The body of a success that is not all it could be (DSP0266 section 12.7: messages beside a
/// success stand at the top, without `error`).
pub(super) fn success_body(messages: &[Message]) -> Vec<u8> {
    let mut page = Page::bare();
    annotate_as(&mut page, "@Message.ExtendedInfo", messages);
    page.bare_bytes()
}

/// The body of an error (DSP0266 section 12.7): the first message stands for it when it is alone.
pub(super) fn error_body(messages: &[Message]) -> Vec<u8> {
    let general = Message::new(&base::GENERAL_ERROR, []);
    let head = match messages {
        [message] => message,
        _ => &general,
    };
    let mut page = Page::bare();
    page.object("error", |page| {
        page.text("code", &head.id());
        page.text("message", &head.text());
        annotate_as(page, "@Message.ExtendedInfo", messages);
    });
    page.bare_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn body(messages: &[Message]) -> Value {
        serde_json::from_slice(&error_body(messages)).unwrap()
    }

    #[test]
    fn arguments_stand_where_the_registry_wants_them() {
        let message = Message::new(&base::PROPERTY_VALUE_NOT_IN_LIST, ["Enabled", "X"]);
        assert_eq!(
            message.text(),
            "The value 'Enabled' for the property X is not in the list of acceptable values."
        );
        let message = message.saying("Acceptable values: A, B.");
        assert!(message.text().ends_with("values. Acceptable values: A, B."));
    }

    #[test]
    fn an_argument_with_a_percent_sign_is_no_placeholder() {
        let message = Message::new(&base::PROPERTY_UNKNOWN, ["%1%2"]);
        assert!(message.text().contains("property %1%2 is"));
    }

    #[test]
    fn one_message_is_the_error_itself() {
        let unknown = Message::new(&base::PROPERTY_UNKNOWN, ["Bogus"]).about("/Bogus");
        let body = body(&[unknown]);
        let error = &body["error"];
        let info = &error["@Message.ExtendedInfo"][0];
        assert_eq!(error["code"], "Base.1.22.PropertyUnknown");
        assert_eq!(error["message"], info["Message"]);
        assert_eq!(info["RelatedProperties"][0], "#/Bogus");
        assert_eq!(info["MessageArgs"][0], "Bogus");
        assert_eq!(info["MessageSeverity"], "Warning");
    }

    #[test]
    fn several_messages_are_a_general_error() {
        let message = Message::new(&base::PROPERTY_UNKNOWN, ["Bogus"]);
        let body = body(&[message.clone(), message]);
        assert_eq!(body["error"]["code"], "Base.1.22.GeneralError");
        assert_eq!(
            body["error"]["@Message.ExtendedInfo"]
                .as_array()
                .map(Vec::len),
            Some(2)
        );
    }

    #[test]
    fn a_long_argument_is_cut() {
        let message = Message::new(&base::PROPERTY_UNKNOWN, [&"x".repeat(10_000)]);
        assert!(message.text().len() < 300);
    }
}
