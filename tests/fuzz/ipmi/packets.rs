//! Every reader of a packet's parts, each on the same bytes. What is read and written again is read
//! the same.

use outband_protocol::ipmi::{
    frame::{self, Frame, Header},
    message::{Request, Response},
    rakp::{OpenRequest, OpenResponse, Rakp1, Rakp2, Rakp3, Rakp4},
    rmcp::{self, Datagram},
};

pub(crate) fn run(bytes: &[u8]) {
    if let Some(Datagram::Ipmi(frame)) = rmcp::parse(&mut bytes.to_vec()) {
        parts(frame::parse(frame));
    }
    parts(frame::parse(&mut bytes.to_vec()));
    if let Some(header) = Header::parse(bytes) {
        assert_eq!(Header::parse(&header.to_bytes()), Some(header));
    }
    payload(bytes);
}

fn parts(frame: Option<Frame<'_>>) {
    match frame {
        Some(Frame::Outside(_, bytes) | Frame::Setup { payload: bytes, .. }) => payload(bytes),
        Some(Frame::Inside(header, frame)) => {
            assert!(frame.len() >= frame::HEADER_LEN + usize::from(header.length));
        }
        None => {}
    }
}

fn payload(bytes: &[u8]) {
    if let Some(request) = Request::parse(bytes) {
        assert_eq!(written(|out| request.write(out)), bytes);
    }
    if let Some(response) = Response::parse(bytes) {
        assert_eq!(written(|out| response.write(out)), bytes);
    }
    if let Ok(request) = OpenRequest::parse(bytes) {
        let again = written(|out| request.write(out));
        assert_eq!(OpenRequest::parse(&again), Ok(request));
    }
    if let Some(response) = OpenResponse::parse(bytes) {
        let again = written(|out| response.write(out));
        assert_eq!(OpenResponse::parse(&again), Some(response));
    }
    if let Ok(message) = Rakp1::parse(bytes) {
        let again = written(|out| message.write(out));
        assert_eq!(Rakp1::parse(&again), Ok(message));
    }
    if let Some((tag, Ok(message))) = Rakp2::parse(bytes) {
        let again = written(|out| message.write(tag, out));
        assert_eq!(Rakp2::parse(&again), Some((tag, Ok(message))));
    }
    if let Some(message) = Rakp3::parse(bytes) {
        let again = written(|out| message.write(out));
        assert_eq!(Rakp3::parse(&again), Some(message));
    }
    if let Some(message) = Rakp4::parse(bytes) {
        let again = written(|out| message.write(out));
        assert_eq!(Rakp4::parse(&again), Some(message));
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}
