//! One camera to everybody, on str0m in RTP mode: peers by address, and only those polled that have something to do.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use relays::{Asked, Desk, Part, Wire};
use str0m::change::SdpOffer;
use str0m::config::DtlsCert;
use str0m::media::{KeyframeRequestKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};

const PATIENCE_MAX: Duration = Duration::from_millis(500);

struct Client {
    rtc: Rtc,
    part: Part,
    /// The section in which a viewer receives.
    mid: Option<Mid>,
    due: Instant,
}

struct Relay {
    wire: Wire,
    certificate: DtlsCert,
    clients: Vec<Client>,
    by_address: HashMap<SocketAddr, usize>,
    timers: BinaryHeap<Reverse<(Instant, usize)>>,
    wants_key: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let crypto = str0m::crypto::from_feature_flags();
    let certificate = crypto.dtls_provider.generate_certificate().ok_or("no certificate")?;
    crypto.install_process_default();
    let wire = Wire::open()?;
    let bell = wire.bell.clone();
    let desk = Desk::open(move || drop(bell.wake()))?;
    let mut relay = Relay {
        wire,
        certificate,
        clients: Vec::new(),
        by_address: HashMap::new(),
        timers: BinaryHeap::new(),
        wants_key: false,
    };
    loop {
        while let Ok(asked) = desk.offers.try_recv() {
            relay.answer(asked)?;
        }
        relay.read();
        let now = Instant::now();
        while let Some(Reverse((at, client))) = relay.timers.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            relay.timers.pop();
            if relay.clients[client].due == at {
                relay.drive(client, now);
            }
        }
        let next = relay.timers.peek().map(|Reverse((at, _))| at.saturating_duration_since(Instant::now()));
        relay.wire.wait(next.unwrap_or(PATIENCE_MAX).min(PATIENCE_MAX));
    }
}

impl Relay {
    fn answer(&mut self, asked: Asked) -> Result<(), Box<dyn std::error::Error>> {
        let now = Instant::now();
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .set_dtls_cert(self.certificate.clone())
            .build(now);
        rtc.add_local_candidate(Candidate::host(self.wire.address, "udp")?);
        let answer = rtc.sdp_api().accept_offer(SdpOffer::from_sdp_string(&asked.offer)?)?;
        let _ = asked.answer.send(answer.to_sdp_string());
        self.clients.push(Client { rtc, part: asked.part, mid: None, due: now });
        self.drive(self.clients.len() - 1, now);
        Ok(())
    }

    fn read(&mut self) {
        let mut packets = Vec::new();
        let mut letters = Vec::new();
        let Relay { wire, clients, by_address, timers, wants_key, .. } = self;
        let destination = wire.address;
        loop {
            let now = Instant::now();
            let some = wire.read(|source, bytes| {
                let Ok(contents) = bytes.try_into() else { return };
                let input = Input::Receive(now, Receive { proto: Protocol::Udp, source, destination, contents });
                let known = by_address.get(&source).copied();
                let found = known.or_else(|| clients.iter().position(|client| client.rtc.accepts(&input)));
                let Some(at) = found else { return };
                by_address.insert(source, at);
                let client = &mut clients[at];
                if client.rtc.handle_input(input).is_ok() {
                    // After every input, as its documentation asks: it holds one event and not several.
                    poll(client, now, &mut packets, wants_key, |to, bytes| letters.push((to, bytes.to_vec())));
                    timers.push(Reverse((client.due, at)));
                }
            });
            if !some {
                break;
            }
            for (to, bytes) in letters.drain(..) {
                wire.send(to, &bytes);
            }
            for packet in packets.drain(..) {
                for (at, client) in clients.iter_mut().enumerate().filter(|(_, client)| client.part == Part::Viewer) {
                    forward(client, &packet, now);
                    poll(client, now, &mut Vec::new(), wants_key, |to, bytes| wire.send(to, bytes));
                    timers.push(Reverse((client.due, at)));
                }
            }
        }
        self.ask_for_key();
    }

    fn drive(&mut self, at: usize, now: Instant) {
        let mut packets = Vec::new();
        let client = &mut self.clients[at];
        if client.rtc.handle_input(Input::Timeout(now)).is_ok() {
            poll(client, now, &mut packets, &mut self.wants_key, |to, bytes| self.wire.send(to, bytes));
        }
        self.timers.push(Reverse((client.due, at)));
        self.ask_for_key();
    }

    fn ask_for_key(&mut self) {
        if !std::mem::take(&mut self.wants_key) {
            return;
        }
        for camera in self.clients.iter_mut().filter(|client| client.part == Part::Camera) {
            let Some(mid) = camera.mid else { continue };
            if let Some(stream) = camera.rtc.direct_api().stream_rx_by_mid(mid, None) {
                stream.request_keyframe(KeyframeRequestKind::Pli);
            }
        }
    }
}

fn forward(client: &mut Client, packet: &RtpPacket, now: Instant) {
    let Some(mid) = client.mid else { return };
    let mut api = client.rtc.direct_api();
    let Some(stream) = api.stream_tx_by_mid(mid, None) else { return };
    let write = RtpWrite::new(
        packet.header.payload_type,
        packet.seq_no,
        packet.header.timestamp,
        now,
        packet.payload.clone(),
    );
    stream.write_rtp(write.marker(packet.header.marker).nackable(true));
}

/// Until the client waits for time.
fn poll(
    client: &mut Client,
    now: Instant,
    packets: &mut Vec<RtpPacket>,
    wants_key: &mut bool,
    mut send: impl FnMut(SocketAddr, &[u8]),
) {
    while client.rtc.is_alive() {
        match client.rtc.poll_output() {
            Ok(Output::Transmit(transmit)) => send(transmit.destination, &transmit.contents),
            Ok(Output::Event(Event::RtpPacket(packet))) => packets.push(packet),
            Ok(Output::Event(Event::MediaAdded(media))) => client.mid = Some(media.mid),
            Ok(Output::Event(Event::KeyframeRequest(_))) => *wants_key = true,
            Ok(Output::Event(_)) => {}
            Ok(Output::Timeout(at)) if at <= now => {
                if client.rtc.handle_input(Input::Timeout(now)).is_err() {
                    break;
                }
            }
            Ok(Output::Timeout(at)) => {
                client.due = at;
                return;
            }
            Err(_) => client.rtc.disconnect(),
        }
    }
    client.due = now + Duration::from_secs(3_600);
}
