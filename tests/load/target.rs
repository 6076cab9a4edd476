//! Which BMC, and who logs in to it: the arguments that several modes have.

use std::{
    env, io,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
};

use clap::Args;
use outband_protocol::ipmi::{Privilege, Suite, client::Login, rakp::Name, server::Key};

use zeroize::Zeroizing;

use crate::{
    Failure,
    console::{Console, PATIENCE},
    dice::Dice,
};

/// The variable with the owner's password: a command line is everybody's to read.
const PASSWORD: &str = "OUTBAND_ADMIN_PASSWORD";

/// Which BMC, and who logs in.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// The BMC's address and port
    #[arg(value_name = "ADDR:PORT")]
    pub(crate) bmc: SocketAddr,
    /// The owner's name; the password stands in OUTBAND_ADMIN_PASSWORD
    #[arg(long, default_value = "admin")]
    user: String,
    /// The cipher suite
    #[arg(long, default_value = "17", value_parser = suite)]
    suite: Suite,
}

fn suite(text: &str) -> Result<Suite, String> {
    let known = Suite::ALL.into_iter().find(|s| s.id().to_string() == text);
    known.ok_or_else(|| "the cipher suites are 17 and 3".into())
}

impl Target {
    /// Who logs in, up to this level.
    pub(crate) fn login(&self, role: Privilege) -> Result<Login, Failure> {
        let name = Name::new(self.user.as_bytes()).ok_or("a name has at most 16 bytes")?;
        let password = env::var(PASSWORD).map_err(|why| format!("{PASSWORD}: {why}"))?;
        let password = Zeroizing::new(password);
        let mut key = Key::default();
        let place = key.get_mut(..password.len());
        place
            .ok_or("a password has at most 20 bytes")?
            .copy_from_slice(password.as_bytes());
        Ok(Login {
            name,
            key,
            bmc_key: None,
            role,
            suite: self.suite,
        })
    }

    /// A console at an address (`None`: where the system puts it), which has not logged in yet.
    pub(crate) fn console(
        &self,
        role: Privilege,
        from: Option<IpAddr>,
        dice: &mut Dice,
    ) -> Result<Console, Failure> {
        let login = self.login(role)?;
        let socket = self.socket(from)?;
        Ok(Console::new(socket, login, Dice::new(dice.next())))
    }

    /// A socket that speaks with the BMC alone, from an address (`None`: any of this machine's).
    pub(crate) fn socket(&self, from: Option<IpAddr>) -> io::Result<UdpSocket> {
        connect(self.bmc, from)
    }
}

/// A socket that speaks with one peer alone and doesn't wait for it for ever.
pub(crate) fn connect(peer: SocketAddr, from: Option<IpAddr>) -> io::Result<UdpSocket> {
    let any = if peer.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        std::net::Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((from.unwrap_or(any), 0))?;
    socket.connect(peer)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// The addresses that an attack comes from.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sources {
    /// The first address that the attack comes from
    #[arg(long, default_value = "127.0.0.2", value_name = "ADDR")]
    from: Ipv4Addr,
    /// How many addresses it comes from, counted up from the first
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    sources: u32,
}

impl Sources {
    /// The addresses.
    pub(crate) fn all(&self) -> impl Iterator<Item = IpAddr> + Clone {
        let first = self.from.to_bits();
        (0..self.sources).map(move |nth| Ipv4Addr::from_bits(first.wrapping_add(nth)).into())
    }
}
