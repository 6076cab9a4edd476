//! A client on a socket: sends, waits, sends again.

use std::{
    io::{self, ErrorKind},
    net::UdpSocket,
    time::Duration,
};

use outband_protocol::ipmi::{
    Completion,
    client::{Client, Heard, Login},
    frame::{self, Frame, Framing, payload},
    message::{CONSOLE_ADDRESS, Envelope, Request, Response, net_fn},
    rakp::Status,
    rmcp::{self, Datagram},
};

use crate::dice::Dice;

/// How long an answer is waited for before the request is sent again.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);
/// How often something is sent before the BMC counts as silent.
const TRIES: u32 = 20;
/// The longest datagram that is read.
pub(crate) const DATAGRAM_MAX: usize = 2048;

/// A command: network function and number.
pub(crate) type Command = (u8, u8);

pub(crate) const CAPABILITIES: Command = (net_fn::APP, 0x38);
pub(crate) const CIPHER_SUITES: Command = (net_fn::APP, 0x54);
pub(crate) const SYSTEM_GUID: Command = (net_fn::APP, 0x37);
pub(crate) const DEVICE_ID: Command = (net_fn::APP, 0x01);
pub(crate) const SET_PRIVILEGE: Command = (net_fn::APP, 0x3B);
pub(crate) const CLOSE: Command = (net_fn::APP, 0x3C);
pub(crate) const CHASSIS_STATUS: Command = (net_fn::CHASSIS, 0x01);

/// Why a console did not get what it asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The socket failed: most likely nobody listens.
    #[error("{0}")]
    Socket(#[from] io::Error),
    /// No answer.
    #[error("no answer in {TRIES} tries")]
    Silence,
    /// The login was refused, or the BMC doesn't know the key.
    #[error("login refused: {0:?}")]
    Refused(Option<Status>),
    /// A command was refused.
    #[error("command {0:02x?}: {1}")]
    Command(Command, Completion),
}

/// A client and its socket.
#[derive(Debug)]
pub(crate) struct Console {
    pub(crate) socket: UdpSocket,
    pub(crate) client: Client,
    login: Login,
    dice: Dice,
    sequence: u8,
    out: Vec<u8>,
    buffer: Vec<u8>,
    /// How many datagrams had to be sent again.
    pub(crate) resent: u64,
}

impl Console {
    /// A console that has not logged in yet.
    pub(crate) fn new(socket: UdpSocket, login: Login, mut dice: Dice) -> Self {
        Self {
            socket,
            client: Client::new(login.clone(), dice.id(), dice.bytes()),
            login,
            dice,
            sequence: 0,
            out: Vec::new(),
            buffer: vec![0; DATAGRAM_MAX],
            resent: 0,
        }
    }

    /// Forgets the session, if there was one, and begins anew.
    pub(crate) fn begin(&mut self) {
        self.client = Client::new(self.login.clone(), self.dice.id(), self.dice.bytes());
    }

    /// A whole session: what is asked of the BMC is its chassis status.
    pub(crate) fn session(&mut self) -> Result<(), Trouble> {
        self.log_in()?;
        self.ask(CHASSIS_STATUS, &[])?;
        self.close()
    }

    /// Asks what the BMC can, sets a session up and takes the privilege level.
    pub(crate) fn log_in(&mut self) -> Result<(), Trouble> {
        self.begin();
        let role = self.login.role.to_wire();
        self.ask_outside(CAPABILITIES, &[0x8E, role])?;
        self.set_up()?;
        self.ask(SET_PRIVILEGE, &[role])
    }

    /// Sets a session up.
    pub(crate) fn set_up(&mut self) -> Result<(), Trouble> {
        while !self.client.is_standing() {
            self.step()?;
        }
        Ok(())
    }

    /// Takes one step of the setup.
    pub(crate) fn step(&mut self) -> Result<(), Trouble> {
        let refused = self.exchange(
            |client, out| client.step(out),
            |client, datagram| match client.input(datagram)? {
                Heard::Step | Heard::Standing => Some(Ok(())),
                Heard::Refused(why) => Some(Err(why)),
                _ => None,
            },
        )?;
        refused.map_err(Trouble::Refused)
    }

    /// Closes the session.
    pub(crate) fn close(&mut self) -> Result<(), Trouble> {
        let id = self.client.managed().unwrap_or(0);
        self.ask(CLOSE, &id.to_le_bytes())
    }

    /// Sends a command in the session; an error unless it completes normally.
    pub(crate) fn ask(&mut self, command: Command, data: &[u8]) -> Result<(), Trouble> {
        let request = self.request(command, data);
        let completion = self.exchange(
            |client, out| client.request(&request, out),
            |client, datagram| match client.input(datagram)? {
                Heard::Response(response) if response.envelope == request.envelope => {
                    Some(response.completion)
                }
                _ => None,
            },
        )?;
        completed(command, completion)
    }

    /// Sends a command outside of any session, in IPMI 1.5's framing.
    fn ask_outside(&mut self, command: Command, data: &[u8]) -> Result<(), Trouble> {
        let request = self.request(command, data);
        let completion = self.exchange(
            |_, out| outside(Framing::V15, &request, out),
            |_, datagram| {
                let Datagram::Ipmi(frame) = rmcp::parse(datagram)? else {
                    return None;
                };
                let Frame::Outside(_, message) = frame::parse(frame)? else {
                    return None;
                };
                let response = Response::parse(message)?;
                (response.envelope == request.envelope).then_some(response.completion)
            },
        )?;
        completed(command, completion)
    }

    /// The next request.
    pub(crate) fn request<'d>(&mut self, command: Command, data: &'d [u8]) -> Request<'d> {
        self.sequence = (self.sequence + 1) % 64;
        request(self.sequence, command, data)
    }

    /// Sends until something comes that is an answer.
    fn exchange<T>(
        &mut self,
        write: impl Fn(&mut Client, &mut Vec<u8>),
        read: impl Fn(&mut Client, &mut [u8]) -> Option<T>,
    ) -> Result<T, Trouble> {
        for nth in 0..TRIES {
            self.resent += u64::from(nth > 0);
            self.out.clear();
            write(&mut self.client, &mut self.out);
            self.socket.send(&self.out)?;
            while let Some(length) = receive(&self.socket, &mut self.buffer)? {
                let datagram = self.buffer.get_mut(..length).unwrap_or_default();
                if let Some(answer) = read(&mut self.client, datagram) {
                    return Ok(answer);
                }
            }
        }
        Err(Trouble::Silence)
    }
}

/// A request of a console.
pub(crate) fn request(sequence: u8, (net_fn, command): Command, data: &[u8]) -> Request<'_> {
    let envelope = Envelope {
        net_fn,
        command,
        lun: 0,
        requester: CONSOLE_ADDRESS,
        requester_lun: 0,
        sequence,
    };
    Request { envelope, data }
}

/// Appends a request outside of any session.
pub(crate) fn outside(framing: Framing, request: &Request<'_>, out: &mut Vec<u8>) {
    frame::write_outside(out, framing, payload::MESSAGE, |out| request.write(out));
}

/// Receives a datagram; `None` when none comes for as long as the socket waits.
pub(crate) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match socket.recv(buffer) {
        Ok(length) => Ok(Some(length)),
        Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
        Err(why) => Err(why),
    }
}

fn completed(command: Command, completion: Completion) -> Result<(), Trouble> {
    if completion == Completion::OK {
        Ok(())
    } else {
        Err(Trouble::Command(command, completion))
    }
}
