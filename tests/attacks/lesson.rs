//! The class that must not notice: a teacher and three students on the `webrtc` stack, who see and hear each other all along.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use preau_loadtest::{Participant, Source};
use preau_tests::forwarding::passages;
use preau_tests::school::MEDIA;
use preau_tests::steal::Steal;
use preau_tests::witness::{Seen, now};

use crate::ground::Ground;

/// A host that leaves so little is not waited for any longer.
const QUIET_TIMES_MAX: u32 = 4;

pub struct Lesson {
    teacher: Participant,
    students: Vec<Participant>,
    /// Where the teacher sends from.
    publisher: SocketAddr,
    /// Where students receive.
    receivers: Vec<SocketAddr>,
}

/// How long packets were kept, while the host left the cores to this machine.
#[derive(Default)]
pub struct Kept {
    /// In order.
    pub delays: Vec<Duration>,
    /// Packets of the moments in which it did not.
    pub left_out: usize,
}

impl Lesson {
    pub async fn begin(ground: &Ground) -> Lesson {
        let (_, mut teacher, students) = ground.in_session(["Léa", "Tom", "Inès"]).await;
        let mut students = Vec::from(students);
        let publisher = ground.connect(&mut teacher, 1).await;
        teacher.turn_on(&[Source::Microphone, Source::Camera]).await.expect("on");
        teacher.look_at(&[students[0].person()]).await.expect("looks");
        let mut receivers = Vec::new();
        for student in &mut students {
            receivers.push(ground.connect(student, 1).await);
            student.look_at(&[teacher.person()]).await.expect("looks");
        }
        students[0].turn_on(&[Source::Camera]).await.expect("on");
        let mut lesson = Lesson { teacher, students, publisher, receivers };
        lesson.goes_on().await.expect("everybody sees and hears");
        lesson
    }

    /// Everybody still gets pictures and sound, and is in class.
    pub async fn goes_on(&mut self) -> Result<(), String> {
        for person in self.students.iter_mut().chain([&mut self.teacher]) {
            let name = person.conversation.welcome().name.clone();
            person.conversation.take_events();
            let peer = person.peer().map_err(|error| error.to_string())?;
            let mids = peer.receive.clone();
            peer.more(&mids.video[0], 1, MEDIA).await.map_err(|error| format!("{name} sees nobody: {error}"))?;
        }
        for student in &self.students {
            let peer = student.peer().map_err(|error| error.to_string())?;
            let voice = peer.receive.audio[0].clone();
            peer.more(&voice, 2, MEDIA).await.map_err(|error| format!("a student hears nobody: {error}"))?;
        }
        Ok(())
    }

    /// Packets that did not come, or came out of order, in any slot until now.
    pub fn gaps(&self) -> u64 {
        let peers = self.students.iter().filter_map(|student| student.peer().ok());
        peers.flat_map(|peer| peer.slots()).map(|(_, receipt)| receipt.gaps).sum()
    }

    /// Lets the class be until the host has left it the cores for so long, and says between when and when that was.
    pub async fn quiet(&mut self, time: Duration, steal: &Steal) -> Result<Range<Duration>, String> {
        let began = now();
        let mut look = tokio::time::interval(Duration::from_millis(500));
        let spared = || steal.spared(&(began..now())).iter().map(|span| span.end - span.start).sum::<Duration>();
        while spared() < time && now() < began + time * QUIET_TIMES_MAX {
            look.tick().await;
            self.goes_on().await?;
        }
        Ok(began..now())
    }

    /// How long the teacher's packets were kept by the relay within these times.
    pub fn kept(&self, seen: &[Seen], steal: &Steal, windows: &[Range<Duration>]) -> Kept {
        let mut kept = Kept::default();
        for window in windows {
            let spared = steal.spared(window);
            let passages = passages(seen, self.publisher, &self.receivers, window);
            let all = passages.len();
            let own = passages.into_iter().filter(|passage| spared.iter().any(|span| span.contains(&passage.sent)));
            let before = kept.delays.len();
            kept.delays.extend(own.map(|passage| passage.delay));
            kept.left_out += all - (kept.delays.len() - before);
        }
        kept.delays.sort_unstable();
        kept
    }

    pub async fn end(mut self, ground: &Ground) {
        ground.end(&mut self.teacher).await;
    }
}
