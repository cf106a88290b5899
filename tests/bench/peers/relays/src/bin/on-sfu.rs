//! One camera to everybody, on webrtc-rs's own `sfu` crate, driven as its example drives it, in batches.
//!
//! That crate offers anew to every viewer when a camera is there. Light peers only ever offer, so this process answers
//! for them: the answer to such an offer is the offer, seen from the other side.

use std::collections::HashMap;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use relays::{Asked, Desk, Wire};
use rtc::peer_connection::sdp::{RTCSdpType, RTCSessionDescription};
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use sansio::Protocol;
use sfu::{ClientId, RoomId, SFUEvent, Sfu, TaggedSFUEvent};
use uuid::Uuid;

const PATIENCE_MAX: Duration = Duration::from_millis(50);

type Failure = Box<dyn std::error::Error>;

/// A client's own lines, and who waits for the answer to its one offer.
struct Absent {
    lines: String,
    answer: Option<Sender<String>>,
}

struct Relay {
    wire: Wire,
    sfu: Sfu,
    room: RoomId,
    absent: HashMap<ClientId, Absent>,
}

fn main() -> Result<(), Failure> {
    let wire = Wire::open()?;
    let bell = wire.bell.clone();
    let desk = Desk::open(move || drop(bell.wake()))?;
    let sfu = Sfu::new(rand::random(), wire.address);
    let mut relay = Relay { wire, sfu, room: Uuid::new_v4(), absent: HashMap::new() };
    let mut clients: ClientId = 0;
    loop {
        while let Ok(asked) = desk.offers.try_recv() {
            clients += 1;
            relay.take(clients, asked)?;
        }
        relay.flush();
        let due = relay.sfu.poll_timeout().map_or(PATIENCE_MAX, |at| at.saturating_duration_since(Instant::now()));
        if !due.is_zero() {
            relay.wire.wait(due.min(PATIENCE_MAX));
        }
        relay.read();
        // One client's fault is not the others'.
        let _ = relay.sfu.handle_timeout(Instant::now());
    }
}

impl Relay {
    fn take(&mut self, client_id: ClientId, asked: Asked) -> Result<(), Failure> {
        let own = ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"];
        let line = |prefix: &&str| asked.offer.lines().find(|line| line.starts_with(*prefix)).map(str::to_owned);
        let lines: Vec<String> = own.iter().filter_map(line).collect();
        let absent = Absent { lines: lines.join("\r\n"), answer: Some(asked.answer) };
        self.absent.insert(client_id, absent);
        let room_id = self.room;
        self.event(SFUEvent::Join { request_id: rand::random(), room_id, client_id });
        let sdp = RTCSessionDescription::offer(asked.offer)?;
        self.event(SFUEvent::SessionDescription { request_id: rand::random(), room_id, client_id, sdp });
        Ok(())
    }

    fn event(&mut self, event: SFUEvent) {
        if let Err(error) = self.sfu.handle_event(TaggedSFUEvent { now: Instant::now(), event }) {
            eprintln!("{error}");
        }
    }

    fn flush(&mut self) {
        // Nothing ever comes out here; asking is what makes it forward.
        while self.sfu.poll_read().is_some() {}
        while let Some(TaggedSFUEvent { event, .. }) = self.sfu.poll_event() {
            let SFUEvent::SessionDescription { request_id, room_id, client_id, sdp } = event else { continue };
            let Some(absent) = self.absent.get_mut(&client_id) else { continue };
            if sdp.sdp_type == RTCSdpType::Answer {
                if let Some(answer) = absent.answer.take() {
                    let _ = answer.send(sdp.sdp);
                }
                continue;
            }
            let answer = mirrored(&sdp.sdp, &absent.lines);
            let Ok(sdp) = RTCSessionDescription::answer(answer) else { continue };
            self.event(SFUEvent::SessionDescription { request_id, room_id, client_id, sdp });
        }
        while let Some(transmit) = self.sfu.poll_write() {
            self.wire.send(transmit.transport.peer_addr, &transmit.message);
        }
    }

    fn read(&mut self) {
        loop {
            let Relay { wire, sfu, .. } = self;
            let (now, local_addr) = (Instant::now(), wire.address);
            let some = wire.read(|peer_addr, bytes| {
                let transport =
                    TransportContext { local_addr, peer_addr, transport_protocol: TransportProtocol::UDP, ecn: None };
                let _ = sfu.handle_read(TaggedBytesMut { now, transport, message: BytesMut::from(bytes) });
            });
            if !some {
                return;
            }
            self.flush();
        }
    }
}

/// The answer of somebody who takes everything: the offer with its directions turned round and their own lines in it.
fn mirrored(offer: &str, own: &str) -> String {
    const NOT_OURS: [&str; 10] = [
        "a=candidate", "a=end-of-cand", "a=ice-", "a=fingerprint", "a=setup", "a=ssrc", "a=msid", "a=rtcp:", "a=rid", "a=simulcast",
    ];
    let mut answer = String::new();
    for line in offer.lines().filter(|line| !NOT_OURS.iter().any(|prefix| line.starts_with(prefix))) {
        let turned = match line {
            "a=sendonly" | "a=sendrecv" => "a=recvonly",
            "a=recvonly" => "a=sendonly",
            line => line,
        };
        answer += &format!("{turned}\r\n");
        if line.starts_with("a=mid:") {
            answer += &format!("{own}\r\na=setup:active\r\n");
        }
    }
    answer
}
