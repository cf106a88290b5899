//! The calendar jumps under a running server: 30 s and ten minutes, forwards and backwards. A class counts the time that
//! passes and not the hours; a token is as good as its times are by the server's calendar.

use std::path::{Path, PathBuf};
use std::process::Command;

use preau_loadtest::{Conversation, ConversationError};
use preau_protocol::Close;
use preau_tests::Server;
use preau_tests::portal::{Portal, now_s, student_claims, with};

use crate::lesson::Lesson;
use crate::tally;

/// In this order: each a jump from the one before, back across the true time as well.
const SHIFTS_S: [i64; 6] = [30, -30, 600, -600, 3_600, 0];
/// How wrong a portal's clock may be, or ours (DOOR.md); a second for the way.
const LEEWAY_S: i64 = 30;

#[tokio::test]
async fn a_calendar_that_jumps_moves_nobody_in_class_and_judges_tokens() {
    let folder = tempfile::tempdir().expect("a folder");
    let (library, shift) = (shifting_clock(folder.path()), folder.path().join("shift"));
    let (preload, named) = (format!("LD_PRELOAD={}", library.display()), format!("CLOCK_SHIFT={}", shift.display()));
    let portal = Portal::new();
    let under = ["env", &preload, &named];
    let server = Server::start_under(&under, &portal.flags()).await.expect("starts under a clock of its own");
    let mut lesson = Lesson::over(server).await;
    let mut wrong = Vec::new();
    for (n, shift_s) in SHIFTS_S.into_iter().enumerate() {
        std::fs::write(&shift, shift_s.to_string()).expect("the clock is set");
        lesson.goes_on(&format!("at {shift_s} s, the {n}th time")).await;
        judges_tokens(&lesson, &portal, shift_s, n).await;
        wrong.extend(lesson.look().await);
    }
    // A start between two calendars: the journal's times go backwards, and mean no less.
    for shift_s in [-600, 600] {
        std::fs::write(&shift, shift_s.to_string()).expect("the clock is set");
        lesson.school.server.crash().await.expect("killed");
        lesson.school.server.restart().await.expect("starts at another hour");
        let (back, differences) = lesson.come_back().await;
        wrong.extend(differences);
        lesson = back;
        lesson.goes_on(&format!("after a start at {shift_s} s")).await;
    }
    lesson.admit_max().await.expect("the door works");
    tally::survived(SHIFTS_S.len() as u32 + 2, &wrong);
}

/// A token of this very moment is good within the leeway, and otherwise one of the server's own moment.
async fn judges_tokens(lesson: &Lesson, portal: &Portal, shift_s: i64, n: usize) {
    let (device, class) = (lesson.school.stranger(), lesson.class.id);
    // Valid for a minute from now, by a clock that is right.
    let at = |now: u64, subject: &str| {
        let claims = with(student_claims(class, subject), "exp", (now + 60).into());
        portal.sign(&with(with(claims, "iat", now.into()), "nbf", now.into()))
    };
    let right = Conversation::open_with_token(&device, class, &at(now_s(), &format!("right {n}"))).await;
    match right {
        Ok(_) => assert!(-shift_s <= LEEWAY_S + 1 && shift_s <= 60 + LEEWAY_S, "taken at {shift_s} s"),
        Err(ConversationError::Closed(closing)) => {
            assert_eq!(closing.code, Close::NotAuthenticated.code(), "at {shift_s} s");
            assert!(shift_s < -LEEWAY_S + 1 || shift_s > 60, "refused at {shift_s} s");
        }
        Err(other) => panic!("at {shift_s} s: {other}"),
    }
    let there = now_s().checked_add_signed(shift_s).expect("after 1970");
    let same = Conversation::open_with_token(&device, class, &at(there, &format!("same {n}"))).await;
    same.unwrap_or_else(|error| panic!("both clocks say the same, at {shift_s} s: {error}"));
}

/// The library is made where the tests run: no package has one everywhere.
fn shifting_clock(folder: &Path) -> PathBuf {
    let library = folder.join("clock.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults/clock.c");
    let made =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    assert!(made.expect("cc runs").success());
    library
}
