//! The buffer that answers are written to.

/// What is to be sent: mostly one datagram or none. One buffer serves all of a server's packets.
#[derive(Debug, Default)]
pub struct Out {
    pub(super) bytes: Vec<u8>,
    /// Where the first datagram ends when there are two.
    first: usize,
}

impl Out {
    /// An empty buffer; memory is taken with the first packet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            first: 0,
        }
    }

    /// The datagrams, in the order in which they are to be sent.
    pub fn datagrams(&self) -> impl Iterator<Item = &[u8]> {
        let (first, second) = self.bytes.split_at_checked(self.first).unwrap_or_default();
        [first, second]
            .into_iter()
            .filter(|bytes| !bytes.is_empty())
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.first = 0;
    }

    /// What comes now is another datagram.
    pub(super) fn split(&mut self) {
        self.first = self.bytes.len();
    }
}
