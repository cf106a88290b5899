//! The network between the server and some of its people is cut, and later loses a part of what it carries: who is on the
//! near side goes on, what was decided meanwhile is so for those on the far side, and what they said is said once.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use preau_loadtest::{Participant, Source};
use preau_protocol::{Ask, ChatAsk, ClassAsk, ClassEvent, Close, Event, PersonId};
use preau_tests::Server;
use preau_tests::school::{MEDIA, OUT, QUIET, SOON, School, code_of, heard_knock};
use tokio::time::{interval, timeout};

use crate::lesson::{admit, differences};
use crate::tally;

const NAME: &str = "partition::a_class_that_is_cut_in_two_goes_on_and_heals_with_nothing_lost";
/// The network is this story's own, so nobody else has the port.
const LISTEN: &str = "0.0.0.0:8443";
const NEAR: &str = "http://localhost:8443";
/// The same server by another address, which can be cut off.
const FAR: &str = "http://127.0.0.2:8443";
/// Nobody is gone before 45 s…
const CUT: Duration = Duration::from_secs(5);
/// …and everybody on the far side is before this; at length the cut lasts until then.
const AWAY_WITHIN: Duration = Duration::from_secs(60);
/// Of a hundred packets, each way.
const LOST: u32 = 20;
/// TCP doubles its patience with each packet that is lost.
const HEALED_WITHIN: Duration = Duration::from_secs(30);
/// The pace at which a class takes what one person says.
const CHAT_EVERY: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_class_that_is_cut_in_two_goes_on_and_heals_with_nothing_lost() {
    if std::env::var_os("PREAU_NETNS").is_none() {
        return in_a_network_of_its_own().await;
    }
    let public = ["--listen", LISTEN, "--public-url", NEAR, "--origins", FAR];
    let school = School::over(Server::start_with(&public).await.expect("starts")).await;
    let class = school.class(&["Léa", "Noé", "Zoé", "Max"]).await;
    let (mut ada, [mut lea]) = class.in_session(["Léa"]).await;
    let mut far = Vec::new();
    for name in ["Noé", "Zoé", "Max"] {
        far.push(Participant::knock(FAR, class.link(name)).await.expect("knocks from the far side"));
        heard_knock(&mut ada, far.last().expect("just now").person()).await;
    }
    let [mut noe, mut zoe, mut max] = <[Participant; 3]>::try_from(far).unwrap_or_else(|_| unreachable!("three"));
    ada.admit(&[noe.person(), zoe.person()]).await.expect("admits");
    noe.seated(SOON).await.expect("seated");
    zoe.seated(SOON).await.expect("seated");
    ada.connect_media(1).await.expect("media");
    ada.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    watch(&mut lea, ada.person()).await;
    watch(&mut noe, ada.person()).await;
    let mut said = vec!["avant".to_owned()];
    say(&mut noe, "avant").await;

    // Cut: the near side goes on, and decides about the far one.
    let media = noe.peer().expect("media").local_candidate().await.expect("an address").port();
    filter(&far_side(media, "drop"));
    let from_afar = noe.conversation.send(Ask::Chat(ChatAsk::Say { text: "de loin".into() })).await.expect("sent");
    say(&mut ada, "pendant").await;
    admit(&mut ada.conversation, max.person()).await.expect("acknowledged");
    let remove = Ask::Class(ClassAsk::Remove { person: zoe.person(), block: false });
    ada.conversation.done(remove).await.expect("acknowledged");
    sees(&lea).await;
    let slot = noe.peer().expect("media").receive.audio[0].clone();
    noe.peer().expect("media").silent(&slot, QUIET, OUT).await.expect("nothing comes through");
    if tally::at_length() {
        is_away(&mut ada, noe.person()).await;
    } else {
        assert!(timeout(CUT, noe.conversation.reply(from_afar)).await.is_err(), "cut off");
    }
    filter("");

    // Healed: those who were gone come back, the others never noticed.
    if tally::at_length() {
        noe = noe.resume().await.expect("Noé comes back");
        max = max.resume().await.expect("Max comes back");
        watch(&mut noe, ada.person()).await;
        assert!(zoe.resume().await.is_err(), "Zoé was removed");
        say(&mut noe, "de retour").await;
        said.extend(["pendant".into(), "de retour".into()]);
    } else {
        let reply = timeout(HEALED_WITHIN, noe.conversation.reply(from_afar)).await;
        reply.expect("the way is there again").expect("acknowledged");
        assert_eq!(code_of(&mut zoe).await, Close::Removed.code());
        said.extend(["pendant".into(), "de loin".into()]);
    }
    max.seated(HEALED_WITHIN).await.expect("what was decided meanwhile is so");
    hears(&noe).await;

    // A fifth is lost, both ways: it takes longer, and that is all.
    filter(&far_side(media, &format!("numgen random mod 100 < {LOST} drop")));
    for text in ["un", "deux", "trois"] {
        say(&mut noe, text).await;
        said.push(text.into());
    }
    hears(&noe).await;
    filter("");
    let seated = [ada.person(), lea.person(), noe.person(), max.person()];
    let mut again = Participant::enter(ada.device.clone(), class.id).await.expect("the teacher comes in once more");
    let snapshot = again.seated(SOON).await.expect("to their seat");
    let mut wrong = differences(&snapshot, &said, &seated);
    let twice = snapshot.chat.iter().filter(|message| message.text == "de loin").count() > 1;
    wrong.extend(twice.then(|| "what was said from afar stands twice".to_owned()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// This story once more where what it cuts is nobody else's.
async fn in_a_network_of_its_own() {
    let own = std::env::current_exe().expect("a test knows its own path");
    let netns = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/netns.sh");
    let run = tokio::process::Command::new(netns).arg(own).args([NAME, "--exact", "--nocapture"]).output().await;
    let out = run.expect("runs");
    let said = [out.stdout, out.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let wrong = (!out.status.success()).then_some(said);
    tally::survived(2, &wrong.into_iter().collect::<Vec<_>>());
}

async fn is_away(teacher: &mut Participant, who: PersonId) {
    let away = |event: &Event| match event {
        Event::Class(event) => match &**event {
            ClassEvent::Changed { person } => (person.person == who && person.away).then_some(()),
            _ => None,
        },
        _ => None,
    };
    teacher.conversation.wait_for(AWAY_WITHIN, away).await.expect("whoever is not heard of is away");
}

async fn watch(who: &mut Participant, whom: PersonId) {
    who.connect_media(1).await.expect("media");
    who.look_at(&[whom]).await.expect("looks");
    sees(who).await;
}

/// Pictures go on.
async fn sees(who: &Participant) {
    let peer = who.peer().expect("media");
    peer.more(&peer.receive.video[0], 5, MEDIA).await.expect("pictures come");
}

/// Sound goes on. (Pictures come back by a probe, which asks for RTX: that is a story of the relay's, in virtual time.)
async fn hears(who: &Participant) {
    let peer = who.peer().expect("media");
    peer.more(&peer.receive.audio[0], 5, MEDIA).await.expect("sound comes");
}

/// As soon as the pace of a chat allows, and acknowledged.
async fn say(who: &mut Participant, text: &str) {
    let mut pace = interval(CHAT_EVERY);
    pace.tick().await;
    pace.tick().await;
    who.conversation.done(Ask::Chat(ChatAsk::Say { text: text.into() })).await.expect("said");
}

/// Rules for all that goes to the far side or comes from it: this address, and the media of whoever is there.
fn far_side(media: u16, act: &str) -> String {
    let address = FAR.trim_start_matches("http://").trim_end_matches(":8443");
    ["ip saddr", "ip daddr"].map(|way| format!("{way} {address} {act}\n")).concat()
        + &["udp sport", "udp dport"].map(|way| format!("{way} {media} {act}\n")).concat()
}

/// From now on these rules of nftables stand, and no others.
fn filter(rules: &str) {
    let chain = format!("chain incoming {{ type filter hook input priority 0; policy accept;\n{rules}}}\n");
    let table = format!("table inet story\ndelete table inet story\ntable inet story {{\n{chain}}}\n");
    let mut nft = Command::new("nft")
        .args(["-f", "-"])
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::piped())
        .spawn()
        .expect("nft runs");
    nft.stdin.take().expect("piped").write_all(table.as_bytes()).expect("read");
    assert!(nft.wait().expect("ends").success(), "{table}");
}
