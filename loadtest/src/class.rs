//! The scenario of one class: a teacher, a roster, a full lobby, one click to let everyone in, and a lesson.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use preau_protocol::{
    ClassDraft, ClassId, DisplayName, DoorEvent, Event, Invitation, PersonId, Policy, Role, RosterEntry, UnixMs,
};
use tokio::task::JoinSet;

use crate::report::Spread;
use crate::{Device, Participant, ParticipantError, Report, Source};

/// On a busy machine many people connect slowly; then they count as lost.
const STEP_WITHIN: Duration = Duration::from_secs(60);

/// What to rehearse.
#[derive(Clone, Debug)]
pub struct Plan {
    /// An origin, like `http://localhost:8080`.
    pub server: String,
    /// The link of a teacher's account.
    pub teacher: String,
    pub students: usize,
    /// How long everyone watches once all are connected.
    pub lesson: Duration,
}

/// Steps of one student, measured.
struct Watched {
    seated: Duration,
    connected: Duration,
    first_packet: Duration,
    packets: u64,
    gaps: u64,
}

/// Holds a class. What goes wrong with students is in the report; an error is a class that could not be held at all.
pub async fn hold(plan: &Plan) -> Result<Report, ParticipantError> {
    let mut report = Report { server: plan.server.clone(), students: plan.students, ..Report::default() };
    let (device, class, invitations) = prepare(plan).await?;
    let mut teacher = Participant::enter(device, class).await?;
    teacher.seated(STEP_WITHIN).await?;
    teacher.connect_media(1).await?;
    teacher.turn_on(&[Source::Microphone, Source::Camera]).await?;

    let students = gather(plan, invitations, &mut report).await;
    report.knocked = students.len();
    let waiting: Vec<PersonId> = students.iter().map(Participant::person).collect();
    wait_for_knocks(&mut teacher, &waiting).await?;
    let admitted = Instant::now();
    teacher.admit(&waiting).await?;

    let mut lessons = JoinSet::new();
    let who = teacher.person();
    for student in students {
        lessons.spawn(attend(student, who, admitted, plan.lesson));
    }
    let mut watched = Vec::new();
    while let Some(lesson) = lessons.join_next().await {
        match lesson {
            Ok(Ok(lesson)) => watched.push(lesson),
            Ok(Err(error)) => report.failures.push(error.to_string()),
            Err(panic) => report.failures.push(panic.to_string()),
        }
    }
    sum_up(&mut report, &watched);
    Ok(report)
}

/// Makes the class and its roster as a teacher does on the set-up page.
async fn prepare(plan: &Plan) -> Result<(Device, ClassId, Vec<Invitation>), ParticipantError> {
    let mut device = Device::new(&plan.server);
    device.claim(&plan.teacher).await?;
    let now_ms = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis() as u64;
    let draft = ClassDraft {
        title: "Rehearsal".into(),
        starts_at: UnixMs(now_ms),
        policy: Policy::Ask,
        familiar: false,
    };
    let class = device.create_class(&draft).await?.class;
    let people = (1..=plan.students).map(|n| RosterEntry {
        name: DisplayName::parse(&format!("Student {n}")).expect("a short visible name"),
        role: Role::Student,
        group: None,
    });
    let invitations = device.add_roster(class, people.collect()).await?;
    Ok((device, class, invitations))
}

/// Everyone opens their link at once.
async fn gather(plan: &Plan, invitations: Vec<Invitation>, report: &mut Report) -> Vec<Participant> {
    let mut knocks = JoinSet::new();
    for link in invitations.into_iter().filter(|one| one.role == Role::Student).filter_map(|one| one.link) {
        let server = plan.server.clone();
        knocks.spawn(async move { Participant::knock(&server, &link).await });
    }
    let mut students = Vec::new();
    while let Some(knock) = knocks.join_next().await {
        match knock {
            Ok(Ok(student)) => students.push(student),
            Ok(Err(error)) => report.failures.push(error.to_string()),
            Err(panic) => report.failures.push(panic.to_string()),
        }
    }
    students
}

/// A teacher admits whom they see, so the knocks must have arrived.
async fn wait_for_knocks(teacher: &mut Participant, people: &[PersonId]) -> Result<(), ParticipantError> {
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

async fn attend(
    mut student: Participant,
    teacher: PersonId,
    admitted: Instant,
    lesson: Duration,
) -> Result<Watched, ParticipantError> {
    student.seated(STEP_WITHIN).await?;
    let seated = admitted.elapsed();
    let offered = Instant::now();
    student.connect_media(4).await?;
    let connected = offered.elapsed();
    student.look_at(&[teacher]).await?;
    let peer = student.peer()?;
    let (picture, voice) = (peer.receive.video[0].clone(), peer.receive.audio[0].clone());
    let first = peer.more(&picture, 1, STEP_WITHIN).await?.first;
    peer.more(&voice, 1, STEP_WITHIN).await?;
    let first_packet = first.map(|at| at.duration_since(admitted)).unwrap_or_default();
    // 15 frames a second of one packet or more; half of that would be a broken lesson.
    peer.more(&picture, lesson.as_secs() * 7, lesson + STEP_WITHIN).await?;
    let receipts = [peer.receipt(&picture), peer.receipt(&voice)];
    let packets = receipts.iter().map(|receipt| receipt.packets).sum();
    let gaps = receipts.iter().map(|receipt| receipt.gaps).sum();
    Ok(Watched { seated, connected, first_packet, packets, gaps })
}

fn sum_up(report: &mut Report, watched: &[Watched]) {
    let times = |pick: fn(&Watched) -> Duration| Spread::of(watched.iter().map(pick).collect());
    report.seated = watched.len();
    report.connected = watched.len();
    report.saw_and_heard = watched.iter().filter(|one| one.gaps == 0).count();
    report.admit_to_seated_ms = times(|one| one.seated);
    report.offer_to_connected_ms = times(|one| one.connected);
    report.admit_to_first_packet_ms = times(|one| one.first_packet);
    report.packets_received = watched.iter().map(|one| one.packets).sum();
    report.gaps = watched.iter().map(|one| one.gaps).sum();
}
