//! Removed means out: within a second, on every path, until a teacher forgives.

use preau_loadtest::{Conversation, ConversationError, Device, Participant, Source};
use preau_protocol::{Ask, ClassAsk, ClassEvent, Close, DoorAsk, Gone, PersonId};

use preau_tests::binary;
use preau_tests::school::{
    Class, MEDIA, OUT, QUIET, SOON, School, class_event, code_of, heard_knock, told_gone, turned_away,
};

async fn remove(teacher: &mut Participant, person: PersonId, block: bool) {
    teacher.conversation.done(Ask::Class(ClassAsk::Remove { person, block })).await.expect("removed");
}

async fn resume_fails(class: &Class, gone: Participant) {
    let (device, session) = (gone.device.clone(), gone.conversation.welcome().session);
    let resumed = Conversation::resume(&device, class.id, session, 1).await;
    let closing = match resumed {
        Err(ConversationError::Closed(closing)) => closing,
        Err(other) => panic!("{other}"),
        Ok(mut open) => open.closed(SOON).await.expect("closed"),
    };
    assert_eq!(closing.code, Close::Removed.code());
}

#[tokio::test]
async fn the_removed_are_out_on_every_path() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (mut ada, [mut noe, mut zoe]) = class.in_session(["Noé", "Zoé"]).await;
    for person in [&mut ada, &mut noe, &mut zoe] {
        person.connect_media(2).await.expect("connected");
    }
    ada.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    noe.turn_on(&[Source::Camera]).await.expect("on");
    noe.look_at(&[ada.person()]).await.expect("looks");
    zoe.look_at(&[noe.person()]).await.expect("looks");
    let (noes, zoes) = (noe.peer().expect("media").receive.clone(), zoe.peer().expect("media").receive.clone());
    noe.peer().expect("media").more(&noes.video[0], 10, MEDIA).await.expect("Noé sees Ada");
    zoe.peer().expect("media").more(&zoes.video[0], 10, MEDIA).await.expect("Zoé sees Noé");

    remove(&mut ada, noe.person(), false).await;
    // The removed client goes on sending, and listens on its old addresses with its old keys.
    let (silenced, gone) = (zoe.peer().expect("media"), noe.peer().expect("media"));
    let (mute, deaf) =
        tokio::join!(silenced.silent(&zoes.video[0], QUIET, OUT), gone.silent(&noes.video[0], QUIET, OUT),);
    mute.expect("nobody sees Noé any more");
    deaf.expect("Noé sees nobody any more");
    gone.silent(&noes.audio[0], QUIET, OUT).await.expect("and hears nobody");

    assert_eq!(told_gone(&mut noe).await, Gone::Removed);
    assert_eq!(code_of(&mut noe).await, Close::Removed.code());
    class_event(&mut zoe, |event| matches!(event, ClassEvent::Left { why: Gone::Removed, .. }).then_some(())).await;
    assert_eq!(turned_away(&noe.device, class.id).await.code, Close::Removed.code(), "with the cookie");
    let phone = class.device("Noé").await;
    assert_eq!(turned_away(&phone, class.id).await.code, Close::Removed.code(), "with the link on another device");
    resume_fails(&class, noe).await;
}

#[tokio::test]
async fn the_forgiven_may_knock_again() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    remove(&mut ada, noe.person(), false).await;
    assert_eq!(code_of(&mut noe).await, Close::Removed.code());
    ada.conversation.done(Ask::Door(DoorAsk::Forgive { person: noe.person() })).await.expect("forgiven");
    let again = Participant::enter(noe.device.clone(), class.id).await.expect("may knock");
    heard_knock(&mut ada, again.person()).await;
}

#[tokio::test]
async fn the_blocked_stay_out_of_the_next_lesson_too() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    remove(&mut ada, noe.person(), true).await;
    assert_eq!(told_gone(&mut noe).await, Gone::Blocked);
    assert_eq!(code_of(&mut noe).await, Close::Removed.code());
    ada.conversation.done(Ask::Class(ClassAsk::End {})).await.expect("ended");
    let (_ada, _) = class.enter().await;
    assert_eq!(turned_away(&noe.device, class.id).await.code, Close::Removed.code());
}

#[tokio::test]
async fn a_removal_survives_a_crash() {
    let mut school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    remove(&mut ada, noe.person(), false).await;
    assert_eq!(code_of(&mut noe).await, Close::Removed.code());
    school.server.crash().await.expect("killed");
    school.server.restart().await.expect("up again");
    assert_eq!(turned_away(&noe.device, class.id).await.code, Close::Removed.code());
}

#[tokio::test]
async fn teachers_are_not_removed() {
    let school = School::start().await;
    let mut class = school.class(&[]).await;
    class.enrol(&["Grace"], preau_protocol::Role::Teacher).await;
    let (mut ada, _) = class.enter().await;
    let mut grace = class.knock("Grace").await;
    grace.seated(SOON).await.expect("in");
    let ask = Ask::Class(ClassAsk::Remove { person: ada.person(), block: true });
    let refused = grace.conversation.done(ask).await.expect_err("a teacher cannot be removed");
    assert!(matches!(refused, ConversationError::Refused(preau_protocol::Refusal::IsTeacher)), "{refused}");
    assert!(ada.conversation.ask(Ask::Class(ClassAsk::MuteAll {})).await.is_ok(), "still there");
}

/// What `preau teacher-link` prints beside the running server.
async fn teacher_link(school: &School, flags: &[&str]) -> String {
    let mut command = tokio::process::Command::new(binary());
    command.env_clear();
    let data = school.server.data().join("data");
    let output = command.args(["teacher-link", "--data"]).arg(data).args(flags).output().await.expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a link").trim().into()
}

async fn signed_out(gone: &mut Participant) {
    assert_eq!(told_gone(gone).await, Gone::Expired);
    assert_eq!(code_of(gone).await, Close::NotAuthenticated.code());
    assert_eq!(gone.device.me().await.expect("an answer").account, None, "the cookie is nobody's");
}

#[tokio::test]
async fn a_browser_that_was_signed_out_elsewhere_is_out_on_every_path() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut stolen, [mut noe]) = class.in_session(["Noé"]).await;
    for person in [&mut stolen, &mut noe] {
        person.connect_media(1).await.expect("connected");
    }
    stolen.turn_on(&[Source::Camera]).await.expect("on");
    noe.look_at(&[stolen.person()]).await.expect("looks");
    let slots = noe.peer().expect("media").receive.clone();
    noe.peer().expect("media").more(&slots.video[0], 10, MEDIA).await.expect("Noé sees the teacher");

    let mut phone: Device = school.stranger();
    phone.claim(&teacher_link(&school, &[]).await).await.expect("another link of the same teacher's");
    let browsers = phone.browsers().await.expect("a list");
    assert_eq!(browsers.iter().map(|browser| browser.here).collect::<Vec<_>>(), [true, false]);
    let noes = noe.device.sign_out(Some(browsers[1].id)).await.expect_err("Noé has no account");
    assert_eq!(noes.code(), Some(preau_protocol::ProblemCode::NotAllowed));
    phone.sign_out(Some(browsers[1].id)).await.expect("signed out");
    let still = noe.peer().expect("media");
    still.silent(&slots.video[0], QUIET, OUT).await.expect("Noé sees nobody any more");
    signed_out(&mut stolen).await;
    let session = stolen.conversation.welcome().session;
    let resumed = Conversation::resume(&stolen.device, class.id, session, 1).await;
    let closed = match resumed {
        Err(ConversationError::Closed(closing)) => closing,
        Err(other) => panic!("{other}"),
        Ok(mut open) => open.closed(SOON).await.expect("closed"),
    };
    assert_eq!(closed.code, Close::NotAuthenticated.code());
    assert_eq!(phone.browsers().await.expect("a list").len(), 1);

    // And by the operator, beside the running server.
    let mut here = Participant::enter(phone.clone(), class.id).await.expect("in");
    here.seated(SOON).await.expect("who made the class is let in");
    let link = teacher_link(&school, &["--sign-out"]).await;
    assert_eq!(phone.me().await.expect("an answer").account, None, "at once");
    signed_out(&mut here).await;
    phone.claim(&link).await.expect("and by the new link back");
    assert!(phone.me().await.expect("an answer").account.is_some());
}
