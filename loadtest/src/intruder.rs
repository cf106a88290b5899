//! Those who have no business here: each tries one way in, and tells how far it got.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::SinkExt;
use preau_protocol::{ClassEvent, Event, Hello, HelloFrame, Role, ServerFrame, VERSION};
use tokio::time::{sleep_until, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use crate::Device;
use crate::agenda::{Attempt, Intruder};
use crate::ledger::{Met, Note};
use crate::portal::{Bearer, Portal};
use crate::site::{Socket, Unopened, next_text};
use crate::stage::{Credential, NETWORK_OF_INTRUDERS, Stage, lesson_ends};

/// How long an intruder that was not sent away waits to be let in.
const STAYS: Duration = Duration::from_millis(5_500);
/// Whoever is cloned must be there already.
const THERE_SINCE: Duration = Duration::from_secs(4);

/// What an intruder comes with.
#[derive(Default)]
struct Means {
    cookie: Option<String>,
    token: Option<String>,
    ticket: Option<String>,
    says_nothing: bool,
}

/// Tries, at the time that was planned.
pub async fn intrude(attempt: Attempt, victims: Arc<Vec<Vec<(Duration, usize)>>>, stage: Arc<Stage>) {
    let mut closing = stage.closing.clone();
    let trying = async {
        sleep_until((stage.began + attempt.comes).into()).await;
        let Some(means) = means(&attempt, &victims[attempt.class], &stage).await else {
            return (Met::Skipped, 0);
        };
        let until = Instant::now() + STAYS;
        match stage.site.dial(means.cookie.as_deref(), NETWORK_OF_INTRUDERS).await {
            Ok(socket) => press_on(socket, means, &attempt, until, &stage).await,
            Err(Unopened::Refused { status, .. }) => (Met::Status(status), 0),
            Err(Unopened::Unanswered(_)) => (Met::Unanswered, 0),
        }
    };
    tokio::select! {
        (met, leaked) = trying => {
            // Whoever keeps the books may have closed them.
            let _ = stage.notes.send(Note::Attempt { kind: attempt.kind, at: Instant::now(), met, leaked });
        }
        () = lesson_ends(&mut closing) => {}
    }
}

async fn means(attempt: &Attempt, victims: &[(Duration, usize)], stage: &Stage) -> Option<Means> {
    let none = Means::default();
    let stranger = format!("nobody-{}", attempt.number);
    let class = stage.lessons[attempt.class].id;
    let bearer = Bearer { class, subject: &stranger, name: "Student 1", role: Role::Student, sid: &stranger };
    let outsider = || {
        let (_, cookies) = stage.elsewhere.as_ref()?;
        cookies.get(attempt.number % cookies.len().max(1)).cloned()
    };
    Some(match attempt.kind {
        Intruder::NoToken => none,
        Intruder::Silent => Means { says_nothing: true, ..none },
        Intruder::Forged => Means { token: Some(Portal::forger().sign(&bearer)), ..none },
        Intruder::Expired => Means { token: Some(stage.portal.as_ref()?.sign_expired(&bearer)), ..none },
        Intruder::OtherClass => match &stage.portal {
            Some(portal) => {
                let elsewhere = Bearer { class: stage.elsewhere.as_ref()?.0, ..bearer };
                Means { token: Some(portal.sign(&elsewhere)), ..none }
            }
            None => Means { cookie: Some(outsider()?), ..none },
        },
        Intruder::ReplayedTicket => Means { cookie: outsider(), ticket: Some(stage.stolen_ticket()), ..none },
        Intruder::ClonedIdentity => {
            let there: Vec<usize> = victims
                .iter()
                .filter(|(comes, _)| *comes + THERE_SINCE <= attempt.comes)
                .map(|(_, number)| *number)
                .collect();
            let victim = *there.get(attempt.number % there.len().max(1))?;
            clone_of(attempt, victim, stage).await?
        }
    })
}

/// The same person on another device.
async fn clone_of(attempt: &Attempt, victim: usize, stage: &Stage) -> Option<Means> {
    match stage.credential(attempt.class, victim) {
        Credential::Token => {
            let token = stage.token(attempt.class, victim, 1 + attempt.number);
            Some(Means { token, ..Means::default() })
        }
        Credential::Link(link) => {
            let mut device = Device::new(&stage.site.origin);
            device.claim(&link).await.ok()?;
            Some(Means { cookie: device.cookie().map(str::to_owned), ..Means::default() })
        }
        Credential::Cookie(_) => None,
    }
}

/// Says hello, and listens. Returns how far it got, and the bytes it should not have heard.
async fn press_on(mut socket: Socket, means: Means, attempt: &Attempt, until: Instant, stage: &Stage) -> (Met, usize) {
    if !means.says_nothing {
        let class = stage.lessons[attempt.class].id;
        let hello = Hello { version: VERSION, class, token: means.token, resume: None, ticket: means.ticket };
        let text = serde_json::to_string(&HelloFrame { hello }).expect("protocol types are JSON");
        if socket.send(Message::text(text)).await.is_err() {
            return (Met::Closed(1006), 0);
        }
    }
    let (mut met, mut leaked) = (Met::Unanswered, 0);
    loop {
        let text = match timeout_at(until.into(), next_text(&mut socket)).await {
            Err(_) => return (met, leaked),
            Ok(Err(code)) if matches!(met, Met::Unanswered) => return (Met::Closed(code), leaked),
            Ok(Err(_)) => return (met, leaked),
            Ok(Ok(text)) => text,
        };
        match serde_json::from_str::<ServerFrame>(&text) {
            Ok(ServerFrame::Turned(_)) => met = Met::Queued,
            Ok(ServerFrame::Welcome(_)) => met = Met::Waited,
            Ok(ServerFrame::Event(event)) => match event.on {
                Event::Session(_) | Event::Lobby(_) => {}
                Event::Class(class) => {
                    leaked += text.len();
                    if matches!(*class, ClassEvent::Snapshot { .. }) {
                        return (Met::Seated, leaked);
                    }
                }
                Event::Door(_) | Event::Chat(_) | Event::Media(_) => leaked += text.len(),
            },
            Ok(ServerFrame::Reply(_) | ServerFrame::Beat(_)) | Err(_) => {}
        }
    }
}
