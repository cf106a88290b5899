//! Where attacks take place: a real server, people to invite, and strangers with addresses of their own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use preau_loadtest::{ConversationError, Participant};
use preau_protocol::{Ask, ClassAsk, ClassDraft, ClassId, Policy, Role, Snapshot, UnixMs};
use preau_tests::portal::{Portal, now_s, student_claims};
use preau_tests::school::{Class, MEDIA, SOON, School, draft, heard_knock};
use preau_tests::seats::Seats;
use preau_tests::witness::{Witness, now};
use serde_json::Value;

use crate::canaries::Canaries;
use crate::stranger::Stranger;

/// A reduction that is no longer needed is taken back after twenty seconds.
const CALM_WITHIN: Duration = Duration::from_secs(90);

const STATUS_EVERY: Duration = Duration::from_secs(1);
const ENTERED_WITHIN_TRIES: usize = 10;

pub const OPERATOR: &str = "an-operators-token-of-this-run";

pub struct Ground {
    pub school: School,
    pub portal: Portal,
    /// Where the relay listens.
    pub media: SocketAddr,
    pub witness: Witness,
    pub canaries: Canaries,
    /// Lesser floods, for CI.
    pub is_quick: bool,
    seats: Mutex<Seats>,
    /// Who is connected in which class, to rise when it ends.
    connected: Mutex<Vec<(ClassId, SocketAddr)>>,
    networks: AtomicU16,
}

impl Ground {
    pub async fn start(is_quick: bool, log_level: &str) -> Ground {
        let portal = Portal::new();
        let own = ["--shards", "1", "--metrics-listen", "127.0.0.1:0", "--operator-token", OPERATOR];
        let school = School::start_with(&[&own[..], &["--log-level", log_level], &portal.flags()].concat()).await;
        let media = SocketAddr::from((Ipv4Addr::LOCALHOST, *school.server.media.first().expect("a shard has a port")));
        let witness = Witness::of(media).expect("CAP_NET_RAW: run this in tests/browser/netns.sh");
        let canaries = Canaries::default();
        canaries.plant("cookie", school.teacher.cookie().expect("a teacher has a cookie"));
        canaries.plant("link", school.server.welcome.as_deref().expect("a first start prints a link"));
        canaries.plant("token", OPERATOR);
        let (seats, connected, networks) = (Mutex::default(), Mutex::default(), AtomicU16::new(1));
        Ground { school, portal, media, witness, canaries, is_quick, seats, connected, networks }
    }

    /// Somebody on a network that nobody else is on.
    pub fn stranger(&self) -> Stranger {
        let [high, low] = self.networks.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let address = Ipv4Addr::new(127, high + 1, low, 9);
        self.canaries.plant("address", &address.to_string());
        Stranger::new(address, &self.school.server.origin)
    }

    /// So many, or fewer in a hurry.
    pub fn many(&self, full: usize, quick: usize) -> usize {
        if self.is_quick { quick } else { full }
    }

    /// A class with these students on its roster, whose names nothing else has.
    pub async fn class<const N: usize>(&self, names: [&str; N]) -> (Class, [String; N]) {
        self.class_with(Policy::Ask, names).await
    }

    pub async fn class_with<const N: usize>(&self, policy: Policy, names: [&str; N]) -> (Class, [String; N]) {
        let names = names.map(|name| self.canaries.name(name));
        let mut class = self.school.class_of(&draft_now(policy), &[]).await;
        class.enrol(&names.each_ref().map(String::as_str), Role::Student).await;
        for name in &names {
            self.canaries.plant("link", class.link(name).rsplit('=').next().expect("a link has a secret"));
        }
        (class, names)
    }

    /// The class's teacher walks in. What an attack before this one has used up of the server is waited for.
    pub async fn enter(&self, class: &Class) -> (Participant, Snapshot) {
        for _ in 0..ENTERED_WITHIN_TRIES {
            match Participant::enter(class.teacher.clone(), class.id).await {
                Ok(mut teacher) => {
                    let snapshot = teacher.seated(SOON).await.expect("a teacher walks in");
                    return (teacher, snapshot);
                }
                Err(ConversationError::Turned(_)) => assert!(self.calm().await, "there is room again"),
                Err(other) => panic!("a teacher may knock: {other}"),
            }
        }
        panic!("a teacher is let in when there is room");
    }

    /// A teacher inside, and these students seated.
    pub async fn in_session<const N: usize>(&self, names: [&str; N]) -> (Class, Participant, [Participant; N]) {
        let (class, names) = self.class(names).await;
        let (mut teacher, _) = self.enter(&class).await;
        let mut students = Vec::new();
        for name in &names {
            students.push(self.let_in(&class, &mut teacher, name).await);
        }
        let students = students.try_into().unwrap_or_else(|_| unreachable!("one student for each name"));
        (class, teacher, students)
    }

    /// Somebody on the roster knocks, and is let in.
    pub async fn let_in(&self, class: &Class, teacher: &mut Participant, name: &str) -> Participant {
        let mut student = class.knock(name).await;
        self.canaries.plant("cookie", student.device.cookie().unwrap_or_default());
        heard_knock(teacher, student.person()).await;
        teacher.admit(&[student.person()]).await.expect("a teacher admits");
        student.seated(SOON).await.expect("whoever is admitted is seated");
        student
    }

    /// Media for somebody who is seated, written down for the witness.
    pub async fn connect(&self, who: &mut Participant, video_slots: usize) -> SocketAddr {
        let since = now();
        who.offer_media(video_slots).await.expect("an offer is answered");
        let at = who.peer().expect("media").local_candidate().await.expect("an offer has a candidate");
        self.sit(who, at, since);
        who.peer().expect("media").connected(MEDIA).await.expect("connected");
        at
    }

    /// Media for somebody who is seated goes there since then.
    pub fn sit(&self, who: &Participant, at: SocketAddr, since: Duration) {
        self.seats().sit(at, who.conversation.welcome().name.as_str(), since);
        self.connected.lock().unwrap_or_else(PoisonError::into_inner).push((who.class, at));
    }

    /// The lesson is over, and with it everybody's seat.
    pub async fn end(&self, teacher: &mut Participant) {
        teacher.conversation.done(Ask::Class(ClassAsk::End {})).await.expect("a teacher ends the class");
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, at) in connected.extract_if(.., |(class, _)| *class == teacher.class) {
            self.seats().rise(at, now());
        }
    }

    /// Waits until whoever comes is let in at once: what an attack has used up of the server is free again.
    pub async fn calm(&self) -> bool {
        // The status is of the last second.
        let mut look = tokio::time::interval_at(tokio::time::Instant::now() + STATUS_EVERY, STATUS_EVERY);
        let stranger = self.stranger();
        let is_open = async {
            loop {
                look.tick().await;
                let said = stranger.get("/status.json").await.text;
                if said.contains(r#""state":"open""#) && said.contains(r#""reduction":"nothing""#) {
                    return;
                }
            }
        };
        tokio::time::timeout(CALM_WITHIN, is_open).await.is_ok()
    }

    /// How often this kind of attack was met since the start, as the operators' report has it.
    pub async fn counted(&self, kind: &str) -> u64 {
        let headers = format!("authorization: Bearer {OPERATOR}\r\n");
        let report = self.stranger().request("GET", "/api/ops/attacks.csv", &headers, b"").await;
        assert_eq!(report.status(), 200, "an operator gets the report");
        let hours = report.text.lines().filter_map(|line| line.split_once(&format!(",{kind},")));
        hours.map(|(_, count)| count.parse::<u64>().expect("a number")).sum()
    }

    pub fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a portal says of a student of this class, and that student's token.
    pub fn student(&self, class: ClassId, subject: &str) -> (Value, String) {
        let mut claims = student_claims(class, subject);
        claims["name"] = self.canaries.name("Élève").into();
        let token = self.sign(&claims);
        (claims, token)
    }

    pub fn sign(&self, claims: &Value) -> String {
        let token = self.portal.sign(claims);
        self.canaries.plant("token", token.rsplit('.').next().unwrap_or_default());
        token
    }
}

/// A lesson that begins now: its people are not out of their hour.
pub fn draft_now(policy: Policy) -> ClassDraft {
    ClassDraft { starts_at: UnixMs(now_s() * 1_000), ..draft(policy) }
}
