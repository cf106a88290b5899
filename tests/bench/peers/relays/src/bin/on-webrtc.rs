//! One camera to everybody, on the async `webrtc` crate: a local track for each viewer, written one after the other.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use relays::{Asked, Desk, Part};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::media_engine::MIME_TYPE_VP8;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use tokio::sync::{mpsc, watch};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
    RTCPeerConnectionState, RTCSessionDescription, Registry, register_default_interceptors,
};

type Viewers = Arc<Mutex<Vec<(u32, Arc<TrackLocalStaticRTP>)>>>;
type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Ear {
    gathered: watch::Sender<bool>,
    viewers: Viewers,
    /// Rung by whoever has just connected: a picture to begin with is needed.
    wants_key: watch::Sender<u64>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Ear {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathered.send_replace(state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        if state == RTCPeerConnectionState::Connected {
            self.wants_key.send_modify(|count| *count += 1);
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let (asked, viewers) = (self.wants_key.subscribe(), self.viewers.clone());
        tokio::spawn(ask_for_keys(track.clone(), asked));
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
                let viewers = viewers.lock().unwrap_or_else(PoisonError::into_inner).clone();
                for (ssrc, viewer) in viewers {
                    let mut copy = packet.clone();
                    copy.header.ssrc = ssrc;
                    copy.header.extension = false;
                    copy.header.extensions.clear();
                    // Not connected yet, or gone: the next packet comes soon.
                    let _ = viewer.write_rtp(copy).await;
                }
            }
        });
    }
}

async fn ask_for_keys(track: Arc<dyn TrackRemote>, mut asked: watch::Receiver<u64>) {
    let Some(media_ssrc) = track.ssrcs().await.first().copied() else { return };
    while asked.changed().await.is_ok() {
        let request = PictureLossIndication { sender_ssrc: 0, media_ssrc };
        if track.write_rtcp(vec![Box::new(request)]).await.is_err() {
            return;
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (tx, mut offers) = mpsc::unbounded_channel();
    let desk = Desk::open(|| {})?;
    std::thread::spawn(move || {
        while let Ok(asked) = desk.offers.recv() {
            if tx.send(asked).is_err() {
                return;
            }
        }
    });
    let viewers = Viewers::default();
    let (wants_key, _) = watch::channel(0);
    let mut connections = Vec::new();
    while let Some(asked) = offers.recv().await {
        connections.push(answer(asked, &viewers, &wants_key).await?);
    }
    Ok(())
}

async fn answer(
    asked: Asked,
    viewers: &Viewers,
    wants_key: &watch::Sender<u64>,
) -> Result<Arc<dyn PeerConnection>, Failure> {
    let (gathered, mut is_gathered) = watch::channel(false);
    let mut engine = MediaEngine::default();
    let codec = RTCRtpCodecParameters { rtp_codec: vp8(), payload_type: 96 };
    engine.register_codec(codec, RtpCodecKind::Video)?;
    let registry = register_default_interceptors(Registry::new(), &mut engine)?;
    let ear = Ear { gathered, viewers: viewers.clone(), wants_key: wants_key.clone() };
    let connection: Arc<dyn PeerConnection> = Arc::new(
        PeerConnectionBuilder::new()
            .with_media_engine(engine)
            .with_interceptor_registry(registry)
            .with_handler(Arc::new(ear))
            .with_udp_addrs(vec![SocketAddr::from(([127, 0, 0, 1], 0))])
            .build()
            .await?,
    );
    if asked.part == Part::Viewer {
        let ssrc = rand::random::<u32>();
        let rtp_coding_parameters = RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() };
        let encoding =
            RTCRtpEncodingParameters { rtp_coding_parameters, codec: vp8(), active: true, ..Default::default() };
        let label = format!("viewer-{ssrc}");
        let stream = MediaStreamTrack::new(label.clone(), label.clone(), label, RtpCodecKind::Video, vec![encoding]);
        let track = Arc::new(TrackLocalStaticRTP::new(stream));
        connection.add_track(track.clone() as Arc<dyn TrackLocal>).await?;
        viewers.lock().unwrap_or_else(PoisonError::into_inner).push((ssrc, track));
    }
    connection.set_remote_description(RTCSessionDescription::offer(asked.offer)?).await?;
    let answer = connection.create_answer(None).await?;
    connection.set_local_description(answer).await?;
    is_gathered.wait_for(|done| *done).await?;
    let sdp = connection.local_description().await.ok_or("no description")?.sdp;
    // Who asked may be gone.
    let _ = asked.answer.send(sdp);
    Ok(connection)
}

fn vp8() -> RTCRtpCodec {
    RTCRtpCodec { mime_type: MIME_TYPE_VP8.into(), clock_rate: 90_000, ..RTCRtpCodec::default() }
}
