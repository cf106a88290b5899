//! The process is killed at random points, many times over the same data, while a teacher decides and people talk.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Duration;

use preau_loadtest::{ConversationError, Device, Participant};
use preau_protocol::{Ask, ChatAsk, ClassAsk, ClassId, Close, DoorAsk, PersonId, Policy, Snapshot};
use preau_tests::Server;
use preau_tests::school::{SOON, School, door, heard_knock, turned_away};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::lesson::journal_holds;
use crate::tally;

const STUDENTS: [&str; 6] = ["Noé", "Zoé", "Léa", "Tom", "Inès", "Adam"];
/// `make faults` kills five times as often.
const KILLS: u32 = 20;
/// The end of a life comes within so many microseconds of its beginning: some decisions are made, one is under way.
const LIFE_US: u64 = 50_000;
/// One life in so many ends while people are still coming in.
const EARLY_ONE_IN: u32 = 4;
/// What the snapshot holds of the chat.
const CHAT_SHOWN: usize = preau_protocol::limits::CHAT_BACKLOG_MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Outside,
    Seated,
    Barred,
}

/// What is known from acknowledgements alone. What was asked for and not answered may be so or not.
struct Known {
    places: BTreeMap<PersonId, BTreeSet<Place>>,
    refused: BTreeSet<PersonId>,
    policies: Vec<Policy>,
    said: Vec<String>,
    perhaps_said: BTreeSet<String>,
}

impl Known {
    /// An act on somebody, and its outcome. Whoever was refused learns that nothing was done.
    fn acted(&mut self, who: PersonId, place: Place, outcome: &Result<(), ConversationError>) {
        let places = self.places.get_mut(&who).expect("a student");
        match outcome {
            Ok(()) => *places = BTreeSet::from([place]),
            Err(ConversationError::Refused(_)) => {}
            Err(_) => {
                places.insert(place);
            }
        }
    }

    fn spoke(&mut self, text: String, outcome: &Result<(), ConversationError>) {
        match outcome {
            Ok(()) => self.said.push(text),
            Err(ConversationError::Refused(_)) => {}
            Err(_) => {
                self.perhaps_said.insert(text);
            }
        }
    }

    /// What the class says of itself after a start; from then on that is known.
    fn compare(&mut self, snapshot: &Snapshot, wrong: &mut Vec<String>) {
        let door = door(snapshot);
        for (person, places) in &mut self.places {
            let seats = snapshot.people.iter().filter(|one| one.person == *person).count();
            let bars = door.barred.iter().filter(|one| one.person == *person).count();
            let found = match (seats, bars) {
                (0, 0) => Place::Outside,
                (1, 0) => Place::Seated,
                (0, 1) => Place::Barred,
                _ => {
                    wrong.push(format!("{person} is {seats} times in and {bars} times barred"));
                    continue;
                }
            };
            if !places.contains(&found) {
                wrong.push(format!("{person} is {found:?}, and was acknowledged as {places:?}"));
            }
            *places = BTreeSet::from([found]);
        }
        let students = snapshot.people.iter().filter(|one| self.places.contains_key(&one.person)).count();
        if students + 1 != snapshot.people.len() {
            wrong.push("somebody is in who is nobody's student".into());
        }
        if !self.policies.contains(&door.policy) {
            wrong.push(format!("the policy is {:?}, of {:?}", door.policy, self.policies));
        }
        self.policies = vec![door.policy];
        self.compare_chat(snapshot, wrong);
    }

    fn compare_chat(&mut self, snapshot: &Snapshot, wrong: &mut Vec<String>) {
        let shown: Vec<&str> = snapshot.chat.iter().map(|message| message.text.as_str()).collect();
        let unheard =
            |text: &&&str| !self.said.iter().any(|said| said == **text) && !self.perhaps_said.contains(**text);
        wrong.extend(shown.iter().filter(unheard).map(|text| format!("nobody said {text:?}")));
        let once: BTreeSet<&str> = shown.iter().copied().collect();
        if once.len() != shown.len() {
            wrong.push("a message stands twice".into());
        }
        // A full page has turned over what is oldest.
        let older = if shown.len() == CHAT_SHOWN { self.said.len().saturating_sub(CHAT_SHOWN / 2) } else { 0 };
        let lost = self.said[older..].iter().filter(|text| !once.contains(text.as_str()));
        wrong.extend(lost.map(|text| format!("{text:?} was acknowledged and is lost")));
        let settled = std::mem::take(&mut self.perhaps_said);
        self.said.extend(settled.into_iter().filter(|text| once.contains(text.as_str())));
    }
}

#[tokio::test]
async fn whatever_was_acknowledged_survives_a_kill_at_any_point() {
    let kills = if tally::at_length() { KILLS * 5 } else { KILLS };
    let mut school = School::start().await;
    let class = school.class(&STUDENTS).await;
    let mut devices = BTreeMap::new();
    for name in STUDENTS {
        devices.insert(class.invitation(name).person, class.device(name).await);
    }
    let outside = || BTreeSet::from([Place::Outside]);
    let mut known = Known {
        places: devices.keys().map(|person| (*person, outside())).collect(),
        refused: BTreeSet::new(),
        policies: vec![Policy::Ask],
        said: Vec::new(),
        perhaps_said: BTreeSet::new(),
    };
    let (mut wrong, mut acts) = (Vec::new(), 0);
    for life in 0..kills {
        let mut rng = ChaCha8Rng::seed_from_u64(life.into());
        if life > 0 {
            school.server.restart().await.expect("up again on what a kill left behind");
        }
        let (mut ada, snapshot) = class.enter().await;
        known.compare(&snapshot, &mut wrong);
        if life % EARLY_ONE_IN == EARLY_ONE_IN - 1 {
            let mut coming = JoinSet::new();
            for device in devices.values().cloned() {
                coming.spawn(Participant::enter(device, class.id));
            }
            kill_within(&mut school.server, &mut rng).await;
            continue;
        }
        let students = come_in(&mut ada, &devices, &mut known, class.id, &mut wrong).await;
        let mut chance = ChaCha8Rng::seed_from_u64(rng.random());
        let kill = kill_within(&mut school.server, &mut chance);
        let teaching = teach(&mut ada, &devices, &mut known, &mut rng);
        let (done, talk, ()) = tokio::join!(teaching, talk(students, life), kill);
        acts += done + talk.len();
        talk.into_iter().for_each(|(text, outcome)| known.spoke(text, &outcome));
    }
    school.server.restart().await.expect("up again");
    known.compare(&class.enter().await.1, &mut wrong);
    assert!(acts > kills as usize, "only {acts} acts in {kills} lives");
    school.server.crash().await.expect("killed");
    if let Err(why) = journal_holds(school.server.data()) {
        wrong.push(why);
    }
    tally::survived(kills, &wrong);
}

/// A moment of chance, which is the point of it: nothing is waited for.
async fn kill_within(server: &mut Server, rng: &mut ChaCha8Rng) {
    let moment = Duration::from_micros(rng.random_range(0..LIFE_US));
    let _ = timeout(moment, pending::<()>()).await;
    server.crash().await.expect("killed");
}

/// Everybody comes: whoever has a seat sits down without being asked about, whoever was barred is turned away, and all
/// others knock. With each: whether they sit.
async fn come_in(
    ada: &mut Participant,
    devices: &BTreeMap<PersonId, Device>,
    known: &mut Known,
    class: ClassId,
    wrong: &mut Vec<String>,
) -> Vec<(Participant, bool)> {
    if known.policies != [Policy::Ask] {
        let outcome = ada.conversation.done(Ask::Door(DoorAsk::Policy { policy: Policy::Ask })).await;
        outcome.expect("a teacher chooses a policy");
        known.policies = vec![Policy::Ask];
    }
    let mut students = Vec::new();
    for (person, device) in devices {
        if known.places[person].contains(&Place::Barred) {
            let closing = turned_away(device, class).await;
            if closing.code != Close::Removed.code() {
                wrong.push(format!("{person} was removed, and is told {}", closing.code));
            }
            continue;
        }
        let mut student = match Participant::enter(device.clone(), class).await {
            Ok(student) => student,
            // For ten seconds, and through a crash.
            Err(ConversationError::Closed(closing)) if closing.code == Close::Refused.code() => {
                assert!(known.refused.contains(person), "{person} was never refused");
                continue;
            }
            Err(other) => panic!("{person} comes to the door: {other}"),
        };
        if known.places[person].contains(&Place::Seated) {
            student.seated(SOON).await.expect("whoever has a seat sits down");
        } else {
            heard_knock(ada, *person).await;
        }
        students.push((student, known.places[person].contains(&Place::Seated)));
    }
    students
}

/// Ada decides, one thing after the other, until the server is gone. Returns how many were acknowledged.
async fn teach(
    ada: &mut Participant,
    devices: &BTreeMap<PersonId, Device>,
    known: &mut Known,
    rng: &mut ChaCha8Rng,
) -> usize {
    let people: Vec<PersonId> = devices.keys().copied().collect();
    let mut done = 0;
    loop {
        let person = people[rng.random_range(0..people.len())];
        let is = known.places[&person].first().copied().expect("somewhere");
        let (ask, place) = match (is, rng.random_range(0..8)) {
            (_, 0) => {
                let policy = [Policy::Ask, Policy::Shut][rng.random_range(0..2)];
                let outcome = ada.conversation.done(Ask::Door(DoorAsk::Policy { policy })).await;
                match outcome {
                    Ok(()) => known.policies = vec![policy],
                    Err(ConversationError::Refused(_)) => {}
                    Err(_) => {
                        known.policies.push(policy);
                        return done;
                    }
                }
                continue;
            }
            (Place::Outside, 1) => {
                known.refused.insert(person);
                (Ask::Door(DoorAsk::Refuse { people: vec![person] }), Place::Outside)
            }
            (Place::Outside, _) => (Ask::Door(DoorAsk::Admit { people: vec![person] }), Place::Seated),
            (Place::Seated, 1..=2) => (Ask::Class(ClassAsk::Remove { person, block: false }), Place::Barred),
            (Place::Seated, 3) => (Ask::Class(ClassAsk::Remove { person, block: true }), Place::Barred),
            (Place::Seated, _) => (Ask::Class(ClassAsk::Mute { people: vec![person] }), Place::Seated),
            (Place::Barred, _) => (Ask::Door(DoorAsk::Forgive { person }), Place::Outside),
        };
        let outcome = ada.conversation.done(ask).await;
        known.acted(person, place, &outcome);
        match outcome {
            Ok(()) => done += 1,
            Err(ConversationError::Refused(_)) => {}
            Err(_) => return done,
        }
    }
}

/// Everybody says something as soon as they have a seat, again and again, until they are out or the server is gone.
async fn talk(students: Vec<(Participant, bool)>, life: u32) -> Vec<(String, Result<(), ConversationError>)> {
    let mut talking = JoinSet::new();
    for (mut student, sits) in students {
        talking.spawn(async move {
            let mut said = Vec::new();
            if !sits && student.seated(SOON).await.is_err() {
                return said;
            }
            for n in 0.. {
                let text = format!("{} in life {life}, {n}", student.person());
                let outcome = student.conversation.done(Ask::Chat(ChatAsk::Say { text: text.clone() })).await;
                let goes_on = outcome.is_ok();
                said.push((text, outcome));
                if !goes_on {
                    break;
                }
            }
            said
        });
    }
    talking.join_all().await.into_iter().flatten().collect()
}
