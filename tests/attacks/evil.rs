//! A seated student with a tampered client: good credentials and keys, and whatever packets they like.

use std::time::{Duration, Instant};

use preau_loadtest::Participant;
use preau_loadtest::light::{LightPeer, Manners, Part, Recruit};
use preau_protocol::{Ask, MediaAsk, Outcome};
use preau_tests::witness::now;
use tokio::net::UdpSocket;
use tokio::time::timeout_at;

use crate::ground::Ground;

const CONNECTED_WITHIN: Duration = Duration::from_secs(10);

pub struct Evil {
    pub peer: LightPeer,
    pub socket: UdpSocket,
    pub mids: preau_protocol::SendMids,
}

impl Evil {
    /// Offers and connects on behalf of `who`, who is seated.
    pub async fn connect(ground: &Ground, who: &mut Participant) -> Evil {
        let part = Part::Seat { video_slots: 1, simulcast: false };
        let recruit = Recruit::new(part, Manners::default()).expect("a socket");
        let offer = recruit.ask();
        let MediaAsk::Offer { send, .. } = &offer else { unreachable!("an offer is an offer") };
        let mids = send.clone();
        let since = now();
        let outcome = who.conversation.ask(Ask::Media(offer)).await.expect("answered");
        let Outcome::Answer { sdp } = outcome else { panic!("no answer but {outcome:?}") };
        let (mut peer, socket) = recruit.answered(&sdp).expect("a whole answer");
        let port = socket.local_addr().expect("bound").port();
        let at = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        ground.sit(who, at, since);
        let began = Instant::now();
        peer.begin(began, began);
        let mut evil = Evil { peer, socket: UdpSocket::from_std(socket).expect("a socket"), mids };
        while evil.peer.outcome().is_none() && began.elapsed() < CONNECTED_WITHIN {
            evil.live(Duration::from_millis(5)).await;
        }
        assert_eq!(evil.peer.outcome(), Some(Ok(())), "connected");
        evil
    }

    /// Does what an honest peer does for so long.
    pub async fn live(&mut self, time: Duration) {
        let until = tokio::time::Instant::now() + time;
        let mut bytes = [0; 2_048];
        loop {
            self.peer.handle_timeout(Instant::now());
            while let Some(datagram) = self.peer.poll_transmit() {
                self.send(&datagram).await;
            }
            let due = self.peer.poll_timeout().map_or(until, |due| until.min(due.into()));
            match timeout_at(due, self.socket.recv_from(&mut bytes)).await {
                Ok(Ok((len, from))) => self.peer.receive(&bytes[..len], from, Instant::now()),
                Ok(Err(_)) => return,
                Err(_) if tokio::time::Instant::now() >= until => return,
                Err(_) => {}
            }
        }
    }

    /// Any bytes, from the address that passed the check.
    pub async fn send(&self, datagram: &[u8]) {
        // What the kernel has no room for is lost, as it would be on the way.
        let _ = self.socket.send_to(datagram, self.peer.relay).await;
    }

    /// A packet of any stream under good keys (RFC 3550 §5.1), with the `mid` in its header extension (RFC 8285).
    pub async fn rtp(&mut self, payload_type: u8, number: u16, ssrc: u32, mid: Option<&str>, payload: &[u8]) {
        let mut packet = vec![if mid.is_some() { 0x90 } else { 0x80 }, payload_type];
        packet.extend(number.to_be_bytes());
        packet.extend((u32::from(number) * 960).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        if let Some(mid) = mid {
            let mut extension = vec![MID_ID << 4 | (mid.len() as u8 - 1)];
            extension.extend(mid.as_bytes());
            extension.resize(extension.len().next_multiple_of(4), 0);
            packet.extend([0xbe, 0xde]);
            packet.extend((extension.len() as u16 / 4).to_be_bytes());
            packet.extend(extension);
        }
        packet.extend(payload);
        if let Some(sealed) = self.peer.seal(&packet) {
            self.send(&sealed).await;
        }
    }
}

/// As light peers offer it.
const MID_ID: u8 = 4;
