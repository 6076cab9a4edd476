//! The commands over a real gate and real engines: exact bytes in, exact bytes out.

mod app;
mod boot;
mod chassis;
mod flags;
mod refused;
mod table;

use std::sync::Arc;

use outband_core::{
    access::{Actor, Origin, Via},
    server::{ServerHandle, Snapshot},
};
use outband_protocol::ipmi::{Completion, Privilege};

use super::{Call, Channel, Request, Result, Then, carry_out, completion};
use crate::services::rig::{PASSWORD, Rig};

/// What the channel of every test is.
const CHANNEL: Channel = Channel {
    number: 3,
    device_guid: [0xDE; 16],
    sessions: 5,
};

/// A server and who sends commands to it.
struct Bench {
    rig: Rig,
    server: ServerHandle,
    admin: Arc<Actor>,
}

impl Bench {
    async fn new() -> Self {
        Self::over(Rig::new().await).await
    }

    async fn over(rig: Rig) -> Self {
        let server = rig.bmc.servers.get("1").unwrap();
        let admin = actor(&rig, "admin").await;
        Self { rig, server, admin }
    }

    /// What comes of a request: network function, command, data.
    fn carry(&self, now: &Snapshot, request: &[u8]) -> (Result, Vec<u8>) {
        self.carry_by(&self.admin, Privilege::Administrator, now, request)
    }

    fn carry_by(
        &self,
        actor: &Arc<Actor>,
        level: Privilege,
        now: &Snapshot,
        request: &[u8],
    ) -> (Result, Vec<u8>) {
        let call = Call {
            bmc: &self.rig.bmc,
            server: &self.server,
            now,
            actor,
            level,
            channel: &CHANNEL,
        };
        let [net_fn, command, data @ ..] = request else {
            panic!("{request:?} names no command")
        };
        let request = Request {
            net_fn: *net_fn,
            lun: 0,
            command: *command,
            data,
        };
        let mut out = Vec::new();
        (carry_out(&call, &request, &mut out), out)
    }

    /// What is answered to a request that only reads, in this state: the completion code and data.
    fn read(&self, now: &Snapshot, request: &[u8]) -> Vec<u8> {
        let (then, data) = self.carry(now, request);
        answer(then.map(|then| assert!(matches!(then, Then::Answer))), data)
    }

    /// What is answered to a request as the server is, once the engine has taken what it asks for.
    async fn ask(&self, request: &[u8]) -> Vec<u8> {
        let (then, data) = self.carry(&self.server.snapshot(), request);
        let done = match then {
            Ok(Then::Answer) => Ok(()),
            Ok(Then::Submit(command)) => {
                let accepted = self.server.submit(&self.admin, command).await;
                accepted.map(drop).map_err(|refused| completion(&refused))
            }
            Ok(Then::SetBmcKey(_)) => panic!("a key is not kept here"),
            Err(code) => Err(code),
        };
        answer(done, data)
    }

    /// The same server in another state.
    fn with(&self, change: impl FnOnce(&mut Snapshot)) -> Snapshot {
        let mut snapshot = (*self.server.snapshot()).clone();
        change(&mut snapshot);
        snapshot
    }

    /// The same server with a light, as some have.
    fn with_light(&self) -> Snapshot {
        self.with(|snapshot| Arc::make_mut(&mut snapshot.abilities).identify = true)
    }

    /// Waits until the server is so.
    async fn seen(&self, what: impl FnMut(&Arc<Snapshot>) -> bool) {
        let mut watch = self.server.watch();
        watch.wait_for(what).await.unwrap();
    }
}

/// The completion code, and the data where it is none of a refusal.
fn answer(done: std::result::Result<(), Completion>, data: Vec<u8>) -> Vec<u8> {
    match done {
        Ok(()) => [vec![0], data].concat(),
        Err(code) => {
            assert_ne!(code, Completion::OK);
            vec![code.0]
        }
    }
}

async fn actor(rig: &Rig, name: &str) -> Arc<Actor> {
    let origin = Origin {
        via: Via::Redfish,
        source: Some([192, 0, 2, 7].into()),
    };
    let password = PASSWORD.to_owned().into();
    rig.bmc.gate.password(origin, name, password).await.unwrap()
}
