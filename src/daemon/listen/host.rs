//! Under which name a client found us: the Host header (RFC 9112 section 3.2), read strictly.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::{Request, Version, header::HOST};

/// The longest name that DNS has (RFC 1035 section 2.3.4).
const NAME_MAX: usize = 253;

/// A host as a client named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    /// Address (IPv6 in brackets) or name, lower case, without the root's dot.
    pub name: String,
    /// Whether it is an address.
    pub literal: bool,
    /// The port, where one was named.
    pub port: Option<u16>,
}

/// What is wrong with the Host of a request. Its text is for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum HostFault {
    /// None, or more than one, or one beside another in the request line.
    #[error("A request needs exactly one Host.")]
    NotOne,
    /// Neither an address nor a host name.
    #[error("The Host is neither an address nor a host name.")]
    NotAHost,
}

/// The host that a request is for: of the request line in its absolute form, else of the header;
/// where both are there they must agree. Only HTTP/1.0 may leave it out.
pub(super) fn host_of<B>(request: &Request<B>) -> Result<Option<Host>, HostFault> {
    let mut headers = request.headers().get_all(HOST).iter();
    let header = match (headers.next(), headers.next()) {
        (Some(header), None) => {
            let text = header.to_str().map_err(|_| HostFault::NotAHost)?;
            Some(Host::parse(text).ok_or(HostFault::NotAHost)?)
        }
        (None, _) => None,
        (Some(_), Some(_)) => return Err(HostFault::NotOne),
    };
    let line = match request.uri().authority() {
        Some(authority) => Some(Host::parse(authority.as_str()).ok_or(HostFault::NotAHost)?),
        None => None,
    };
    match (line, header) {
        (Some(line), Some(header)) if line.name != header.name => Err(HostFault::NotOne),
        (Some(host), _) | (None, Some(host)) => Ok(Some(host)),
        (None, None) if request.version() < Version::HTTP_11 => Ok(None),
        (None, None) => Err(HostFault::NotOne),
    }
}

impl Host {
    /// Reads `name`, `name:port`, `192.0.2.1:port` or `[2001:db8::1]:port`; nothing else is a host:
    /// no user, no percent, no zone.
    fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, after) = rest.split_once(']')?;
                address.parse::<Ipv6Addr>().ok()?;
                let end = text.len() - after.len();
                (text.get(..end)?, after)
            }
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                if digits.is_empty() {
                    None
                } else {
                    Some(digits.parse().ok()?)
                }
            }
            None if port.is_empty() => None,
            _ => return None,
        };
        let literal = name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok();
        let name = if literal {
            name.to_owned()
        } else {
            plain_name(name)?
        };
        Some(Self {
            name,
            literal,
            port,
        })
    }
}

/// A host name in the one form that names are compared in: lower case, without the root's dot;
/// `None` when it isn't one. An underscore is let through, for machines are named so.
pub(crate) fn plain_name(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let labels_fit = name.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    (labels_fit && name.len() <= NAME_MAX).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, bool, Option<u16>) {
        let host = Host::parse(text).unwrap_or_else(|| panic!("{text:?} is a host"));
        (host.name, host.literal, host.port)
    }

    #[test]
    fn names_and_addresses_are_read_with_and_without_a_port() {
        assert_eq!(
            parsed("BMC.Example.:8443"),
            ("bmc.example".into(), false, Some(8443))
        );
        assert_eq!(parsed("bmc:"), ("bmc".into(), false, None));
        assert_eq!(
            parsed("192.0.2.1:443"),
            ("192.0.2.1".into(), true, Some(443))
        );
        assert_eq!(
            parsed("[2001:db8::1]:443"),
            ("[2001:db8::1]".into(), true, Some(443))
        );
        assert_eq!(parsed("[::1]"), ("[::1]".into(), true, None));
    }

    #[test]
    fn what_is_not_a_host_is_refused() {
        for text in [
            "",
            " ",
            ".",
            "a b",
            "a..b",
            "user@bmc",
            "bmc/evil",
            "bmc,evil",
            "bmc:99999",
            "bmc:x",
            "bmc:+1",
            "::1",
            "[::1",
            "[::1]x",
            "[bmc]",
            "[fe80::1%eth0]",
            "bmc%00",
            "bücher",
            &"a".repeat(64),
            &"a.".repeat(128),
        ] {
            assert_eq!(Host::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_http_1_0_may_leave_it_out() {
        let request = |version| {
            Request::builder()
                .version(version)
                .uri("/")
                .body(())
                .unwrap()
        };
        assert_eq!(host_of(&request(Version::HTTP_10)), Ok(None));
        assert_eq!(host_of(&request(Version::HTTP_11)), Err(HostFault::NotOne));
    }

    #[test]
    fn two_hosts_are_one_too_many() {
        let twice = Request::builder()
            .header(HOST, "a")
            .header(HOST, "a")
            .body(())
            .unwrap();
        assert_eq!(host_of(&twice), Err(HostFault::NotOne));
        let differing = Request::builder()
            .uri("http://a/")
            .header(HOST, "b")
            .body(())
            .unwrap();
        assert_eq!(host_of(&differing), Err(HostFault::NotOne));
        let agreeing = Request::builder()
            .uri("http://a/")
            .header(HOST, "A:80")
            .body(())
            .unwrap();
        assert_eq!(
            host_of(&agreeing).map(|host| host.map(|host| host.name)),
            Ok(Some("a".into()))
        );
    }
}
