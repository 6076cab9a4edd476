//! A machine of its own for each test, and the means to await what it does.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, OnceLock},
    time::Duration,
};

use outband_core::{
    driver::{Boot, Display, Input, Observed, Power, Sensed, Serial, SerialSink, Verb, Verbs},
    inventory::Inventory,
    server::{BootOverride, BootTarget, OverrideLifetime},
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use crate::drivers::qemu::{Closing, Fault, Settings, Setup, open};

/// No wait is shorter than this: a test fails by what it sees, not by being slow.
pub(super) const HANG: Duration = Duration::from_secs(60);

/// What the serial port sent.
#[derive(Debug)]
struct Recorder(watch::Sender<String>);

impl SerialSink for Recorder {
    fn received(&self, bytes: &[u8]) {
        self.0
            .send_modify(|text| text.push_str(&String::from_utf8_lossy(bytes)));
    }
}

/// An opened machine.
pub(super) struct Rig {
    pub(super) folder: PathBuf,
    pub(super) settings: Settings,
    pub(super) power: Arc<dyn Verbs>,
    pub(super) display: Arc<dyn Display>,
    pub(super) input: Arc<dyn Input>,
    pub(super) serial: Arc<dyn Serial>,
    pub(super) boot: Arc<dyn Boot>,
    pub(super) health: Arc<dyn outband_core::driver::Health>,
    pub(super) inventory: Arc<Inventory>,
    pub(super) observed: mpsc::Receiver<Observed>,
    pub(super) sensed: watch::Receiver<Sensed>,
    said: watch::Receiver<String>,
    read: usize,
    closing: Option<Closing>,
}

/// The image that says these words, made once.
pub(super) fn image(words: &str) -> PathBuf {
    image_for("--bios", words)
}

/// The same for another way to boot, as `tools/boot-image` names it: `--pxe`, `--uefi`, `--http`.
pub(super) fn image_for(way: &str, words: &str) -> PathBuf {
    static MADE: OnceLock<std::sync::Mutex<()>> = OnceLock::new();
    let _one_at_a_time = MADE.get_or_init(Default::default).lock().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("target/boot-images");
    fs::create_dir_all(&folder).unwrap();
    let name = format!("{}{way}", words.replace(' ', "-"));
    let file = folder.join(&name);
    let tool = root.join("tools/boot-image");
    let changed = |file: &Path| fs::metadata(file)?.modified();
    let fresh = changed(&file).is_ok_and(|made| made > changed(&tool).unwrap());
    if !fresh {
        let part = folder.join(format!("{name}.{}", std::process::id()));
        let made = Command::new(tool)
            .args([way, words, part.to_str().unwrap()])
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{error}");
        fs::rename(part, &file).unwrap();
    }
    file
}

/// A machine with a disk and a CD that say which they are.
pub(super) fn disk_and_cd(folder: &Path) -> Settings {
    let disk = folder.join("disk.img");
    fs::copy(image("the disk"), &disk).unwrap();
    Settings {
        cd: Some(image("the CD")),
        disk: vec![crate::drivers::qemu::Disk {
            file: disk,
            size: None,
            bus: crate::drivers::qemu::Bus::Virtio,
        }],
        ..Settings::default()
    }
}

/// A folder of a test's own.
pub(super) fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("outband-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The processes that run in a machine's folder, and are alive.
pub(super) fn processes(folder: &Path) -> Vec<i32> {
    let folder = folder.canonicalize().unwrap();
    let numbers = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.parse::<i32>().ok()
    });
    numbers
        .filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder))
        .collect()
}

impl Rig {
    pub(super) async fn new(name: &str) -> Self {
        let folder = scratch(name);
        let settings = disk_and_cd(&folder);
        Self::open(folder, settings).await
    }

    pub(super) async fn open(folder: PathBuf, settings: Settings) -> Self {
        Self::try_open(folder, settings).await.unwrap()
    }

    pub(super) async fn try_open(folder: PathBuf, settings: Settings) -> Result<Self, Fault> {
        Self::open_as(folder, settings, Inventory::default()).await
    }

    /// The machine shows its operating system this identity.
    pub(super) async fn open_as(
        folder: PathBuf,
        mut settings: Settings,
        identity: Inventory,
    ) -> Result<Self, Fault> {
        if settings.program == Settings::default().program {
            let guarded = "drivers/qemu/tests/guarded-qemu";
            settings.program = Path::new(env!("CARGO_MANIFEST_DIR")).join(guarded);
        }
        let opened = open(Setup {
            id: "test".parse().unwrap(),
            settings: settings.clone(),
            identity,
            folder: folder.join("machine"),
            kept: true,
        })
        .await?;
        let parts = opened.parts;
        let Some(Power::Verbs(power)) = parts.power else {
            panic!("power by verbs");
        };
        let said = watch::Sender::new(String::new());
        let listening = said.subscribe();
        let serial = parts.serial.unwrap();
        serial.attach(Arc::new(Recorder(said)));
        Ok(Self {
            folder,
            settings,
            sensed: power.sensed(),
            power,
            display: parts.display.unwrap(),
            input: parts.input.unwrap(),
            serial,
            boot: parts.boot.unwrap(),
            health: parts.health.unwrap(),
            inventory: parts.inventory.unwrap(),
            observed: parts.observed.unwrap(),
            said: listening,
            read: 0,
            closing: Some(opened.closing),
        })
    }

    pub(super) async fn verb(&self, verb: Verb) {
        self.power.carry_out(verb).await.unwrap();
    }

    /// Waits until the serial port said this, after what was last waited for.
    pub(super) async fn says(&mut self, words: &str) {
        let from = self.read;
        let said = self.said.wait_for(|text| text[from..].contains(words));
        let found = timeout(HANG, said).await.map(|said| {
            let said = said.unwrap();
            from + said[from..].find(words).unwrap() + words.len()
        });
        match found {
            Ok(end) => self.read = end,
            Err(_) => panic!(
                "`{words}` was not said, but {:?}",
                &self.said.borrow()[from..]
            ),
        }
    }

    pub(super) fn types(&self, keys: &[u8]) {
        assert_eq!(self.serial.send(keys).unwrap(), keys.len());
    }

    /// Waits until the menu of this image takes keys.
    pub(super) async fn menu(&mut self, of: &str) {
        self.says(&format!("booted: {of}")).await;
        // Its last entry.
        self.says("later: reboot after 3 s").await;
    }

    /// What happened next; the inventory is kept, and is nothing that happened.
    pub(super) async fn observes(&mut self) -> Observed {
        loop {
            let next = timeout(HANG, self.observed.recv()).await;
            match next.expect("nothing was observed").unwrap() {
                Observed::Inventory(inventory) => self.inventory = inventory,
                observed => return observed,
            }
        }
    }

    pub(super) fn observed_nothing_more(&mut self) {
        while let Ok(more) = self.observed.try_recv() {
            match more {
                Observed::Inventory(inventory) => self.inventory = inventory,
                more => panic!("{more:?}"),
            }
        }
    }

    pub(super) async fn senses(&mut self, on: bool) {
        let sensed = self.sensed.wait_for(|sensed| sensed.on == Some(on));
        timeout(HANG, sensed).await.unwrap().unwrap();
    }

    pub(super) fn ask_for(&self, id: u64, target: BootTarget, lifetime: OverrideLifetime) {
        let wanted = BootOverride {
            id,
            target,
            lifetime,
            mode: None,
        };
        self.boot.set_override(Some(wanted)).unwrap();
    }

    pub(super) fn machine(&self) -> PathBuf {
        self.folder.join("machine")
    }

    /// Vanishes as a daemon does that is killed, and comes back.
    pub(super) async fn die_and_return(self) -> Self {
        let (folder, settings) = self.die().await;
        Self::open(folder, settings).await
    }

    pub(super) async fn die(mut self) -> (PathBuf, Settings) {
        self.closing.take().unwrap().leave().await;
        (self.folder.clone(), self.settings.clone())
    }

    /// Ends the test: no process is left.
    pub(super) async fn stop(mut self) {
        self.closing.take().unwrap().stop().await;
        assert_eq!(processes(&self.machine()).len(), 0);
        fs::remove_dir_all(&self.folder).unwrap();
    }
}
