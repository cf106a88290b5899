//! Sockets that say nothing, nonsense, or too much.

use preau_loadtest::{Conversation, ConversationError, Device};
use preau_protocol::limits::{MESSAGE_BYTES_MAX, REQUESTS_BURST};
use preau_protocol::{Ask, ClassAsk, ClassId, Close, DoorAsk, Hello, Policy, Resume, VERSION};
use preau_tests::school::{SOON, code_of};
use preau_tests::wire::Wire;

use crate::ground::Ground;
use crate::stranger::hello;
use crate::table::Tries;

/// FIN and opcode, and the payload.
type Frame = (u8, &'static [u8]);

/// Sockets that never say hello: shown out after five seconds, with nothing heard.
pub async fn silent(ground: &Ground, tries: &mut Tries) {
    let stranger = ground.stranger();
    let kinds: [(&str, &[Frame]); 5] = [
        ("nothing", &[]),
        ("pings", &[(0x89, b"a"), (0x89, b"b")]),
        ("a pong", &[(0x8a, b"")]),
        ("the first half of a text", &[(0x01, b"{\"hello\":")]),
        ("an empty fragment", &[(0x01, b"")]),
    ];
    let shown_out = kinds.map(|(what, frames)| {
        let stranger = &stranger;
        async move {
            let mut wire = stranger.wire().await;
            let began = std::time::Instant::now();
            for (first, payload) in frames {
                wire.frame(*first, payload).await;
            }
            let (code, heard) = wire.until_close().await;
            (what, code, heard, began.elapsed().as_secs_f64())
        }
    });
    for (what, code, heard, took) in futures_util::future::join_all(shown_out).await {
        let is_right = code == Close::HelloTooLate.code() && heard.is_empty() && (4.5..8.0).contains(&took);
        tries.saw(format!("{what}, after {took:.1} s"), code, is_right);
    }
}

/// First messages that are no hello.
pub async fn no_hello(ground: &Ground, tries: &mut Tries) {
    let (class, _) = ground.class([]).await;
    let stranger = ground.stranger();
    let good = hello(class.id, None).to_string();
    let id = class.id;
    for (what, text) in [
        ("nothing", String::new()),
        ("no JSON", "hello".into()),
        ("a request", r#"{"id":1,"ask":{"class":{"mute_all":{}}}}"#.into()),
        ("another version", good.replace("\"version\":1", "\"version\":2")),
        ("a version that is no number", good.replace("\"version\":1", "\"version\":\"1\"")),
        ("a class that is no id", good.replace(&id.to_string(), "x")),
        ("an unknown field", good.replace("\"version\"", "\"admin\":true,\"version\"")),
        ("a role", good.replace("\"version\"", "\"role\":\"teacher\",\"version\"")),
        ("a name", good.replace("\"version\"", "\"name\":\"Ada\",\"version\"")),
        ("a class twice", good.replace("\"version\"", &format!("\"class\":\"{id}\",\"version\""))),
        ("a hello twice", good.replacen('{', &format!("{{\"hello\":{},", &good[9..good.len() - 1]), 1)),
        ("deep nesting", "[".repeat(60_000)),
        ("deeper objects", "{\"hello\":".repeat(6_000)),
        ("more after the end", format!("{good}{good}")),
    ] {
        let (code, heard, _) = stranger.hello(&text).await;
        tries.saw(what, code, code == Close::Malformed.code() && heard.is_empty());
    }
    let mut wire = stranger.wire().await;
    wire.frame(0x82, good.as_bytes()).await;
    let code = wire.close_code().await;
    tries.saw("a hello in a binary frame", code, code == Close::Malformed.code());
    let (code, heard, _) = stranger.hello(&good).await;
    tries.saw("a hello of nobody", code, code == Close::NotAuthenticated.code() && heard.is_empty());
}

/// Frames that break RFC 6455, or our limits, from somebody seated. One conversation ends, with the code that says why.
pub async fn frames(ground: &Ground, tries: &mut Tries) {
    let (class, [name]) = ground.class_with(Policy::Roster, ["Noé"]).await;
    let (mut ada, _) = ground.enter(&class).await;
    ada.conversation.done(Ask::Door(DoorAsk::Open {})).await.expect("opened");
    let noe = class.device(&name).await;
    let head = |first: u8, length: u64| {
        let mut bytes = vec![first, 0x80 | 127];
        bytes.extend(length.to_be_bytes());
        bytes.extend([0; 4]);
        bytes
    };
    let endless: Vec<u8> =
        std::iter::once(masked(0x01, b"[")).chain((0..70).map(|_| masked(0x00, &[b' '; 1_000]))).flatten().collect();
    let empty_fragments: Vec<u8> =
        std::iter::once(masked(0x01, b"")).chain((0..300).map(|_| masked(0x00, b""))).flatten().collect();
    let pings: Vec<u8> = (0..4 * REQUESTS_BURST).flat_map(|_| masked(0x89, b"")).collect();
    for (what, bytes, codes) in [
        ("2⁶³ bytes to come", head(0x81, 1 << 63), &[1009, 1002][..]),
        ("2⁶⁴−1 bytes to come", head(0x82, u64::MAX), &[1009, 1002]),
        ("one byte too many", head(0x81, MESSAGE_BYTES_MAX as u64 + 1), &[1009]),
        ("endless fragments", endless, &[1009]),
        ("unmasked", b"\x81\x02{}".to_vec(), &[1002]),
        ("not UTF-8", masked(0x81, b"\"\xff\xfe\""), &[1007]),
        ("half a surrogate", masked(0x81, b"\"\xed\xa0\x80\""), &[1007]),
        ("a reserved bit", masked(0xc1, b"{}"), &[1002]),
        ("all reserved bits", masked(0xf1, b"{}"), &[1002]),
        ("a reserved opcode", masked(0x83, b"{}"), &[1002]),
        ("a reserved control opcode", masked(0x8f, b""), &[1002]),
        ("a ping of 126 bytes", masked(0x89, &[0; 126]), &[1002]),
        ("a ping in pieces", masked(0x09, b"a"), &[1002]),
        ("an end without a beginning", masked(0x80, b"{}"), &[1002]),
        ("a beginning within a beginning", [masked(0x01, b"{"), masked(0x01, b"}")].concat(), &[1002]),
        ("a flood of pings", pings, &[Close::TooFast.code()]),
        ("binary", masked(0x82, b"{}"), &[Close::Malformed.code()]),
        ("deep nesting", masked(0x81, "[".repeat(60_000).as_bytes()), &[Close::Malformed.code()]),
        (
            "a request twice",
            masked(0x81, br#"{"id":1,"id":2,"ask":{"class":{"mute_all":{}}}}"#),
            &[Close::Malformed.code()],
        ),
        (
            "an id of 2³²",
            masked(0x81, br#"{"id":4294967296,"ask":{"class":{"mute_all":{}}}}"#),
            &[Close::Malformed.code()],
        ),
        (
            "an unknown ask",
            masked(0x81, br#"{"id":1,"ask":{"class":{"become_teacher":{}}}}"#),
            &[Close::Malformed.code()],
        ),
        ("a second hello", masked(0x81, hello(class.id, None).to_string().as_bytes()), &[Close::Malformed.code()]),
    ] {
        let code = ended_by(&noe, class.id, &bytes).await;
        tries.saw(what, code, codes.contains(&code));
    }
    // Fragments without content: either a message that is none, or a flood.
    let code = ended_by(&noe, class.id, &[empty_fragments, masked(0x80, b"")].concat()).await;
    tries.saw("three hundred empty fragments", code, code == Close::Malformed.code() || code == Close::TooFast.code());
    let still = ada.conversation.done(Ask::Class(ClassAsk::MuteAll {})).await;
    tries.held("the class goes on", still.is_ok());
}

/// One frame under a mask of zeros, which is a mask.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match u16::try_from(payload.len()) {
        Ok(short @ 0..=125) => bytes.push(0x80 | short as u8),
        Ok(long) => {
            bytes.push(0x80 | 126);
            bytes.extend(long.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0x80 | 127);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// The code with which this seated student's conversation ends after these bytes.
async fn ended_by(student: &Device, class: ClassId, bytes: &[u8]) -> u16 {
    let mut wire = Wire::open(student).await;
    wire.text(&hello(class, None).to_string()).await;
    wire.next_text().await;
    wire.send(bytes).await;
    wire.close_code().await
}

/// Somebody else's conversation is not taken up, and does not notice.
pub async fn foreign_resume(ground: &Ground, tries: &mut Tries) {
    let (class, mut ada, [mut noe, zoe]) = ground.in_session(["Noé", "Zoé"]).await;
    let (target, own) = (noe.conversation.welcome().session, zoe.person());
    for last_seq in [0, 1, u32::MAX] {
        let resume = Some(Resume { session: target, last_seq });
        let hello = Hello { version: VERSION, class: class.id, token: None, resume, ticket: None };
        let (is_own, seen) = match Conversation::hello(&zoe.device, hello).await {
            Ok(open) => (open.welcome().person == own && !open.welcome().resumed, "one's own anew".to_owned()),
            Err(ConversationError::Closed(closing)) => (closing.code >= 4400, closing.code.to_string()),
            Err(other) => (false, other.to_string()),
        };
        tries.saw(format!("a classmate's session, from {last_seq}"), seen, is_own);
        let thief = ground.stranger();
        let text = format!(
            r#"{{"hello":{{"version":1,"class":"{}","resume":{{"session":"{target}","last_seq":{last_seq}}}}}}}"#,
            class.id
        );
        let (code, heard, _) = thief.hello(&text).await;
        tries.saw("a stranger's", code, code == Close::NotAuthenticated.code() && heard.is_empty());
    }
    let still = noe.conversation.done(Ask::Class(ClassAsk::Hand { up: true })).await;
    tries.held("the conversation goes on", still.is_ok());
    ground.end(&mut ada).await;
}

/// Asks faster than anybody can.
pub async fn too_fast(ground: &Ground, tries: &mut Tries) {
    let (_class, _ada, [mut noe]) = ground.in_session(["Noé"]).await;
    for n in 0..=REQUESTS_BURST * 3 {
        if noe.conversation.send(Ask::Class(ClassAsk::Hand { up: n % 2 == 0 })).await.is_err() {
            break;
        }
    }
    let code = code_of(&mut noe).await;
    tries.saw("180 asks at once", code, code == Close::TooFast.code());
    let mut codes = Vec::new();
    for _ in 0..60 {
        match Conversation::open(&noe.device, noe.class).await {
            Ok(_) => {}
            Err(ConversationError::Closed(closing)) => codes.push(closing.code),
            Err(other) => tries.saw("a hello", other, false),
        }
    }
    tries.saw(
        "sixty hellos of one person",
        codes.first().copied().unwrap_or(0),
        codes.contains(&Close::TooFast.code()),
    );
    let neighbour = ground.stranger().get("/version").await.status();
    tries.saw("others do not notice", neighbour, neighbour == 200);
    // A flood of sockets costs whoever opens them, and them alone.
    let flooder = ground.stranger();
    let mut refused = 0;
    for _ in 0..ground.many(1_200, 1_060) {
        let head = format!("origin: {}\r\n{}", flooder.origin(), crate::stranger::UPGRADE);
        let (status, _) = flooder.upgrade_only(&head).await;
        refused += usize::from(status == 429 || status == 503);
    }
    tries.saw(format!("{refused} sockets were too many"), "429", refused >= 20);
    let noe_again = ground.stranger().with(&noe.device);
    let welcome = tokio::time::timeout(SOON, noe_again.get("/api/me")).await;
    tries.held("the pages go on", welcome.is_ok_and(|said| said.status() == 200));
}
