//! A screen over VNC: whatever the server sends, in pieces of any size.

use outband_protocol::rfb::client::{Client, DAMAGE_MAX, Notice};

/// The largest screen that is looked at here: larger ones take their time and show nothing new.
const PIXELS: usize = 1 << 20;

pub(crate) fn run(bytes: &[u8]) {
    let Some((&piece, bytes)) = bytes.split_first() else {
        return;
    };
    let mut client = Client::new();
    client.follow(true);
    for mut piece in bytes.chunks(usize::from(piece) + 1) {
        loop {
            match client.receive(&mut piece) {
                Ok(None) => break,
                Ok(Some(notice)) => {
                    if let Notice::Updated(rects) = &notice {
                        assert!(rects.len() <= DAMAGE_MAX);
                    }
                    let size = client.picture().size();
                    let pixels = usize::from(size.width) * usize::from(size.height);
                    assert_eq!(client.picture().bytes().len() % pixels.max(1), 0);
                    if pixels > PIXELS {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
        assert!(piece.is_empty(), "bytes are left over");
        client.outgoing();
    }
}
