//! The daemon's own socket: for who sits at the device, as the daemon's user or root.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::watch,
    time::Instant,
};

use super::{
    Deadlines, Peer, Service, connection::Visit, guard::Guard, limits::Permit, pace::Pace,
};

/// A Unix socket that listens, but is not served yet. Its file goes when it does.
#[derive(Debug)]
pub struct LocalSocket {
    listener: UnixListener,
    file: SocketFile,
}

/// Why there is no socket at a path, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum LocalFault {
    /// A daemon answers there.
    #[error("{} is in use: another daemon runs on the same folder", .0.display())]
    InUse(PathBuf),
    /// Something is there that isn't a socket; it is left alone.
    #[error("{} is in the way: it is not a socket", .0.display())]
    InTheWay(PathBuf),
    /// What else the operating system said.
    #[error("can't make the socket {}: {why}", path.display())]
    Other {
        /// The socket's path.
        path: PathBuf,
        /// What the operating system said.
        why: io::Error,
    },
}

impl LocalSocket {
    /// Listens at the path (at most 100 bytes, a limit of the operating system's), for the daemon's
    /// user and root alone. What a daemon that died left there is replaced, but only when nobody
    /// answers. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`LocalFault`], which names the path.
    pub fn new(path: &Path) -> Result<Self, LocalFault> {
        match fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => {
                return Err(LocalFault::InTheWay(path.to_owned()));
            }
            Ok(_) if somebody_answers(path) => return Err(LocalFault::InUse(path.to_owned())),
            _ => {}
        }
        let new = path.with_extension(format!("{}", std::process::id()));
        listen(&new, path).map_err(|why| {
            _ = fs::remove_file(&new);
            LocalFault::Other {
                path: path.to_owned(),
                why,
            }
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    pub(super) fn into_parts(self) -> (UnixListener, SocketFile) {
        (self.listener, self.file)
    }
}

/// Whether a program listens at the path. Doesn't wait for it to accept.
fn somebody_answers(path: &Path) -> bool {
    let connected = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)
        .and_then(|socket| socket.connect(&SockAddr::unix(path)?));
    match connected {
        Ok(()) => true,
        Err(why) => why.kind() != io::ErrorKind::ConnectionRefused,
    }
}

/// Listens at `new` and, once nobody else may connect, moves it to where it is looked for.
fn listen(new: &Path, path: &Path) -> io::Result<LocalSocket> {
    let listener = UnixListener::bind(new)?;
    fs::set_permissions(new, fs::Permissions::from_mode(0o600))?;
    let made = fs::symlink_metadata(new)?;
    fs::rename(new, path)?;
    Ok(LocalSocket {
        listener,
        file: SocketFile {
            path: path.to_owned(),
            identity: (made.dev(), made.ino()),
        },
    })
}

/// The socket's name in the file system, removed when dropped unless another has taken its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Ok(found) = fs::symlink_metadata(&self.path)
            && (found.dev(), found.ino()) == self.identity
        {
            _ = fs::remove_file(&self.path);
        }
    }
}

/// Serves one client, if the kernel says that it is the daemon's user or root.
pub(super) async fn connection<S: Service>(
    stream: UnixStream,
    permit: Permit,
    deadlines: Deadlines,
    stop: watch::Receiver<bool>,
    service: S,
) {
    let uid = match stream.peer_cred() {
        Ok(credentials) if is_welcome(credentials.uid()) => credentials.uid(),
        _ => return,
    };
    let user = user_name(uid).await;
    let pace = Arc::new(Pace::new(deadlines, Instant::now()));
    let guard = Guard::new(stream, Arc::clone(&pace), permit);
    let visit = Visit {
        pace,
        stop,
        peer: Peer::Local { user },
        local: None,
    };
    visit.serve(guard, service).await;
}

fn is_welcome(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}

/// The name of a user of this device, for logs.
async fn user_name(uid: u32) -> Arc<str> {
    let users = tokio::fs::read_to_string("/etc/passwd").await;
    match users.as_deref().ok().and_then(|users| name_in(users, uid)) {
        Some(name) => name.into(),
        None => format!("uid {uid}").into(),
    }
}

/// The name of a user in the text of `/etc/passwd` (passwd(5)).
fn name_in(users: &str, uid: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number = fields.nth(1)?;
        (number.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_named_as_the_device_names_them() {
        let users = "root:x:0:0:root:/root:/bin/sh\n\noutband:x:998:998::/:/usr/sbin/nologin\n";
        assert_eq!(name_in(users, 998), Some("outband"));
        assert_eq!(name_in(users, 1000), None);
    }

    #[test]
    fn root_and_the_daemons_own_user_are_welcome() {
        let own = rustix::process::geteuid().as_raw();
        assert!(is_welcome(0) && is_welcome(own));
        assert!(!is_welcome(own + 1));
    }
}
