//! That secrets are wiped, and never printed.

use zeroize::ZeroizeOnDrop;

use super::rig::{Console, Rig, login};
use crate::ipmi::{
    Suite,
    frame::payload,
    mac::Code,
    message::{Request, net_fn},
    rakp::Agreed,
    server::{
        Key,
        answers::Answers,
        session::{Line, Login, Session},
    },
};

/// What somebody must not read in a log.
const SECRET: &[u8] = b"hunter-2";

/// Whether a text shows the secret, as text or as numbers.
fn shows_it(text: &str) -> bool {
    text.contains("hunter") || text.contains(&format!("{SECRET:?}")[1..9])
}

#[test]
fn what_came_in_a_session_is_not_printed() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    let mut packet = console.packet(net_fn::APP, 0x56, SECRET);
    let command = rig.command(console.peer, &mut packet).unwrap();
    assert_eq!(command.data, SECRET);
    let printed = format!("{command:?}");
    assert!(!shows_it(&printed), "{printed}");
    assert!(printed.contains("bytes: 8"), "{printed}");

    let envelope = super::rig::request(1, net_fn::APP, 0x56, &[]).envelope;
    let printed = format!(
        "{:?}",
        Request {
            envelope,
            data: SECRET
        }
    );
    assert!(!shows_it(&printed), "{printed}");

    let mut datagram = Vec::new();
    let send = |out: &mut Vec<u8>| out.extend_from_slice(SECRET);
    console.client.send(payload::SOL, &mut datagram, send);
    let Rig {
        server,
        house,
        out,
        now,
        ..
    } = &mut rig;
    let work = server.input(&mut datagram, console.peer, *now, house, out);
    let printed = format!("{work:?}");
    assert!(printed.contains("kind: 1"), "{printed}");
    assert!(!shows_it(&printed), "{printed}");
}

/// There are two of these for what has `Debug`, and then this file doesn't compile.
trait Unprinted<Which> {
    fn here() {}
}
impl<T: ?Sized> Unprinted<()> for T {}
impl<T: ?Sized + std::fmt::Debug> Unprinted<u8> for T {}

#[test]
fn what_holds_secrets_cannot_be_printed() {
    <Session<()> as Unprinted<_>>::here();
    <Line as Unprinted<_>>::here();
    <Login as Unprinted<_>>::here();
    <Answers as Unprinted<_>>::here();
    <Agreed as Unprinted<_>>::here();
    <Code as Unprinted<_>>::here();
}

#[test]
fn what_is_secret_is_wiped() {
    fn is_wiped<T: ZeroizeOnDrop>(_: &T) {}
    is_wiped(&Key::default());
    let login = Login::new(&[1; 32], &[2; 16]);
    let (code, check) = login.secrets();
    is_wiped(code);
    is_wiped(check);
}

#[test]
fn the_code_that_opened_a_session_is_all_of_it() {
    for suite in Suite::ALL {
        let mut rig = Rig::new();
        let mut console = Console::with(login("admin", suite));
        for _ in 0..2 {
            console.step(&mut rig);
        }
        let last = console.due();
        console.step(&mut rig);
        let session = &rig.server.sessions[0];
        let code = &last[last.len() - suite.code_len()..];
        assert!(session.was_opened_by(code));
        for at in 0..code.len() {
            assert!(!session.was_opened_by(&code[..at]), "cut to {at}");
            let mut wrong = code.to_vec();
            wrong[at] ^= 1;
            assert!(!session.was_opened_by(&wrong), "byte {at}");
        }
        assert!(!session.was_opened_by(&[code, &[0]].concat()));
    }
}
