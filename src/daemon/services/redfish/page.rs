//! The JSON of one resource, written straight into its bytes, and its ETag.
//!
//! A resource is written once from a snapshot; nothing is built up in between. What isn't known is
//! left out by [`Page::maybe`].
//!
//! The ETag has two parts, `"settings.all"`: a hash of what clients may change, and one of all that
//! doesn't change by the mere passing of time. A conditional read compares the whole tag. A
//! conditional change compares the settings alone, so that it is refused when it would overwrite
//! somebody's change, and is not when meanwhile a fan turned faster or the server was switched on.

use std::{
    fmt::Display,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    ops::Range,
};

use serde::Serialize;

use super::{etag::ETag, routes::Schema};

/// A JSON object that is being written.
#[derive(Debug)]
pub(super) struct Page {
    bytes: Vec<u8>,
    /// What changes by the mere passing of time: no part of the ETag.
    live: Vec<Range<usize>>,
    /// What clients may change.
    settings: Vec<Range<usize>>,
    /// What clients may change and nobody may read, as a number that changes with it.
    hidden: Option<u64>,
}

impl Page {
    /// An object without members.
    pub(super) fn bare() -> Self {
        let mut bytes = Vec::with_capacity(2048);
        bytes.push(b'{');
        Self {
            bytes,
            live: Vec::new(),
            settings: Vec::new(),
            hidden: None,
        }
    }

    /// A resource at this path and of this type.
    pub(super) fn new(uri: &str, schema: &Schema) -> Self {
        let mut page = Self::bare();
        page.text("@odata.id", uri);
        page.text("@odata.type", &schema.odata_type());
        page
    }

    fn key(&mut self, key: &str) {
        if self.bytes.last() != Some(&b'{') {
            self.bytes.push(b',');
        }
        self.value(key);
        self.bytes.push(b':');
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) {
        // Text, numbers and truth values can't fail to serialise, nor can a write to memory.
        let _ = serde_json::to_writer(&mut self.bytes, value);
    }

    fn link_value(&mut self, uri: impl Display) {
        let _ = write!(self.bytes, r#"{{"@odata.id":"{uri}"}}"#);
    }

    /// A member with a text.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.value(text);
    }

    /// A member with a text, where it is known and not empty.
    pub(super) fn maybe(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.text(key, text);
        }
    }

    /// A member with a number or truth value.
    pub(super) fn plain(&mut self, key: &str, value: impl Serialize) {
        self.key(key);
        self.value(&value);
    }

    /// A member with a number or truth value, where it is known.
    pub(super) fn known(&mut self, key: &str, value: Option<impl Serialize>) {
        if let Some(value) = value {
            self.plain(key, value);
        }
    }

    /// A member that is `null`: readable by nobody, or not known now.
    pub(super) fn null(&mut self, key: &str) {
        self.plain(key, ());
    }

    /// A link. The path must be of characters that need no escape: all of ours are.
    pub(super) fn link(&mut self, key: &str, uri: impl Display) {
        self.key(key);
        self.link_value(uri);
    }

    /// A list of links.
    pub(super) fn links(&mut self, key: &str, uris: impl IntoIterator<Item = impl Display>) {
        self.key(key);
        self.bytes.push(b'[');
        for (at, uri) in uris.into_iter().enumerate() {
            if at > 0 {
                self.bytes.push(b',');
            }
            self.link_value(uri);
        }
        self.bytes.push(b']');
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &str, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        self.key(key);
        self.bytes.push(b'[');
        for (at, text) in texts.into_iter().enumerate() {
            if at > 0 {
                self.bytes.push(b',');
            }
            self.value(text.as_ref());
        }
        self.bytes.push(b']');
    }

    /// A member that is an object.
    pub(super) fn object(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        self.bytes.push(b'{');
        write(self);
        self.bytes.push(b'}');
    }

    /// A list of objects.
    pub(super) fn objects<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.key(key);
        self.bytes.push(b'[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.bytes.push(b',');
            }
            self.bytes.push(b'{');
            write(self, item);
            self.bytes.push(b'}');
        }
        self.bytes.push(b']');
    }

    /// Writes what changes by the mere passing of time: a clock.
    pub(super) fn live(&mut self, write: impl FnOnce(&mut Self)) {
        let from = self.bytes.len();
        write(self);
        self.live.push(from..self.bytes.len());
    }

    /// Writes what clients may change.
    pub(super) fn setting(&mut self, write: impl FnOnce(&mut Self)) {
        let from = self.bytes.len();
        write(self);
        self.settings.push(from..self.bytes.len());
    }

    /// Tells of settings that can't be read, by a number that changes with them.
    pub(super) fn hidden_setting(&mut self, revision: u64) {
        self.hidden = Some(revision);
    }

    /// The ETag of what was written.
    pub(super) fn etag(&self) -> ETag {
        let mut all = DefaultHasher::new();
        self.hidden.hash(&mut all);
        let mut from = 0;
        for live in &self.live {
            all.write(self.bytes.get(from..live.start).unwrap_or_default());
            from = live.end;
        }
        all.write(self.bytes.get(from..).unwrap_or_default());

        let settings = (!self.settings.is_empty() || self.hidden.is_some()).then(|| {
            let mut settings = DefaultHasher::new();
            self.hidden.hash(&mut settings);
            for range in &self.settings {
                settings.write(self.bytes.get(range.clone()).unwrap_or_default());
            }
            settings.finish()
        });
        ETag {
            settings,
            all: all.finish(),
        }
    }

    /// The bytes with the ETag in them.
    pub(super) fn tagged(mut self, etag: &str) -> Vec<u8> {
        self.text("@odata.etag", etag);
        self.bare_bytes()
    }

    /// The bytes without an ETag.
    pub(super) fn bare_bytes(mut self) -> Vec<u8> {
        self.bytes.push(b'}');
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(page: Page) -> Value {
        serde_json::from_slice(&page.bare_bytes()).unwrap()
    }

    #[test]
    fn what_is_written_is_the_json_that_was_meant() {
        let mut page = Page::bare();
        page.text("Name", "a \"quoted\"\n\u{1} name");
        page.maybe("Model", None);
        page.maybe("SKU", Some(""));
        page.known("Count", Some(3));
        page.known("Absent", None::<u8>);
        page.null("Password");
        page.object("Status", |page| page.text("State", "Enabled"));
        page.object("Empty", |_| {});
        page.link("Chassis", format_args!("/redfish/v1/Chassis/{}", 1));
        page.links("Members", ["/a", "/b"]);
        page.texts("Types", ["x", "y"]);
        page.objects("Fans", [1.5, 2.0], |page, reading| {
            page.plain("Reading", reading);
        });
        assert_eq!(
            read(page),
            json!({
                "Name": "a \"quoted\"\n\u{1} name", "Count": 3, "Password": null,
                "Status": {"State": "Enabled"}, "Empty": {},
                "Chassis": {"@odata.id": "/redfish/v1/Chassis/1"},
                "Members": [{"@odata.id": "/a"}, {"@odata.id": "/b"}], "Types": ["x", "y"],
                "Fans": [{"Reading": 1.5}, {"Reading": 2.0}],
            })
        );
    }

    fn server(tag: &str, power: &str, time: &str) -> ETag {
        let mut page = Page::bare();
        page.setting(|page| page.text("AssetTag", tag));
        page.text("PowerState", power);
        page.live(|page| page.text("DateTime", time));
        page.etag()
    }

    #[test]
    fn the_passing_of_time_is_no_change() {
        assert_eq!(server("a", "On", "12:00"), server("a", "On", "12:01"));
    }

    #[test]
    fn a_change_of_state_is_a_new_tag_with_the_same_settings() {
        let (before, after) = (server("a", "On", ""), server("a", "Off", ""));
        assert_eq!(before.settings, after.settings);
        assert_ne!(before.all, after.all);
    }

    #[test]
    fn a_change_of_a_setting_changes_both_parts() {
        let (before, after) = (server("a", "On", ""), server("b", "On", ""));
        assert_ne!(before.settings, after.settings);
        assert_ne!(before.all, after.all);
    }

    #[test]
    fn a_setting_that_cant_be_read_changes_both_parts() {
        let account = |revision| {
            let mut page = Page::bare();
            page.null("Password");
            page.hidden_setting(revision);
            page.etag()
        };
        assert_ne!(account(1).settings, account(2).settings);
        assert_ne!(account(1).all, account(2).all);
    }

    #[test]
    fn the_tag_stands_in_the_body_as_in_the_header() {
        let page = Page::bare();
        let etag = page.etag().to_string();
        let body: Value = serde_json::from_slice(&page.tagged(&etag)).unwrap();
        assert_eq!(body["@odata.etag"], etag);
    }
}
