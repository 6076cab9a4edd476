//! The daemon's own socket.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use tokio::net::UnixStream;

use super::*;
use crate::tls::tests::Folder;

#[tokio::test]
async fn the_daemons_own_user_is_served_and_named() {
    let folder = Folder::new();
    let path = folder.path().join("outband.sock");
    let socket = LocalSocket::new(&path).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let (stop, stopped) = oneshot::channel::<()>();
    let rules = Rules::default();
    let served = tokio::spawn(serve_local(socket, router(), rules, async {
        _ = stopped.await;
    }));
    let mut stream = UnixStream::connect(&path).await.unwrap();
    let request = "GET /peer HTTP/1.1\r\nHost: outband\r\n\r\n";
    let answer = ask(&mut stream, request).await;
    assert!(answer.contains("Local { user: \""), "{answer}");
    stop.send(()).unwrap();
    within(served).await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_that_nobody_answers_on_is_replaced_and_another_is_not() {
    let folder = Folder::new();
    let path = folder.path().join("outband.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "what a daemon that was killed leaves");
    let first = LocalSocket::new(&path).unwrap();
    assert!(matches!(LocalSocket::new(&path), Err(LocalFault::InUse(_))));
    drop(first);
    assert!(!path.exists());

    fs::write(&path, "precious").unwrap();
    assert!(matches!(
        LocalSocket::new(&path),
        Err(LocalFault::InTheWay(_))
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn a_path_without_a_folder_is_one_sentence() {
    let fault = LocalSocket::new(Path::new("/nowhere/outband.sock")).unwrap_err();
    assert!(
        fault
            .to_string()
            .starts_with("can't make the socket /nowhere/outband.sock: "),
        "{fault}"
    );
}
