//! A class's media: a seat's offer, its view, and what the relay reports.

use std::collections::BTreeMap;
use std::time::Duration;

use preau_classroom::MediaPermit;
use preau_protocol::{
    Close, Event, Felt, IceServer, Look, MediaEvent, Outcome, Pictures, ReceiveMids, Refusal, Role, SendMids,
    SessionId, Slot, limits,
};
use preau_sfu::{self as sfu, Farewell, Mid, OfferError, Source, TurnCredentials};

use super::Reach;
use super::errand::Report;
use super::media::Owner;
use super::room::Room;

/// Offers cost keys and memory; a browser that restarts ICE needs no more than this.
const OFFER_EVERY: Duration = Duration::from_secs(2);

/// What somebody waits for while a relay is asked, which another shard may have.
pub enum Call {
    Offer(OfferCall),
    Ways { session: SessionId, id: u32 },
    Felt { session: SessionId, id: u32, felt: Felt },
    Inspect { session: SessionId, id: u32 },
}

pub struct OfferCall {
    session: SessionId,
    id: u32,
    peer: sfu::PeerId,
    /// To be made once more by a new peer, should a known one not take it.
    spare: Option<Box<sfu::Offer>>,
}

impl Call {
    /// Who waits, and for the answer to which request.
    fn asker(&self) -> (SessionId, u32) {
        match self {
            Call::Offer(OfferCall { session, id, .. })
            | Call::Ways { session, id }
            | Call::Felt { session, id, .. }
            | Call::Inspect { session, id } => (*session, *id),
        }
    }
}

impl Room {
    /// Answers a browser's offer. Only a seat has media: anybody else is shown out, and nothing was made.
    pub fn offer(
        &mut self,
        session: SessionId,
        id: u32,
        sdp: String,
        send: &SendMids,
        receive: &ReceiveMids,
        reach: &mut Reach<'_>,
    ) {
        let Some((desk, permit)) = self.seated_desk(session) else {
            return self.hang_up(session, Close::NotAllowed, reach);
        };
        if desk.last_offer.is_some_and(|at| reach.now.saturating_duration_since(at) < OFFER_EVERY) {
            return self.refuse(session, id, Refusal::TooSoon, reach);
        }
        desk.last_offer = Some(reach.now);
        let Some(offer) = relay_offer(sdp, send, receive) else {
            return self.refuse(session, id, Refusal::BadOffer, reach);
        };
        match reach.media.peer(session) {
            Some(peer) => {
                self.offer_as(peer, OfferCall { session, id, peer, spare: Some(Box::new(offer.clone())) }, offer, reach)
            }
            None => self.offer_anew(session, id, offer, permit, reach),
        }
    }

    /// The offer of a new peer for a seat.
    fn offer_anew(
        &mut self,
        session: SessionId,
        id: u32,
        offer: sfu::Offer,
        permit: MediaPermit,
        reach: &mut Reach<'_>,
    ) {
        let Some(desk) = self.desks.get(&session) else { return };
        let owner = Owner { class: self.class(), session, person: desk.person };
        let peer = reach.media.admit(owner, self.media_room, relay_role(desk.role), permit, reach.now);
        self.offer_as(peer, OfferCall { session, id, peer, spare: None }, offer, reach);
    }

    fn offer_as(&mut self, peer: sfu::PeerId, call: OfferCall, offer: sfu::Offer, reach: &mut Reach<'_>) {
        let answer = reach.media.offer(peer, offer, Call::Offer(call), reach.now);
        self.answered(answer, reach);
    }

    /// What came of a call, if it is known already; from another shard it comes later.
    pub fn answered(&mut self, answer: Option<(Call, Report)>, reach: &mut Reach<'_>) {
        match answer {
            None => {}
            Some((Call::Offer(call), Report::Offer(answer))) => self.offer_answered(call, answer, reach),
            Some((Call::Ways { session, id }, Report::Ways(given))) => self.ways_given(session, id, given, reach),
            Some((Call::Felt { session, id, felt }, Report::Inspect { link, slots })) => {
                self.felt_at((session, id), felt, link, slots, reach);
            }
            Some((Call::Inspect { session, id }, Report::Inspect { slots, .. })) => {
                self.inspected(session, id, slots, reach);
            }
            // Too much is under way; or an answer to another question, which no shard gives.
            Some((call, _)) => {
                let (session, id) = call.asker();
                self.refuse(session, id, Refusal::TooSoon, reach);
            }
        }
    }

    fn offer_answered(&mut self, call: OfferCall, answer: Result<String, OfferError>, reach: &mut Reach<'_>) {
        let OfferCall { session, id, peer, spare } = call;
        // While another shard wrote its answer the seat may have gone, or the browser begun anew.
        let Some((_, permit)) = self.seated_desk(session).filter(|_| reach.media.peer(session) == Some(peer)) else {
            return self.refuse(session, id, Refusal::TooSoon, reach);
        };
        match (answer, spare) {
            (Ok(sdp), _) => {
                self.reply(session, id, Outcome::Answer { sdp }, reach);
                self.look(session, reach);
                self.look_at(session, reach);
                self.restrict(session, reach);
                self.tell_links_again(session, reach);
            }
            // A reloaded page offers from a new connection: its old media ends, and a new peer takes the seat's place.
            (Err(OfferError::SectionsChanged | OfferError::FingerprintChanged), Some(offer)) => {
                self.forget_link(session);
                reach.media.remove(session, reach.now);
                self.offer_anew(session, id, *offer, permit, reach);
            }
            (Err(error), spare) => {
                if spare.is_none() {
                    reach.media.remove(session, reach.now);
                }
                tracing::debug!(code = error.code(), "an offer was refused");
                self.refuse(session, id, Refusal::BadOffer, reach);
            }
        }
    }

    /// Whose cameras a session wants to see.
    pub fn view(&mut self, session: SessionId, id: u32, looks: Vec<Look>, reach: &mut Reach<'_>) {
        let Some((desk, _)) = self.seated_desk(session) else {
            return self.hang_up(session, Close::NotAllowed, reach);
        };
        if looks.len() > limits::VIDEO_SLOTS_MAX {
            return self.refuse(session, id, Refusal::Limit, reach);
        }
        desk.looks = looks;
        self.look(session, reach);
        self.reply(session, id, Outcome::Done {}, reach);
    }

    /// Which pictures a session wants at all.
    pub fn receive(&mut self, session: SessionId, id: u32, pictures: Pictures, reach: &mut Reach<'_>) {
        let Some((desk, _)) = self.seated_desk(session) else {
            return self.hang_up(session, Close::NotAllowed, reach);
        };
        desk.pictures = pictures;
        self.restrict(session, reach);
        self.reply(session, id, Outcome::Done {}, reach);
    }

    /// Tells the relay which pictures a session wants at all.
    fn restrict(&self, session: SessionId, reach: &mut Reach<'_>) {
        let (Some(desk), Some(peer)) = (self.desks.get(&session), reach.media.peer(session)) else { return };
        let pictures = match desk.pictures {
            Pictures::All => sfu::Pictures::All,
            Pictures::Few => sfu::Pictures::Few,
            Pictures::None => sfu::Pictures::None,
        };
        reach.media.set_pictures(peer, pictures, reach.now);
    }

    /// How a session may come where neither UDP nor TCP gets through. Nobody but a seat learns of it.
    pub fn ways(&mut self, session: SessionId, id: u32, reach: &mut Reach<'_>) {
        let Some((desk, _)) = self.seated_desk(session) else {
            return self.hang_up(session, Close::NotAllowed, reach);
        };
        let person = desk.person;
        let owner = Owner { class: self.class(), session, person };
        let given = reach.media.ways(owner, self.media_room, Call::Ways { session, id }, reach.now);
        self.answered(given, reach);
    }

    fn ways_given(&mut self, session: SessionId, id: u32, given: Option<TurnCredentials>, reach: &mut Reach<'_>) {
        let ttl_s = given.as_ref().map_or(0, |given| u32::try_from(given.life.as_secs()).unwrap_or(u32::MAX));
        let server =
            given.map(|given| IceServer { urls: given.urls, username: given.username, credential: given.password });
        self.reply(session, id, Outcome::Ways { servers: server.into_iter().collect(), ttl_s }, reach);
    }

    /// Passes on what the relay reports of this class.
    pub fn relay_says(&mut self, event: sfu::Event, reach: &mut Reach<'_>) {
        match event {
            sfu::Event::Connected { .. } => {}
            sfu::Event::Publishes { peer } => reach.media.publishes(peer, reach.now),
            sfu::Event::Disconnected { peer, why } => match why {
                // The browser restarts ICE by itself when its network is back.
                Farewell::ConsentExpired => {}
                Farewell::Closed | Farewell::HandshakeFailed => {
                    if let Some(owner) = reach.media.owner(peer) {
                        self.forget_link(owner.session);
                        reach.media.remove(owner.session, reach.now);
                        self.tell(owner.session, Event::Media(MediaEvent::Lost {}), reach);
                    }
                }
            },
            sfu::Event::Slots { peer, slots } => {
                let Some(owner) = reach.media.owner(peer) else { return };
                let person = |from: sfu::PeerId| reach.media.owner(from).map(|owner| owner.person);
                let slots = slots
                    .into_iter()
                    .map(|fill| Slot { mid: fill.mid.as_str().to_owned(), person: fill.from.and_then(person) })
                    .collect();
                let event = MediaEvent::Slots { slots };
                if let Some(desk) = self.desks.get_mut(&owner.session) {
                    desk.slots = Some(event.clone());
                }
                self.tell(owner.session, Event::Media(event), reach);
            }
            sfu::Event::Link { peer, link } => {
                let Some(owner) = reach.media.owner(peer) else { return };
                self.link_is(owner.session, &link, reach);
            }
            sfu::Event::Wanted { peer, source, height_px } => {
                let Some(owner) = reach.media.owner(peer) else { return };
                self.is_wanted(owner.session, source, height_px, reach);
            }
            sfu::Event::Speaking { peers, .. } => {
                let people = peers.into_iter().filter_map(|peer| reach.media.owner(peer)).map(|owner| owner.person);
                let event = Event::Media(MediaEvent::Speaking { people: people.collect() });
                let seated = self.desks.iter().filter(|(_, desk)| desk.permit.is_some()).map(|(session, _)| *session);
                self.tell_all(seated.collect(), event, reach);
            }
        }
    }

    /// Tells the relay what a session looks at, as far as those people have media.
    fn look(&self, session: SessionId, reach: &mut Reach<'_>) {
        let (Some(desk), Some(peer)) = (self.desks.get(&session), reach.media.peer(session)) else { return };
        let looks: Vec<sfu::Look> = desk
            .looks
            .iter()
            .filter_map(|look| {
                let peer = reach.media.peer(self.classroom.session_of(look.person)?)?;
                Some(sfu::Look { peer, height_px: look.height_px })
            })
            .collect();
        reach.media.view(peer, looks, reach.now);
    }

    /// Somebody's media is new: those who look at them see it from now on.
    fn look_at(&self, session: SessionId, reach: &mut Reach<'_>) {
        let Some(person) = self.desks.get(&session).map(|desk| desk.person) else { return };
        let wants = |looks: &[Look]| looks.iter().any(|look| look.person == person);
        for (viewer, desk) in &self.desks {
            if *viewer != session && wants(&desk.looks) {
                self.look(*viewer, reach);
            }
        }
    }

    pub(super) fn seated_desk(
        &mut self,
        session: SessionId,
    ) -> Option<(&mut super::desk::Desk, preau_classroom::MediaPermit)> {
        self.classroom.seat(session)?;
        let desk = self.desks.get_mut(&session)?;
        let permit = desk.permit?;
        Some((desk, permit))
    }
}

fn relay_role(role: Role) -> sfu::Role {
    match role {
        Role::Teacher => sfu::Role::Teacher,
        Role::Student | Role::Observer => sfu::Role::Student,
    }
}

/// The wire's words in the relay's; `None` when something there is no MID or there are too many.
fn relay_offer(sdp: String, send: &SendMids, receive: &ReceiveMids) -> Option<sfu::Offer> {
    if receive.audio.len() > limits::AUDIO_SLOTS_MAX || receive.video.len() > limits::VIDEO_SLOTS_MAX {
        return None;
    }
    let mids = |mids: &[String]| mids.iter().map(|mid| Mid::parse(mid)).collect::<Option<Vec<Mid>>>();
    let send = BTreeMap::from([
        (Source::Microphone, Mid::parse(&send.microphone)?),
        (Source::Camera, Mid::parse(&send.camera)?),
        (Source::Screen, Mid::parse(&send.screen)?),
        (Source::ScreenAudio, Mid::parse(&send.screen_audio)?),
    ]);
    let receive = sfu::ReceiveMids {
        audio: mids(&receive.audio)?,
        screen_audio: Some(Mid::parse(&receive.screen_audio)?),
        screen: Some(Mid::parse(&receive.screen)?),
        video: mids(&receive.video)?,
    };
    Some(sfu::Offer { sdp, send, receive })
}
