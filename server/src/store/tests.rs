//! Stories of what is still there afterwards.

use preau_classroom::{Fact, Identity};
use preau_protocol::{
    BrowserCard, BrowserName, ClassDraft, DisplayName, PersonId, Policy, Proof, Role, RosterEntry, SystemName,
};
use uuid::Uuid;

use super::*;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
const NOW: UnixMs = UnixMs(1_800_000_000_000);
const DEVICE: DeviceSecretHash = DeviceSecretHash([1; 32]);

const OTHER: DeviceSecretHash = DeviceSecretHash([2; 32]);
const KIND: BrowserKind = BrowserKind { browser: BrowserName::Firefox, system: SystemName::Linux };

struct World {
    directory: tempfile::TempDir,
    store: Store,
}

impl World {
    fn new() -> World {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        World { directory, store }
    }

    fn reopened(self) -> World {
        let store = Store::open(self.directory.path()).unwrap();
        World { store, ..self }
    }

    async fn teacher(&self) -> AccountId {
        self.signs_in(DEVICE, NOW).await
    }

    /// Ada opens a one-time link in a browser.
    async fn signs_in(&self, device: DeviceSecretHash, now: UnixMs) -> AccountId {
        let secret = Uuid::new_v4().as_bytes().repeat(2).try_into().unwrap();
        self.store.set_welcome(secret, name("Ada"), now.plus_ms(1)).await.unwrap();
        self.store.use_welcome(secret, device, KIND, now).await.unwrap();
        self.store.device(device, now).await.unwrap().unwrap().account.unwrap().id
    }

    async fn class(&self, owner: AccountId) -> ClassId {
        let draft = ClassDraft { title: "Maths".into(), starts_at: NOW, policy: Policy::Ask, familiar: true };
        let id = ClassId(Uuid::new_v4());
        self.store.add_class(NewClass { id, owner, draft }, NOW).await.unwrap().id
    }

    async fn append(&self, class: ClassId, at: u64) {
        let (tell, told) = tokio::sync::oneshot::channel();
        let entry = Entry { at: UnixMs(at), fact: Fact::Unattended {} };
        self.store.append(class, &entry, Box::new(move || tell.send(()).unwrap()));
        told.await.unwrap();
    }

    fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.directory.path().join(FILE)).unwrap()
    }
}

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).unwrap()
}

fn student(text: &str) -> RosterEntry {
    RosterEntry { name: name(text), role: Role::Student, group: None }
}

fn somebody(text: &str) -> Identity {
    let proof = Proof::Portal { issuer: "ENT".into() };
    let person = PersonId(Uuid::new_v4());
    Identity { person, name: name(text), role: Role::Student, group: Some("5e B".into()), on_roster: false, proof }
}

#[tokio::test]
async fn a_journal_survives_in_order() {
    let world = World::new();
    let class = world.class(world.teacher().await).await;
    for at in 1..=3 {
        world.append(class, at).await;
    }
    let world = world.reopened();
    world.append(class, 4).await;
    let times: Vec<u64> = world.store.journal(class).await.unwrap().iter().map(|entry| entry.at.0).collect();
    assert_eq!(times, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_changed_or_missing_entry_is_noticed() {
    for (tamper, seq) in [
        ("UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), '2', '5') AS BLOB) WHERE seq = 2", 2),
        ("DELETE FROM journal WHERE seq = 1", 2),
    ] {
        let world = World::new();
        let class = world.class(world.teacher().await).await;
        for at in 1..=3 {
            world.append(class, at).await;
        }
        world.raw().execute_batch(tamper).unwrap();
        assert_eq!(world.store.journal(class).await, Err(StoreError::BrokenChain { seq }), "{tamper}");
    }
}

#[tokio::test]
async fn entries_wait_out_a_database_that_cannot_be_written() {
    let world = World::new();
    let class = world.class(world.teacher().await).await;
    let raw = world.raw();
    raw.execute_batch("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT raise(ABORT, 'disk full'); END")
        .unwrap();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    for at in 1..=3 {
        let tell = tell.clone();
        let entry = Entry { at: UnixMs(at), fact: Fact::Unattended {} };
        world.store.append(class, &entry, Box::new(move || tell.send(at).unwrap()));
    }
    // Other writes are refused meanwhile, and the store says that it is not well.
    while world.store.flush().await.is_ok() {}
    assert!(!world.store.is_writable());
    assert!(told.try_recv().is_err(), "nobody was told of an entry that is not on disk");
    raw.execute_batch("DROP TRIGGER full").unwrap();
    for at in 1..=3 {
        assert_eq!(told.recv().await, Some(at));
    }
    assert_eq!(world.store.journal(class).await.unwrap().len(), 3);
    world.store.flush().await.unwrap();
    assert!(world.store.is_writable());
}

#[tokio::test]
async fn a_failed_write_leaves_others_of_its_batch_alone() {
    let world = World::new();
    let owner = world.teacher().await;
    let class = world.class(owner).await;
    let missing = world.store.renew_invitation(class, PersonId(Uuid::nil()));
    let added = world.store.add_to_roster(class, vec![student("Noé")]);
    let (missing, added) = tokio::join!(missing, added);
    assert_eq!((missing, added.map(|roster| roster.len())), (Err(StoreError::Missing), Ok(1)));
}

#[tokio::test]
async fn a_one_time_link_opens_once_and_in_time() {
    let world = World::new();
    world.store.set_welcome([7; 32], name("Ada"), NOW.plus_ms(10)).await.unwrap();
    let late = world.store.use_welcome([7; 32], DEVICE, KIND, NOW.plus_ms(10)).await;
    assert_eq!(late, Err(StoreError::Missing));
    assert_eq!(world.store.use_welcome([7; 32], DEVICE, KIND, NOW).await, Ok(()));
    assert_eq!(world.store.use_welcome([7; 32], DEVICE, KIND, NOW).await, Err(StoreError::Missing));
    assert!(world.store.has_accounts().await.unwrap());
}

#[tokio::test]
async fn an_invitation_is_claimed_revoked_and_renewed() {
    let world = World::new();
    let class = world.class(world.teacher().await).await;
    let noe = world.store.add_to_roster(class, vec![student("Noé")]).await.unwrap().remove(0);
    let tablet = DeviceSecretHash([2; 32]);
    let claim = |generation| world.store.claim_invitation(tablet, noe.person, generation, NOW);
    let stands = async || {
        world.store.standing(tablet, class, NOW).await.unwrap().map(|s| (s.identity.person, s.identity.on_roster))
    };

    assert_eq!(stands().await, Err(NoStanding::UnknownDevice));
    assert_eq!(claim(noe.generation).await, Ok(class));
    assert_eq!(stands().await, Ok((noe.person, true)));
    assert!(world.store.roster(class).await.unwrap()[0].used);

    let revoked = world.store.revoke_invitation(class, noe.person).await.unwrap();
    assert!(revoked.revoked);
    assert_eq!(stands().await, Err(NoStanding::NotInvited));
    assert_eq!(claim(revoked.generation).await, Err(StoreError::Missing));

    let renewed = world.store.renew_invitation(class, noe.person).await.unwrap();
    assert!(!renewed.revoked && !renewed.used);
    assert_eq!(claim(noe.generation).await, Err(StoreError::Missing), "the old link stays shut");
    assert_eq!(claim(renewed.generation).await, Ok(class));
    assert_eq!(stands().await, Ok((noe.person, true)));
}

#[tokio::test]
async fn the_owner_teaches_whatever_else_the_browser_claimed() {
    let world = World::new();
    let class = world.class(world.teacher().await).await;
    let noe = world.store.add_to_roster(class, vec![student("Noé")]).await.unwrap().remove(0);
    world.store.claim_invitation(DEVICE, noe.person, noe.generation, NOW).await.unwrap();
    let standing = world.store.standing(DEVICE, class, NOW).await.unwrap().unwrap();
    assert_eq!((standing.identity.role, standing.identity.proof), (Role::Teacher, Proof::Account {}));
}

#[tokio::test]
async fn a_portals_person_stays_until_the_token_says() {
    let world = World::new();
    let class = world.class(world.teacher().await).await;
    let tablet = DeviceSecretHash([2; 32]);
    let lea = somebody("Léa");
    world.store.claim_token(tablet, class, lea.clone(), NOW.plus_ms(10), NOW).await.unwrap();
    let at = async |now| world.store.standing(tablet, class, now).await.unwrap().map(|s| (s.identity, s.until));
    assert_eq!(at(NOW).await, Ok((lea.clone(), Some(NOW.plus_ms(10)))));
    assert_eq!(at(NOW.plus_ms(10)).await, Err(NoStanding::NotInvited));
    assert_eq!(world.store.people(class).await.unwrap().into_values().collect::<Vec<_>>(), [lea.clone()]);
    let nowhere = world.store.claim_token(tablet, ClassId(Uuid::nil()), lea, NOW, NOW).await;
    assert_eq!(nowhere, Err(StoreError::Missing));
}

#[tokio::test]
async fn a_load_sees_what_was_appended_before() {
    let world = World::new();
    let class = world.class(world.teacher().await).await;
    world.store.remember_person(class, somebody("Léa"));
    let entry = Entry { at: NOW, fact: Fact::Unattended {} };
    world.store.append(class, &entry, Box::new(|| {}));
    let load = async |class| {
        let (tell, told) = tokio::sync::oneshot::channel();
        world.store.load(class, Box::new(move |loaded| drop(tell.send(loaded))));
        told.await.unwrap().map(|loaded| (loaded.setup.class.title.clone(), loaded.people.len(), loaded.entries))
    };
    assert_eq!(load(class).await, Ok(("Maths".into(), 1, vec![entry])));
    assert_eq!(load(ClassId(Uuid::nil())).await, Err(NotLoaded::Missing));
    world.raw().execute_batch("UPDATE journal SET body = x'00'").unwrap();
    assert_eq!(load(class).await, Err(NotLoaded::Unreadable));
}

#[tokio::test]
async fn what_is_old_is_erased_and_the_rest_stays() {
    let world = World::new();
    let owner = world.teacher().await;
    let (old, due) = (world.class(owner).await, world.class(owner).await);
    let noe = world.store.add_to_roster(old, vec![student("Noé")]).await.unwrap().remove(0);
    let tablet = DeviceSecretHash([2; 32]);
    world.store.claim_invitation(tablet, noe.person, noe.generation, NOW).await.unwrap();
    world.store.remember_person(old, somebody("Léa"));
    world.append(old, 1).await;
    let later = NOW.plus_ms(31 * DAY_MS);
    let draft = ClassDraft { title: "Maths".into(), starts_at: later, policy: Policy::Ask, familiar: true };
    world.store.change_class(due, draft, NOW).await.unwrap();

    assert_eq!(world.store.purge(30, NOW.plus_ms(30 * DAY_MS)).await.unwrap(), Purged::default());
    let purged = world.store.purge(30, later).await.unwrap();
    assert_eq!((purged.classes, purged.devices), (1, 1), "the class, and the browser that had claimed only it");
    let left = |table: &str| -> i64 {
        world.raw().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    for table in ["roster", "journal", "person", "claim"] {
        assert_eq!(left(table), 0, "{table}");
    }
    assert_eq!((left("class"), left("device"), left("account")), (1, 1, 1));
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let world = World::new();
    world.raw().pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(Store::open(world.directory.path()).err(), Some(StoreError::Newer(99)));
}

/// A class in which Noé came, was let in and said something, and which ended.
async fn after_a_lesson(world: &World) -> (ClassId, PersonId) {
    let owner = world.teacher().await;
    let class = world.class(owner).await;
    let roster = world.store.add_to_roster(class, vec![student("Noé"), student("Zoé")]).await.unwrap();
    let noe = roster[0].person;
    let device = DeviceSecretHash([9; 32]);
    world.store.claim_invitation(device, noe, Generation(1), NOW).await.unwrap();
    let standing = world.store.standing(device, class, NOW).await.unwrap().unwrap();
    world.store.remember_person(class, standing.identity);
    let teacher = PersonId(Uuid::from_u128(0xada));
    let way = preau_classroom::Way::Admitted { by: teacher };
    let said = |by, id, text: &str| Fact::Said { message: preau_protocol::ChatId(id), by, text: text.into() };
    for fact in [
        Fact::Opened { by: teacher },
        Fact::Seated { person: noe, device: preau_classroom::DeviceId(Uuid::nil()), way },
        said(noe, 1, "mon secret"),
        said(teacher, 2, "bonjour"),
        Fact::Ended { by: Some(teacher) },
    ] {
        world.write(class, fact).await;
    }
    (class, noe)
}

impl World {
    async fn write(&self, class: ClassId, fact: Fact) {
        let (tell, told) = tokio::sync::oneshot::channel();
        let entry = Entry { at: NOW, fact };
        self.store.append(class, &entry, Box::new(move || tell.send(()).unwrap()));
        told.await.unwrap();
    }

    /// All bytes that the database has, its log among them.
    fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.directory.path()).unwrap().flatten();
        files.flat_map(|file| std::fs::read(file.path()).unwrap()).collect()
    }
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn all_that_is_known_of_somebody_can_be_given_out() {
    let world = World::new();
    let (class, noe) = after_a_lesson(&world).await;
    let found = world.store.people_called("Noé".into()).await.unwrap();
    assert_eq!(found.iter().map(|one| (one.person, one.class)).collect::<Vec<_>>(), [(noe, class)]);
    let dossier = world.store.dossier(noe).await.unwrap();
    assert_eq!((dossier.browsers, dossier.journal.len()), (1, 2), "seated, and said");
    assert!(dossier.invitation.is_some_and(|one| one.used) && dossier.identity.is_some());
    let stranger = PersonId(Uuid::from_u128(1));
    assert_eq!(world.store.dossier(stranger).await.unwrap_err(), StoreError::Missing);
}

#[tokio::test]
async fn whoever_is_erased_is_nowhere_and_the_journal_holds_together() {
    let world = World::new();
    let (class, noe) = after_a_lesson(&world).await;
    world.store.erase_person(noe).await.unwrap();
    assert_eq!(world.store.people_called("Noé".into()).await.unwrap(), []);
    assert_eq!(world.store.dossier(noe).await.unwrap_err(), StoreError::Missing);
    let entries = world.store.journal(class).await.expect("it holds together");
    assert_eq!(entries.len(), 5, "what others did is as it was");
    let texts = entries.iter().filter_map(|entry| match &entry.fact {
        Fact::Said { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["", "bonjour"]);
    // Not even in what the database file has left over.
    world.raw().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let bytes = world.bytes();
    for gone in ["mon secret".as_bytes(), "Noé".as_bytes(), noe.0.as_bytes(), noe.to_string().as_bytes()] {
        assert!(!holds(&bytes, gone), "{}", String::from_utf8_lossy(gone));
    }
    assert!(holds(&bytes, "bonjour".as_bytes()), "the search finds what is there");
    let audit = world.store.audit().await.unwrap();
    assert_eq!((audit.classes, audit.entries, audit.broken), (1, 5, vec![]));
}

#[tokio::test]
async fn nobody_is_erased_from_a_lesson_that_goes_on() {
    let world = World::new();
    let (class, noe) = after_a_lesson(&world).await;
    world.write(class, Fact::Opened { by: PersonId(Uuid::from_u128(0xada)) }).await;
    assert_eq!(world.store.erase_person(noe).await, Err(StoreError::Busy));
    assert_eq!(world.store.people_called("Noé".into()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_audit_names_the_class_whose_journal_was_changed() {
    let world = World::new();
    let (class, _) = after_a_lesson(&world).await;
    assert!(world.store.audit().await.unwrap().broken.is_empty());
    world.raw().execute("DELETE FROM journal WHERE seq = 2", []).unwrap();
    let audit = world.store.audit().await.unwrap();
    assert_eq!(audit.broken, [(class, StoreError::BrokenChain { seq: 3 })]);
}

/// Whether an account is signed in in a browser.
async fn is_signed_in(store: &Store, device: DeviceSecretHash, now: UnixMs) -> bool {
    store.device(device, now).await.unwrap().is_some_and(|device| device.account.is_some())
}

#[tokio::test]
async fn an_account_that_is_not_used_is_signed_out_and_so_is_one_that_was_long_enough() {
    let world = World::new();
    let store = world.store.clone().with_stay(AccountStay::days(2, 5));
    let owner = world.teacher().await;
    let class = world.class(owner).await;
    let at = |days: u64| NOW.plus_ms(days * DAY_MS);
    let before = |days: u64| UnixMs(at(days).0 - 1);
    assert!(is_signed_in(&store, DEVICE, before(2)).await, "and this was a visit");
    store.flush().await.unwrap();
    assert!(store.standing(DEVICE, class, at(3)).await.unwrap().is_ok(), "so is this, at the door of a class");
    store.flush().await.unwrap();
    assert!(is_signed_in(&store, DEVICE, before(5)).await);
    store.flush().await.unwrap();
    assert!(!is_signed_in(&store, DEVICE, at(5)).await, "however often it was used");
    assert_eq!(store.standing(DEVICE, class, at(5)).await.unwrap(), Err(NoStanding::NotInvited));
    assert_eq!(store.browsers(owner, DEVICE, at(5)).await, Ok(vec![]));

    world.signs_in(OTHER, NOW).await;
    assert!(!is_signed_in(&store, OTHER, at(2)).await, "it was not used");
    store.purge(400, at(5)).await.unwrap();
    assert!(!is_signed_in(&world.store, DEVICE, at(5)).await, "forgotten, whatever is configured later");
}

#[tokio::test]
async fn an_account_sees_its_browsers_and_signs_them_out() {
    let world = World::new();
    let store = &world.store;
    let ada = world.teacher().await;
    let class = world.class(ada).await;
    world.signs_in(OTHER, NOW.plus_ms(5)).await;
    let lea = somebody("Léa");
    store.claim_token(OTHER, class, lea.clone(), NOW.plus_ms(DAY_MS), NOW.plus_ms(5)).await.unwrap();
    let browsers = store.browsers(ada, DEVICE, NOW).await.unwrap();
    let BrowserCard { id, here, browser, system, .. } = browsers[0];
    assert_eq!((here, browser, system), (false, BrowserName::Firefox, SystemName::Linux), "the last used first");
    assert!(browsers[1].here && browsers.len() == 2);

    let stranger = AccountId(Uuid::nil());
    assert_eq!(store.sign_out(stranger, Which::One(id)).await, Err(StoreError::Missing));
    assert!(is_signed_in(store, OTHER, NOW).await);
    assert_eq!(store.sign_out(ada, Which::One(id)).await, Ok(()));
    assert_eq!(store.device(OTHER, NOW).await, Ok(None), "refused from now on");
    assert_eq!(store.standing(OTHER, class, NOW).await.unwrap(), Err(NoStanding::UnknownDevice));
    assert_eq!(store.sign_out(ada, Which::One(id)).await, Err(StoreError::Missing));
    let out = store.take_ended().await.unwrap();
    let mine = SignedOut { class, person: PersonId::derive(class, "account", &ada.0.to_string()), device: id.0 };
    assert_eq!(out, [mine, SignedOut { person: lea.person, ..mine }], "in its own class, and in what it claimed");
    assert_eq!(store.take_ended().await, Ok(vec![]));

    world.signs_in(OTHER, NOW).await;
    assert_eq!(store.sign_out(ada, Which::AllBut(OTHER)).await, Ok(()));
    assert!(!is_signed_in(store, DEVICE, NOW).await && is_signed_in(store, OTHER, NOW).await);
    assert_eq!(store.sign_out_everywhere(name("Ada")).await, Ok(1));
    assert!(!is_signed_in(store, OTHER, NOW).await);
}

#[tokio::test]
async fn a_database_of_the_first_schema_keeps_its_teachers_signed_in() {
    let directory = tempfile::tempdir().unwrap();
    let old = rusqlite::Connection::open(directory.path().join(FILE)).unwrap();
    old.execute_batch(include_str!("schema_1.sql")).unwrap();
    let account = Uuid::new_v4();
    old.execute("INSERT INTO account (id, name, made_at) VALUES (?1, 'Ada', 1)", [account]).unwrap();
    let device = rusqlite::params![DEVICE.0, Uuid::new_v4(), account, NOW.0];
    old.execute("INSERT INTO device (hash, id, account, seen_at) VALUES (?1, ?2, ?3, ?4)", device).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let store = Store::open(directory.path()).unwrap();
    assert!(is_signed_in(&store, DEVICE, NOW).await);
    let browsers = store.browsers(AccountId(account), DEVICE, NOW).await.unwrap();
    assert_eq!((browsers[0].browser, browsers[0].signed_in_at), (BrowserName::Other, NOW));
}
