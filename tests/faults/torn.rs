//! What a kill in the middle of a write leaves on a disk: half a frame, or old bytes, behind the last good one. And a disk that
//! changed what it held: the server says so, and lets nobody in on the strength of it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use preau_tests::Server;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;

use crate::lesson::{Lesson, journal_holds};
use crate::tally;

/// A frame of the write-ahead log: its header, and a page (SQLite's file format, §4.1).
const WAL_HEADER_BYTES: u64 = 32;
const FRAME_BYTES: u64 = 24 + 4_096;

#[tokio::test]
async fn a_torn_write_at_the_journals_end_costs_nothing_that_was_acknowledged() {
    let mut lesson = Lesson::over(Server::start().await.expect("starts")).await;
    let mut wrong = Vec::new();
    let tears: [fn(&Path); 4] = [half_a_frame, old_bytes, noise, a_frame_cut_short];
    for (n, tear) in tears.into_iter().enumerate() {
        lesson.say(&format!("avant {n}")).await.expect("said");
        lesson.school.server.crash().await.expect("killed");
        let data = lesson.school.server.data().to_owned();
        tear(&wal(&data));
        wrong.extend(journal_holds(&data).err());
        lesson.school.server.restart().await.expect("starts on a torn write");
        let (back, differences) = lesson.come_back().await;
        wrong.extend(differences);
        lesson = back;
        lesson.goes_on(&format!("après {n}")).await;
    }
    tally::survived(4, &wrong);
}

#[tokio::test]
async fn a_journal_that_does_not_hold_together_lets_nobody_in_and_says_why() {
    let mut lesson = Lesson::over(Server::start().await.expect("starts")).await;
    lesson.say("a word to change").await.expect("said");
    assert!(lesson.school.server.stop().await.expect("stopped").success());
    let data = lesson.school.server.data().to_owned();
    let database = Connection::open(data.join("data/preau.sqlite")).expect("a database");
    let change = "UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), 'a word', 'A word') AS BLOB)";
    database.execute(change, []).expect("changed");
    drop(database);
    let why = journal_holds(&data).expect_err("a changed entry is found");
    assert!(why.contains("does not follow from the one before"), "{why}");
    // It starts, as other classes are well; this one is read for nobody.
    lesson.school.server.restart().await.expect("starts");
    let refused = lesson.noe.resume().await;
    assert!(refused.is_err(), "a seat from a journal that was changed");
    lesson.school.server.stop().await.expect("stops");
    assert!(lesson.school.server.log().contains("does not follow"), "the operator is told");
    tally::survived(1, &[]);
}

fn wal(data: &Path) -> PathBuf {
    data.join("data/preau.sqlite-wal")
}

fn append(wal: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).create(true).open(wal).and_then(|mut file| file.write_all(bytes)).expect("torn");
}

/// The last frame once more, as far as its middle: what a write of the next one may leave.
fn half_a_frame(wal: &Path) {
    let bytes = last_frame(wal);
    append(wal, &bytes[..bytes.len() / 2]);
}

/// A whole frame that was good once: its checksum does not follow from the one before.
fn old_bytes(wal: &Path) {
    let mut file = File::open(wal).expect("a log");
    let mut frame = vec![0; FRAME_BYTES as usize];
    file.seek(SeekFrom::Start(WAL_HEADER_BYTES)).and_then(|_| file.read_exact(&mut frame)).expect("a first frame");
    append(wal, &frame);
}

fn noise(wal: &Path) {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let bytes: Vec<u8> = (0..3 * FRAME_BYTES).map(|_| rng.random()).collect();
    append(wal, &bytes);
}

/// A frame of which the disk wrote all but the last bytes.
fn a_frame_cut_short(wal: &Path) {
    let bytes = last_frame(wal);
    append(wal, &bytes[..bytes.len() - 3]);
}

fn last_frame(wal: &Path) -> Vec<u8> {
    let bytes = std::fs::read(wal).expect("a log");
    bytes[bytes.len() - FRAME_BYTES as usize..].to_vec()
}
