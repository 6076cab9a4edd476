//! ETags: what they look like, and whether those that a client sends still hold (RFC 9110 section
//! 13.1, DSP0266 section 6.5).

use std::fmt;

/// The version of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ETag {
    /// A hash of what clients may change; `None` where they can change nothing.
    pub(super) settings: Option<u64>,
    /// A hash of all of it.
    pub(super) all: u64,
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.settings {
            Some(settings) => write!(f, "\"{settings:016x}.{:016x}\"", self.all),
            None => write!(f, "\"{:016x}\"", self.all),
        }
    }
}

impl ETag {
    /// Whether a client that sends this `If-None-Match` has the resource as it is.
    pub(super) fn is_known_by(self, if_none_match: &str) -> bool {
        let own = self.to_string();
        tags(if_none_match).any(|tag| tag == "*" || tag == own.trim_matches('"'))
    }

    /// Whether a change with this `If-Match` overwrites nothing that its client has not seen.
    pub(super) fn allows(self, if_match: &str) -> bool {
        tags(if_match).any(|tag| tag == "*" || self.same_settings(tag))
    }

    fn same_settings(self, tag: &str) -> bool {
        let own = self.to_string();
        let own = own.trim_matches('"');
        match (own.split_once('.'), tag.split_once('.')) {
            // Sixteen digits after the point make it a tag that this service could have made.
            (Some((own, _)), Some((sent, all))) => {
                own == sent && all.len() == 16 && all.bytes().all(|b| b.is_ascii_hexdigit())
            }
            _ => own == tag,
        }
    }
}

/// The tags of a header, without quotes. Weak tags count like strong ones, since some clients
/// weaken what passed a proxy; tags without quotes are taken, since some clients strip them.
fn tags(header: &str) -> impl Iterator<Item = &str> {
    header.split(',').filter_map(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        match tag.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"'),
            None => Some(tag),
        }
        .filter(|tag| !tag.contains('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: ETag = ETag {
        settings: Some(0xA),
        all: 0xB,
    };

    #[test]
    fn a_reader_is_known_by_the_whole_tag() {
        assert!(NOW.is_known_by("\"000000000000000a.000000000000000b\""));
        assert!(NOW.is_known_by("\"x\", W/\"000000000000000a.000000000000000b\""));
        assert!(NOW.is_known_by("*"));
        assert!(!NOW.is_known_by("\"000000000000000a.000000000000000c\""));
    }

    #[test]
    fn a_writer_needs_the_settings_alone() {
        for good in [
            "\"000000000000000a.000000000000000b\"",
            "\"000000000000000a.00000000000000ff\"",
            "000000000000000a.000000000000000b",
            "W/\"000000000000000a.000000000000000b\"",
            "*",
        ] {
            assert!(NOW.allows(good), "{good}");
        }
    }

    #[test]
    fn another_or_a_broken_tag_allows_nothing() {
        for bad in [
            "",
            "\"000000000000000b.000000000000000b\"",
            "\"000000000000000a.000000000000000b\"foobar",
            "\"000000000000000a.\"",
            "\"000000000000000a\"",
            "\"never-issued\"",
        ] {
            assert!(!NOW.allows(bad), "{bad}");
        }
    }

    #[test]
    fn without_settings_the_whole_tag_counts() {
        let tag = ETag {
            settings: None,
            all: 1,
        };
        assert!(tag.allows("\"0000000000000001\""));
        assert!(!tag.allows("\"0000000000000002\""));
    }
}
