//! The boot options but for the flags.

use outband_core::driver::Abilities;

use super::*;

const SET: [u8; 2] = [0x00, 0x08];
const GET: [u8; 2] = [0x00, 0x09];

async fn set(bench: &Bench, data: &[u8]) -> u8 {
    let answer = bench.ask(&[&SET, data].concat()).await;
    assert_eq!(answer.len(), 1, "{data:02x?}");
    answer[0]
}

/// What is read of a parameter: its mark and number, and its value.
async fn get(bench: &Bench, data: [u8; 3]) -> Vec<u8> {
    let answer = bench.ask(&[&GET, &data[..]].concat()).await;
    assert_eq!(answer[..2], [0x00, 0x01], "{data:02x?}");
    answer[2..].to_vec()
}

#[tokio::test]
async fn every_parameter_is_there_and_empty_at_first() {
    let bench = Bench::new().await;
    for (parameter, value) in [
        (0, &[0][..]),
        (1, &[0]),
        (2, &[0]),
        (3, &[0]),
        (4, &[0, 0]),
        (5, &[0; 5]),
        (6, &[0; 9]),
        (7, &[0; 17]),
    ] {
        let read = get(&bench, [parameter, 0, 0]).await;
        assert_eq!(read, [&[parameter], value].concat());
    }
}

#[tokio::test]
async fn what_is_written_is_read_back() {
    let bench = Bench::new().await;
    for (parameter, written, read) in [
        (1, &[0xA5][..], &[0xA5][..]),
        (2, &[0x02], &[0x02]),
        (2, &[0x01], &[0x01]),
        (3, &[0x1F], &[0x1F]),
        (3, &[0x08], &[0x08]),
        // The bits under the mask alone, and the mask reads as zero.
        (4, &[0xFF, 0xF0], &[0, 0xF0]),
        (4, &[0x01, 0x01], &[0, 0xF1]),
        (4, &[0x10, 0x0F], &[0, 0xE1]),
        (
            6,
            &[9, 1, 2, 3, 4, 5, 6, 7, 8],
            &[9, 1, 2, 3, 4, 5, 6, 7, 8],
        ),
    ] {
        assert_eq!(set(&bench, &[&[parameter], written].concat()).await, 0);
        let now = get(&bench, [parameter, 0, 0]).await;
        assert_eq!(now, [&[parameter], read].concat());
    }
}

#[tokio::test]
async fn only_one_at_a_time_begins_to_write() {
    let bench = Bench::new().await;
    assert_eq!(set(&bench, &[0, 1]).await, 0x00);
    assert_eq!(get(&bench, [0, 0, 0]).await, [0, 1]);
    assert_eq!(set(&bench, &[0, 1]).await, 0x81);
    // Nothing is held back until a commit, so there is none.
    assert_eq!(set(&bench, &[0, 2]).await, 0xCC);
    assert_eq!(set(&bench, &[0, 3]).await, 0xCC);
    assert_eq!(set(&bench, &[0, 0]).await, 0x00);
    assert_eq!(get(&bench, [0, 0, 0]).await, [0, 0]);
    assert_eq!(set(&bench, &[0, 1]).await, 0x00);
}

#[tokio::test]
async fn a_mark_comes_with_a_value_or_without_and_changes_none() {
    let bench = Bench::new().await;
    assert_eq!(set(&bench, &[0x81, 0x07]).await, 0);
    assert_eq!(get(&bench, [1, 0, 0]).await, [0x81, 0x07]);
    assert_eq!(set(&bench, &[0x01]).await, 0);
    assert_eq!(get(&bench, [1, 0, 0]).await, [0x01, 0x07]);
    assert_eq!(set(&bench, &[0x81]).await, 0);
    assert_eq!(get(&bench, [1, 0, 0]).await, [0x81, 0x07]);
    assert_eq!(set(&bench, &[0x01, 0x08]).await, 0);
    assert_eq!(get(&bench, [1, 0, 0]).await, [0x01, 0x08]);
    // What is refused leaves the mark, too.
    assert_eq!(set(&bench, &[0x83, 0x20]).await, 0xCC);
    assert_eq!(get(&bench, [3, 0, 0]).await, [0x03, 0x00]);
}

#[tokio::test]
async fn the_mailbox_has_five_blocks_of_sixteen_bytes() {
    let bench = Bench::new().await;
    for block in 0..5 {
        let bytes = [block; 16];
        assert_eq!(set(&bench, &[&[7, block], &bytes[..]].concat()).await, 0);
    }
    // The first bytes of a block; the others stay.
    assert_eq!(set(&bench, &[7, 4, 0xAA, 0xBB]).await, 0);
    for block in 0..4 {
        let read = get(&bench, [7, block, 0]).await;
        assert_eq!(read, [&[7, block], &[block; 16][..]].concat());
    }
    let last = get(&bench, [7, 4, 0]).await;
    assert_eq!(last, [&[7, 4, 0xAA, 0xBB], &[4; 14][..]].concat());
    // Readers go on until they hear that there is no such block.
    assert_eq!(bench.ask(&[0x00, 0x09, 7, 5, 0]).await, [0xC9]);
    assert_eq!(set(&bench, &[7, 5, 1]).await, 0xC9);
    assert_eq!(set(&bench, &[7, 4]).await, 0xC7);
    assert_eq!(set(&bench, &[&[7, 4], &[0; 17][..]].concat()).await, 0xC7);
}

#[tokio::test]
async fn what_is_reserved_or_of_another_length_is_refused() {
    let bench = Bench::new().await;
    for (written, code) in [
        (&[2, 0x04][..], 0xCC),
        (&[3, 0x20], 0xCC),
        (&[6, 0x10, 0, 0, 0, 0, 0, 0, 0, 0], 0xCC),
        (&[0, 0, 0], 0xC7),
        (&[1, 0, 0], 0xC7),
        (&[2, 0, 0], 0xC7),
        (&[3, 0, 0], 0xC7),
        (&[4, 1], 0xC7),
        (&[4, 1, 1, 1], 0xC7),
        (&[6, 1, 2, 3, 4], 0xC7),
        (&[6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0xC7),
    ] {
        assert_eq!(set(&bench, written).await, code, "{written:02x?}");
    }
    for (asked, code) in [
        ([0x81, 0, 0], 0xCC),
        ([1, 1, 0], 0xCC),
        ([1, 0, 1], 0xCC),
        ([7, 0, 1], 0xCC),
    ] {
        let answer = bench.ask(&[&GET, &asked[..]].concat()).await;
        assert_eq!(answer, [code], "{asked:02x?}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_there_is_told_so_that_readers_go_on() {
    let bench = Bench::new().await;
    for parameter in [8, 15, 95, 96, 110, 127] {
        assert_eq!(set(&bench, &[parameter, 0]).await, 0x80);
        assert_eq!(set(&bench, &[0x80 | parameter]).await, 0x80);
        for selectors in [[0, 0], [1, 1]] {
            let request = [&GET, &[parameter][..], &selectors].concat();
            assert_eq!(bench.ask(&request).await, [0x80]);
        }
    }
}

#[tokio::test]
async fn without_a_boot_part_there_are_no_options() {
    let bench = Bench::new().await;
    let now = bench.with(|now| now.abilities = Abilities::default().into());
    for request in [
        &[0x00, 0x09, 5, 0, 0][..],
        &[0x00, 0x08, 5, 0xA0, 4, 0, 0, 0],
        &[0x00, 0x08, 0x63, 0],
    ] {
        let (then, _) = bench.carry(&now, request);
        assert_eq!(then.unwrap_err(), Completion::INVALID_COMMAND);
    }
}
