//! A class that is too large for its shard: some of its people's media is on another, and nobody notices.

use std::net::SocketAddr;

use preau_loadtest::{Participant, Source};
use preau_protocol::{Ask, ClassAsk, MediaAsk, Outcome, SlotFigures};

use crate::ways::only;
use preau_tests::school::{MEDIA, OUT, QUIET, SOON, School, told_gone};

/// The first person's media is at home, the second's on the other shard, and so on in turn.
const SPREAD: [&str; 4] = ["--shards", "2", "--spread-from", "1"];

async fn media_of(person: &Participant) -> SocketAddr {
    person.peer().expect("media").remote_candidate().await.expect("a way that is used")
}

async fn picture(viewer: &mut Participant, of: &Participant) {
    viewer.look_at(&[of.person()]).await.expect("looks");
    let peer = viewer.peer().expect("media");
    let slot = peer.receive.video[0].clone();
    let picture = peer.more(&slot, 30, MEDIA).await.expect("a moving picture");
    assert!(picture.keyframes >= 1, "{picture:?}");
    assert_eq!((picture.gaps, picture.ssrcs.len()), (0, 1), "one continuous stream");
}

#[tokio::test]
async fn people_on_two_shards_see_and_hear_each_other_and_the_removed_are_out_on_both() {
    let school = School::start_with(&SPREAD).await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (mut ada, [mut noe, mut zoe]) = class.in_session(["Noé", "Zoé"]).await;
    for person in [&mut ada, &mut noe, &mut zoe] {
        person.connect_media(1).await.expect("connected");
    }
    let [adas, noes, zoes] = [media_of(&ada).await, media_of(&noe).await, media_of(&zoe).await];
    assert_eq!((adas == zoes, adas == noes), (true, false), "{adas} {noes} {zoes}");

    ada.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    noe.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    picture(&mut noe, &ada).await;
    picture(&mut zoe, &noe).await;
    picture(&mut ada, &noe).await;
    for listener in [&ada, &noe] {
        let peer = listener.peer().expect("media");
        let voice = peer.more(&peer.receive.audio[0], 50, MEDIA).await.expect("a voice");
        assert_eq!((voice.gaps, voice.ssrcs.len()), (0, 1), "one continuous stream");
    }
    let shown = inspected(&mut ada, &noe).await;
    assert!(shown.iter().any(|slot| slot.person == ada.person()), "{shown:?}");

    let remove = ClassAsk::Remove { person: noe.person(), block: false };
    ada.conversation.done(Ask::Class(remove)).await.expect("removed");
    let (viewer, gone) = (zoe.peer().expect("media"), noe.peer().expect("media"));
    let (zoes, noes) = (viewer.receive.video[0].clone(), gone.receive.video[0].clone());
    let (mute, deaf) = tokio::join!(viewer.silent(&zoes, QUIET, OUT), gone.silent(&noes, QUIET, OUT));
    mute.expect("nobody sees Noé any more");
    deaf.expect("Noé sees nobody any more");
    told_gone(&mut noe).await;
}

async fn inspected(teacher: &mut Participant, who: &Participant) -> Vec<SlotFigures> {
    match teacher.conversation.ask(Ask::Media(MediaAsk::Inspect { person: who.person() })).await {
        Ok(Outcome::Inspected { slots }) => slots,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_that_is_loaded_again_gets_its_media_back_on_the_other_shard() {
    let school = School::start_with(&SPREAD).await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    ada.connect_media(1).await.expect("connected");
    ada.turn_on(&[Source::Camera]).await.expect("on");
    noe.connect_media(1).await.expect("connected");
    let before = media_of(&noe).await;
    picture(&mut noe, &ada).await;
    // Another certificate: a new peer in the place of the old one.
    tokio::time::timeout(SOON, async { while noe.connect_media(1).await.is_err() {} }).await.expect("connected again");
    assert_eq!(media_of(&noe).await, before, "where it was");
    picture(&mut noe, &ada).await;
}

#[tokio::test]
async fn ways_through_lead_to_the_shard_that_has_somebodys_media() {
    let school = School::start_with(&SPREAD).await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    ada.connect_media(1).await.expect("connected");
    ada.turn_on(&[Source::Camera]).await.expect("on");
    let home = media_of(&ada).await;
    let servers = only(noe.ways().await.expect("a seat may relay"), "transport=udp");
    assert!(!servers.iter().flat_map(|server| &server.urls).any(|url| url.contains(&home.to_string())), "{servers:?}");
    noe.connect_relayed(servers).await.expect("connected");
    picture(&mut noe, &ada).await;
}
