//! One virtual person, from the opening of the page to the end of the lesson: a task that sleeps unless something happens.

mod camera;
mod talk;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::SinkExt;
use preau_protocol::{Hello, HelloFrame, Resume, Turned, VERSION};
use tokio::time::{sleep, sleep_until};
use tokio_tungstenite::tungstenite::Message;

use crate::agenda::{Act, Part};
use crate::ledger::News;
use crate::site::{BROKEN, Unopened};
use crate::stage::{Credential, Stage, lesson_ends};
use crate::visit::{Next, Over, Visit};
use crate::{Device, DeviceError};

/// A claim that was not taken, or not answered, is made again after this long; the visit's own back-off is for sockets.
const CLAIM_AGAIN: Duration = Duration::from_secs(2);
const CLAIMS_MAX: u32 = 5;

pub struct Person {
    pub who: usize,
    pub part: Part,
    stage: Arc<Stage>,
    visit: Visit,
    /// Once a link was exchanged for it.
    cookie: Option<String>,
    /// How many acts are behind.
    acted: usize,
    seat: Option<camera::Seat>,
    pub was_seated: bool,
    /// When they will have been there long enough.
    leaves: Option<Instant>,
    hello_at: Instant,
}

/// How a conversation ended.
enum Parting {
    Closed(u16),
    Turned(Turned),
    Acted(Act),
    /// The lesson is over for everybody.
    Over,
}

impl Person {
    pub fn new(who: usize, part: Part, stage: Arc<Stage>) -> Person {
        let visit = Visit::new(part.seed);
        let hello_at = stage.began;
        let (cookie, seat, leaves) = (None, None, None);
        Person { who, part, stage, visit, cookie, acted: 0, seat, was_seated: false, leaves, hello_at }
    }

    /// Comes at the time that was planned, whatever the server does, and stays until it is over.
    pub async fn live(mut self) {
        sleep_until((self.stage.began + self.part.comes).into()).await;
        self.tell(News::Came);
        if !self.introduce().await {
            return;
        }
        let mut next = self.visit.begin();
        loop {
            next = match next {
                Next::Dial { after, ticket, resume } => {
                    sleep(after).await;
                    self.dial(ticket, resume).await
                }
                Next::Line => self.stand_in_line().await,
                Next::Over(over) => {
                    self.leave_media();
                    return self.tell(News::Over(over));
                }
            };
        }
    }

    /// Exchanges a link for a cookie, where that is how somebody comes.
    async fn introduce(&mut self) -> bool {
        match self.stage.credential(self.part.class, self.part.number) {
            Credential::Token => true,
            Credential::Cookie(cookie) => {
                self.cookie = Some(cookie);
                true
            }
            Credential::Link(link) => self.claim(&link).await,
        }
    }

    async fn claim(&mut self, link: &str) -> bool {
        let mut device = Device::new(&self.stage.site.origin);
        for _ in 0..CLAIMS_MAX {
            match device.claim(link).await {
                Ok(_) => {
                    self.cookie = device.cookie().map(str::to_owned);
                    return true;
                }
                Err(DeviceError::Refused { status, .. }) if status.as_u16() != 429 && status.as_u16() != 503 => {
                    self.tell(News::Failed(format!("a link was answered with {status}")));
                    return false;
                }
                Err(_) => sleep(CLAIM_AGAIN).await,
            }
        }
        self.tell(News::Failed("a link could not be exchanged for a cookie".into()));
        false
    }

    async fn dial(&mut self, ticket: Option<String>, resume: Option<Resume>) -> Next {
        self.tell(News::Dialled);
        let network = self.stage.network(self.part.class);
        let mut socket = match self.stage.site.dial(self.cookie.as_deref(), network).await {
            Ok(socket) => socket,
            Err(Unopened::Refused { status, retry_after }) => {
                self.tell(News::Refused { status, named: retry_after.is_some() });
                return self.visit.refused(retry_after);
            }
            Err(Unopened::Unanswered(why)) => {
                self.tell(News::Unanswered(why));
                return self.visit.unanswered();
            }
        };
        self.tell(News::Connected);
        let has_ticket = ticket.is_some();
        let hello = Hello {
            version: VERSION,
            class: self.stage.lessons[self.part.class].id,
            token: self.stage.token(self.part.class, self.part.number, 0),
            resume,
            ticket,
        };
        let text = serde_json::to_string(&HelloFrame { hello }).expect("protocol types are JSON");
        self.hello_at = Instant::now();
        let parting = match socket.send(Message::text(text)).await {
            Ok(()) => self.talk(socket, has_ticket).await,
            Err(_) => Parting::Closed(BROKEN),
        };
        self.part_with(parting)
    }

    fn part_with(&mut self, parting: Parting) -> Next {
        match parting {
            Parting::Turned(turned) => {
                if let Turned::Queued(queued) = &turned {
                    let (priority, place, wait) = (queued.priority, queued.place, queued.wait);
                    self.stage.keep_ticket(&queued.ticket);
                    self.tell(News::Queued { priority, place, wait });
                }
                self.visit.turned(turned)
            }
            Parting::Closed(code) => {
                let next = self.visit.closed(code);
                if !matches!(next, Next::Over(Over::Done)) {
                    self.tell(News::Lost { on_purpose: false });
                }
                next
            }
            Parting::Acted(Act::Reload) => {
                self.leave_media();
                self.tell(News::Lost { on_purpose: true });
                self.visit.reloaded()
            }
            Parting::Acted(_) => {
                self.tell(News::Lost { on_purpose: true });
                self.visit.closed(BROKEN)
            }
            Parting::Over => Next::Over(Over::Done),
        }
    }

    /// Reads the line's document, with everybody else, until it says that one may come.
    async fn stand_in_line(&mut self) -> Next {
        let mut standing = self.stage.line.stand();
        let mut closing = self.stage.closing.clone();
        loop {
            // What was read before somebody stood here tells them nothing.
            tokio::select! {
                changed = standing.reading.changed() => if changed.is_err() { return Next::Over(Over::Done) },
                () = lesson_ends(&mut closing) => return Next::Over(Over::Done),
            }
            let document = standing.reading.borrow_and_update().clone();
            if let Some(next) = document.and_then(|document| self.visit.line(&document)) {
                return next;
            }
        }
    }

    /// When the next act is due, with what it is.
    fn next_act(&self) -> Option<(Instant, Act)> {
        let (at, act) = self.part.acts.get(self.acted)?;
        Some((self.stage.began + *at, *act))
    }

    fn tell(&self, news: News) {
        self.stage.tell(self.who, news);
    }
}
