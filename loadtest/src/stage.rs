//! What is there before anybody comes: the server, its classes, everybody's credentials.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use preau_protocol::{ClassDraft, ClassId, DisplayName, Role, RosterEntry, UnixMs};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::ledger::{News, Note};
use crate::light::Fleet;
use crate::line::Line;
use crate::portal::{Bearer, Portal};
use crate::scenario::{Kind, Scenario};
use crate::site::Site;
use crate::{Device, DeviceError};

/// Classes that are made at the same time.
const AT_ONCE: usize = 8;
/// People invited to a class of their own, who then try the others.
const OUTSIDERS: usize = 10;

/// A class as its owner made it.
pub struct Lesson {
    pub id: ClassId,
    /// One for each student, in order; none where a portal vouches for everybody.
    links: Vec<String>,
}

/// How somebody says who they are.
pub enum Credential {
    Cookie(String),
    /// An invitation that is exchanged for a cookie first.
    Link(String),
    /// A token, made when it is needed.
    Token,
}

/// The scene of one run.
pub struct Stage {
    pub scenario: Scenario,
    pub site: Site,
    pub client: reqwest::Client,
    pub portal: Option<Portal>,
    pub owner: Device,
    pub lessons: Vec<Lesson>,
    /// A class nobody goes to, and cookies of people invited there.
    pub elsewhere: Option<(ClassId, Vec<String>)>,
    pub line: Line,
    pub fleet: Option<Fleet>,
    /// What all times count from.
    pub began: Instant,
    pub notes: mpsc::UnboundedSender<Note>,
    /// True once the lesson is over.
    pub closing: watch::Receiver<bool>,
    /// Where media goes, once somebody has learned it.
    pub media: OnceLock<std::net::SocketAddr>,
    /// A ticket that somebody was given.
    pub ticket: Mutex<Option<String>>,
}

#[derive(Debug, thiserror::Error)]
pub enum StageError {
    #[error("the server at {0} does not answer: {1}")]
    Silent(String, String),
    #[error("what answers at {0} is no Préau server")]
    Stranger(String),
    #[error("the teacher's link was not taken: {0}")]
    Link(DeviceError),
    #[error("a class could not be made: {0}")]
    Class(DeviceError),
    #[error("no thread for media: {0}")]
    Fleet(#[from] std::io::Error),
}

/// Everything of a stage that is there before the classes are.
pub struct Props {
    pub scenario: Scenario,
    pub site: Site,
    pub portal: Option<Portal>,
    pub link: String,
    pub notes: mpsc::UnboundedSender<Note>,
    pub closing: watch::Receiver<bool>,
}

impl Stage {
    /// Makes the classes and everybody's invitations. The run begins when this returns.
    pub async fn set(props: Props) -> Result<Stage, StageError> {
        let Props { scenario, site, portal, link, notes, closing } = props;
        let mut owner = Device::new(&site.origin);
        let silent = |error: reqwest::Error| StageError::Silent(site.origin.clone(), innermost(&error));
        let version = owner.request(reqwest::Method::GET, "/version").send().await.map_err(silent)?;
        let version: serde_json::Value = version.json().await.unwrap_or_default();
        if version["protocol"] != preau_protocol::VERSION {
            return Err(StageError::Stranger(site.origin.clone()));
        }
        owner.claim(&link).await.map_err(StageError::Link)?;
        let bell = UNIX_EPOCH.elapsed().unwrap_or_default() + scenario.arrivals.bell_s.get();
        let lessons = lessons(&owner, &scenario, portal.is_some(), bell).await?;
        let needs_outsiders = scenario.intruders.other_class.get() + scenario.intruders.replayed_ticket.get() > 0;
        let elsewhere = if needs_outsiders { Some(outsiders(&owner, bell).await?) } else { None };
        let fleet = if scenario.media.kind == Kind::None { None } else { Some(Fleet::launch()?) };
        let client = owner.client();
        Ok(Stage {
            line: Line::watch(client.clone(), &site.origin),
            scenario,
            site,
            client,
            portal,
            owner,
            lessons,
            elsewhere,
            fleet,
            began: Instant::now(),
            notes,
            closing,
            media: OnceLock::new(),
            ticket: Mutex::default(),
        })
    }

    /// Takes the classes away again. What could not be is left to the teacher.
    pub async fn strike(&self) {
        let classes = self.lessons.iter().map(|lesson| lesson.id).chain(self.elsewhere.iter().map(|(id, _)| *id));
        for class in classes {
            if self.owner.erase_class(class).await.is_err() {
                return;
            }
        }
    }

    pub fn tell(&self, who: usize, news: News) {
        // Whoever keeps the books may have closed them.
        let _ = self.notes.send(Note::Person { who, at: Instant::now(), news });
    }

    pub fn credential(&self, class: usize, number: usize) -> Credential {
        let link = number.checked_sub(1).and_then(|at| self.lessons[class].links.get(at));
        match (&self.portal, link) {
            (Some(_), _) => Credential::Token,
            (None, Some(link)) => Credential::Link(link.clone()),
            // All classes have one owner, who teaches them all.
            (None, None) => Credential::Cookie(self.owner.cookie().unwrap_or_default().to_owned()),
        }
    }

    /// A fresh token of somebody of a class; `device` 0 is their own.
    pub fn token(&self, class: usize, number: usize, device: usize) -> Option<String> {
        let portal = self.portal.as_ref()?;
        let (subject, name) = (format!("c{class}-{number}"), name_of(number));
        let role = if number == 0 { Role::Teacher } else { Role::Student };
        let sid = format!("{subject}-{device}");
        let id = self.lessons[class].id;
        Some(portal.sign(&Bearer { class: id, subject: &subject, name: &name, role, sid: &sid }))
    }

    pub fn keep_ticket(&self, ticket: &str) {
        self.ticket.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| ticket.into());
    }

    /// A ticket of somebody else's; one that nobody was given, as long as there is none.
    pub fn stolen_ticket(&self) -> String {
        let kept = self.ticket.lock().unwrap_or_else(PoisonError::into_inner).clone();
        kept.unwrap_or_else(|| "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into())
    }

    /// Which network somebody of a class comes from.
    pub fn network(&self, class: usize) -> usize {
        1 + class % self.scenario.classes.networks.get().max(1)
    }
}

/// What lies at the bottom of it: the layers above only say that something lies below.
fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

/// Waits until the lesson is over for everybody.
pub async fn lesson_ends(closing: &mut watch::Receiver<bool>) {
    // An error: the run itself is gone, and with it the lesson.
    drop(closing.wait_for(|closing| *closing).await);
}

/// The network of those who have no business here.
pub const NETWORK_OF_INTRUDERS: usize = 251;

/// As it stands on the roster; the teacher lets in who is called so.
pub fn name_of(number: usize) -> String {
    if number == 0 { "Teacher".into() } else { format!("Student {number}") }
}

async fn lessons(
    owner: &Device,
    scenario: &Scenario,
    by_token: bool,
    bell: Duration,
) -> Result<Vec<Lesson>, StageError> {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut making = JoinSet::new();
    for n in 0..scenario.classes.count.get() {
        let (owner, slots) = (owner.clone(), slots.clone());
        let invited = if by_token { 0 } else { scenario.classes.students.get() };
        let draft = draft(&format!("Rehearsal {}", n + 1), scenario.classes.policy, bell);
        making.spawn(async move {
            // Never closed: it lives as long as this task.
            let _slot = slots.acquire_owned().await;
            let made = make(&owner, &draft, (1..=invited).map(name_of)).await;
            made.map(|(id, links)| (n, Lesson { id, links }))
        });
    }
    let mut lessons = Vec::new();
    while let Some(made) = making.join_next().await {
        lessons
            .push(made.map_err(|panic| StageError::Fleet(std::io::Error::other(panic)))?.map_err(StageError::Class)?);
    }
    lessons.sort_by_key(|(n, _)| *n);
    Ok(lessons.into_iter().map(|(_, lesson)| lesson).collect())
}

async fn make(
    owner: &Device,
    draft: &ClassDraft,
    names: impl Iterator<Item = String>,
) -> Result<(ClassId, Vec<String>), DeviceError> {
    let class = owner.create_class(draft).await?.class;
    let entry = |name: String| RosterEntry {
        name: DisplayName::parse(&name).expect("a short visible name"),
        role: Role::Student,
        group: None,
    };
    let people: Vec<RosterEntry> = names.map(entry).collect();
    if people.is_empty() {
        return Ok((class, Vec::new()));
    }
    let names: Vec<DisplayName> = people.iter().map(|entry| entry.name.clone()).collect();
    let invitations = owner.add_roster(class, people).await?;
    let link_of = |name: &DisplayName| {
        invitations.iter().find(|one| one.name == *name).and_then(|one| one.link.clone()).unwrap_or_default()
    };
    Ok((class, names.iter().map(link_of).collect()))
}

/// A class beside those of the run; who is invited there has no business in the others.
async fn outsiders(owner: &Device, bell: Duration) -> Result<(ClassId, Vec<String>), StageError> {
    let draft = draft("Elsewhere", preau_protocol::Policy::Ask, bell);
    let names = (1..=OUTSIDERS).map(|n| format!("Outsider {n}"));
    let (class, links) = make(owner, &draft, names).await.map_err(StageError::Class)?;
    let mut cookies = Vec::new();
    for link in links {
        let mut device = Device::new(owner.server());
        device.claim(&link).await.map_err(StageError::Class)?;
        cookies.extend(device.cookie().map(str::to_owned));
    }
    Ok((class, cookies))
}

fn draft(title: &str, policy: preau_protocol::Policy, bell: Duration) -> ClassDraft {
    ClassDraft { title: title.into(), starts_at: UnixMs(bell.as_millis() as u64), policy, familiar: false }
}
