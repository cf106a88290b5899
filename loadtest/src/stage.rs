//! What is there before anybody comes: the server, its classes, everybody's credentials.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use preau_protocol::{ClassId, Policy, Role};
use tokio::sync::{mpsc, watch};

use crate::Device;
use crate::device::innermost;
use crate::ledger::{News, Note};
use crate::lessons::{self, Lesson, LessonsError};
use crate::light::Fleet;
use crate::line::Line;
use crate::portal::{Bearer, Portal};
use crate::scenario::{Kind, Scenario};
use crate::site::Site;

/// People invited to a class of their own, who then try the others.
const OUTSIDERS: usize = 10;

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
    /// The teachers' accounts: each teaches the classes that it made.
    pub owners: Vec<Device>,
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
    #[error(transparent)]
    Lessons(#[from] LessonsError),
    #[error("no thread for media: {0}")]
    Fleet(#[from] std::io::Error),
}

/// Everything of a stage that is there before the classes are.
pub struct Props {
    pub scenario: Scenario,
    pub site: Site,
    pub portal: Option<Portal>,
    /// Of teachers' accounts on the site.
    pub links: Vec<String>,
    pub notes: mpsc::UnboundedSender<Note>,
    pub closing: watch::Receiver<bool>,
}

impl Stage {
    /// Makes the classes and everybody's invitations. The run begins when this returns.
    pub async fn set(props: Props) -> Result<Stage, StageError> {
        let Props { scenario, site, portal, links, notes, closing } = props;
        let visitor = Device::new(&site.origin);
        let silent = |error: reqwest::Error| StageError::Silent(site.origin.clone(), innermost(&error));
        let version = visitor.request(reqwest::Method::GET, "/version").send().await.map_err(silent)?;
        let version: serde_json::Value = version.json().await.unwrap_or_default();
        if version["protocol"] != preau_protocol::VERSION {
            return Err(StageError::Stranger(site.origin.clone()));
        }
        let bell = UNIX_EPOCH.elapsed().unwrap_or_default() + scenario.arrivals.bell_s.get();
        let needs_outsiders = scenario.intruders.other_class.get() + scenario.intruders.replayed_ticket.get() > 0;
        let kind = (portal.is_some(), usize::from(needs_outsiders));
        let (owners, lessons) = lessons::make_all(&site, &links, &scenario, kind, bell).await?;
        let elsewhere = if needs_outsiders { Some(outsiders(&owners[0], bell).await?) } else { None };
        let fleet = if scenario.media.kind == Kind::None { None } else { Some(Fleet::launch()?) };
        let client = visitor.client();
        Ok(Stage {
            line: Line::watch(client.clone(), &site.origin),
            scenario,
            site,
            client,
            portal,
            owners,
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

    /// Takes the classes away again. What could not be is left to the teachers.
    pub async fn strike(&self) {
        lessons::erase_all(&self.owners, &self.lessons).await;
        if let Some((id, _)) = &self.elsewhere {
            // The same holds for this one.
            let _ = self.owners[0].erase_class(*id).await;
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
            // Whoever made a class teaches it.
            (None, None) => {
                let owner = &self.owners[self.lessons[class].owner];
                Credential::Cookie(owner.cookie().unwrap_or_default().to_owned())
            }
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

/// A class beside those of the run; who is invited there has no business in the others.
async fn outsiders(owner: &Device, bell: Duration) -> Result<(ClassId, Vec<String>), LessonsError> {
    let draft = lessons::draft("Elsewhere", Policy::Ask, bell);
    let names = (1..=OUTSIDERS).map(|n| format!("Outsider {n}"));
    let (class, links) = lessons::make(owner, &draft, names).await?;
    let mut cookies = Vec::new();
    for link in links {
        let mut device = Device::new(owner.server());
        device.claim(&link).await?;
        cookies.extend(device.cookie().map(str::to_owned));
    }
    Ok((class, cookies))
}
