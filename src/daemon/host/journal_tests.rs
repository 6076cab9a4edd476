//! The journal on real files.

use super::*;
use crate::host::{MemoryJournal, tests::Folder};

fn open(folder: &Folder, max_bytes: u64) -> Result<FileJournal, HostFault> {
    let lock = Arc::new(FolderLock::take(folder.path())?);
    FileJournal::open(&folder.path().join("events"), max_bytes, lock)
}

fn files(folder: &Folder) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path().join("events")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Appends records of 1,000 bytes, each of one letter of its own.
fn fill(journal: &dyn Journal, records: u8) {
    for record in 0..records {
        let position = journal.append(&[record; 1000]).unwrap();
        assert_eq!(position % 1000, 0);
    }
}

#[test]
fn both_journals_keep_positions_over_segments_cuts_and_trims() {
    let folder = Folder::new();
    let file = open(&folder, 1).unwrap();
    let memory = MemoryJournal::default();
    for journal in [&file as &dyn Journal, &memory] {
        assert_eq!(journal.extent(), 0..0);
        fill(journal, 200);
        assert_eq!(journal.extent(), 0..200_000);
        // Across the end of the first segment, which holds 65 records.
        let bytes = journal.read(64_999, 1002).unwrap();
        assert_eq!((bytes[0], bytes[1], bytes[1001]), (64, 65, 66));
        assert!(journal.read(199_999, 2).is_err());
        assert!(journal.read(u64::MAX, 2).is_err());
        assert_eq!(journal.trim(150_000).unwrap(), 65_000);
        assert_eq!(journal.extent(), 65_000..200_000);
        assert!(journal.read(64_999, 1).is_err());
        assert!(journal.truncate(200_001).is_err());
        journal.truncate(129_500).unwrap();
        assert_eq!(journal.extent(), 65_000..129_500);
        assert_eq!(journal.append(b"x").unwrap(), 129_500);
        assert_eq!(journal.read(129_499, 2).unwrap(), [129, b'x']);
        // The last that holds anything is never given up.
        assert_eq!(journal.trim(0).unwrap(), 65_000);
    }
    assert_eq!(files(&folder), ["events-000000000000fde8.log"]);
}

#[tokio::test]
async fn a_journal_is_found_again_as_it_was() {
    let folder = Folder::new();
    let journal = open(&folder, 1).unwrap();
    fill(&journal, 200);
    journal.trim(150_000).unwrap();
    journal.sync().await.unwrap();
    journal.sync().await.unwrap();
    drop(journal);
    std::fs::write(folder.path().join("events/notes.txt"), b"x").unwrap();
    let journal = open(&folder, 1).unwrap();
    assert_eq!(journal.extent(), 65_000..200_000);
    assert_eq!(journal.append(b"x").unwrap(), 200_000);
    assert_eq!(journal.read(199_999, 2).unwrap(), [199, b'x']);
}

#[test]
fn what_a_power_cut_took_of_an_older_segment_is_a_hole_of_zeros() {
    let folder = Folder::new();
    let journal = open(&folder, 1).unwrap();
    fill(&journal, 100);
    drop(journal);
    let first = folder.path().join("events/events-0000000000000000.log");
    let file = OpenOptions::new().write(true).open(&first).unwrap();
    file.set_len(60_000).unwrap();
    let journal = open(&folder, 1).unwrap();
    assert_eq!(journal.extent(), 0..100_000);
    assert_eq!(journal.read(59_999, 2).unwrap(), [59, 0]);
    assert_eq!(journal.read(65_000, 1).unwrap(), [65]);
}

#[test]
fn a_file_that_does_not_belong_is_named_and_nothing_is_changed() {
    let folder = Folder::new();
    let journal = open(&folder, 1).unwrap();
    fill(&journal, 10);
    drop(journal);
    let far = "events-00ffffffffffffff.log";
    std::fs::write(folder.path().join("events").join(far), b"x").unwrap();
    let fault = open(&folder, 1).unwrap_err();
    assert!(fault.why.contains("events-0000000000000000.log"), "{fault}");
    let first = folder.path().join("events/events-0000000000000000.log");
    assert_eq!(std::fs::metadata(first).unwrap().len(), 10_000);
}

#[test]
fn a_doubtful_segment_is_left_alone_and_what_lies_beyond_its_end_is_not_read() {
    let folder = Folder::new();
    let journal = open(&folder, 1).unwrap();
    fill(&journal, 2);
    // As after a failed write that could not be taken back.
    journal.lock().doubtful = true;
    let first = folder.path().join("events/events-0000000000000000.log");
    let file = OpenOptions::new().write(true).open(&first).unwrap();
    file.write_all_at(b"half a record", 2000).unwrap();
    assert_eq!(journal.append(b"x").unwrap(), 2000);
    drop(journal);
    assert_eq!(files(&folder).len(), 2);
    let journal = open(&folder, 1).unwrap();
    assert_eq!(journal.extent(), 0..2001);
    assert_eq!(journal.read(1999, 2).unwrap(), [1, b'x']);
}

#[test]
fn a_full_disk_keeps_nothing_of_a_record() {
    let folder = Folder::new();
    let journal = open(&folder, 1).unwrap();
    journal.append(b"whole").unwrap();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let kept = {
        let mut state = journal.lock();
        let last = state.segments.back_mut().unwrap();
        std::mem::replace(&mut last.file, Arc::new(full))
    };
    let fault = journal.append(b"lost").unwrap_err();
    assert!(fault.why.contains("No space left on device"), "{fault}");
    assert_eq!(journal.extent(), 0..5);
    journal.lock().segments.back_mut().unwrap().file = kept;
    assert_eq!(journal.append(b" again").unwrap(), 5);
    assert_eq!(journal.read(0, 11).unwrap(), b"whole again");
}

#[test]
fn the_part_of_a_record_that_was_written_is_taken_back() {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
    let folder = Folder::new();
    let journal = open(&folder, 1).unwrap();
    journal.append(&[1; 4000]).unwrap();
    // A file that can't grow beyond two pages: a longer write ends in its middle.
    let small = File::from(memfd_create("small", MemfdFlags::ALLOW_SEALING).unwrap());
    small.set_len(8192).unwrap();
    fcntl_add_seals(&small, SealFlags::GROW).unwrap();
    let small = Arc::new(small);
    journal.lock().segments.back_mut().unwrap().file = small.clone();
    assert!(journal.append(&[2; 9000]).is_err());
    assert_eq!(small.metadata().unwrap().len(), 4000);
    assert_eq!(journal.extent(), 0..4000);
}
