//! Any rows as the journal of a class: they hold together to the byte, and tell of one class, the same each time.

use crate::cast::{self, ADA, CLASS, NOE, OLE, ZOE};
use crate::script::Script;
use preau::store::{Chain, StoreError};
use preau_classroom::{Classroom, DeviceId, Entry, Fact, Input, Output, Way};
use preau_protocol::{ChatId, Close, Event, PersonId, Phase, Policy, Rights, Role, SessionId, UnixMs};
use uuid::Uuid;

/// When the process that reads it starts: after everything that seeds tell of.
const NOW: UnixMs = UnixMs(1_800_000_000_000);
/// A class that nobody comes back to is over by then.
const OVER_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

struct Row {
    seq: u64,
    body: Vec<u8>,
    hash: [u8; 32],
}

pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let (act, at, change) = (script.byte(), usize::from(script.short()), script.byte());
    let mut rows = write(script.0.split(|byte| *byte == b'\n'));
    match read(&rows) {
        Ok(entries) => replay(entries),
        Err(StoreError::Unreadable(why)) => assert!(why.contains("journal entry"), "{why}"),
        Err(other) => panic!("an honest chain is broken: {other}"),
    }
    if let Some(first) = tamper(&mut rows, act, at, change) {
        let found = read(&rows).expect_err("what was tampered with was read");
        // A body that cannot be understood may stand before it.
        let is_told = matches!(found, StoreError::BrokenChain { seq } if seq == first);
        assert!(is_told || matches!(found, StoreError::Unreadable(_)), "{found} instead of row {first}");
    }
}

fn write<'a>(bodies: impl Iterator<Item = &'a [u8]>) -> Vec<Row> {
    let mut chain = Chain::of(CLASS);
    let mut rows = Vec::new();
    for (seq, body) in (1..).zip(bodies) {
        let hash = chain.hash(body);
        // What cannot be understood is still a row, and the next one follows from it.
        let _ = chain.next(seq, body, hash);
        rows.push(Row { seq, body: body.to_vec(), hash });
    }
    rows
}

fn read(rows: &[Row]) -> Result<Vec<Entry>, StoreError> {
    let mut chain = Chain::of(CLASS);
    rows.iter().map(|row| chain.next(row.seq, &row.body, row.hash)).collect()
}

/// Changes one thing. Gives the number that the first row which does not hold has then; nothing where nothing was changed.
fn tamper(rows: &mut Vec<Row>, act: u8, at: usize, change: u8) -> Option<u64> {
    let row = at % rows.len();
    match act % 6 {
        0 => rows[row].hash[usize::from(change) % 32] ^= 1 << (act >> 5),
        1 => {
            let body = &mut rows[row].body;
            let byte = body.len().checked_sub(1).map(|last| usize::from(change) % (last + 1))?;
            body[byte] ^= 1 << (act >> 5);
        }
        2 => rows[row].body.push(change),
        3 => rows[row].seq += 1 + u64::from(change),
        // A row is gone: the next one does not follow. The last one may be gone without a trace.
        4 => {
            rows.remove(row);
            return rows.get(row).map(|next| next.seq);
        }
        _ => {
            let other = usize::from(change) % rows.len();
            let (a, b) = (row.min(other), row.max(other));
            if a == b {
                return None;
            }
            rows.swap(a, b);
            return Some(rows[a].seq);
        }
    }
    Some(rows[row].seq)
}

/// A class that comes back from its journal says nothing by itself, is the same each time, and goes on as it will be read.
fn replay(mut entries: Vec<Entry>) {
    let written: Vec<Entry> = entries.iter().map(again).collect();
    assert_eq!(written, entries, "an entry written out is another one");
    let restore = |entries: &[Entry], now| {
        Classroom::restore(cast::setup(Policy::Ask), cast::people(), entries.iter().cloned(), now)
    };
    let mut class = restore(&entries, NOW);
    assert_eq!(class.lesson(), restore(&entries, NOW).lesson());
    assert!(class.poll_output().is_none(), "it speaks to nobody");
    if !entries.iter().any(|entry| matches!(entry.fact, Fact::Opened { .. } | Fact::Attended { .. })) {
        assert!(class.phase() != Phase::Open, "open, and nobody opened it");
    }
    for person in cast::people().into_keys() {
        let is_told =
            entries.iter().any(|entry| matches!(entry.fact, Fact::Seated { person: who, .. } if who == person));
        assert!(is_told || !class.has_seat(person), "a seat that nobody gave");
    }
    let mut now = NOW;
    for (n, (person, session)) in (1..).zip([(ZOE, 1), (NOE, 2), (OLE, 3), (ADA, 4)]) {
        now = now.plus_ms(1_000 * n);
        arrive(&mut class, &mut entries, person, SessionId(Uuid::from_u128(session)), now);
    }
    // Everybody goes, and time passes: it ends, and what it wrote is what it is.
    for session in 1..=4 {
        class.handle(Input::Lost { session: SessionId(Uuid::from_u128(session)) }, now);
        keep(&mut class, &mut entries);
    }
    let last = now.plus_ms(OVER_MS);
    while let Some(at) = class.poll_timeout().filter(|at| *at <= last) {
        now = now.max(at);
        class.handle(Input::Timeout, now);
        keep(&mut class, &mut entries);
    }
    assert!(!matches!(class.phase(), Phase::Open | Phase::Unattended), "left alone, and not over");
    assert_eq!(class.lesson(), restore(&entries, now).lesson(), "not the class that its journal tells of");
}

/// Somebody knocks on a device that no journal knows: who teaches walks in, nobody else but by a rule, and never who is kept out.
fn arrive(class: &mut Classroom, entries: &mut Vec<Entry>, person: PersonId, session: SessionId, now: UnixMs) {
    let identity = cast::identity(person);
    let (role, device) = (identity.role, DeviceId(Uuid::from_u128(0x9f3c_55aa_0b1d_4e77_8c21_d00d_f00d_5eed)));
    let had_seat = class.has_seat(person);
    class.handle(Input::Arrive { session, identity, device, until: None }, now);
    let outputs = keep(class, entries);
    let is_in = outputs.iter().any(|output| matches!(output, Output::Permit { session: to, .. } if *to == session));
    let is_expected = person == NOE && entries.iter().any(chooses_roster);
    assert!(!is_in || role == Role::Teacher || is_expected, "{person} walked in");
    let is_out = outputs
        .iter()
        .any(|output| matches!(output, Output::Close { session: to, why: Close::Removed } if *to == session));
    assert!(!(is_in && is_out));
    if !is_in {
        let hears = |output: &Output| matches!(output, Output::Send { to, event: Event::Class(_) | Event::Chat(_) | Event::Door(_) } if to.contains(&session));
        assert!(!outputs.iter().any(hears), "{person} waits, and hears of the class");
        assert_eq!(class.has_seat(person), had_seat);
    }
}

/// Whoever is on the roster walks in by a rule that a teacher set.
fn chooses_roster(entry: &Entry) -> bool {
    matches!(entry.fact, Fact::Policy { policy: Policy::Roster, .. })
}

fn keep(class: &mut Classroom, entries: &mut Vec<Entry>) -> Vec<Output> {
    let outputs: Vec<Output> = std::iter::from_fn(|| class.poll_output()).collect();
    entries.extend(outputs.iter().filter_map(|output| match output {
        Output::Record(entry) => Some(entry.clone()),
        _ => None,
    }));
    outputs
}

fn again(entry: &Entry) -> Entry {
    let text = serde_json::to_vec(entry).expect("an entry is a map with string keys");
    serde_json::from_slice(&text).expect("what we write we read")
}

/// Lessons as they are written down.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let device = |n| DeviceId(Uuid::from_u128(n));
    let seated = |person, way| Fact::Seated { person, device: device(person.0.as_u128()), way };
    let opened = [Fact::Opened { by: ADA }, seated(ADA, Way::Teacher {})];
    let lesson = [
        Fact::Bound { person: NOE, device: device(NOE.0.as_u128()) },
        seated(NOE, Way::Admitted { by: ADA }),
        Fact::Policy { policy: Policy::Roster, by: Some(ADA) },
        Fact::Rights { rights: Rights::ALL, by: ADA },
        Fact::HandUp { person: NOE },
        Fact::Said { message: ChatId(1), by: NOE, text: "Bonjour".into() },
        Fact::Spotlight { person: Some(NOE), by: ADA },
        Fact::Removed { person: NOE, by: ADA },
        Fact::Blocked { person: ZOE, by: ADA },
    ];
    let quiet =
        [seated(OLE, Way::Admitted { by: ADA }), Fact::Idle { person: OLE, role: Role::Observer }, Fact::Unattended {}];
    let over = [Fact::Attended { by: ADA }, Fact::Erased { message: ChatId(1), by: ADA }, Fact::Ended { by: None }];
    let story = |how: [u8; 4], facts: &[&[Fact]]| {
        let entries = facts.iter().copied().flatten().zip(1..);
        let lines = entries.map(|(fact, n)| Entry { at: UnixMs(1_700_000_000_000 + n * 1_000), fact: fact.clone() });
        let lines: Vec<String> = lines.map(|entry| serde_json::to_string(&entry).expect("JSON")).collect();
        [&how[..], lines.join("\n").as_bytes()].concat()
    };
    vec![
        ("opened", story([0, 0, 1, 3], &[&opened])),
        ("lesson", story([1, 0, 4, 9], &[&opened, &lesson])),
        ("quiet", story([4, 0, 1, 0], &[&opened, &quiet])),
        ("over", story([5, 0, 1, 4], &[&opened, &lesson, &quiet, &over])),
        ("longer", story([2, 0, 3, b' '], &[&opened, &lesson])),
        ("nonsense", [&[3, 0, 0, 0][..], b"{\"at\":1,\"fact\":{\"opened\":{}}}\n\n{}"].concat()),
    ]
}
