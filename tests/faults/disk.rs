//! The disk refuses: it is full, or every write is an error. Nothing is granted that cannot be written, nothing is said that
//! was not, and when the disk is well again the class goes on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use preau_protocol::{Ask, ChatAsk, ClassAsk, Outcome, Refusal, SessionAsk};
use preau_tests::school::SOON;
use preau_tests::{Server, school::code_of};
use reqwest::StatusCode;
use tokio::time::timeout;

use crate::lesson::{Lesson, admit, is_not_saved, journal_holds};
use crate::tally;

/// What the data of a small class needs, and a little more.
const DISK: &str = "4m";
/// A server that answers does so in a tenth of this.
const ANSWERED_WITHIN: Duration = Duration::from_millis(500);
/// A write beyond the limit of a file's size is an error, and not the end of the process.
const NO_SIGNAL: &str = "trap '' XFSZ; exec \"$@\"";
/// The data directory is a small disk of its own, in a namespace of the server's own.
const MOUNTED: &str = r#"
for word; do [ "$last" = --data ] && data=$word; last=$word; done
mkdir -p "$data" && mount -t tmpfs -o size="$0" preau "$data" && exec "$@"
"#;

#[tokio::test]
async fn on_a_full_disk_nothing_is_granted_and_nothing_said_that_is_not_written() {
    let unshare: &[&str] = if is_root() { &["unshare", "--mount"] } else { &["unshare", "--mount", "--map-root-user"] };
    let under = [unshare, &["sh", "-c", MOUNTED, DISK]].concat();
    let server = Server::start_under(&under, &[]).await.expect("starts on a disk of its own");
    let pid = server.pid().expect("runs");
    let filler = PathBuf::from(format!("/proc/{pid}/root{}/data/filler", server.data().display()));
    let mut lesson = Lesson::over(server).await;
    lesson.goes_on("avant").await;
    fill(&filler);
    outage(&mut lesson, || std::fs::remove_file(&filler).expect("room again")).await;
    // The disk goes with the process, so this is all that can be asked of it: the class as it is in memory.
    tally::survived(1, &[]);
}

#[tokio::test]
async fn when_every_write_is_an_error_nothing_is_granted_and_what_was_acknowledged_is_kept() {
    let under = ["sh", "-c", NO_SIGNAL, "sh"];
    let server = Server::start_under(&under, &[]).await.expect("starts");
    let mut lesson = Lesson::over(server).await;
    lesson.goes_on("avant").await;
    let pid = lesson.school.server.pid().expect("runs").to_string();
    // Not a byte can be added to any file, the log's own among them.
    limit_files(&pid, "1");
    outage(&mut lesson, || limit_files(&pid, "unlimited")).await;
    // And what was said holds through a kill.
    lesson.school.server.crash().await.expect("killed");
    let data = lesson.school.server.data().to_owned();
    let mut wrong: Vec<String> = journal_holds(&data).err().into_iter().collect();
    lesson.school.server.restart().await.expect("up again");
    let seated = [lesson.ada.person(), lesson.max.person()];
    let mut ada = lesson.ada.resume().await.expect("the teacher comes back");
    let snapshot = ada.seated(SOON).await.expect("to their seat");
    wrong.extend(crate::lesson::differences(&snapshot, &lesson.said, &seated));
    tally::survived(1, &wrong);
}

/// From the moment at which the disk refuses, through `mend`, to a class that goes on with Max in it and Noé removed.
async fn outage(lesson: &mut Lesson, mend: impl FnOnce()) {
    // The first decision finds out: it waits for the disk, and nobody is told of it.
    let text = "pendant".to_owned();
    let first = lesson.noe.conversation.send(Ask::Chat(ChatAsk::Say { text: text.clone() })).await.expect("sent");
    unwell(lesson).await;
    stands_still(lesson).await;
    let max = lesson.max.person();
    let refused = admit(&mut lesson.ada.conversation, max).await;
    assert!(is_not_saved(&refused), "{refused:?}");
    let heard = lesson.ada.conversation.take_events();
    assert!(!heard.iter().any(|event| format!("{event:?}").contains("pendant")), "said, and not written");
    assert!(lesson.max.seated(Duration::from_millis(300)).await.is_err(), "let in by a decision that was not written");
    // What takes away acts at once all the same; it is acknowledged when it is written.
    let person = lesson.noe.person();
    let remove = Ask::Class(ClassAsk::Remove { person, block: false });
    let removed = lesson.ada.conversation.send(remove).await.expect("sent");
    mend();
    lesson.noe.conversation.reply(first).await.expect("what waited is written, and acknowledged");
    lesson.said.push(text);
    assert_eq!(code_of(&mut lesson.noe).await, preau_protocol::Close::Removed.code());
    lesson.ada.conversation.reply(removed).await.expect("acknowledged");
    lesson.admit_max().await.expect("the door works again");
    lesson.max.seated(SOON).await.expect("and Max is in");
}

/// Waits until the server says of itself that it cannot write.
async fn unwell(lesson: &Lesson) {
    loop {
        let answer = lesson.school.teacher.request(reqwest::Method::GET, "/readyz").send().await.expect("answered");
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            return;
        }
    }
}

/// Waits until the class refuses. Until then an answer waits for the disk, as the first decision does.
async fn stands_still(lesson: &mut Lesson) {
    loop {
        let conversation = &mut lesson.ada.conversation;
        let id = conversation.send(Ask::Session(SessionAsk::Here {})).await.expect("sent");
        if let Ok(answer) = timeout(ANSWERED_WITHIN, conversation.reply(id)).await {
            let refused = answer.expect("an answer");
            assert!(matches!(refused, Outcome::Refused { code: Refusal::NotSaved, .. }), "{refused:?}");
            return;
        }
    }
}

fn fill(file: &Path) {
    let full = Command::new("dd")
        .args(["if=/dev/zero", "bs=4096", "status=none"])
        .arg(format!("of={}", file.display()))
        .stderr(std::process::Stdio::null())
        .status()
        .expect("dd runs");
    assert!(!full.success(), "a disk of {DISK} has an end");
}

fn limit_files(pid: &str, bytes: &str) {
    let done = Command::new("prlimit").args(["--pid", pid, &format!("--fsize={bytes}:unlimited")]).status();
    assert!(done.expect("prlimit runs").success());
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.trim_ascii() == b"0"
}
