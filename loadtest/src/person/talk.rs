//! A person's conversation with the server, after the hello.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::SinkExt;
use preau_protocol::limits::PEOPLE_PER_ASK_MAX;
use preau_protocol::{
    Ask, ChatAsk, ClassAsk, ClassEvent, DoorAsk, DoorEvent, Event, Gone, Knock, LobbyEvent, MediaEvent, Outcome,
    PersonId, Policy, Reply, Request, Role, ServerFrame, SessionAsk, SessionEvent, Snapshot,
};
use tokio::time::sleep_until;
use tokio_tungstenite::tungstenite::Message;

use super::{Parting, Person};
use crate::agenda::Act;
use crate::ledger::News;
use crate::site::{BROKEN, Socket, next_text};
use crate::stage::lesson_ends;

/// A frame that cannot leave within this time means a server that no longer reads.
const SENT_WITHIN: Duration = Duration::from_secs(10);
/// Room for those who come while it is over.
const GOODBYE_WITHIN: Duration = Duration::from_secs(3);

/// One socket's conversation.
pub(super) struct Talk {
    pub socket: Socket,
    next_id: u32,
    /// The offer that waits for its answer.
    pub offered: Option<(u32, super::camera::Offered)>,
    is_welcome: bool,
    pub is_seated: bool,
    /// Whom a teacher will let in at the next look at the door.
    expected: BTreeSet<PersonId>,
    admit_due: Option<Instant>,
    /// Whose camera is on.
    pub cameras: BTreeSet<PersonId>,
    pub teacher: Option<PersonId>,
    pub looks_are_old: bool,
}

impl Talk {
    /// Asks, without waiting. Returns the request's id; nothing if the socket is broken.
    pub async fn ask(&mut self, ask: Ask) -> Option<u32> {
        let id = self.next_id;
        self.next_id += 1;
        let text = serde_json::to_string(&Request { id, ask }).expect("protocol types are JSON");
        let sent = tokio::time::timeout(SENT_WITHIN, self.socket.send(Message::text(text))).await;
        matches!(sent, Ok(Ok(()))).then_some(id)
    }
}

impl Person {
    /// Talks until the socket ends, or something else is to be done.
    pub(super) async fn talk(&mut self, socket: Socket, has_ticket: bool) -> Parting {
        let mut talk = Talk {
            socket,
            next_id: 1,
            offered: None,
            is_welcome: false,
            is_seated: false,
            expected: BTreeSet::new(),
            admit_due: None,
            cameras: BTreeSet::new(),
            teacher: None,
            looks_are_old: false,
        };
        let mut closing = self.stage.closing.clone();
        loop {
            let act = self.next_act().filter(|_| talk.is_seated || talk.is_welcome);
            let leaves = self.leaves.filter(|_| talk.is_seated);
            let due = [act.map(|(at, _)| at), talk.admit_due, leaves].into_iter().flatten().min();
            let parting = tokio::select! {
                text = next_text(&mut talk.socket) => match text {
                    Ok(text) => self.hear(&mut talk, &text, has_ticket).await,
                    Err(code) => Some(Parting::Closed(code)),
                },
                () = wait(due) => self.act(&mut talk, act).await,
                () = lesson_ends(&mut closing) => Some(self.say_goodbye(&mut talk).await),
            };
            match parting {
                Some(parting) => return parting,
                None => continue,
            }
        }
    }

    async fn act(&mut self, talk: &mut Talk, act: Option<(Instant, Act)>) -> Option<Parting> {
        let now = Instant::now();
        if talk.admit_due.is_some_and(|due| due <= now) {
            talk.admit_due = None;
            let people: Vec<PersonId> = std::mem::take(&mut talk.expected).into_iter().collect();
            for people in people.chunks(PEOPLE_PER_ASK_MAX) {
                talk.ask(Ask::Door(DoorAsk::Admit { people: people.to_vec() })).await;
            }
            return None;
        }
        if self.leaves.is_some_and(|leaves| leaves <= now) {
            self.leaves = None;
            talk.ask(Ask::Session(SessionAsk::Leave {})).await;
            return None;
        }
        let (at, act) = act?;
        if at > now {
            return None;
        }
        self.acted += 1;
        let ask = match act {
            Act::Reload | Act::Cut => return Some(Parting::Acted(act)),
            _ if !talk.is_seated => return None,
            Act::Say => Ask::Chat(ChatAsk::Say { text: format!("Message {} of {}", self.acted, self.part.number) }),
            Act::HandUp => Ask::Class(ClassAsk::Hand { up: true }),
            Act::HandDown => Ask::Class(ClassAsk::Hand { up: false }),
        };
        talk.ask(ask).await.map_or(Some(Parting::Closed(BROKEN)), |_| None)
    }

    /// The teacher ends the class for everybody; students only close their pages.
    async fn say_goodbye(&mut self, talk: &mut Talk) -> Parting {
        if self.part.role == Role::Teacher && talk.is_seated {
            talk.ask(Ask::Class(ClassAsk::End {})).await;
            let gone = async { while next_text(&mut talk.socket).await.is_ok() {} };
            // Whether or not it hears of the end: it goes.
            let _ = tokio::time::timeout(GOODBYE_WITHIN, gone).await;
        }
        self.leave_media();
        Parting::Over
    }

    async fn hear(&mut self, talk: &mut Talk, text: &str, has_ticket: bool) -> Option<Parting> {
        let Ok(frame) = serde_json::from_str::<ServerFrame>(text) else {
            self.tell(News::Failed(format!("a frame that is not of the protocol: {:.80}", text)));
            return None;
        };
        match frame {
            ServerFrame::Welcome(welcome) => {
                self.tell(News::Verdict(self.hello_at.elapsed()));
                self.visit.welcomed(welcome.session);
                talk.is_welcome = true;
                if has_ticket {
                    self.tell(News::Redeemed);
                }
                self.tell(News::Welcomed);
                if welcome.resumed && self.was_seated {
                    // Nothing is said twice: who was seated is, and the media goes on.
                    talk.is_seated = true;
                    self.tell(News::Admitted);
                }
            }
            ServerFrame::Turned(turned) => {
                self.tell(News::Verdict(self.hello_at.elapsed()));
                return Some(Parting::Turned(turned));
            }
            ServerFrame::Beat(beat) => self.visit.beat(beat.return_within_ms),
            ServerFrame::Reply(reply) => self.take_reply(talk, reply).await,
            ServerFrame::Event(event) => {
                self.visit.heard(event.seq);
                return self.take_event(talk, event.on, text.len()).await;
            }
        }
        None
    }

    async fn take_reply(&mut self, talk: &mut Talk, reply: Reply) {
        if talk.offered.as_ref().is_some_and(|(id, _)| *id == reply.id) {
            let offered = talk.offered.take().map(|(_, offered)| offered);
            match (reply.outcome, offered) {
                (Outcome::Answer { sdp }, Some(offered)) => self.take_answer(talk, offered, sdp).await,
                (other, _) => self.tell(News::Failed(format!("an offer was answered with {other:?}"))),
            }
            return;
        }
        if let Outcome::Refused { code, .. } = reply.outcome {
            self.tell(News::Failed(format!("refused with {code:?}")));
        }
    }

    async fn take_event(&mut self, talk: &mut Talk, event: Event, bytes: usize) -> Option<Parting> {
        let is_snapshot =
            matches!(&event, Event::Class(class) if matches!(class.as_ref(), ClassEvent::Snapshot { .. }));
        let is_for_anybody = matches!(event, Event::Session(_) | Event::Lobby(_));
        if !talk.is_seated && !is_snapshot && !is_for_anybody {
            self.tell(News::Leaked(bytes));
        }
        match event {
            Event::Session(SessionEvent::RefreshDue { .. }) => {
                if let Some(token) = self.stage.token(self.part.class, self.part.number, 0) {
                    talk.ask(Ask::Session(SessionAsk::Refresh { token })).await;
                }
            }
            Event::Session(SessionEvent::StillThere { .. }) => {
                talk.ask(Ask::Session(SessionAsk::Here {})).await;
            }
            Event::Session(SessionEvent::Gone { why: Gone::Lost | Gone::Expired }) => {
                self.tell(News::Failed("the server gave somebody up".into()));
            }
            Event::Session(_) | Event::Chat(_) => {}
            Event::Lobby(LobbyEvent::Standing { .. } | LobbyEvent::Note { .. }) => {}
            Event::Door(DoorEvent::Knock { knock }) => self.hear_knock(talk, &knock),
            Event::Door(DoorEvent::Answered { person }) => drop(talk.expected.remove(&person)),
            Event::Door(_) => {}
            Event::Class(class) => return self.take_class_event(talk, *class).await,
            Event::Media(MediaEvent::Lost {}) => {
                self.leave_media();
                self.offer(talk).await;
            }
            Event::Media(_) => {}
        }
        None
    }

    async fn take_class_event(&mut self, talk: &mut Talk, event: ClassEvent) -> Option<Parting> {
        match event {
            ClassEvent::Snapshot { snapshot } => self.sit_down(talk, snapshot).await,
            ClassEvent::Joined { person } | ClassEvent::Changed { person } => {
                if person.role == Role::Teacher {
                    talk.looks_are_old |= talk.teacher.replace(person.person) != Some(person.person);
                }
                let known = talk.cameras.contains(&person.person);
                if person.sending.camera && !known {
                    talk.looks_are_old |= talk.cameras.insert(person.person);
                } else if known && !person.sending.camera {
                    talk.cameras.remove(&person.person);
                }
                self.look(talk).await;
            }
            ClassEvent::Left { person, .. } => {
                talk.cameras.remove(&person);
            }
            _ => {}
        }
        None
    }

    async fn sit_down(&mut self, talk: &mut Talk, snapshot: Snapshot) {
        self.tell(News::Admitted);
        talk.is_seated = true;
        self.was_seated = true;
        let stays = self.stage.scenario.acts.stays_s.get();
        if self.part.role == Role::Student && !stays.is_zero() {
            self.leaves.get_or_insert_with(|| Instant::now() + stays);
        }
        let teacher = snapshot.people.iter().find(|person| person.role == Role::Teacher);
        talk.teacher = teacher.map(|person| person.person);
        talk.cameras = snapshot.people.iter().filter(|one| one.sending.camera).map(|one| one.person).collect();
        talk.looks_are_old = true;
        if let Some(door) = snapshot.door {
            if door.policy == Policy::Roster && !door.opened {
                talk.ask(Ask::Door(DoorAsk::Open {})).await;
            }
            door.waiting.iter().for_each(|knock| self.hear_knock(talk, knock));
        }
        self.leave_media();
        self.offer(talk).await;
    }

    /// A teacher lets in who is on the list, and nobody who is here already.
    fn hear_knock(&self, talk: &mut Talk, knock: &Knock) {
        let is_expected = knock.role == Role::Student && knock.name.as_str().starts_with("Student ");
        if self.part.role != Role::Teacher || knock.other_device || !is_expected {
            talk.expected.remove(&knock.person);
            return;
        }
        talk.expected.insert(knock.person);
        let looks_every = self.stage.scenario.classes.admit_every_s.get();
        talk.admit_due.get_or_insert_with(|| Instant::now() + looks_every);
    }
}

async fn wait(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
