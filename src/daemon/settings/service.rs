//! `[service.*]`: the ways in. A service gets its keys when it is built.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Address;

/// All of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// The HTTPS port, which carries Redfish, the native API and the page.
    pub https: Https,
    /// The HTTP port that only sends clients to HTTPS.
    pub http: Http,
    /// The HTTP port that serves as HTTPS does, without its protection.
    pub plain_http: PlainHttp,
    /// IPMI over LAN.
    pub ipmi: Ipmi,
    /// Redfish.
    pub redfish: Switch,
    /// The native API and the page.
    pub console: Switch,
}

/// `[service.https]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Https {
    /// Whether it listens.
    pub enabled: bool,
    /// Where.
    pub listen: Vec<Address>,
    /// A certificate chain (PEM) in place of the one made at first start.
    pub certificate: Option<PathBuf>,
    /// The certificate's private key (PEM).
    pub key: Option<PathBuf>,
    /// Names and addresses to put into the certificate that is made, beside those listened on.
    pub names: Vec<String>,
}

impl Default for Https {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: vec![all(443)],
            certificate: None,
            key: None,
            names: Vec::new(),
        }
    }
}

/// `[service.http]`: redirects only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Whether it listens.
    pub enabled: bool,
    /// Where.
    pub listen: Vec<Address>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: vec![all(80)],
        }
    }
}

/// `[service.plain_http]`: everything without TLS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlainHttp {
    /// Whether it listens.
    pub enabled: bool,
    /// Where.
    pub listen: Vec<Address>,
}

impl Default for PlainHttp {
    fn default() -> Self {
        let loopback = (std::net::Ipv4Addr::LOCALHOST, 8000);
        Self {
            enabled: false,
            listen: vec![Address(loopback.into())],
        }
    }
}

/// `[service.ipmi]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ipmi {
    /// Whether it listens, once an account may use it.
    pub enabled: bool,
    /// Where (UDP) the first server is reached that has no address of its own.
    pub listen: Vec<Address>,
    /// Whether cipher suite 3, which rests on SHA-1, is taken beside 17.
    pub sha1: bool,
}

impl Default for Ipmi {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: vec![all(623)],
            sha1: true,
        }
    }
}

/// A service that can be switched off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switch {
    /// Whether it is there.
    pub enabled: bool,
}

impl Default for Switch {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// A port on every address of the device.
fn all(port: u16) -> Address {
    Address((std::net::Ipv6Addr::UNSPECIFIED, port).into())
}
