//! Who joins a relay that is measured: one camera for each class, and those who watch it.

use preau_protocol::limits::SEATS_MAX;
use preau_protocol::{Ask, ClassAsk, Look, MediaAsk, Outcome, PersonId, Sending};

use super::{Door, Plan, RelayError};
use crate::gathering::{self, STEP_WITHIN};
use crate::light::{Fleet, Part, Place, Recruit, Sound};
use crate::usage::Usage;
use crate::{ConversationError, Device, Participant};

/// Seats of a class that are left to its teachers.
const SEATS_SPARE: usize = 20;
/// As many as a page on a small screen asks for.
const VIDEO_SLOTS: usize = 6;
/// How high the camera is shown, in device pixels: large enough for its one layer.
const HEIGHT_PX: u16 = 720;
/// The speakers' loudness, in −dBov.
const VOICE_LEVEL: u8 = 30;
/// The sections of a [`Part::Seat`].
const MICROPHONE: &str = "0";
const CAMERA_OF_A_SEAT: &str = "1";
/// The one section of a [`Part::Camera`].
const CAMERA_ALONE: &str = "0";

/// Where somebody hands in their offer.
enum Seat {
    InClass(Box<Participant>),
    Plain { client: reqwest::Client, address: String },
}

pub struct Person {
    seat: Seat,
    part: Part,
    /// The teacher to look at.
    looks_at: Option<PersonId>,
    speaks: bool,
    pub place: Option<Place>,
}

pub struct Audience {
    cameras: Vec<Person>,
    pub viewers: Vec<Person>,
    /// What the relay had used before any viewer came.
    pub before: Usage,
}

impl Audience {
    /// Seats everybody, and connects the cameras; viewers have made no offer yet.
    pub async fn gather(plan: &Plan, fleet: &Fleet, failures: &mut Vec<String>) -> Result<Audience, RelayError> {
        let mut audience = Audience { cameras: Vec::new(), viewers: Vec::new(), before: Usage::default() };
        match &plan.door {
            Door::Plain { server } => {
                let person = |part, path: &str| {
                    let seat = Seat::Plain { client: reqwest::Client::new(), address: format!("{server}/{path}") };
                    Person { seat, part, looks_at: None, speaks: false, place: None }
                };
                let mut camera = person(Part::Camera, "camera");
                camera.connect(plan, fleet).await?;
                audience.before = Usage::of(plan.pid);
                audience.cameras.push(camera);
                audience.viewers = (0..plan.people).map(|_| person(Part::Viewer, "viewer")).collect();
            }
            Door::Class { server, teacher } => {
                let mut device = Device::new(server);
                device.claim(teacher).await.map_err(crate::ParticipantError::from)?;
                let classes = plan.people.div_ceil(plan.class_of.clamp(1, SEATS_MAX - SEATS_SPARE));
                for n in 0..classes {
                    let students = (plan.people + n) / classes;
                    audience.seat_class(&device, students, plan, fleet, failures).await?;
                }
            }
        }
        Ok(audience)
    }

    async fn seat_class(
        &mut self,
        device: &Device,
        students: usize,
        plan: &Plan,
        fleet: &Fleet,
        failures: &mut Vec<String>,
    ) -> Result<(), RelayError> {
        let (class, invitations) = gathering::prepare(device, students).await?;
        let mut teacher = Participant::enter(device.clone(), class).await?;
        teacher.seated(STEP_WITHIN).await?;
        let shown = teacher.person();
        let part = Part::Seat { video_slots: VIDEO_SLOTS, simulcast: false };
        let mut camera =
            Person { seat: Seat::InClass(Box::new(teacher)), part, looks_at: None, speaks: false, place: None };
        camera.connect(plan, fleet).await?;
        camera.say_sending(Sending { camera: true, ..Sending::default() }).await?;
        if self.cameras.is_empty() {
            self.before = Usage::of(plan.pid);
        }
        let mut people = gathering::knock(device.server(), invitations, failures).await;
        let Seat::InClass(teacher) = &mut camera.seat else { return Ok(()) };
        let waiting: Vec<PersonId> = people.iter().map(Participant::person).collect();
        gathering::wait_for_knocks(teacher, &waiting).await?;
        teacher.admit(&waiting).await?;
        for student in &mut people {
            student.seated(STEP_WITHIN).await?;
        }
        self.viewers.extend(people.into_iter().enumerate().map(|(n, student)| Person {
            seat: Seat::InClass(Box::new(student)),
            part,
            looks_at: Some(shown),
            speaks: n < plan.speakers,
            place: None,
        }));
        self.cameras.push(camera);
        Ok(())
    }

    /// All speakers say that they speak: the class is told before it hears.
    pub async fn announce_speakers(&mut self) -> Result<(), RelayError> {
        for person in self.viewers.iter_mut().filter(|person| person.speaks) {
            person.say_sending(Sending { microphone: true, ..Sending::default() }).await?;
        }
        Ok(())
    }

    /// What the plan has everyone send while the stream is steady.
    pub fn perform(&self, plan: &Plan, fleet: &Fleet) {
        self.film(plan, fleet, plan.packets_per_s);
        if plan.speakers == 0 {
            return;
        }
        for person in &self.viewers {
            let sound = if person.speaks { Sound::Voice { level: VOICE_LEVEL } } else { Sound::Silence };
            if let Some(place) = person.place {
                fleet.perform(place, MICROPHONE, Some(sound));
            }
        }
    }

    /// All cameras at this rate; none at zero.
    pub fn film(&self, plan: &Plan, fleet: &Fleet, packets_per_s: u32) {
        let sound = (packets_per_s > 0).then_some(Sound::Camera { packets_per_s, pacing: plan.pacing });
        for camera in &self.cameras {
            let mid = if camera.part == Part::Camera { CAMERA_ALONE } else { CAMERA_OF_A_SEAT };
            if let Some(place) = camera.place {
                fleet.perform(place, mid, sound);
            }
        }
    }

    /// Everybody's microphone is off.
    pub fn hush(&self, fleet: &Fleet) {
        for place in self.viewers.iter().filter_map(|person| person.place) {
            fleet.perform(place, MICROPHONE, None);
        }
    }

    pub fn cameras(&self) -> usize {
        self.cameras.len()
    }
}

impl Person {
    /// Offers, takes the answer, connects. Returns the time from the answer to being connected.
    pub async fn connect(&mut self, plan: &Plan, fleet: &Fleet) -> Result<std::time::Duration, RelayError> {
        let recruit = Recruit::new(self.part, plan.manners)?;
        let answer = self.answer(&recruit).await?;
        let answered = std::time::Instant::now();
        let (peer, socket) = recruit.answered(&answer)?;
        let (place, outcome) = fleet.connect(peer, socket).await?;
        let connected = outcome.map_err(|failure| RelayError::Refused(failure.to_string()))?;
        self.place = Some(place);
        if let (Seat::InClass(person), Some(teacher)) = (&mut self.seat, self.looks_at) {
            let looks = vec![Look { person: teacher, height_px: HEIGHT_PX }];
            person.conversation.done(Ask::Media(MediaAsk::View { looks })).await?;
        }
        Ok(connected.saturating_duration_since(answered))
    }

    async fn answer(&mut self, recruit: &Recruit) -> Result<String, RelayError> {
        match &mut self.seat {
            Seat::InClass(person) => match person.conversation.ask(Ask::Media(recruit.ask())).await? {
                Outcome::Answer { sdp } => Ok(sdp),
                Outcome::Refused { code, .. } => Err(ConversationError::Refused(code).into()),
                other @ (Outcome::Done {} | Outcome::Inspected { .. } | Outcome::Ways { .. }) => {
                    Err(ConversationError::Unexpected(other).into())
                }
            },
            Seat::Plain { client, address } => {
                let response = client.post(&*address).body(recruit.sdp()).send().await?;
                let status = response.status();
                let text = response.text().await?;
                if status.is_success() { Ok(text) } else { Err(RelayError::Refused(format!("{status} {text}"))) }
            }
        }
    }

    async fn say_sending(&mut self, sending: Sending) -> Result<(), RelayError> {
        if let Seat::InClass(person) = &mut self.seat {
            person.conversation.done(Ask::Class(ClassAsk::Sending { sending })).await?;
        }
        Ok(())
    }
}
