//! What is booted under UEFI: its set-up, a URL, and only what is signed.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
};

use outband_core::{
    driver::{BootBy, Observed, Verb},
    server::{BootMode, BootOverride, BootTarget, OverrideLifetime},
};

use super::rig::{Rig, disk_and_cd, image_for, scratch};
use crate::drivers::qemu::{Firmware, Network, Nic, Settings};

/// A machine of this firmware whose disk boots under UEFI.
fn machine(folder: &Path, firmware: Firmware) -> Settings {
    let settings = Settings {
        firmware,
        cd: None,
        ..disk_and_cd(folder)
    };
    std::fs::copy(image_for("--uefi", "the disk"), &settings.disk[0].file).unwrap();
    settings
}

/// Serves one file to whoever asks, and gives the port.
fn serve(file: &Path) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let body = std::fs::read(file).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // The other end may go whenever it likes.
            let _ = answer(stream.unwrap(), &body);
        }
    });
    port
}

fn answer(mut stream: TcpStream, body: &[u8]) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while let Some(request) = lines.next().transpose()? {
        // The headers say nothing that matters here.
        while lines
            .next()
            .transpose()?
            .is_some_and(|line| !line.is_empty())
        {}
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
        )?;
        if request.starts_with("GET ") {
            stream.write_all(body)?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_url_is_booted_once() {
    let folder = scratch("url");
    let port = serve(&image_for("--http", "the URL"));
    let mut settings = machine(&folder, Firmware::Uefi);
    settings.nic = vec![Nic {
        network: Network::default(),
        mac: None,
        http_boot: Some(format!("http://10.0.2.2:{port}/boot.efi")),
    }];
    let mut rig = Rig::open(folder, settings).await;
    assert!(rig.boot.ability().targets.contains(&BootTarget::UefiHttp));
    let legacy = BootOverride {
        id: 1,
        target: BootTarget::UefiHttp,
        lifetime: OverrideLifetime::Once,
        mode: Some(BootMode::Legacy),
    };
    assert!(rig.boot.set_override(Some(legacy)).is_err());
    rig.ask_for(1, BootTarget::UefiHttp, OverrideLifetime::Once);
    rig.verb(Verb::On).await;
    rig.menu("the URL").await;
    rig.types(b"r");
    rig.menu("the disk").await;
    rig.stop().await;
}

#[tokio::test]
async fn only_what_is_signed_is_booted_where_that_is_asked_for() {
    let folder = scratch("secure");
    let settings = machine(&folder, Firmware::UefiSecure);
    let mut rig = Rig::open(folder, settings).await;
    rig.verb(Verb::On).await;
    rig.says("Access Denied").await;
    let by = BootBy::PowerOn;
    assert_eq!(rig.observes().await, Observed::BootBegan { by });
    assert_eq!(rig.inventory.bios_version, None, "UEFI doesn't tell it");
    rig.stop().await;
}

#[tokio::test]
async fn a_mode_that_is_asked_for_starts_its_own_firmware() {
    let mut rig = Rig::new("mode").await;
    assert!(rig.boot.ability().modes.contains(&BootMode::Uefi));
    let wanted = BootOverride {
        id: 1,
        target: BootTarget::Cd,
        lifetime: OverrideLifetime::Once,
        mode: Some(BootMode::Uefi),
    };
    rig.boot.set_override(Some(wanted)).unwrap();
    rig.verb(Verb::On).await;
    // What UEFI says on the serial port when it comes to booting.
    rig.says("BdsDxe: ").await;
    rig.verb(Verb::Reset).await;
    rig.menu("the disk").await;
    rig.stop().await;
}

#[tokio::test]
async fn the_set_up_is_entered_once_and_also_where_only_what_is_signed_starts() {
    for firmware in [Firmware::Uefi, Firmware::UefiSecure] {
        let folder = scratch("set-up");
        let settings = Settings {
            firmware,
            ..disk_and_cd(&folder)
        };
        let mut rig = Rig::open(folder, settings).await;
        rig.ask_for(1, BootTarget::BiosSetup, OverrideLifetime::Once);
        rig.verb(Verb::On).await;
        rig.says("Select Language").await;
        rig.verb(Verb::Reset).await;
        // The next boot goes on to the disk, which has nothing for UEFI.
        rig.says("BdsDxe: ").await;
        rig.stop().await;
    }
}
