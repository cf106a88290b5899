//! How people's connections are: each is told of their own, teachers of everybody's, and figures without names leave.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use preau_protocol::{
    Close, Event, Felt, MediaEvent, Outcome, PersonId, PersonLink, Quality, Reduced, Refusal, Role, SessionId,
    SlotFigures, Source, UnixMs, limits,
};
use preau_sfu as sfu;

use super::calls::Call;
use super::errand::Report;
use super::room::Room;
use super::{Output, Reach};

/// Changes are gathered for this long: a class of 30 on bad networks is a few words to its teacher, not hundreds.
const TELL_EVERY_MS: u64 = 3_000;
/// A browser's timer and the way here are not exact.
const FELT_EVERY: Duration = Duration::from_millis(limits::FELT_EVERY_MS - 1_000);

/// What teachers know of connections.
#[derive(Default)]
pub struct Links {
    people: BTreeMap<PersonId, PersonLink>,
    changed: BTreeSet<PersonId>,
    due: Option<UnixMs>,
}

/// One person's ten seconds, for the metrics: nothing here says who it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub link: PersonLink,
    pub felt: Felt,
    pub slots: Vec<SlotFigures>,
}

impl Links {
    /// When teachers are to be told.
    pub fn due(&self) -> Option<UnixMs> {
        self.due
    }

    /// What their browser told stays until it tells again.
    fn set(&mut self, link: PersonLink, now: UnixMs) {
        let felt = self.people.get(&link.person).and_then(|known| known.felt);
        self.keep(PersonLink { felt, ..link }, now);
    }

    fn felt(&mut self, person: PersonId, felt: Felt, now: UnixMs) -> Option<PersonLink> {
        let link = PersonLink { felt: Some(felt), ..*self.people.get(&person)? };
        self.keep(link, now);
        Some(link)
    }

    fn keep(&mut self, link: PersonLink, now: UnixMs) {
        if self.people.insert(link.person, link) != Some(link) {
            self.changed.insert(link.person);
            self.due.get_or_insert(now.plus_ms(TELL_EVERY_MS));
        }
    }

    /// Somebody's media is gone: what it was like is of no more use.
    pub fn forget(&mut self, person: PersonId) {
        self.people.remove(&person);
        self.changed.remove(&person);
    }

    fn all(&self) -> Vec<PersonLink> {
        self.people.values().copied().collect()
    }

    /// What has changed since the last time, if it is time to tell.
    fn take_due(&mut self, now: UnixMs) -> Vec<PersonLink> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = None;
        let changed = std::mem::take(&mut self.changed);
        changed.iter().filter_map(|person| self.people.get(person).copied()).collect()
    }
}

impl Room {
    /// What a browser says went wrong on its screen.
    pub fn felt(&mut self, session: SessionId, id: u32, felt: Felt, reach: &mut Reach<'_>) {
        let Some((desk, _)) = self.seated_desk(session) else {
            return self.hang_up(session, Close::NotAllowed, reach);
        };
        if desk.last_felt.is_some_and(|at| reach.now.saturating_duration_since(at) < FELT_EVERY) {
            return self.refuse(session, id, Refusal::TooSoon, reach);
        }
        desk.last_felt = Some(reach.now);
        let call = Call::Felt { session, id, felt };
        // The relay speaks up when its words change; its figures are read when somebody counts.
        let figures = self.figures(session, call, reach);
        self.answered(figures, reach);
    }

    /// What a browser felt, with what the relay knows of its connection at that time.
    pub(super) fn felt_at(
        &mut self,
        (session, id): (SessionId, u32),
        felt: Felt,
        link: Option<sfu::Link>,
        slots: Vec<sfu::SlotStats>,
        reach: &mut Reach<'_>,
    ) {
        let Some(person) = self.desks.get(&session).filter(|desk| desk.permit.is_some()).map(|desk| desk.person) else {
            return;
        };
        if let Some(link) = link {
            self.links.set(person_link(person, &link), reach.now_ms);
        }
        if let Some(link) = self.links.felt(person, felt, reach.now_ms) {
            let slots = wire_figures(slots, reach);
            reach.out.push_back(Output::Measured(Box::new(Measured { link, felt, slots })));
        }
        self.reply(session, id, Outcome::Done {}, reach);
    }

    /// A teacher looks closer at one person's connection.
    pub fn inspect(&mut self, session: SessionId, id: u32, person: PersonId, reach: &mut Reach<'_>) {
        let Some((desk, _)) = self.seated_desk(session) else {
            return self.hang_up(session, Close::NotAllowed, reach);
        };
        if desk.role != Role::Teacher {
            return self.refuse(session, id, Refusal::TeachersOnly, reach);
        }
        let Some(theirs) = self.classroom.session_of(person) else {
            return self.refuse(session, id, Refusal::NoSuchPerson, reach);
        };
        let figures = self.figures(theirs, Call::Inspect { session, id }, reach);
        self.answered(figures, reach);
    }

    pub(super) fn inspected(&mut self, session: SessionId, id: u32, slots: Vec<sfu::SlotStats>, reach: &mut Reach<'_>) {
        let slots = wire_figures(slots, reach);
        self.reply(session, id, Outcome::Inspected { slots }, reach);
    }

    /// Asks the relay for a session's figures; without media there are none.
    fn figures(&self, session: SessionId, call: Call, reach: &mut Reach<'_>) -> Option<(Call, Report)> {
        match reach.media.peer(session) {
            Some(peer) => reach.media.inspect(peer, call, reach.now),
            None => Some((call, Report::Inspect { link: None, slots: Vec::new() })),
        }
    }

    /// The relay's word about somebody's connection: to themselves when it concerns them, to teachers by and by.
    pub fn link_is(&mut self, session: SessionId, link: &sfu::Link, reach: &mut Reach<'_>) {
        let Some(desk) = self.desks.get_mut(&session) else { return };
        let person_link = person_link(desk.person, link);
        let PersonLink { quality, reduced, .. } = person_link;
        let is_news = desk.link.replace((quality, reduced)) != Some((quality, reduced));
        self.links.set(person_link, reach.now_ms);
        if is_news {
            self.tell_present(session, MediaEvent::Link { quality, reduced }, reach);
        }
    }

    /// How large anybody looks at what somebody sends.
    pub fn is_wanted(&mut self, session: SessionId, source: sfu::Source, height_px: u16, reach: &mut Reach<'_>) {
        let Some(desk) = self.desks.get_mut(&session) else { return };
        let source = wire_source(source);
        desk.wanted.insert(source, height_px);
        self.tell_present(session, MediaEvent::Wanted { source, height_px }, reach);
    }

    /// Tells teachers what has changed, if it is time.
    pub fn tell_links(&mut self, reach: &mut Reach<'_>) {
        let changed = self.links.take_due(reach.now_ms);
        if changed.is_empty() {
            return;
        }
        let is_teacher = |desk: &super::desk::Desk| desk.role == Role::Teacher && desk.permit.is_some();
        let present = self.desks.iter().filter(|(_, desk)| is_teacher(desk) && desk.line.is_some());
        let teachers: Vec<SessionId> = present.map(|(session, _)| *session).collect();
        for event in in_frames(changed) {
            self.tell_all(teachers.clone(), event, reach);
        }
    }

    /// All of it again: to somebody who was away, or whose media is new.
    pub fn tell_links_again(&mut self, session: SessionId, reach: &mut Reach<'_>) {
        let Some(desk) = self.desks.get(&session).filter(|desk| desk.permit.is_some()) else { return };
        let own = desk.link.map(|(quality, reduced)| MediaEvent::Link { quality, reduced });
        let wanted = desk.wanted.iter().map(|(&source, &height_px)| MediaEvent::Wanted { source, height_px });
        let mut events: Vec<Event> = own.into_iter().chain(wanted).map(Event::Media).collect();
        if desk.role == Role::Teacher {
            events.extend(in_frames(self.links.all()));
        }
        for event in events {
            self.tell(session, event, reach);
        }
    }

    /// What is only true now, and said again on return, is not kept for somebody who is away.
    fn tell_present(&mut self, session: SessionId, event: MediaEvent, reach: &mut Reach<'_>) {
        if self.desks.get(&session).is_some_and(|desk| desk.line.is_some()) {
            self.tell(session, Event::Media(event), reach);
        }
    }

    /// Somebody's media ended: nobody is told of its connection any more.
    pub fn forget_link(&mut self, session: SessionId) {
        let Some(desk) = self.desks.get_mut(&session) else { return };
        desk.link = None;
        desk.wanted.clear();
        self.links.forget(desk.person);
    }
}

fn wire_figures(slots: Vec<sfu::SlotStats>, reach: &Reach<'_>) -> Vec<SlotFigures> {
    let figures = |slot: sfu::SlotStats| {
        let person = reach.media.owner(slot.from?)?.person;
        let (source, height_px) = (wire_source(slot.source), slot.height_px.unwrap_or(0));
        Some(SlotFigures { source, person, kbps: slot.kbps, height_px, loss: slot.loss })
    };
    slots.into_iter().filter_map(figures).collect()
}

fn in_frames(people: Vec<PersonLink>) -> Vec<Event> {
    let frames = people.chunks(limits::LINKS_PER_EVENT_MAX);
    frames.map(|people| Event::Media(MediaEvent::Links { people: people.to_vec() })).collect()
}

fn person_link(person: PersonId, link: &sfu::Link) -> PersonLink {
    PersonLink {
        person,
        quality: wire_quality(link.quality),
        reduced: wire_reduced(link.reduced),
        rtt_ms: link.rtt_ms,
        loss_down: link.loss_down,
        loss_up: link.loss_up,
        down_kbps: link.down_kbps,
        felt: None,
    }
}

fn wire_source(source: sfu::Source) -> Source {
    match source {
        sfu::Source::Microphone => Source::Microphone,
        sfu::Source::Camera => Source::Camera,
        sfu::Source::Screen => Source::Screen,
        sfu::Source::ScreenAudio => Source::ScreenAudio,
    }
}

fn wire_quality(quality: sfu::Quality) -> Quality {
    match quality {
        sfu::Quality::Good => Quality::Good,
        sfu::Quality::Fair => Quality::Fair,
        sfu::Quality::Poor => Quality::Poor,
    }
}

fn wire_reduced(reduced: sfu::Reduced) -> Reduced {
    match reduced {
        sfu::Reduced::Nothing => Reduced::Nothing,
        sfu::Reduced::Smaller => Reduced::Smaller,
        sfu::Reduced::Fewer => Reduced::Fewer,
        sfu::Reduced::AudioOnly => Reduced::AudioOnly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn link(who: u128, rtt_ms: u16) -> PersonLink {
        let (person, quality, reduced) = (PersonId(Uuid::from_u128(who)), Quality::Fair, Reduced::Nothing);
        PersonLink { person, quality, reduced, rtt_ms, loss_down: 0, loss_up: 0, down_kbps: 900, felt: None }
    }

    #[test]
    fn teachers_are_told_what_changed_once_in_a_while() {
        let mut links = Links::default();
        links.set(link(1, 40), UnixMs(0));
        links.set(link(2, 40), UnixMs(1_000));
        links.set(link(1, 50), UnixMs(2_000));
        assert_eq!(links.due(), Some(UnixMs(TELL_EVERY_MS)));
        assert_eq!(links.take_due(UnixMs(TELL_EVERY_MS - 1)), []);
        assert_eq!(links.take_due(UnixMs(TELL_EVERY_MS)), [link(1, 50), link(2, 40)]);
        links.set(link(2, 40), UnixMs(5_000));
        assert_eq!(links.due(), None, "nothing has changed");
    }

    #[test]
    fn what_was_felt_stays_with_the_link_and_goes_with_the_person() {
        let mut links = Links::default();
        let felt = Felt { freezes: 1, frozen_ms: 700, concealed_ms: 0 };
        let noe = link(1, 40).person;
        assert_eq!(links.felt(noe, felt, UnixMs(0)), None, "no media, nothing to feel");
        links.set(link(1, 40), UnixMs(0));
        links.felt(noe, felt, UnixMs(0));
        links.set(link(1, 60), UnixMs(10));
        assert_eq!(links.all(), [PersonLink { felt: Some(felt), ..link(1, 60) }]);
        links.forget(noe);
        assert_eq!(links.take_due(UnixMs(10_000)), []);
    }

    #[test]
    fn a_large_class_is_told_in_several_frames() {
        let people = (0..250).map(|who| link(who, 1)).collect();
        let sizes = in_frames(people).into_iter().map(|event| match event {
            Event::Media(MediaEvent::Links { people }) => people.len(),
            other => panic!("{other:?}"),
        });
        assert_eq!(sizes.collect::<Vec<_>>(), [100, 100, 50]);
    }
}
