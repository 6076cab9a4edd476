//! Which doors the settings want.

use std::path::Path;

use outband_core::server::ServerId;

use crate::{
    settings::{Address, Settings},
    tls::Source,
};

/// What answers at a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Everything, over TLS with this certificate.
    Https(Source),
    /// Everything of one server, over TLS with this certificate.
    Own(ServerId, Source),
    /// Everything, in the clear.
    Plain,
    /// Where to go instead, for the HTTPS door that is set to this port.
    Redirect(u16),
}

/// A door that is to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) what: What,
    pub(super) address: Address,
}

impl Wanted {
    /// Whether it speaks TLS.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self.what, What::Https(_) | What::Own(..))
    }
}

/// The doors that the settings want. HTTPS comes first: redirects ask where it is.
pub(super) fn wanted(settings: &Settings, source: &Source) -> Vec<Wanted> {
    let service = &settings.service;
    let mut wanted = Vec::new();
    let mut add = |what: What, address: &Address| {
        wanted.push(Wanted {
            what,
            address: *address,
        });
    };
    if service.https.enabled {
        for address in &service.https.listen {
            add(What::Https(source.clone()), address);
        }
        for server in &settings.server {
            if let Some(address) = &server.listen.https {
                add(What::Own(server.id.clone(), source.clone()), address);
            }
        }
    }
    if service.plain_http.enabled {
        for address in &service.plain_http.listen {
            add(What::Plain, address);
        }
    }
    let https = service.https.listen.first();
    if let Some(https) = https.filter(|_| service.http.enabled && service.https.enabled) {
        for address in &service.http.listen {
            add(What::Redirect(https.0.port()), address);
        }
    }
    wanted
}

/// Where the certificate comes from.
pub(super) fn source(settings: &Settings, state: Option<&Path>) -> Source {
    let https = &settings.service.https;
    match (&https.certificate, &https.key, state) {
        (Some(certificate), Some(key), _) => Source::Files {
            certificate: certificate.clone(),
            key: key.clone(),
        },
        (_, _, Some(state)) => Source::Folder(state.join("tls")),
        _ => Source::Memory,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Server;

    fn doors(settings: &Settings) -> Vec<String> {
        let name = |wanted: Wanted| match wanted.what {
            What::Https(_) => format!("https {}", wanted.address),
            What::Own(id, _) => format!("{id} {}", wanted.address),
            What::Plain => format!("plain {}", wanted.address),
            What::Redirect(port) => format!("redirect {} to {port}", wanted.address),
        };
        let all = wanted(settings, &Source::Memory);
        all.into_iter().map(name).collect()
    }

    #[test]
    fn the_defaults_are_https_and_a_redirect_to_it() {
        let doors = doors(&Settings::default());
        assert_eq!(doors, ["https [::]:443", "redirect [::]:80 to 443"]);
    }

    #[test]
    fn what_is_switched_off_has_no_door() {
        let mut settings = Settings::default();
        let mut server = Server::new("1".parse().unwrap());
        server.listen.https = Some("127.0.0.1:9000".parse().unwrap());
        settings.server.push(server);
        settings.service.http.enabled = false;
        settings.service.plain_http.enabled = true;
        let all = ["https [::]:443", "1 127.0.0.1:9000", "plain 127.0.0.1:8000"];
        assert_eq!(doors(&settings), all);
        settings.service.https.enabled = false;
        assert_eq!(doors(&settings), ["plain 127.0.0.1:8000"]);
        settings.service.http.enabled = true;
        assert_eq!(
            doors(&settings),
            ["plain 127.0.0.1:8000"],
            "nowhere to send to"
        );
        settings.service.plain_http.enabled = false;
        assert!(doors(&settings).is_empty());
    }
}
