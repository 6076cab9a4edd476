//! Whether QEMU is there and new enough, and whether the host's hardware serves.

use std::{env, path::Path, process::Stdio, time::Duration};

use tokio::{io::AsyncReadExt, process::Command, time::timeout};

use super::{fault::Fault, sys};

/// The oldest version whose command line and monitor are those used here.
const LEAST: (u32, u32) = (7, 0);
const LEAST_TEXT: &str = "7.0";

/// How long `--version` may take.
const VERSION: Duration = Duration::from_secs(10);

/// How long a probe's firmware may take: translation takes a tenth of it on a busy host, hardware
/// that emulates firmware several times as long.
pub(super) const PROBE: Duration = Duration::from_secs(3);

/// What SeaBIOS says when it has done its work and nothing is there to boot.
const DONE: &[u8] = b"No bootable device";

/// What runs a machine's processors, once that is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accelerated {
    /// QEMU's translation.
    Tcg,
    /// The host's hardware.
    Kvm,
}

/// Looks for the program as the operating system would: a bare name stands in a folder of `PATH`.
pub(super) fn find(program: &Path) -> Result<(), Fault> {
    let folders = env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    let found = match program.components().count() {
        1 => env::split_paths(&folders).any(|folder| folder.join(program).is_file()),
        _ => program.is_file(),
    };
    let shown = program.to_string_lossy();
    found
        .then_some(())
        .ok_or_else(|| Fault::NoProgram(shown.into()))
}

/// Asks the program for its version.
pub(super) async fn version(program: &Path) -> Result<(u32, u32), Fault> {
    let shown = program.to_string_lossy();
    let asked = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let late = Fault::Late {
        what: "asking QEMU for its version",
        limit: VERSION,
    };
    let output = timeout(VERSION, asked).await.map_err(|_| late)?;
    let output = output.map_err(|why| match why.kind() {
        std::io::ErrorKind::NotFound => Fault::NoProgram(shown.clone().into()),
        _ => Fault::file(format!("start {shown}"))(why),
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let found = read_version(&text).ok_or_else(|| Fault::NotQemu(shown.into()))?;
    if found < LEAST {
        return Err(Fault::TooOld {
            found: format!("{}.{}", found.0, found.1).into(),
            needed: LEAST_TEXT,
        });
    }
    Ok(found)
}

/// `QEMU emulator version 7.2.22 (Debian ...)`.
fn read_version(text: &str) -> Option<(u32, u32)> {
    let rest = text.strip_prefix("QEMU emulator version ")?;
    let mut numbers = rest.split(['.', ' ', '\n']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Whether an accelerator runs firmware to its end in time. That the device opens proves nothing:
/// the process may abort, or firmware may take minutes.
pub(super) async fn serves(program: &Path, accelerator: &str) -> bool {
    let mut command = Command::new(program);
    command
        .args(["-nodefaults", "-no-user-config", "-display", "none"])
        .args(["-machine", "pc", "-cpu", "max", "-m", "16M"])
        .args(["-accel", accelerator])
        .args(["-chardev", "stdio,id=words,signal=off"])
        .args(["-device", "isa-debugcon,iobase=0x402,chardev=words"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let Ok(mut probe) = sys::bound_to_us(&mut command).spawn() else {
        return false;
    };
    let Some(mut output) = probe.stdout.take() else {
        return false;
    };
    let until_done = async {
        let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
        // Its whole talk is some ten kilobytes.
        while text.len() < 256 << 10 {
            let count = output.read(&mut buffer).await.unwrap_or(0);
            if count == 0 {
                return false;
            }
            text.extend_from_slice(buffer.get(..count).unwrap_or_default());
            if text.windows(DONE.len()).any(|words| words == DONE) {
                return true;
            }
        }
        false
    };
    let served = timeout(PROBE, until_done).await.unwrap_or(false);
    let _ = probe.kill().await;
    served
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_distributions_print() {
        let debian = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright";
        assert_eq!(read_version(debian), Some((7, 2)));
        assert_eq!(read_version("QEMU emulator version 10.0\n"), Some((10, 0)));
        assert_eq!(read_version("GNU bash, version 5.2"), None);
        assert_eq!(read_version(""), None);
    }

    #[tokio::test]
    async fn a_missing_and_a_wrong_program_are_one_clear_sentence() {
        let missing = version(Path::new("/nonexistent/qemu")).await.unwrap_err();
        let text = "QEMU is not installed: there is no `/nonexistent/qemu` \
                    (Debian: apt install qemu-system-x86)";
        assert_eq!(missing.to_string(), text);
        assert_eq!(
            find(Path::new("/nonexistent/qemu"))
                .unwrap_err()
                .to_string(),
            text
        );
        find(Path::new("true")).unwrap();
        let wrong = version(Path::new("true")).await.unwrap_err();
        assert_eq!(wrong.to_string(), "`true` is no QEMU");
    }

    #[tokio::test]
    async fn an_accelerator_serves_if_firmware_comes_to_its_end_in_time() {
        let qemu = Path::new("qemu-system-x86_64");
        assert!(serves(qemu, "tcg").await);
        assert!(!serves(qemu, "nonsense").await);
        assert!(!serves(Path::new("/nonexistent/qemu"), "tcg").await);
    }
}
