//! Stories of a class on two shards: who carries whose media, and what is heard of it.

use super::*;

const OFFER: &str = include_str!("../../../sfu/tests/offers/chromium-simulcast.sdp");

/// The class's home, and another shard.
struct Pair {
    home: World,
    guest: World,
}

impl Pair {
    /// One person's media stays at home, the next one's goes to the other shard, and so on in turn.
    fn new() -> Pair {
        let spread = Spread { shards: 2, home_people_max: 1 };
        Pair { home: World::on(RelayId(0), spread), guest: World::on(RelayId(1), spread) }
    }

    /// Ada, Noé and Zoé in class.
    fn in_session() -> (Pair, [LineId; 3]) {
        let mut pair = Pair::new();
        let lines = [ADA, NOE, ZOE].map(|who| pair.home.arrive(who, None));
        for student in [NOE, ZOE] {
            pair.home.ask(lines[0], &admit(student));
        }
        pair.home.write();
        (pair, lines)
    }

    fn offer(&mut self, line: LineId) {
        let send = serde_json::json!({"microphone": "0", "camera": "1", "screen": "2", "screen_audio": "3"});
        let receive =
            serde_json::json!({"audio": ["4", "5", "6"], "screen_audio": "7", "screen": "8", "video": ["9", "10"]});
        let offer = serde_json::json!({"media": {"offer": {"sdp": OFFER, "send": send, "receive": receive}}});
        self.home.ask(line, &offer.to_string());
    }

    /// Everything that one shard has for the other, until both are quiet.
    fn carry(&mut self) {
        loop {
            let words = [self.home.words(), self.guest.words()];
            if words.iter().all(Vec::is_empty) {
                return;
            }
            let [for_guest, for_home] = words;
            for_guest.into_iter().for_each(|word| self.guest.hear(RelayId(0), word));
            for_home.into_iter().for_each(|word| self.home.hear(RelayId(1), word));
        }
    }

    fn carried(&self) -> (usize, usize) {
        (self.home.shard.media.carrier.people(), self.guest.shard.media.carrier.people())
    }

    /// The port that somebody's answer names, if they have one.
    fn port_of(&self, line: LineId) -> Option<&'static str> {
        let text = self.home.text(line);
        ["127.0.0.1 9 typ", "127.0.0.1 10 typ"].into_iter().find(|candidate| text.contains(candidate))
    }
}

impl World {
    fn words(&mut self) -> Vec<Word> {
        std::iter::from_fn(|| self.shard.poll_word()).map(|(_, word)| word).collect()
    }

    fn hear(&mut self, from: RelayId, word: Word) {
        self.shard.hear(from, word, self.now);
        self.carry_out();
    }
}

#[test]
fn whoever_does_not_fit_at_home_is_answered_by_the_other_shard_and_nobody_else_waits_for_it() {
    let (mut pair, [ada, noe, zoe]) = Pair::in_session();
    [ada, noe, zoe].into_iter().for_each(|line| pair.offer(line));
    assert_eq!((pair.port_of(ada), pair.port_of(noe)), (Some("127.0.0.1 9 typ"), None));
    assert_eq!(pair.port_of(zoe), Some("127.0.0.1 9 typ"), "the other one has as many");
    pair.carry();
    assert_eq!(pair.port_of(noe), Some("127.0.0.1 10 typ"));
    assert_eq!(pair.carried(), (2, 1));
}

#[test]
fn a_removal_overtakes_the_answer_of_the_other_shard() {
    let (mut pair, [ada, noe, _]) = Pair::in_session();
    pair.offer(ada);
    pair.offer(noe);
    let remove = format!(r#"{{"class":{{"remove":{{"person":"{}","block":false}}}}}}"#, Uuid::from_u128(NOE));
    pair.home.ask(ada, &remove);
    pair.home.write();
    pair.carry();
    assert_eq!(pair.carried(), (1, 0));
    assert_eq!(pair.port_of(noe), None, "no answer reaches whoever has no seat");
}

#[test]
fn a_broken_offer_leaves_nothing_behind_on_the_other_shard() {
    let (mut pair, [ada, noe, _]) = Pair::in_session();
    pair.offer(ada);
    let mids = r#""send":{"microphone":"0","camera":"1","screen":"2","screen_audio":"3"},"receive":{"audio":[],"screen_audio":"7","screen":"8","video":[]}"#;
    pair.home.ask(noe, &format!(r#"{{"media":{{"offer":{{"sdp":"v=1",{mids}}}}}}}"#));
    pair.carry();
    assert!(pair.home.text(noe).contains("bad_offer"), "{}", pair.home.text(noe));
    pair.home.now += Duration::from_secs(3);
    pair.offer(noe);
    pair.carry();
    assert_eq!(pair.port_of(noe), Some("127.0.0.1 10 typ"), "where it was placed at first");
    assert_eq!(pair.carried(), (1, 1));
}

#[test]
fn figures_of_somebody_on_the_other_shard_come_from_there() {
    let (mut pair, [ada, noe, _]) = Pair::in_session();
    pair.offer(ada);
    pair.offer(noe);
    pair.carry();
    pair.home.ask(ada, &format!(r#"{{"media":{{"inspect":{{"person":"{}"}}}}}}"#, Uuid::from_u128(NOE)));
    assert!(!pair.home.text(ada).contains("inspected"));
    pair.carry();
    assert!(pair.home.text(ada).contains(r#""inspected":{"slots":[]}"#), "{}", pair.home.text(ada));
    pair.home.ask(noe, r#"{"media":{"felt":{"felt":{"freezes":2,"frozen_ms":900,"concealed_ms":0}}}}"#);
    pair.carry();
    assert_eq!(pair.home.measured, 1);
}

#[test]
fn whoever_sends_is_known_on_both_shards_and_gone_from_both_with_the_class() {
    let (mut pair, [ada, noe, zoe]) = Pair::in_session();
    [ada, noe, zoe].into_iter().for_each(|line| pair.offer(line));
    pair.carry();
    let peer_of = |pair: &Pair, line| pair.home.shard.media.peer(pair.home.welcome(line).session).expect("media");
    let adas = peer_of(&pair, ada);
    pair.home.shard.pass_on(Event::Publishes { peer: adas }, pair.home.now);
    pair.carry();
    assert!(pair.guest.shard.media.carrier.relay.peer_stats(adas).is_some(), "a stand-in");
    pair.home.ask(ada, r#"{"class":{"end":{}}}"#);
    pair.home.write();
    pair.carry();
    assert_eq!(pair.carried(), (0, 0));
    assert!(pair.guest.shard.media.carrier.relay.peer_stats(adas).is_none());
    assert_eq!(pair.home.shard.phase(CLASS), None);
}

#[test]
fn a_teacher_at_home_leaves_and_is_gone_on_the_other_shard_in_the_same_breath() {
    let (mut pair, [ada, noe, _]) = Pair::in_session();
    pair.offer(ada);
    pair.offer(noe);
    pair.carry();
    let adas = pair.home.shard.media.peer(pair.home.welcome(ada).session).expect("media");
    pair.home.shard.pass_on(Event::Publishes { peer: adas }, pair.home.now);
    pair.carry();
    pair.home.shard.pass_on(Event::Disconnected { peer: adas, why: Farewell::Closed }, pair.home.now);
    let words = pair.home.words();
    assert!(!words.is_empty());
    words.into_iter().for_each(|word| pair.guest.hear(RelayId(0), word));
    assert!(pair.guest.shard.media.carrier.relay.peer_stats(adas).is_none());
}
