//! The classes of a run: made by the teachers' accounts that it was given, and taken away again.

use std::sync::Arc;
use std::time::Duration;

use preau_protocol::limits::CLASSES_PER_ACCOUNT_MAX;
use preau_protocol::{ClassDraft, ClassId, DisplayName, Policy, ProblemCode, Role, RosterEntry, UnixMs};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::scenario::Scenario;
use crate::site::Site;
use crate::stage::name_of;
use crate::{Device, DeviceError};

/// Classes that are made, or taken away, at the same time.
const AT_ONCE: usize = 8;

/// A class as its owner made it.
pub struct Lesson {
    pub id: ClassId,
    /// Which of the accounts made it.
    pub owner: usize,
    /// One for each student, in order; none where a portal vouches for everybody.
    pub links: Vec<String>,
}

/// Why there are no classes. Those that were made already are taken away.
#[derive(Debug, thiserror::Error)]
pub enum LessonsError {
    #[error(
        "the teacher's link was not taken: {0}. Such a link opens once, within a day; `preau teacher-link --name NAME` on the server makes another"
    )]
    Link(DeviceError),
    #[error(
        "the teacher's link was not taken: {0}. Its address has to be the server's own, as the server prints it: localhost is another one than 127.0.0.1"
    )]
    Address(DeviceError),
    #[error(
        "the scenario makes {wanted} classes, and the accounts of the links have room for {room}: give another teacher's link (--link, once more), or make fewer (--set classes.count={room})"
    )]
    NoRoom { wanted: usize, room: usize },
    #[error("a class could not be made: {0}")]
    Class(#[from] DeviceError),
    #[error("stopped before anybody came")]
    Stopped,
}

/// An account, and for how many classes more it has room.
struct Account {
    device: Device,
    room: usize,
}

/// Opens every link, and makes the classes of `scenario`, and `more` besides them that the first account is to make. In the order of
/// the links, each account makes as many as it has room for.
pub async fn make_all(
    site: &Site,
    links: &[String],
    scenario: &Scenario,
    (by_token, more): (bool, usize),
    bell: Duration,
) -> Result<(Vec<Device>, Vec<Lesson>), LessonsError> {
    let mut accounts = Vec::new();
    for link in links {
        accounts.push(account(site, link).await?);
    }
    let (wanted, room) = (scenario.classes.count.get() + more, accounts.iter().map(|account| account.room).sum());
    if wanted > room {
        return Err(LessonsError::NoRoom { wanted, room });
    }
    let owners = accounts.iter().enumerate().flat_map(|(at, account)| {
        let room = if at == 0 { account.room.saturating_sub(more) } else { account.room };
        std::iter::repeat_n(at, room)
    });
    let owners: Vec<usize> = owners.take(scenario.classes.count.get()).collect();
    let devices: Vec<Device> = accounts.into_iter().map(|account| account.device).collect();
    let lessons = make_each(&devices, &owners, scenario, by_token, bell).await?;
    Ok((devices, lessons))
}

async fn account(site: &Site, link: &str) -> Result<Account, LessonsError> {
    let mut device = Device::new(&site.origin);
    device.claim(link).await.map_err(|error| match error.code() {
        Some(ProblemCode::BadOrigin) => LessonsError::Address(error),
        _ => LessonsError::Link(error),
    })?;
    let own = device.classes().await?.iter().filter(|class| class.mine).count();
    Ok(Account { device, room: CLASSES_PER_ACCOUNT_MAX.saturating_sub(own) })
}

/// Nothing is left behind when one of them cannot be made, or somebody presses Ctrl-C.
async fn make_each(
    devices: &[Device],
    owners: &[usize],
    scenario: &Scenario,
    by_token: bool,
    bell: Duration,
) -> Result<Vec<Lesson>, LessonsError> {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut making = JoinSet::new();
    for (n, owner) in owners.iter().copied().enumerate() {
        let (device, slots) = (devices[owner].clone(), slots.clone());
        let invited = if by_token { 0 } else { scenario.classes.students.get() };
        let draft = draft(&format!("Rehearsal {}", n + 1), scenario.classes.policy, bell);
        making.spawn(async move {
            // Closed: no further class is wanted.
            let _slot = slots.acquire_owned().await.ok()?;
            let made = make(&device, &draft, (1..=invited).map(name_of)).await;
            Some(made.map(|(id, links)| (n, Lesson { id, owner, links })))
        });
    }
    let (mut lessons, mut wrong) = (Vec::new(), None);
    let mut stopped = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let made = tokio::select! {
            made = making.join_next() => made,
            _ = &mut stopped, if wrong.is_none() => {
                wrong = Some(LessonsError::Stopped);
                slots.close();
                continue;
            }
        };
        match made.map(|made| made.expect("a class is made without a panic")) {
            None => break,
            Some(Some(Ok(lesson))) => lessons.push(lesson),
            Some(Some(Err(error))) => {
                wrong.get_or_insert(error.into());
                slots.close();
            }
            Some(None) => {}
        }
    }
    lessons.sort_by_key(|(n, _)| *n);
    let lessons: Vec<Lesson> = lessons.into_iter().map(|(_, lesson)| lesson).collect();
    match wrong {
        None => Ok(lessons),
        Some(wrong) => {
            erase_all(devices, &lessons).await;
            Err(wrong)
        }
    }
}

/// Makes one class, or none.
pub async fn make(
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
    let invitations = match owner.add_roster(class, people).await {
        Ok(invitations) => invitations,
        Err(error) => {
            // What comes of this is of no interest beside the error itself.
            let _ = owner.erase_class(class).await;
            return Err(error);
        }
    };
    let link_of = |name: &DisplayName| {
        invitations.iter().find(|one| one.name == *name).and_then(|one| one.link.clone()).unwrap_or_default()
    };
    Ok((class, names.iter().map(link_of).collect()))
}

/// Takes classes away again. What could not be is left to the teacher.
pub async fn erase_all(owners: &[Device], lessons: &[Lesson]) {
    for some in lessons.chunks(AT_ONCE) {
        let erased = some.iter().map(|lesson| owners[lesson.owner].erase_class(lesson.id));
        if futures_util::future::join_all(erased).await.iter().any(Result::is_err) {
            return;
        }
    }
}

pub fn draft(title: &str, policy: Policy, bell: Duration) -> ClassDraft {
    ClassDraft { title: title.into(), starts_at: UnixMs(bell.as_millis() as u64), policy, familiar: false }
}
