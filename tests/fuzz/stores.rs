//! What lies on media: a firmware's variables, and what a CD calls itself.

use outband_protocol::{
    iso9660::volume_label,
    uefi::{HttpBoot, ask_for_http_boot, ask_for_setup},
};

pub(crate) fn uefi(bytes: &[u8]) {
    let boot = HttpBoot {
        slot: 3,
        mac: [2, 0, 0, 0, 0, 1],
        uri: "http://192.0.2.1/boot.efi",
    };
    let asks: [fn(&mut [u8], &HttpBoot<'_>) -> _; 2] = [
        |flash, _| ask_for_setup(flash),
        |flash, boot| ask_for_http_boot(flash, boot),
    ];
    for ask in asks {
        let mut flash = bytes.to_vec();
        if ask(&mut flash, &boot).is_err() {
            assert_eq!(flash, bytes, "nothing has changed");
        } else {
            // What was written is a store still, or is full by now.
            let _ = ask(&mut flash, &boot);
        }
    }
}

pub(crate) fn iso9660(bytes: &[u8]) {
    if let Ok(label) = volume_label(bytes) {
        assert!(label.len() <= 32);
        assert!(label.chars().all(|c| matches!(c, ' '..='~')));
    }
}
