//! People who are in the wrong place: early, in the lobby, without the right, removed, or under a name like somebody's.

use preau_loadtest::{Conversation, ConversationError, Participant, Source};
use preau_protocol::{
    Ask, ChatAsk, ClassAsk, ClassEvent, Close, DoorAsk, Event, Felt, Gone, LobbyEvent, Look, MediaAsk, Phase, Pictures,
    Policy, ReceiveMids, Refusal, Rights, Role, SendMids, Sending, WaitingFor,
};
use preau_tests::portal::with;
use preau_tests::school::{
    MEDIA, OUT, QUIET, SOON, class_event, code_of, heard_knock, learnt_nothing, stands, told_gone, turned_away,
};
use preau_tests::teachers;
use preau_tests::witness::now;
use serde_json::json;

use crate::ground::Ground;
use crate::stranger::{hears, hello};
use crate::table::Tries;

pub async fn early(ground: &Ground, tries: &mut Tries) {
    for policy in [Policy::Ask, Policy::Roster, Policy::Shut] {
        let (class, [name]) = ground.class_with(policy, ["Noé"]).await;
        let mut noe = class.knock(&name).await;
        stands(&mut noe, WaitingFor::Opening).await;
        let (_ada, snapshot) = ground.enter(&class).await;
        let waits = snapshot.door.as_ref().is_some_and(|door| door.waiting.len() == 1 && !door.opened);
        let waiting = |event: &Event| match event {
            Event::Lobby(LobbyEvent::Standing { waiting_for, .. }) if *waiting_for != WaitingFor::Opening => Some(()),
            _ => None,
        };
        let told = noe.conversation.wait_for(SOON, waiting).await.is_ok();
        let seen = if waits && told { "still waiting" } else { "not waiting" };
        tries.saw(format!("{policy:?}"), seen, waits && told && learnt_nothing(&mut noe));
    }
}

pub async fn from_the_lobby(ground: &Ground, tries: &mut Tries) {
    let mid = |text: &str| text.to_owned();
    let offer = || MediaAsk::Offer {
        sdp: "v=0\r\n".into(),
        send: SendMids { microphone: mid("0"), camera: mid("1"), screen: mid("2"), screen_audio: mid("3") },
        receive: ReceiveMids { audio: vec![], screen: mid("4"), screen_audio: mid("5"), video: vec![] },
    };
    let (class, names) = ground.class(["Noé"]).await;
    let (mut ada, _) = ground.enter(&class).await;
    let teacher = ada.person();
    let asks = [
        Ask::Media(offer()),
        Ask::Media(MediaAsk::View { looks: vec![Look { person: teacher, height_px: 180 }] }),
        Ask::Media(MediaAsk::Receive { pictures: Pictures::All }),
        Ask::Media(MediaAsk::Felt { felt: Felt::default() }),
        Ask::Media(MediaAsk::Inspect { person: teacher }),
        Ask::Media(MediaAsk::Ways {}),
        Ask::Chat(ChatAsk::Say { text: "coucou".into() }),
        Ask::Class(ClassAsk::Hand { up: true }),
        Ask::Class(ClassAsk::Sending { sending: Sending::default() }),
        Ask::Class(ClassAsk::End {}),
        Ask::Door(DoorAsk::Admit { people: vec![class.invitation(&names[0]).person] }),
        Ask::Door(DoorAsk::Open {}),
    ];
    for ask in asks {
        let mut noe = class.knock(&names[0]).await;
        heard_knock(&mut ada, noe.person()).await;
        noe.conversation.send(ask.clone()).await.expect("sent");
        let code = code_of(&mut noe).await;
        tries.saw(format!("{ask:?}"), code, code == Close::NotAllowed.code() && learnt_nothing(&mut noe));
    }
    // A whole offer, as a browser makes it.
    let mut noe = class.knock(&names[0]).await;
    heard_knock(&mut ada, noe.person()).await;
    let refused = noe.offer_media(1).await.err().map(|error| error.to_string()).unwrap_or_default();
    tries.saw("a whole offer", Close::NotAllowed.code(), refused.contains("4403"));
    // There is no trickle of candidates: a word for it is none of the protocol.
    let noe = class.device(&names[0]).await;
    let mut wire = preau_tests::wire::Wire::open(&noe).await;
    wire.text(&hello(class.id, None).to_string()).await;
    wire.next_text().await;
    wire.text(r#"{"id":1,"ask":{"media":{"candidate":{"candidate":"candidate:1 1 udp 1 127.0.0.1 9 typ host"}}}}"#)
        .await;
    let code = wire.close_code().await;
    tries.saw("a candidate", code, code == Close::Malformed.code());
    let snapshot = ground.enter(&class).await.1;
    tries.held("nobody else is in", snapshot.people.len() == 1);
}

/// What teachers do, by a student who is seated.
pub async fn without_the_right(ground: &Ground, tries: &mut Tries) {
    let (class, names) = ground.class(["Noé", "Zoé", "Max"]).await;
    let (mut ada, _) = ground.enter(&class).await;
    let mut noe = ground.let_in(&class, &mut ada, &names[0]).await;
    let zoe = ground.let_in(&class, &mut ada, &names[1]).await;
    let max = class.knock(&names[2]).await;
    heard_knock(&mut ada, max.person()).await;
    let (teacher, other) = (ada.person(), zoe.person());
    let inspect = Ask::Media(MediaAsk::Inspect { person: other });
    let (asks, before) =
        (teachers::acts(noe.person(), teacher, other, max.person()), ground.counted("overreach").await);
    let asks: Vec<Ask> = asks.into_iter().chain([inspect]).collect();
    for ask in &asks {
        let refusal = match noe.conversation.done(ask.clone()).await {
            Err(ConversationError::Refused(code)) => Some(code),
            _ => None,
        };
        tries.saw(
            format!("{ask:?}"),
            refusal.map_or("not refused".to_owned(), |code| format!("{code:?}")),
            refusal == Some(Refusal::TeachersOnly),
        );
    }
    let counted = ground.counted("overreach").await - before;
    tries.held(format!("{counted} of {} are counted", asks.len()), counted == asks.len() as u64);
    let (_again, snapshot) = ground.enter(&class).await;
    let door = snapshot.door.expect("a teacher's snapshot");
    let is_same =
        (snapshot.phase, door.policy, door.waiting.len(), door.barred.len()) == (Phase::Open, Policy::Ask, 1, 0);
    tries.held("nothing changed", is_same && (snapshot.rights, snapshot.people.len()) == (Rights::STUDENTS, 3));
}

/// Removed: out on every path within a second, and no way back.
pub async fn removed(ground: &Ground, tries: &mut Tries) {
    let (class, mut ada, [mut noe]) = ground.in_session(["Noé"]).await;
    ground.connect(&mut ada, 1).await;
    let noe_at = ground.connect(&mut noe, 1).await;
    ada.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
    noe.turn_on(&[Source::Camera]).await.expect("on");
    ada.look_at(&[noe.person()]).await.expect("looks");
    noe.look_at(&[ada.person()]).await.expect("looks");
    let (adas, noes) = (slots(&ada), slots(&noe));
    ada.peer().expect("media").more(&adas.video[0], 5, MEDIA).await.expect("Ada sees Noé");
    noe.peer().expect("media").more(&noes.video[0], 5, MEDIA).await.expect("Noé sees Ada");
    let person = noe.person();
    ada.conversation.done(Ask::Class(ClassAsk::Remove { person, block: false })).await.expect("removed");
    ground.seats().rise(noe_at, now());
    // The removed client goes on sending, and listens with its old keys.
    let (silenced, gone) = (ada.peer().expect("media"), noe.peer().expect("media"));
    let (mute, deaf, dumb) = tokio::join!(
        silenced.silent(&adas.video[0], QUIET, OUT),
        gone.silent(&noes.video[0], QUIET, OUT),
        gone.silent(&noes.audio[0], QUIET, OUT),
    );
    tries.held("nobody sees them", mute.is_ok());
    tries.held("they see nobody", deaf.is_ok());
    tries.held("they hear nobody", dumb.is_ok());
    // What they sent before, sent again from elsewhere: checks with good credentials, and media under good keys.
    let recorded = ground.witness.recorded(noe_at);
    let elsewhere = ground.stranger().udp().await;
    for datagram in &recorded {
        elsewhere.send_to(datagram, ground.media).await.expect("sent");
    }
    let heard = hears(&elsewhere).await;
    tries.saw(format!("{} old datagrams", recorded.len()), "silence", heard.is_none() && !recorded.is_empty());
    tries.held("told why", told_gone(&mut noe).await == Gone::Removed);
    let code = code_of(&mut noe).await;
    tries.saw("shown out", code, code == Close::Removed.code());
    let (session, device) = (noe.conversation.welcome().session, noe.device.clone());
    let code = turned_away(&device, class.id).await.code;
    tries.saw("with the cookie", code, code == Close::Removed.code());
    let name = noe.conversation.welcome().name.as_str().to_owned();
    let code = turned_away(&class.device(&name).await, class.id).await.code;
    tries.saw("with the link on another device", code, code == Close::Removed.code());
    let code = match Conversation::resume(&device, class.id, session, 1).await {
        Err(ConversationError::Closed(closing)) => closing.code,
        Err(_) => 0,
        Ok(mut open) => open.closed(SOON).await.map_or(0, |closing| closing.code),
    };
    tries.saw("by resume", code, code == Close::Removed.code());
    // By a portal's token, too: the person is the same as long as the portal says so.
    let (_, token) = ground.student(class.id, "removed");
    let mut lea = Conversation::open_with_token(&device_of(ground), class.id, &token).await.expect("good");
    heard_knock(&mut ada, lea.welcome().person).await;
    ada.admit(&[lea.welcome().person]).await.expect("let in");
    let who = lea.welcome().person;
    ada.conversation.done(Ask::Class(ClassAsk::Remove { person: who, block: true })).await.expect("removed");
    let first = lea.closed(SOON).await.map_or(0, |closing| closing.code);
    let (again, heard, _) = ground.stranger().hello_with(class.id, &token).await;
    tries.saw("by the same token", again, first == Close::Removed.code() && again == first && heard.len() <= 1);
    ground.end(&mut ada).await;
}

fn device_of(ground: &Ground) -> preau_loadtest::Device {
    ground.stranger().device
}

fn slots(who: &Participant) -> ReceiveMids {
    who.peer().expect("media").receive.clone()
}

/// Names that look like somebody's who is there: cleaned, marked, and worth no role.
pub async fn look_alikes(ground: &Ground, tries: &mut Tries) {
    let (class, [name]) = ground.class(["Noé"]).await;
    let (mut ada, _) = ground.enter(&class).await;
    let noe = class.knock(&name).await;
    heard_knock(&mut ada, noe.person()).await;
    let rest = name.strip_prefix("Noé").expect("a name begins so");
    for (what, disguise, shown) in [
        ("Cyrillic", format!("N\u{43E}é{rest}"), format!("N\u{43E}é{rest}")),
        ("bidi and zero width", format!("\u{202E}N\u{200B}oé{rest}\u{2066}"), name.clone()),
        ("decomposed", format!("Noe\u{301}{rest}"), name.clone()),
        ("a joiner within", format!("No\u{200D}é{rest}"), name.clone()),
        ("soft hyphen and word joiner", format!("No\u{AD}\u{2060}é{rest}"), name.clone()),
        ("tag characters", format!("Noé{rest}\u{E0041}"), name.clone()),
    ] {
        let claims = with(ground.student(class.id, what).0, "name", json!(disguise));
        let twin = Conversation::open_with_token(&device_of(ground), class.id, &ground.sign(&claims)).await;
        match twin {
            Ok(twin) => {
                let knock = heard_knock(&mut ada, twin.welcome().person).await;
                let is_marked = knock.about.look_alike.is_some() && knock.role == Role::Student;
                let is_clean = knock.name.as_str() == shown;
                let seen =
                    if is_clean && is_marked { "cleaned and marked".to_owned() } else { format!("{:?}", knock.name) };
                tries.saw(what, seen, is_marked && is_clean);
            }
            Err(other) => tries.saw(what, other, false),
        }
    }
    for (what, name) in [
        ("nothing but marks", "\u{200B}\u{202E}".to_owned()),
        ("65 letters", "a".repeat(65)),
        ("a letter with 300 accents", format!("a{}", "\u{301}".repeat(300))),
    ] {
        let claims = with(ground.student(class.id, what).0, "name", json!(name));
        let (code, heard, _) = ground.stranger().hello_with(class.id, &ground.sign(&claims)).await;
        tries.saw(what, code, code == Close::NotAuthenticated.code() && heard.is_empty());
    }
    ada.conversation.done(Ask::Door(DoorAsk::Policy { policy: Policy::Roster })).await.expect("chosen");
    let walked_in = |event: &ClassEvent| match event {
        ClassEvent::Joined { person } => Some(person.person),
        _ => None,
    };
    let first = class_event(&mut ada, walked_in).await;
    tries.held("only the one on the roster walks in", first == noe.person());
}

/// What would be a script on a page: it arrives as text, and pages run nothing of it.
pub async fn scripts(ground: &Ground, tries: &mut Tries) {
    let script = "<img src=x onerror=alert(1)><script>alert(1)</script>";
    let mut class_draft = preau_tests::school::draft(Policy::Ask);
    class_draft.title = script.chars().take(100).collect();
    let made = ground.school.teacher.create_class(&class_draft).await;
    let card = made.expect("a title is a text");
    let page = ground.stranger().get(&format!("/class/{}", card.class)).await;
    tries.saw(
        "a title in the page",
        page.status(),
        !page.text.contains("onerror") && page.text.contains("default-src 'none'"),
    );
    for path in ["/", "/status", "/ops"] {
        let page = ground.stranger().get(path).await;
        let policy = page.text.lines().find(|line| line.to_lowercase().starts_with("content-security-policy:"));
        let strict = policy.is_some_and(|line| {
            line.contains("default-src 'none'") && !line.contains("unsafe-") && !line.contains("data: 'self' *")
        });
        tries.held(format!("{path} runs nothing inline"), strict);
    }
    let (class, _, [mut noe, mut zoe]) = ground.in_session(["Noé", "Zoé"]).await;
    noe.conversation.done(Ask::Chat(ChatAsk::Say { text: script.into() })).await.expect("said");
    let said = |event: &Event| match event {
        Event::Chat(preau_protocol::ChatEvent::Said { message }) => Some(message.text.clone()),
        _ => None,
    };
    let text = zoe.conversation.wait_for(SOON, said).await.unwrap_or_default();
    tries.saw("chat", "as text", text == script);
    let claims = with(ground.student(class.id, "script").0, "name", json!("<script>alert(1)</script>"));
    let open = Conversation::open_with_token(&device_of(ground), class.id, &ground.sign(&claims)).await;
    tries.saw("a name", "as text", open.is_ok_and(|open| open.welcome().name.as_str() == "<script>alert(1)</script>"));
}
