//! A relay and its browsers in one process, with a clock of their own and no sockets.

mod browser;

pub use browser::{Browser, Seen, Tunnel};

use preau_sfu::{
    Certificate, ConnectionNews, Dropped, Event, Layered, Look, PeerId, Permit, Relay, RelayConfig, RelayId, Role,
    RoomId, Way, Ways,
};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub const CLASS: RoomId = RoomId(1);

pub struct World {
    pub relay: Relay,
    pub now: Instant,
    pub browsers: BTreeMap<PeerId, Browser>,
    pub events: Vec<Event>,
    /// Sends of several datagrams at once.
    pub runs: usize,
    /// So late its timers come.
    pub late: Duration,
}

fn relay(id: RelayId, ways: Ways, screen_layers: Option<Layered>) -> Relay {
    let certificate = Certificate::generate().unwrap();
    let addresses = vec!["192.0.2.1:5000".parse().unwrap()];
    Relay::new(RelayConfig { id, certificate, addresses, seed: [3; 32], ways, screen_layers })
}

impl World {
    pub fn new() -> World {
        World::with(Ways::default(), Instant::now())
    }

    pub fn with(ways: Ways, now: Instant) -> World {
        World::numbered(RelayId(0), ways, now)
    }

    /// Its screens are asked for in a layered codec.
    pub fn layering(screens: Layered) -> World {
        World { relay: relay(RelayId(0), Ways::default(), Some(screens)), ..World::new() }
    }

    pub fn numbered(id: RelayId, ways: Ways, now: Instant) -> World {
        let (browsers, events) = (BTreeMap::new(), Vec::new());
        World { relay: relay(id, ways, None), now, browsers, events, runs: 0, late: Duration::ZERO }
    }

    /// Offers, checks, shakes hands. Nothing is allowed yet.
    pub fn join(&mut self, number: u64, role: Role, prefers: SrtpProtectionProfile) -> PeerId {
        self.seat(Browser::new(number, prefers), role)
    }

    /// The same for a browser that reaches the relay another way.
    pub fn join_by(&mut self, number: u64, role: Role, way: Way) -> PeerId {
        let mut browser = Browser::new(number, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
        browser.way = way;
        self.seat(browser, role)
    }

    /// A browser that has made its offer and not yet found a way.
    pub fn offer(&mut self, number: u64, role: Role, way: Way) -> PeerId {
        let mut browser = Browser::new(number, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
        browser.way = way;
        self.answer(browser, role)
    }

    pub fn seat(&mut self, browser: Browser, role: Role) -> PeerId {
        let id = self.answer(browser, role);
        self.connect(id);
        id
    }

    fn answer(&mut self, mut browser: Browser, role: Role) -> PeerId {
        let id = browser.id;
        browser.answer = self.relay.answer(id, CLASS, role, &browser.offer, self.now).unwrap();
        self.browsers.insert(id, browser);
        id
    }

    /// Checks, and shakes hands.
    pub fn connect(&mut self, id: PeerId) {
        self.check(id, true);
        let browser = self.browsers.get_mut(&id).unwrap();
        browser.start_dtls(self.now);
        for flight in browser.take_flights() {
            self.send(id, flight);
        }
        assert!(self.events.contains(&Event::Connected { peer: id }), "{:?}", self.relay.stats());
    }

    pub fn teacher(&mut self, number: u64) -> PeerId {
        self.join(number, Role::Teacher, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm)
    }

    pub fn student(&mut self, number: u64) -> PeerId {
        self.join(number, Role::Student, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm)
    }

    pub fn allow_all(&mut self, peer: PeerId) {
        self.relay.allow(peer, Permit::everything(), self.now);
        self.pump();
    }

    pub fn look(&mut self, who: PeerId, at: &[PeerId]) {
        let wanted: Vec<Look> = at.iter().map(|peer| Look { peer: *peer, height_px: 360 }).collect();
        self.relay.view(who, &wanted, self.now);
        self.pump();
    }

    /// An ICE check from where the browser is.
    pub fn check(&mut self, id: PeerId, nominates: bool) {
        let browser = &self.browsers[&id];
        let bytes = browser.binding_request(nominates, None);
        self.send(id, bytes);
    }

    /// From a browser, by whatever way it has.
    pub fn send(&mut self, id: PeerId, bytes: Vec<u8>) {
        let browser = &self.browsers[&id];
        self.send_raw(browser.way, browser.wrapped(bytes));
    }

    pub fn send_raw(&mut self, from: Way, mut bytes: Vec<u8>) {
        self.relay.receive(from, None, &mut bytes, self.now);
        self.pump();
    }

    /// The browser closes its connection (DTLS close_notify).
    pub fn hang_up(&mut self, id: PeerId) {
        let browser = self.browsers.get_mut(&id).unwrap();
        browser.stop_dtls(self.now);
        for flight in browser.take_flights() {
            self.send(id, flight);
        }
    }

    /// Sends a picture of `packets` packets from `id`'s camera.
    pub fn picture(&mut self, id: PeerId, is_key: bool, packets: usize) {
        self.pass(Duration::from_millis(33));
        for i in 0..packets {
            let browser = self.browsers.get_mut(&id).unwrap();
            let sealed = browser.video_packet(is_key, i == 0, i + 1 == packets);
            let (from, mut bytes) = (browser.way, browser.wrapped(sealed));
            self.relay.receive(from, None, &mut bytes, self.now);
        }
        self.pump();
    }

    pub fn sound(&mut self, id: PeerId, level: u8) {
        self.pass(Duration::from_millis(20));
        let browser = self.browsers.get_mut(&id).unwrap();
        let sealed = browser.audio_packet(level);
        self.send(id, sealed);
    }

    pub fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.relay.poll_timeout().map(|due| due + self.late).filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.relay.handle_timeout(self.now);
            self.pump();
        }
        self.now = until;
    }

    /// Carries datagrams both ways until all is quiet.
    pub fn pump(&mut self) {
        loop {
            let mut to_browsers = Vec::new();
            while let Some(transmit) = self.relay.poll_transmit() {
                let size = transmit.segment_size.unwrap_or(transmit.contents.len());
                assert!(transmit.contents.len() <= 60_000);
                self.runs += usize::from(transmit.segment_size.is_some());
                to_browsers.extend(transmit.contents.chunks(size).map(|bytes| (transmit.to, bytes.to_vec())));
            }
            while let Some(event) = self.relay.poll_event() {
                self.events.push(event);
            }
            if to_browsers.is_empty() {
                return;
            }
            for (to, bytes) in to_browsers {
                let browser = self.browsers.values_mut().find(|browser| browser.way == to);
                let Some(browser) = browser else { continue };
                if let Some(held) = &mut browser.held {
                    held.push(bytes);
                    continue;
                }
                let Some(bytes) = browser.unwrapped(bytes) else { continue };
                for reply in browser.receive(&bytes, self.now) {
                    self.relay.receive(to, None, &mut browser.wrapped(reply), self.now);
                }
            }
        }
    }

    pub fn seen(&self, id: PeerId) -> &[Seen] {
        &self.browsers[&id].seen
    }

    /// What the relay wants done with connections.
    pub fn news(&mut self) -> Vec<ConnectionNews> {
        std::iter::from_fn(|| self.relay.poll_connection()).collect()
    }

    pub fn dropped(&self, why: Dropped) -> u64 {
        self.relay.stats().dropped(why)
    }
}
