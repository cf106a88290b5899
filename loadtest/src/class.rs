//! The scenario of one class: a teacher, a roster, a full lobby, one click to let everyone in, and a lesson.

use std::time::{Duration, Instant};

use preau_protocol::PersonId;

use crate::gathering::{self, STEP_WITHIN, all};
use crate::report::Spread;
use crate::usage::Usage;
use crate::{Device, Participant, ParticipantError, Receipt, Report, Source};

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
    /// The server's process, if it runs on this machine and its use of it is to be reported.
    pub watch: Option<u32>,
}

/// A student in class, and how they got there.
struct Watching {
    student: Participant,
    seated: Duration,
    connected: Duration,
    first_packet: Duration,
}

/// Holds a class. What goes wrong with students is in the report; an error is a class that could not be held at all.
pub async fn hold(plan: &Plan) -> Result<Report, ParticipantError> {
    let mut report = Report { server: plan.server.clone(), students: plan.students, ..Report::default() };
    let mut device = Device::new(&plan.server);
    device.claim(&plan.teacher).await?;
    let (class, invitations) = gathering::prepare(&device, plan.students).await?;
    let mut teacher = Participant::enter(device, class).await?;
    teacher.seated(STEP_WITHIN).await?;
    teacher.connect_media(1).await?;
    teacher.turn_on(&[Source::Microphone, Source::Camera]).await?;
    let empty = plan.watch.map(Usage::of);

    let students = gathering::knock(&plan.server, invitations, &mut report.failures).await;
    report.knocked = students.len();
    let waiting: Vec<PersonId> = students.iter().map(Participant::person).collect();
    gathering::wait_for_knocks(&mut teacher, &waiting).await?;
    let admitted = Instant::now();
    teacher.admit(&waiting).await?;

    let who = teacher.person();
    let arrivals = students.into_iter().map(|student| attend(student, who, admitted));
    let watching = all(arrivals, &mut report.failures).await;
    report.connected = watching.len();
    report.admit_to_seated_ms = Spread::of(watching.iter().map(|one| one.seated).collect());
    report.offer_to_connected_ms = Spread::of(watching.iter().map(|one| one.connected).collect());
    report.admit_to_first_packet_ms = Spread::of(watching.iter().map(|one| one.first_packet).collect());
    if let (Some(pid), Some(empty)) = (plan.watch, empty) {
        report.seat_kb = Usage::of(pid).memory_kb.saturating_sub(empty.memory_kb) as f64 / watching.len().max(1) as f64;
    }

    let (before, packets_before) = (plan.watch.map(Usage::of), packets(&watching));
    let lessons = watching.into_iter().map(|one| watch(one, plan.lesson));
    let watched = all(lessons, &mut report.failures).await;
    report.packets_received = packets(&watched);
    if let (Some(pid), Some(before)) = (plan.watch, before) {
        let forwarded = report.packets_received.saturating_sub(packets_before).max(1);
        report.forward_us = (Usage::of(pid).cpu - before.cpu).as_secs_f64() * 1e6 / forwarded as f64;
    }
    let gaps = |one: &Watching| receipts(&one.student).iter().map(|receipt| receipt.gaps).sum::<u64>();
    report.gaps = watched.iter().map(gaps).sum();
    report.saw_and_heard = watched.iter().filter(|one| gaps(one) == 0).count();
    Ok(report)
}

/// From the lobby to the teacher's first picture and word.
async fn attend(mut student: Participant, teacher: PersonId, admitted: Instant) -> Result<Watching, ParticipantError> {
    student.seated(STEP_WITHIN).await?;
    let seated = admitted.elapsed();
    let offered = Instant::now();
    student.connect_media(1).await?;
    let connected = offered.elapsed();
    student.look_at(&[teacher]).await?;
    let peer = student.peer()?;
    let first = peer.more(&peer.receive.video[0], 1, STEP_WITHIN).await?.first;
    peer.more(&peer.receive.audio[0], 1, STEP_WITHIN).await?;
    let first_packet = first.map(|at| at.duration_since(admitted)).unwrap_or_default();
    Ok(Watching { student, seated, connected, first_packet })
}

/// Watches for as long as the lesson takes: until as many packets of sound have come, one each 20 ms.
async fn watch(one: Watching, lesson: Duration) -> Result<Watching, ParticipantError> {
    let peer = one.student.peer()?;
    let sounds = lesson.as_millis() as u64 / 20;
    peer.more(&peer.receive.audio[0], sounds, lesson + STEP_WITHIN).await?;
    Ok(one)
}

fn receipts(student: &Participant) -> Vec<Receipt> {
    let peer = student.peer().ok();
    peer.map(|peer| vec![peer.receipt(&peer.receive.video[0]), peer.receipt(&peer.receive.audio[0])])
        .unwrap_or_default()
}

fn packets(watching: &[Watching]) -> u64 {
    watching.iter().flat_map(|one| receipts(&one.student)).map(|receipt| receipt.packets).sum()
}
