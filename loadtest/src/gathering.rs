//! Everybody into one class: a roster, links opened at once, knocks at the teacher's door.

use std::collections::BTreeSet;
use std::time::Duration;

use preau_protocol::{
    ClassDraft, ClassId, DisplayName, DoorEvent, Event, Invitation, PersonId, Policy, Role, RosterEntry, UnixMs,
};
use tokio::task::JoinSet;

use crate::{Device, Participant, ParticipantError};

/// On a busy machine many people connect slowly; then they count as lost.
pub const STEP_WITHIN: Duration = Duration::from_secs(60);

/// Runs these at once; what fails is written down.
pub async fn all<T: Send + 'static>(
    tasks: impl Iterator<Item = impl Future<Output = Result<T, ParticipantError>> + Send + 'static>,
    failures: &mut Vec<String>,
) -> Vec<T> {
    let mut running: JoinSet<_> = tasks.collect();
    let mut done = Vec::new();
    while let Some(result) = running.join_next().await {
        match result {
            Ok(Ok(value)) => done.push(value),
            Ok(Err(error)) => failures.push(error.to_string()),
            Err(panic) => failures.push(panic.to_string()),
        }
    }
    done
}

/// Makes the class and its roster as a teacher does on the set-up page.
pub async fn prepare(device: &Device, students: usize) -> Result<(ClassId, Vec<Invitation>), ParticipantError> {
    let now_ms = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis() as u64;
    let draft =
        ClassDraft { title: "Rehearsal".into(), starts_at: UnixMs(now_ms), policy: Policy::Ask, familiar: false };
    let class = device.create_class(&draft).await?.class;
    let people = (1..=students).map(|n| RosterEntry {
        name: DisplayName::parse(&format!("Student {n}")).expect("a short visible name"),
        role: Role::Student,
        group: None,
    });
    let invitations = device.add_roster(class, people.collect()).await?;
    Ok((class, invitations))
}

/// Everyone opens their link at once.
pub async fn knock(server: &str, invitations: Vec<Invitation>, failures: &mut Vec<String>) -> Vec<Participant> {
    let links = invitations.into_iter().filter(|one| one.role == Role::Student).filter_map(|one| one.link);
    let knocks = links.map(|link| {
        let server = server.to_owned();
        async move { Participant::knock(&server, &link).await }
    });
    all(knocks, failures).await
}

/// A teacher admits whom they see, so the knocks must have arrived.
pub async fn wait_for_knocks(teacher: &mut Participant, people: &[PersonId]) -> Result<(), ParticipantError> {
    let mut missing: BTreeSet<PersonId> = people.iter().copied().collect();
    while !missing.is_empty() {
        let knock = |event: &Event| match event {
            Event::Door(DoorEvent::Knock { knock }) => Some(knock.person),
            _ => None,
        };
        let person = teacher.conversation.wait_for(STEP_WITHIN, knock).await?;
        missing.remove(&person);
    }
    Ok(())
}
