//! A journey over real sockets: the `webrtc` crate publishes, another receives.

use preau_sfu::{
    Certificate, Event, Look, Mid, Offer, PeerId, Permit, ReceiveMids, Relay, RelayConfig, RelayId, Role, RoomId,
    Source, Way, Ways,
};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_VP8, MediaEngine};
use rtc::rtp;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCSessionDescription,
};

const CLASS: RoomId = RoomId(1);
const ADA: PeerId = PeerId(1);
const NOE: PeerId = PeerId(2);
/// Longer than any honest run on a busy machine: a test that hangs should say so.
const PATIENCE: Duration = Duration::from_secs(60);

type Command = Box<dyn FnOnce(&mut Relay, Instant) + Send>;

/// The datagram loop of a shard, in small.
async fn run_relay(
    socket: UdpSocket,
    mut commands: mpsc::UnboundedReceiver<Command>,
    events: mpsc::UnboundedSender<Event>,
) {
    let address = socket.local_addr().unwrap();
    let certificate = Certificate::generate().unwrap();
    let mut relay = Relay::new(RelayConfig {
        id: RelayId(0),
        certificate,
        addresses: vec![address],
        seed: [5; 32],
        ways: Ways::default(),
        screen_layers: None,
    });
    let mut bytes = [0; 2048];
    loop {
        let wake = relay.poll_timeout().unwrap_or(Instant::now() + PATIENCE);
        tokio::select! {
            Ok((len, from)) = socket.recv_from(&mut bytes) => relay.receive(from.into(), None, &mut bytes[..len], Instant::now()),
            command = commands.recv() => match command {
                Some(command) => command(&mut relay, Instant::now()),
                None => return,
            },
            () = tokio::time::sleep_until(wake.into()) => relay.handle_timeout(Instant::now()),
        }
        let mut out: Vec<(Way, Vec<u8>)> = Vec::new();
        while let Some(transmit) = relay.poll_transmit() {
            let size = transmit.segment_size.unwrap_or(transmit.contents.len());
            out.extend(transmit.contents.chunks(size).map(|bytes| (transmit.to, bytes.to_vec())));
        }
        for (to, bytes) in out {
            if let Way::Udp(to) = to {
                let _ = socket.send_to(&bytes, to).await;
            }
        }
        while let Some(event) = relay.poll_event() {
            let _ = events.send(event);
        }
    }
}

#[derive(Clone)]
struct Handler {
    packets: mpsc::UnboundedSender<rtp::Packet>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let packets = self.packets.clone();
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    let _ = packets.send(packet);
                }
            }
        });
    }
}

async fn connection(packets: mpsc::UnboundedSender<rtp::Packet>) -> impl PeerConnection {
    let mut media = MediaEngine::default();
    media.register_default_codecs().unwrap();
    PeerConnectionBuilder::new()
        .with_media_engine(media)
        .with_handler(Arc::new(Handler { packets }))
        .with_runtime(Arc::new(webrtc::runtime::TokioRuntime))
        .with_udp_addrs(vec!["127.0.0.1:0".to_owned()])
        .build()
        .await
        .unwrap()
}

/// Offers and takes the relay's answer.
async fn join(pc: &impl PeerConnection, peer: PeerId, sends: bool, commands: &mpsc::UnboundedSender<Command>) {
    let sdp = pc.create_offer(None).await.unwrap();
    pc.set_local_description(sdp).await.unwrap();
    let sdp = pc.local_description().await.unwrap().sdp;
    let mid = sdp.lines().find_map(|line| line.strip_prefix("a=mid:")).and_then(Mid::parse).unwrap();
    let mut offer = Offer { sdp, send: Default::default(), receive: ReceiveMids::default() };
    if sends {
        offer.send.insert(Source::Camera, mid);
    } else {
        offer.receive.video.push(mid);
    }
    let (reply, answer) = tokio::sync::oneshot::channel();
    let command: Command = Box::new(move |relay, now| {
        let _ = reply.send(relay.answer(peer, CLASS, Role::Teacher, &offer, now));
    });
    commands.send(command).ok().unwrap();
    let answer = answer.await.unwrap().unwrap();
    pc.set_remote_description(RTCSessionDescription::answer(answer).unwrap()).await.unwrap();
}

async fn await_event(events: &mut mpsc::UnboundedReceiver<Event>, wanted: Event) {
    let found = async {
        while let Some(event) = events.recv().await {
            if event == wanted {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("never came: {wanted:?}"));
}

fn vp8_codec() -> RTCRtpCodec {
    RTCRtpCodec { mime_type: MIME_TYPE_VP8.to_owned(), clock_rate: 90_000, ..Default::default() }
}

fn camera(ssrc: u32) -> Arc<TrackLocalStaticRTP> {
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
        codec: vp8_codec(),
        ..Default::default()
    };
    let track = MediaStreamTrack::new("s".into(), "t".into(), "camera".into(), RtpCodecKind::Video, vec![encoding]);
    Arc::new(TrackLocalStaticRTP::new(track))
}

#[tokio::test]
async fn what_one_webrtc_peer_sends_another_receives_unbroken() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (commands, inbox) = mpsc::unbounded_channel();
    let (tell, mut events) = mpsc::unbounded_channel();
    tokio::spawn(run_relay(socket, inbox, tell));

    let (packets, mut received) = mpsc::unbounded_channel();
    let publisher = connection(packets.clone()).await;
    let track = camera(4711);
    publisher.add_track(Arc::clone(&track) as Arc<dyn TrackLocal>).await.unwrap();
    join(&publisher, ADA, true, &commands).await;
    await_event(&mut events, Event::Connected { peer: ADA }).await;

    let viewer = connection(packets).await;
    let receive = RTCRtpTransceiverInit {
        direction: RTCRtpTransceiverDirection::Recvonly,
        streams: vec![],
        send_encodings: vec![],
    };
    viewer.add_transceiver_from_kind(RtpCodecKind::Video, Some(receive)).await.unwrap();
    join(&viewer, NOE, false, &commands).await;
    await_event(&mut events, Event::Connected { peer: NOE }).await;

    let allow: Command = Box::new(|relay, now| {
        relay.allow(ADA, Permit::everything(), now);
        relay.view(NOE, &[Look { peer: ADA, height_px: 360 }], now);
    });
    commands.send(allow).ok().unwrap();

    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    let mut seen: Vec<(u16, u32)> = Vec::new();
    let mut sequence = 65_500_u16;
    let all = async {
        while seen.len() < 100 {
            tokio::select! {
                _ = ticks.tick() => {
                    let header = rtp::Header {
                        version: 2,
                        marker: true,
                        payload_type: 96,
                        sequence_number: sequence,
                        timestamp: u32::from(sequence) * 900,
                        ssrc: 4711,
                        ..Default::default()
                    };
                    sequence = sequence.wrapping_add(1);
                    let payload = vec![0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01, 7].into();
                    track.write_rtp(rtp::Packet { header, payload }).await.unwrap();
                }
                Some(packet) = received.recv() => {
                    assert_eq!(packet.payload.last(), Some(&7));
                    seen.push((packet.header.sequence_number, packet.header.timestamp));
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("a hundred pictures arrive");
    assert!(seen.windows(2).all(|pair| pair[1].0 == pair[0].0.wrapping_add(1)), "{seen:?}");
}
