//! Crowds: a lobby full of strangers, a flooder among a school, and tickets of a line that are not one's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use preau_loadtest::{Conversation, ConversationError, Device};
use preau_protocol::limits::LOBBY_STRANGERS_MAX;
use preau_protocol::{ClassId, Close, Hello, Policy, Queued, Role, Turned, VERSION};
use preau_tests::school::{SOON, School, heard_knock};
use preau_tests::wire::Wire;
use serde_json::json;
use tokio::time::{interval, timeout};

use crate::ground::{Ground, draft_now};
use crate::stranger::{Stranger, UPGRADE, hello};
use crate::table::Tries;

/// People who come at the same moment.
const AT_ONCE: usize = 24;
/// The least that a page waits which was told to come again.
const AGAIN_EVERY: Duration = Duration::from_secs(1);

/// Five thousand whom nobody knows, each with a good token: the lobby takes so many, and whoever is on the roster comes in all the
/// same. (That teachers see them first is a story of the client's.)
pub async fn full_lobby(ground: &Ground, tries: &mut Tries) {
    let (class, [name]) = ground.class(["Noé"]).await;
    let (mut ada, _) = ground.enter(&class).await;
    let (people, stranger) = (ground.many(5_000, 400), ground.stranger());
    let tokens: Vec<String> = (0..people).map(|n| ground.student(class.id, &format!("stranger {n}")).1).collect();
    let id = class.id;
    let coming = tokens.into_iter().map(|token| {
        let stranger = stranger.clone();
        async move {
            let mut wire = stranger.try_wire().await?;
            wire.text(&hello(id, Some(&token)).to_string()).await;
            Ok((wire.first().await, wire))
        }
    });
    let mut inside: Vec<Wire> = Vec::new();
    let mut coming = stream::iter(coming).buffer_unordered(AT_ONCE);
    while let Some(came) = coming.next().await {
        let came: Result<_, String> = came;
        let (first, wire) = match came {
            Ok(came) => came,
            // More in a second than the server takes.
            Err(answer) => {
                tries.saw("a stranger", "no socket", answer.starts_with("HTTP/1.1 503"));
                continue;
            }
        };
        match first {
            Ok(text) if text.contains("welcome") => {
                tries.saw("a stranger", "waits", inside.len() < LOBBY_STRANGERS_MAX);
                inside.push(wire);
            }
            // A server that is short of something keeps them before the gate.
            Ok(text) if text.contains("turned") => tries.saw("a stranger", "not let in", true),
            Ok(text) => tries.saw("a stranger", text, false),
            Err(code) => tries.saw("a stranger", code, code == Close::Full.code()),
        }
        ada.conversation.take_events();
    }
    tries.saw("how many wait", "no more than the limit", inside.len() <= LOBBY_STRANGERS_MAX);
    let mut noe = class.knock(&name).await;
    let knock = heard_knock(&mut ada, noe.person()).await;
    tries.held("whoever is on the roster finds a place", knock.about.on_roster);
    ada.admit(&[noe.person()]).await.expect("a teacher admits");
    tries.held("and is let in", noe.seated(SOON).await.is_ok());
    ground.end(&mut ada).await;
}

/// A school behind one address, and somebody there who floods.
pub async fn flooder_in_school(ground: &Ground, tries: &mut Tries) {
    let pupils = ground.many(1_200, 120);
    let names: Vec<String> = (0..pupils).map(|n| format!("Pupil {n}")).collect();
    let mut class = ground.school.class_of(&draft_now(Policy::Ask), &[]).await;
    class.enrol(&names.iter().map(String::as_str).collect::<Vec<_>>(), Role::Student).await;
    let (mut ada, _) = ground.enter(&class).await;
    let school = ground.stranger();
    let (over, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let flooder = {
        let (school, over, refused) = (school.clone(), over.clone(), refused.clone());
        tokio::spawn(async move {
            let headers = format!("origin: {}\r\n{UPGRADE}", school.origin());
            while !over.load(Ordering::Relaxed) {
                let (status, _) = school.upgrade_only(&headers).await;
                refused.fetch_add(usize::from(status == 429), Ordering::Relaxed);
            }
        })
    };
    let spent = async {
        while refused.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tries.held("the flooder has spent the network's budget", timeout(2 * SOON, spent).await.is_ok());
    let arrivals = names.iter().map(|name| comes_in(&school, class.link(name), class.id));
    let inside: Vec<Option<Wire>> = stream::iter(arrivals).buffer_unordered(AT_ONCE).collect().await;
    over.store(true, Ordering::Relaxed);
    flooder.await.expect("it only floods");
    let came = inside.iter().flatten().count();
    tries.count += pupils;
    tries.saw(format!("{came} of {pupils} came in"), "at least 99.9 %", came * 1_000 >= pupils * 999);
    let refused = refused.load(Ordering::Relaxed);
    tries.saw(format!("the flooder was refused {refused} times"), "429", refused > 0);
    ada.conversation.take_events();
    // They are there to the end: whoever is cut off keeps a place for two minutes.
    ground.end(&mut ada).await;
    drop(inside);
}

/// Opens a link as the page does, from the school's address, and knocks.
async fn comes_in(school: &Stranger, link: &str, class: ClassId) -> Option<Wire> {
    let secret = link.rsplit('=').next().unwrap_or_default();
    // Over the rate of new sockets everybody is told to come again, and pages do.
    let mut tries = interval(AGAIN_EVERY);
    for _ in 0..20 {
        tries.tick().await;
        let claimed = school.claim(&json!({"invitation": {"secret": secret}})).await;
        let cookie = claimed.text.split("set-cookie: ").nth(1).and_then(|line| line.split(';').next())?;
        let mut pupil = school.clone();
        pupil.device = pupil.device.holding(cookie);
        let headers = format!("origin: {}\r\ncookie: {cookie}\r\n{UPGRADE}", pupil.origin());
        let (status, stream) = pupil.upgrade(&headers).await;
        if status == 503 {
            continue;
        }
        let mut wire = Wire::over(stream);
        wire.text(&hello(class, None).to_string()).await;
        let is_in = status == 101 && wire.first().await.is_ok_and(|text| text.contains("welcome"));
        return is_in.then_some(wire);
    }
    None
}

/// Tickets of a line, stolen, forged, and used again. The line needs a server that is full: one of its own.
pub async fn tickets(ground: &Ground, tries: &mut Tries) {
    let school = School::start_with(&["--gate-people-max", "5"]).await;
    let maths = school.class(&["Noé"]).await;
    let french = school.class(&["Zoé", "Max", "Eva"]).await;
    let (_ada, _) = maths.enter().await;
    let zoe = french.knock("Zoé").await;
    let (max, eva) = (french.device("Max").await, french.device("Eva").await);
    let (first, second) = (queued(&max, french.id, None).await, queued(&eva, french.id, None).await);
    let ((owner, place), (thief, own)) =
        if first.place < second.place { ((max, first), (eva, second)) } else { ((eva, second), (max, first)) };
    ground.canaries.plant("ticket", &place.ticket);
    let stolen = queued(&thief, french.id, Some(place.ticket.clone())).await;
    tries.held("a stolen ticket", stolen.place == own.place);
    let again = queued(&owner, french.id, None).await;
    tries.held("asking again", again.place == place.place);
    let flip = |at: usize| {
        let mut forged: Vec<char> = place.ticket.chars().collect();
        let at = at.min(forged.len() - 1);
        forged[at] = if forged[at] == 'A' { 'B' } else { 'A' };
        forged.into_iter().collect::<String>()
    };
    for (what, ticket) in [
        ("forged at its beginning", flip(0)),
        ("forged in its middle", flip(place.ticket.len() / 2)),
        ("forged at its end", flip(usize::MAX)),
        ("cut", place.ticket[..place.ticket.len() / 2].to_owned()),
        ("nothing", String::new()),
        ("noise", "A".repeat(64)),
        ("too long", "A".repeat(10_000)),
    ] {
        let seen = said_hello(&thief, french.id, Some(ticket)).await;
        let is_no_better = match &seen {
            Err(ConversationError::Turned(Turned::Queued(queued))) => queued.place >= own.place,
            Err(ConversationError::Closed(closing)) => closing.code == Close::Malformed.code(),
            _ => false,
        };
        let seen = seen.err().map_or("came in".to_owned(), |error| {
            if matches!(error, ConversationError::Turned(_)) { "own place".into() } else { error.to_string() }
        });
        tries.saw(what, seen, is_no_better);
    }
    let elsewhere = said_hello(&owner, maths.id, Some(place.ticket.clone())).await;
    tries.held(
        "in another class",
        matches!(elsewhere, Err(ConversationError::Closed(closing)) if closing.code == Close::NotAllowed.code()),
    );
    drop(zoe);
}

async fn said_hello(
    device: &Device,
    class: ClassId,
    ticket: Option<String>,
) -> Result<Conversation, ConversationError> {
    Conversation::hello(device, Hello { version: VERSION, class, token: None, resume: None, ticket }).await
}

async fn queued(device: &Device, class: ClassId, ticket: Option<String>) -> Queued {
    match said_hello(device, class, ticket).await {
        Err(ConversationError::Turned(Turned::Queued(queued))) => queued,
        other => panic!("not in the line: {:?}", other.map(|open| open.welcome().clone())),
    }
}
