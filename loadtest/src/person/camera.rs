//! A seated person's sound and pictures: one offer, and what is sent and looked at.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use preau_protocol::{Ask, ClassAsk, Look, MediaAsk, Role, Sending};

use super::Person;
use super::talk::Talk;
use crate::agenda::Microphone;
use crate::ledger::{Medium, News};
use crate::light::{Manners, Part as Offer, Place, Recruit, Sound};
use crate::scenario::Kind;
use crate::{MediaError, Peer, Publishing, Source};

/// The sections of a [`Offer::Seat`].
const MICROPHONE: &str = "0";
const CAMERA: &str = "1";
const SCREEN: &str = "2";
/// How loud people speak, in −dBov: a teacher is heard before students.
const TEACHERS_LEVEL: u8 = 20;
const STUDENTS_LEVEL: u8 = 32;
/// How large pictures are looked at, in device pixels.
const LARGE_PX: u16 = 360;
const SMALL_PX: u16 = 180;
/// In a large run fewer packets are opened: opening costs the tester what sealing costs the server.
const SMALL_RUN: usize = 300;
const OPENED_IN_SMALL_RUNS: u64 = 8;

/// An offer on its way.
pub(super) enum Offered {
    Light(Box<Recruit>),
    Full(Arc<Peer>),
}

/// What is connected, or about to be.
pub(super) enum Seat {
    Light(Place),
    /// Frames flow as long as this lives.
    Full {
        peer: Arc<Peer>,
        _publishing: Vec<Publishing>,
    },
}

impl Person {
    /// Makes the one offer, if this scenario has media at all.
    pub(super) async fn offer(&mut self, talk: &mut Talk) {
        let slots = self.stage.scenario.media.looks.get().max(1);
        if self.stage.fleet.is_none() {
            return;
        }
        let made = if self.part.full {
            let bind = IpAddr::V4(if self.stage.site.is_here() { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED });
            Peer::offer(bind, slots).await.map(|(peer, ask)| (Offered::Full(Arc::new(peer)), ask)).map_err(told)
        } else {
            let recruit = Recruit::new(self.seat(slots), self.manners()).map_err(|error| error.to_string());
            recruit
                .map(|recruit| (recruit.ask(), recruit))
                .map(|(ask, recruit)| (Offered::Light(Box::new(recruit)), ask))
        };
        match made {
            Ok((offered, ask)) => talk.offered = talk.ask(Ask::Media(ask)).await.map(|id| (id, offered)),
            Err(why) => self.tell(News::Failed(format!("no offer: {why}"))),
        }
    }

    fn seat(&self, video_slots: usize) -> Offer {
        Offer::Seat { video_slots, simulcast: self.stage.scenario.media.simulcast }
    }

    fn manners(&self) -> Manners {
        let scenario = &self.stage.scenario;
        let is_small = scenario.people() <= SMALL_RUN;
        Manners {
            feedback: scenario.media.feedback,
            loss_per_mille: scenario.network.loss_per_mille.get() as u32,
            opened_every: if is_small { OPENED_IN_SMALL_RUNS } else { 0 },
        }
    }

    pub(super) async fn take_answer(&mut self, talk: &mut Talk, offered: Offered, sdp: String) {
        let seat = match offered {
            Offered::Light(recruit) => self.enlist(*recruit, &sdp).await,
            Offered::Full(peer) => match peer.accept(sdp).await {
                Ok(()) => {
                    self.tell(News::Medium(Medium::Full(peer.clone())));
                    let _publishing = self.sources().iter().map(|source| peer.publish(*source, self.level())).collect();
                    Ok(Seat::Full { peer, _publishing })
                }
                Err(error) => Err(told(error)),
            },
        };
        match seat {
            Ok(seat) => self.seat = Some(seat),
            Err(why) => return self.tell(News::Failed(format!("an answer was of no use: {why}"))),
        }
        let on = |source| self.sources().contains(&source);
        let sending =
            Sending { microphone: on(Source::Microphone), camera: on(Source::Camera), screen: on(Source::Screen) };
        if sending != Sending::default() {
            talk.ask(Ask::Class(ClassAsk::Sending { sending })).await;
        }
        talk.looks_are_old = true;
        self.look(talk).await;
    }

    async fn enlist(&self, recruit: Recruit, sdp: &str) -> Result<Seat, String> {
        let fleet = self.stage.fleet.as_ref().ok_or("no fleet")?;
        let (peer, socket) = recruit.answered(sdp).map_err(|error| error.to_string())?;
        self.stage.media.get_or_init(|| peer.relay);
        let place = fleet.enlist(peer, socket).await.map_err(|error| error.to_string())?;
        self.tell(News::Medium(Medium::Light(place)));
        let voice = match self.part.microphone {
            Microphone::Off => None,
            Microphone::Silent => Some(Sound::Silence),
            Microphone::Speaks => Some(Sound::Speech { level: self.level() }),
        };
        voice.into_iter().for_each(|voice| fleet.perform(place, MICROPHONE, Some(voice)));
        if self.part.camera {
            fleet.perform(place, CAMERA, Some(Sound::Film));
        }
        if self.part.screen {
            fleet.perform(place, SCREEN, Some(Sound::Slides));
        }
        Ok(Seat::Light(place))
    }

    fn sources(&self) -> Vec<Source> {
        let on = [
            (self.part.microphone != Microphone::Off, Source::Microphone),
            (self.part.camera, Source::Camera),
            (self.part.screen, Source::Screen),
        ];
        on.into_iter().filter(|(is_on, _)| *is_on).map(|(_, source)| source).collect()
    }

    fn level(&self) -> u8 {
        if self.part.role == Role::Teacher { TEACHERS_LEVEL } else { STUDENTS_LEVEL }
    }

    /// Looks at the teacher, then at whoever has a camera on, if that has changed.
    pub(super) async fn look(&mut self, talk: &mut Talk) {
        let has_pictures = self.stage.scenario.media.kind == Kind::Video && self.seat.is_some();
        if !has_pictures || !std::mem::take(&mut talk.looks_are_old) {
            return;
        }
        let teacher = talk.teacher.filter(|_| self.part.role == Role::Student);
        let others = talk.cameras.iter().copied().filter(|person| Some(*person) != teacher);
        let looks = teacher
            .map(|person| Look { person, height_px: LARGE_PX })
            .into_iter()
            .chain(others.map(|person| Look { person, height_px: SMALL_PX }))
            .take(self.stage.scenario.media.looks.get())
            .collect();
        talk.ask(Ask::Media(MediaAsk::View { looks })).await;
    }

    /// The page is gone, or the server has nothing of its media any more.
    pub(super) fn leave_media(&mut self) {
        match self.seat.take() {
            Some(Seat::Light(place)) => self.stage.fleet.iter().for_each(|fleet| fleet.retire(place)),
            Some(Seat::Full { peer, .. }) => drop(tokio::spawn(async move { peer.close().await })),
            None => {}
        }
    }
}

fn told(error: MediaError) -> String {
    error.to_string()
}
