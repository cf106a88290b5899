//! A portal's keys are gone, at the start and with a class running, and then are others: whoever has a seat keeps it, and
//! nobody comes in by a token that cannot be checked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_loadtest::{Conversation, ConversationError, Participant};
use preau_protocol::{ClassEvent, Close, Event, PersonId};
use preau_tests::Server;
use preau_tests::portal::{student_claims, with};
use preau_tests::school::{SOON, heard_knock};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{interval, timeout};

use crate::lesson::{Lesson, admit, differences};
use crate::tally;

/// Keys that were fetched are in use a moment after their server gave them.
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[tokio::test]
async fn while_a_portals_keys_are_gone_a_class_goes_on_and_with_new_ones_the_old_open_nothing() {
    let mut portal = Published::start().await;
    let config = portal.config();
    let server = Server::start_with(&["--config", config.path().to_str().expect("a path in UTF-8")]).await;
    let mut lesson = Lesson::over(server.expect("starts without a portal's keys")).await;

    // Gone at the start: links are no portal's business, and a token is not called a bad one.
    lesson.goes_on("without keys").await;
    portal.meets(&lesson, ("one", "early"), COME_AGAIN).await;
    let claim = json!({"token": {"token": portal.token(&lesson, ("one", "early"))}});
    let claimed = lesson.school.stranger().request(reqwest::Method::POST, "/api/claim").json(&claim).send().await;
    assert_eq!(claimed.expect("answered").status(), reqwest::StatusCode::SERVICE_UNAVAILABLE);
    lesson.school.server.crash().await.expect("killed");
    lesson.school.server.restart().await.expect("up again, without keys");
    let (mut lesson, mut wrong) = lesson.come_back().await;

    // The keys come, and Inès by them.
    portal.publish(&["one"]);
    lesson.school.server.signal("HUP").await.expect("told");
    portal.meets(&lesson, ("one", "late"), None).await;
    let mut ines = portal.knock(&lesson, ("one", "Inès")).await.expect("a good token");
    let who = ines.welcome().person;
    heard_knock(&mut lesson.ada, who).await;
    admit(&mut lesson.ada.conversation, who).await.expect("let in");
    seated(&mut ines).await;

    // Gone with the class running: the last good ones stay, and one that nobody knows may be a newer one.
    portal.publish(&[]);
    lesson.school.server.signal("HUP").await.expect("told");
    portal.meets(&lesson, ("two", "newer"), COME_AGAIN).await;
    portal.meets(&lesson, ("one", "as before"), None).await;
    lesson.goes_on("with the keys of before").await;
    seated(&mut portal.knock(&lesson, ("one", "Inès")).await.expect("comes back")).await;

    // Others in mid-class: the old ones open nothing, and whoever sits is not asked for new ones.
    let mut ines = portal.knock(&lesson, ("one", "Inès")).await.expect("comes back");
    seated(&mut ines).await;
    portal.publish(&["two"]);
    lesson.school.server.signal("HUP").await.expect("told");
    portal.meets(&lesson, ("one", "too late"), Some(Close::NotAuthenticated)).await;
    portal.meets(&lesson, ("two", "in time"), None).await;
    lesson.goes_on("with other keys").await;
    let said = |event: &Event| format!("{event:?}").contains("with other keys").then_some(());
    ines.wait_for(SOON, said).await.expect("Inès sits where she sat");
    drop(ines);
    let old = portal.knock(&lesson, ("one", "Inès")).await;
    assert_eq!(refusal(&old), Some(Close::NotAuthenticated), "not even to come back");
    seated(&mut portal.knock(&lesson, ("two", "Inès")).await.expect("comes back with a new token")).await;

    wrong.extend(look(&mut lesson, who).await);
    tally::survived(4, &wrong);
}

const COME_AGAIN: Option<Close> = Some(Close::Full);

/// What is wrong with the class, with Inès in it.
async fn look(lesson: &mut Lesson, ines: PersonId) -> Vec<String> {
    lesson.ada = Participant::enter(lesson.ada.device.clone(), lesson.class.id).await.expect("comes in once more");
    let snapshot = lesson.ada.seated(SOON).await.expect("to their seat");
    differences(&snapshot, &lesson.said, &[lesson.ada.person(), lesson.noe.person(), ines])
}

async fn seated(who: &mut Conversation) {
    let snapshot = |event: &Event| match event {
        Event::Class(event) => matches!(**event, ClassEvent::Snapshot { .. }).then_some(()),
        _ => None,
    };
    who.wait_for(SOON, snapshot).await.expect("seated");
}

fn refusal(knock: &Result<Conversation, ConversationError>) -> Option<Close> {
    match knock {
        Ok(_) => None,
        Err(ConversationError::Closed(closing)) => Close::ALL.into_iter().find(|why| why.code() == closing.code),
        Err(other) => panic!("neither in the lobby nor refused: {other}"),
    }
}

/// A portal with two keys, which publishes some of them at an address, or is not well.
struct Published {
    pairs: [(&'static str, Ed25519KeyPair); 2],
    url: String,
    /// What it says; nothing is an error of the portal's.
    shown: Arc<Mutex<Option<String>>>,
}

impl Published {
    async fn start() -> Published {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/jwks.json", listener.local_addr().expect("bound"));
        let shown = Arc::<Mutex<Option<String>>>::default();
        let says = shown.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let body = says.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let status = if body.is_some() { "200 OK" } else { "500 Not Today" };
                let body = body.unwrap_or_default();
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
                // A server that has gone meanwhile asks again when it is back.
                let _ = stream.read(&mut [0; 4_096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let pair = || Ed25519KeyPair::generate().expect("a key");
        Published { pairs: [("one", pair()), ("two", pair())], url, shown }
    }

    fn config(&self) -> tempfile::NamedTempFile {
        let file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
        let claims = student_claims(preau_protocol::ClassId(uuid::Uuid::nil()), "");
        let text = format!("[[portal]]\nissuer = {}\naudience = \"preau\"\njwks_url = {:?}\n", claims["iss"], self.url);
        std::fs::write(file.path(), text).expect("written");
        file
    }

    /// These keys from now on; none: the portal is not well.
    fn publish(&mut self, names: &[&str]) {
        let pairs = self.pairs.iter().filter(|(name, _)| names.contains(name));
        let public = |pair: &Ed25519KeyPair| URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let keys: Vec<Value> =
            pairs.map(|(kid, pair)| json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": public(pair)})).collect();
        let shown = (!keys.is_empty()).then(|| json!({"keys": keys}).to_string());
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    /// A student's token, signed with the key of this name. All of one student's are of one session at the portal.
    fn token(&self, lesson: &Lesson, (key, subject): (&str, &str)) -> String {
        let (_, pair) = self.pairs.iter().find(|(name, _)| *name == key).expect("a key of this name");
        let claims = with(student_claims(lesson.class.id, subject), "sid", subject.into());
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "EdDSA", "typ": "JWT", "kid": key})), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    async fn knock(&self, lesson: &Lesson, whose: (&str, &str)) -> Result<Conversation, ConversationError> {
        let token = self.token(lesson, whose);
        Conversation::open_with_token(&lesson.school.stranger(), lesson.class.id, &token).await
    }

    /// Somebody new is answered like this, as soon as the server has read what is published now; nobody is a knock.
    async fn meets(&self, lesson: &Lesson, whose: (&str, &str), expected: Option<Close>) {
        let mut looks = interval(LOOK_EVERY);
        let answered = async {
            loop {
                looks.tick().await;
                if refusal(&self.knock(lesson, whose).await) == expected {
                    return;
                }
            }
        };
        timeout(SOON, answered).await.unwrap_or_else(|_| panic!("{whose:?} is not answered with {expected:?}"));
    }
}
