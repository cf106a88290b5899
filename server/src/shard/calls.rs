//! A class's media: a seat's offer, its view, and what the relay reports.

use std::collections::BTreeMap;
use std::time::Duration;

use preau_protocol::{
    Close, Event, IceServer, Look, MediaEvent, Outcome, Pictures, ReceiveMids, Refusal, Role, SendMids, SessionId,
    Slot, limits,
};
use preau_sfu::{self as sfu, Farewell, Mid, OfferError, Source};

use super::Reach;
use super::media::Owner;
use super::room::Room;

/// Offers cost keys and memory; a browser that restarts ICE needs no more than this.
const OFFER_EVERY: Duration = Duration::from_secs(2);

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
        let (person, role) = (desk.person, relay_role(desk.role));
        let Some(offer) = relay_offer(sdp, send, receive) else {
            return self.refuse(session, id, Refusal::BadOffer, reach);
        };
        let owner = Owner { class: self.class(), session, person };
        let known = reach.media.peer(session);
        let answer = match known {
            Some(peer) => reach.media.relay.answer(peer, self.media_room, role, &offer, reach.now),
            None => Err(OfferError::SectionsChanged),
        };
        // A reloaded page offers from a new connection: its old media ends, and a new peer takes the seat's place.
        let answer = match answer {
            Err(OfferError::SectionsChanged | OfferError::FingerprintChanged) => {
                self.forget_link(session);
                reach.media.remove(session, reach.now);
                let peer = reach.media.fresh_peer();
                let answer = reach.media.relay.answer(peer, self.media_room, role, &offer, reach.now);
                if answer.is_ok() {
                    reach.media.keep(peer, owner);
                }
                answer
            }
            known => known,
        };
        match answer {
            Ok(sdp) => {
                reach.media.allow(session, permit, reach.now);
                self.reply(session, id, Outcome::Answer { sdp }, reach);
                self.look(session, reach);
                self.look_at(session, reach);
                self.restrict(session, reach);
                self.tell_links_again(session, reach);
            }
            Err(error) => {
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
        reach.media.relay.set_pictures(peer, pictures, reach.now);
    }

    /// How a session may come where neither UDP nor TCP gets through. Nobody but a seat learns of it.
    pub fn ways(&mut self, session: SessionId, id: u32, reach: &mut Reach<'_>) {
        if self.seated_desk(session).is_none() {
            return self.hang_up(session, Close::NotAllowed, reach);
        }
        let given = reach.media.ways(session, reach.now);
        let ttl_s = given.as_ref().map_or(0, |given| u32::try_from(given.life.as_secs()).unwrap_or(u32::MAX));
        let server =
            given.map(|given| IceServer { urls: given.urls, username: given.username, credential: given.password });
        self.reply(session, id, Outcome::Ways { servers: server.into_iter().collect(), ttl_s }, reach);
    }

    /// Passes on what the relay reports of this class.
    pub fn relay_says(&mut self, event: sfu::Event, reach: &mut Reach<'_>) {
        match event {
            sfu::Event::Connected { .. } | sfu::Event::Publishes { .. } => {}
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
        reach.media.relay.view(peer, &looks, reach.now);
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
        Role::Student => sfu::Role::Student,
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
