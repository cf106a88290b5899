//! A class that runs while something goes wrong: Ada teaches, Noé is in, Max waits at the door.

use std::path::Path;
use std::time::Duration;

use preau_loadtest::{Conversation, ConversationError, Participant};
use preau_protocol::{Ask, ChatAsk, DoorAsk, PersonId, Refusal, Snapshot};
use preau_tests::Server;
use preau_tests::school::{Class, SOON, School, heard_knock};
use tokio::time::interval;

/// The pace at which a class takes what one person says.
const CHAT_EVERY: Duration = Duration::from_millis(500);

pub struct Lesson {
    pub school: School,
    pub class: Class,
    pub ada: Participant,
    pub noe: Participant,
    pub max: Participant,
    /// Chat that was acknowledged, oldest first.
    pub said: Vec<String>,
}

impl Lesson {
    pub async fn over(server: Server) -> Lesson {
        let school = School::over(server).await;
        let class = school.class(&["Noé", "Max", "Zoé"]).await;
        let (mut ada, [noe]) = class.in_session(["Noé"]).await;
        let max = class.knock("Max").await;
        heard_knock(&mut ada, max.person()).await;
        Lesson { school, class, ada, noe, max, said: Vec::new() }
    }

    /// Noé says something, as soon as the pace of a chat allows, and is told that it is said.
    pub async fn say(&mut self, text: &str) -> Result<(), ConversationError> {
        let mut pace = interval(CHAT_EVERY);
        loop {
            pace.tick().await;
            match self.noe.conversation.done(Ask::Chat(ChatAsk::Say { text: text.into() })).await {
                Err(ConversationError::Refused(Refusal::TooSoon)) => {}
                Err(other) => return Err(other),
                Ok(()) => break,
            }
        }
        self.said.push(text.into());
        Ok(())
    }

    /// The class goes on: whoever is in it hears what is said.
    pub async fn goes_on(&mut self, text: &str) {
        self.say(text).await.expect("said");
        let heard = |event: &preau_protocol::Event| match event {
            preau_protocol::Event::Chat(preau_protocol::ChatEvent::Said { message }) => {
                (message.text == text).then_some(())
            }
            _ => None,
        };
        self.ada.conversation.wait_for(SOON, heard).await.expect("heard by the teacher");
    }

    /// The server is there again: everybody comes back, to find all that was acknowledged, once, and nobody else inside.
    pub async fn come_back(self) -> (Lesson, Vec<String>) {
        let Lesson { school, class, ada, noe, max, said } = self;
        let mut ada = ada.resume().await.expect("the teacher comes back");
        let snapshot = ada.seated(SOON).await.expect("to their seat");
        let mut noe = noe.resume().await.expect("Noé comes back");
        noe.seated(SOON).await.expect("to the seat that was given once");
        let max = max.resume().await.expect("Max knocks again");
        heard_knock(&mut ada, max.person()).await;
        let wrong = differences(&snapshot, &said, &[ada.person(), noe.person()]);
        (Lesson { school, class, ada, noe, max, said }, wrong)
    }

    /// What is wrong with the class, as the teacher finds it who comes in once more.
    pub async fn look(&mut self) -> Vec<String> {
        let again = Participant::enter(self.ada.device.clone(), self.class.id).await;
        self.ada = again.expect("the teacher comes in once more");
        let snapshot = self.ada.seated(SOON).await.expect("to their seat");
        differences(&snapshot, &self.said, &[self.ada.person(), self.noe.person()])
    }

    pub async fn admit_max(&mut self) -> Result<(), ConversationError> {
        admit(&mut self.ada.conversation, self.max.person()).await
    }
}

pub async fn admit(teacher: &mut Conversation, who: PersonId) -> Result<(), ConversationError> {
    teacher.done(Ask::Door(DoorAsk::Admit { people: vec![who] })).await
}

pub fn is_not_saved(outcome: &Result<(), ConversationError>) -> bool {
    matches!(outcome, Err(ConversationError::Refused(Refusal::NotSaved)))
}

/// What is lost, doubled or unheard of in a class, given what was acknowledged in it and who was let in.
pub fn differences(snapshot: &Snapshot, said: &[String], seated: &[PersonId]) -> Vec<String> {
    let mut wrong = Vec::new();
    for text in said {
        match snapshot.chat.iter().filter(|message| &message.text == text).count() {
            1 => {}
            0 => wrong.push(format!("{text:?} was acknowledged and is lost")),
            n => wrong.push(format!("{text:?} stands {n} times")),
        }
    }
    for person in seated {
        if !snapshot.people.iter().any(|one| one.person == *person) {
            wrong.push(format!("{person} was let in and has no seat"));
        }
    }
    for one in &snapshot.people {
        if !seated.contains(&one.person) {
            wrong.push(format!("{} is in, whom nobody let in", one.name));
        }
    }
    wrong
}

/// `preau journal verify`, as an operator runs it on what the server left behind.
pub fn journal_holds(data: &Path) -> Result<String, String> {
    let out = std::process::Command::new(preau_tests::binary())
        .args(["journal", "verify", "--data"])
        .arg(data.join("data"))
        .env_clear()
        .output()
        .expect("the server's binary runs");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if out.status.success() { Ok(said(&out.stdout)) } else { Err(said(&out.stderr)) }
}

/// What the process holds of memory just now, in megabytes.
pub fn memory_mb(server: &Server) -> f64 {
    memory(server, "VmRSS:")
}

/// The most it ever held.
pub fn peak_mb(server: &Server) -> f64 {
    memory(server, "VmHWM:")
}

fn memory(server: &Server, word: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid().expect("runs"))).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix(word)).expect("a process has memory");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1e3
}
