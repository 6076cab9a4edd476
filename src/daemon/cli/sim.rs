//! `outband sim fault`: faults of simulated servers.

use std::path::PathBuf;

use bytes::Bytes;
use clap::{Args, Subcommand};
use http::{Method, Uri};
use outband_core::server::ServerId;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{
    Failure, block_on,
    client::{Daemon, Remote},
    print,
    serve::SettingsFile,
};
use crate::{app::folder, settings::FaultSetting};

/// `outband sim`.
#[derive(Debug, Subcommand)]
pub(super) enum Sim {
    /// List, set and clear faults
    #[command(subcommand)]
    Fault(Fault),
}

/// `outband sim fault`.
#[derive(Debug, Subcommand)]
pub(super) enum Fault {
    /// Set a fault and print its number
    Set {
        /// deaf-soft-off, slow-post, dead-power-led, no-signal, stuck-reset, sensor-value,
        /// sel-entry, late-datagrams, lost-datagrams or http-unavailable
        kind: String,
        /// The fault's values: factor=10, sensor=cpu value=95, by_ms=500
        #[arg(value_name = "KEY=VALUE")]
        values: Vec<String>,
        /// It ends by itself after so many seconds
        #[arg(long, value_name = "N")]
        seconds: Option<u32>,
        /// It ends by itself after it struck so many times
        #[arg(long, value_name = "N")]
        times: Option<u32>,
        /// It strikes on so many of a hundred occasions
        #[arg(long, value_name = "N")]
        percent: Option<u8>,
        /// Makes which occasions those are the same each time
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        #[command(flatten)]
        place: Place,
    },
    /// List the faults in force, as JSON
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Clear a fault, or all of them
    Clear {
        /// The fault's number, or `all`
        fault: String,
        #[command(flatten)]
        place: Place,
    },
}

/// Which server of which daemon.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The server
    #[arg(long, value_name = "ID", default_value = "1")]
    server: ServerId,
    /// The daemon's state folder [default: the demo's, else the one that the settings name]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "url"])]
    state: Option<PathBuf>,
    /// The daemon's address, as in https://192.0.2.1, instead of its own socket
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    url: Option<Uri>,
    /// Who asks, with --url; the password is OUTBAND_ADMIN_PASSWORD
    #[arg(long, value_name = "NAME", default_value = "admin", requires = "url")]
    user: String,
    /// The certificate to trust, with --url
    #[arg(long, value_name = "FILE", requires = "url")]
    cacert: Option<PathBuf>,
    #[command(flatten)]
    file: SettingsFile,
}

impl Place {
    fn daemon(&self) -> Result<Daemon, Failure> {
        if let Some(url) = &self.url {
            let password = std::env::var("OUTBAND_ADMIN_PASSWORD")
                .map_err(|_| Failure::new("--url needs OUTBAND_ADMIN_PASSWORD"))?;
            return Ok(Daemon::Remote(Remote {
                url: url.clone(),
                user: self.user.clone(),
                password: Zeroizing::new(password),
                trust: self.cacert.clone(),
            }));
        }
        if let Some(state) = &self.state {
            return Ok(Daemon::Local(state.join(folder::SOCKET)));
        }
        let demo = folder::of_demo().join(folder::SOCKET);
        if self.file.is_default() && demo.exists() {
            return Ok(Daemon::Local(demo));
        }
        let state = self.file.load()?.settings.state.dir;
        let state = state.ok_or_else(|| Failure::new("name the daemon with --state or --url"))?;
        Ok(Daemon::Local(state.join(folder::SOCKET)))
    }

    /// Asks the daemon about the server's faults; `below` is what follows in the path.
    async fn ask(
        &self,
        method: Method,
        below: &str,
        body: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Bytes, Failure> {
        let path = format!("/api/v1/servers/{}/faults{below}", self.server);
        self.daemon()?.ask(method, &path, body).await?.good()
    }
}

impl Sim {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self::Fault(fault) = self;
        block_on(fault.run())
    }
}

impl Fault {
    async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Set {
                kind,
                values,
                seconds,
                times,
                percent,
                seed,
                place,
            } => {
                let mut scope = Map::new();
                let limits = [
                    ("seconds", seconds.map(u64::from)),
                    ("times", times.map(u64::from)),
                    ("percent", percent.map(u64::from)),
                    ("seed", seed),
                ];
                for (key, value) in limits {
                    if let Some(value) = value {
                        scope.insert(key.to_owned(), value.into());
                    }
                }
                let fault = fault(&kind, &values, scope)?;
                let body = serde_json::to_vec(&fault).map(Zeroizing::new);
                let body = body.map_err(|why| Failure::new(why.to_string()))?;
                let answer: Value = parsed(&place.ask(Method::POST, "", Some(body)).await?)?;
                let id = answer.get("id").unwrap_or(&answer);
                print(&format!("{id}\n"));
            }
            Self::List { place } => {
                let answer: Value = parsed(&place.ask(Method::GET, "", None).await?)?;
                let text = serde_json::to_string_pretty(&answer).unwrap_or_default();
                print(&format!("{text}\n"));
            }
            Self::Clear { fault, place } => {
                let below = match (fault.as_str(), fault.parse::<u64>()) {
                    ("all", _) => String::new(),
                    (_, Ok(number)) => format!("/{number}"),
                    _ => return Err(Failure::new("name a fault's number, or `all`")),
                };
                place.ask(Method::DELETE, &below, None).await?;
            }
        }
        Ok(())
    }
}

fn parsed(body: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(body).map_err(|why| Failure::new(format!("the daemon's answer: {why}")))
}

/// The fault in the API's form, checked before it is sent.
fn fault(kind: &str, values: &[String], scope: Map<String, Value>) -> Result<Value, Failure> {
    let mut fault = json!({ "kind": kind });
    for value in values {
        let Some((key, value)) = value.split_once('=') else {
            return Err(Failure::new(format!(
                "`{value}` is not of the form KEY=VALUE"
            )));
        };
        // What is no JSON is text: a sensor's name needs no quotes.
        fault[key] = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    }
    fault["scope"] = scope.into();
    // TOML has no null: a sensor's value that is left out is unknown.
    let mut typed = fault.clone();
    if let Some(typed) = typed.as_object_mut() {
        typed.retain(|_, value| !value.is_null());
    }
    serde_json::from_value::<FaultSetting>(typed)
        .map_err(|why| Failure::new(format!("this is no fault: {why}")))?;
    Ok(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(values: &[&str]) -> Vec<String> {
        values.iter().map(|&value| value.to_owned()).collect()
    }

    #[test]
    fn a_fault_is_put_together_from_words() {
        let scope = Map::from_iter([("times".to_owned(), 2.into())]);
        let made = fault(
            "sensor-value",
            &values(&["sensor=cpu", "value=95.5"]),
            scope,
        )
        .unwrap();
        let expected = json!({
            "kind": "sensor-value", "sensor": "cpu", "value": 95.5, "scope": { "times": 2 }
        });
        assert_eq!(made, expected);
        let data = values(&[
            "sensor_type=1",
            "sensor_number=2",
            "event_type=3",
            "data=[1,2,3]",
        ]);
        assert!(fault("sel-entry", &data, Map::new()).is_ok());
        assert!(
            fault(
                "sensor-value",
                &values(&["sensor=cpu", "value=null"]),
                Map::new()
            )
            .is_ok()
        );
    }

    #[test]
    fn what_is_no_fault_is_refused_before_it_is_sent() {
        for (kind, given) in [
            ("no-such", vec![]),
            ("slow-post", vec![]),
            ("slow-post", vec!["factor"]),
            ("slow-post", vec!["factor=many"]),
            ("no-signal", vec!["factor=1"]),
        ] {
            assert!(
                fault(kind, &values(&given), Map::new()).is_err(),
                "{kind} {given:?}"
            );
        }
    }
}
