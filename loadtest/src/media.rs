//! A WebRTC peer that sends encoded frames and counts what arrives, on the async `webrtc` crate.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use preau_protocol::limits::AUDIO_SLOTS_MAX;
use preau_protocol::{IceServer, MediaAsk, ReceiveMids, SendMids};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MIME_TYPE_VP8};
use rtc::rtp;
use rtc::rtp::codec::{opus::OpusPayloader, vp8::Vp8Payloader};
use rtc::rtp::extension::HeaderExtension;
use rtc::rtp::extension::audio_level_extension::AudioLevelExtension;
use rtc::rtp::packetizer::Payloader;
use rtc::rtp_transceiver::RTCRtpTransceiverInit;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
    RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout_at};
use webrtc::media_stream::Track;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfiguration,
    RTCConfigurationBuilder, RTCIceGatheringState, RTCIceServer, RTCIceTransportPolicy, RTCPeerConnectionState,
    RTCSessionDescription, Registry, register_default_interceptors,
};
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RtpTransceiver};

use crate::{Receipt, Source};

/// Payload bytes of one RTP packet: with its headers it fits into every path's MTU.
const PAYLOAD_BYTES_MAX: usize = 1_100;
const OPUS: u8 = 111;
const VP8: u8 = 96;
/// Gathering looks at local addresses only.
const GATHERED_WITHIN: Duration = Duration::from_secs(5);
const AUDIO_LEVEL_URI: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("webrtc: {0}")]
    Stack(#[from] webrtc::error::Error),
    #[error("no candidates within {GATHERED_WITHIN:?}")]
    NotGathered,
    #[error("not connected within {0:?}, but {1}")]
    NotConnected(Duration, RTCPeerConnectionState),
    #[error("within {within:?} slot {mid} got {got} packets, not {wanted}")]
    TooFew { mid: String, wanted: u64, got: u64, within: Duration },
    #[error("slot {mid} still got packets {within:?} later")]
    NotSilent { mid: String, within: Duration },
}

/// One peer connection: four senders, and fixed slots to receive in.
pub struct Peer {
    connection: Arc<dyn PeerConnection>,
    tracks: BTreeMap<Source, Arc<TrackLocalStaticRTP>>,
    state: watch::Receiver<RTCPeerConnectionState>,
    ledger: Arc<Ledger>,
    pub send: SendMids,
    pub receive: ReceiveMids,
}

/// Frames of one source on their way; they stop when this is dropped.
#[derive(Debug)]
pub struct Publishing(AbortHandle);

impl Drop for Publishing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What arrived, by MID.
#[derive(Default)]
struct Ledger {
    receipts: Mutex<BTreeMap<String, Receipt>>,
    changed: Notify,
}

impl Ledger {
    fn receipt(&self, mid: &str) -> Receipt {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner).get(mid).cloned().unwrap_or_default()
    }

    fn count(&self, mid: &str, is_video: bool, packet: &rtp::Packet) {
        let mut receipts = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        receipts.entry(mid.into()).or_default().count(packet, is_video, Instant::now());
        drop(receipts);
        self.changed.notify_waiters();
    }
}

/// Brings what the stack calls back about to those who wait for it.
struct Ear {
    gathered: watch::Sender<bool>,
    state: watch::Sender<RTCPeerConnectionState>,
    tracks: tokio::sync::mpsc::UnboundedSender<Arc<dyn TrackRemote>>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Ear {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathered.send_replace(state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        // The peer may be gone already; then nobody counts.
        let _ = self.tracks.send(track);
    }
}

impl Peer {
    /// A peer on local address `bind` that can show `video_slots` cameras, and its one offer.
    pub async fn offer(bind: IpAddr, video_slots: usize) -> Result<(Peer, MediaAsk), MediaError> {
        Peer::offer_by(bind, video_slots, RTCConfiguration::default()).await
    }

    /// The same where nothing is left but relayed ways by these servers.
    pub async fn offer_relayed(
        bind: IpAddr,
        video_slots: usize,
        servers: Vec<IceServer>,
    ) -> Result<(Peer, MediaAsk), MediaError> {
        let servers = servers.into_iter().map(|server| RTCIceServer {
            urls: server.urls,
            username: server.username,
            credential: server.credential,
        });
        let configuration = RTCConfigurationBuilder::new()
            .with_ice_servers(servers.collect())
            .with_ice_transport_policy(RTCIceTransportPolicy::Relay)
            .build();
        Peer::offer_by(bind, video_slots, configuration).await
    }

    async fn offer_by(
        bind: IpAddr,
        video_slots: usize,
        configuration: RTCConfiguration,
    ) -> Result<(Peer, MediaAsk), MediaError> {
        let (gathered, mut is_gathered) = watch::channel(false);
        let (state_tx, state) = watch::channel(RTCPeerConnectionState::New);
        let (tracks_tx, tracks_rx) = tokio::sync::mpsc::unbounded_channel();
        let mut engine = media_engine()?;
        let registry = register_default_interceptors(Registry::new(), &mut engine)?;
        let connection: Arc<dyn PeerConnection> = Arc::new(
            PeerConnectionBuilder::new()
                .with_configuration(configuration)
                .with_media_engine(engine)
                .with_interceptor_registry(registry)
                .with_handler(Arc::new(Ear { gathered, state: state_tx, tracks: tracks_tx }))
                .with_udp_addrs(vec![SocketAddr::new(bind, 0)])
                .build()
                .await?,
        );
        let mut transceivers = Vec::new();
        let mut tracks = BTreeMap::new();
        for source in Source::ALL {
            let track = Arc::new(TrackLocalStaticRTP::new(local_track(source)));
            let init = direction(RTCRtpTransceiverDirection::Sendonly);
            transceivers.push(connection.add_transceiver_from_track(track.clone(), Some(init)).await?);
            tracks.insert(source, track);
        }
        let audio = std::iter::repeat_n(RtpCodecKind::Audio, AUDIO_SLOTS_MAX + 1);
        for kind in audio.chain(std::iter::repeat_n(RtpCodecKind::Video, video_slots + 1)) {
            let init = direction(RTCRtpTransceiverDirection::Recvonly);
            transceivers.push(connection.add_transceiver_from_kind(kind, Some(init)).await?);
        }
        let offer = connection.create_offer(None).await?;
        connection.set_local_description(offer).await?;
        let gathering = tokio::time::timeout(GATHERED_WITHIN, is_gathered.wait_for(|done| *done));
        gathering.await.map_err(|_| MediaError::NotGathered)?.map_err(|_| MediaError::NotGathered)?;
        let sdp = connection.local_description().await.ok_or(MediaError::NotGathered)?.sdp;
        let (send, receive) = sections(&transceivers).await?;
        let ledger = Arc::new(Ledger::default());
        let video: Vec<String> = receive.video.iter().chain([&receive.screen]).cloned().collect();
        tokio::spawn(keep_books(tracks_rx, transceivers, ledger.clone(), video));
        let ask = MediaAsk::Offer { sdp, send: send.clone(), receive: receive.clone() };
        Ok((Peer { connection, tracks, state, ledger, send, receive }, ask))
    }

    /// Takes the server's answer.
    pub async fn accept(&self, sdp: String) -> Result<(), MediaError> {
        Ok(self.connection.set_remote_description(RTCSessionDescription::answer(sdp)?).await?)
    }

    /// Makes a new offer over a new path, as a browser does after a change of network (an ICE restart).
    pub async fn restart(&self) -> Result<MediaAsk, MediaError> {
        self.connection.restart_ice().await?;
        let offer = self.connection.create_offer(None).await?;
        self.connection.set_local_description(offer).await?;
        let sdp = self.connection.local_description().await.ok_or(MediaError::NotGathered)?.sdp;
        Ok(MediaAsk::Offer { sdp, send: self.send.clone(), receive: self.receive.clone() })
    }

    /// Waits until ICE and DTLS are through.
    pub async fn connected(&self, within: Duration) -> Result<(), MediaError> {
        let mut state = self.state.clone();
        let through = state.wait_for(|state| *state == RTCPeerConnectionState::Connected);
        let in_time = matches!(tokio::time::timeout(within, through).await, Ok(Ok(_)));
        if in_time { Ok(()) } else { Err(MediaError::NotConnected(within, *self.state.borrow())) }
    }

    /// Sends a source's frames until the returned value is dropped. `level` is the loudness that audio packets
    /// declare, in −dBov: 0 is loudest, 127 is silence (RFC 6464 §3).
    pub fn publish(&self, source: Source, level: u8) -> Publishing {
        let track = self.tracks[&source].clone();
        Publishing(tokio::spawn(play(track, source, level)).abort_handle())
    }

    /// What slot `mid` got until now.
    pub fn receipt(&self, mid: &str) -> Receipt {
        self.ledger.receipt(mid)
    }

    /// What every slot got until now that got anything, by its MID.
    pub fn slots(&self) -> Vec<(String, Receipt)> {
        let receipts = self.ledger.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        receipts.iter().map(|(mid, receipt)| (mid.clone(), receipt.clone())).collect()
    }

    /// Waits until `wanted` more packets arrived in slot `mid`. Returns the slot's count.
    pub async fn more(&self, mid: &str, wanted: u64, within: Duration) -> Result<Receipt, MediaError> {
        let deadline = tokio::time::Instant::now() + within;
        let before = self.receipt(mid).packets;
        loop {
            let changed = self.ledger.changed.notified();
            let receipt = self.receipt(mid);
            if receipt.packets >= before + wanted {
                return Ok(receipt);
            }
            if timeout_at(deadline, changed).await.is_err() {
                let got = self.receipt(mid).packets - before;
                return Err(MediaError::TooFew { mid: mid.into(), wanted, got, within });
            }
        }
    }

    /// Waits until slot `mid` has got nothing for `quiet`, which must be so `within` this time.
    pub async fn silent(&self, mid: &str, quiet: Duration, within: Duration) -> Result<(), MediaError> {
        let deadline = tokio::time::Instant::now() + within + quiet;
        while tokio::time::Instant::now() + quiet <= deadline {
            match self.more(mid, 1, quiet).await {
                Err(MediaError::TooFew { .. }) => return Ok(()),
                Err(other) => return Err(other),
                Ok(_) => {}
            }
        }
        Err(MediaError::NotSilent { mid: mid.into(), within })
    }

    /// The peer's own half of ICE, as an attacker who kept it would have it: `(ufrag, password)`.
    pub async fn ice_credentials(&self) -> Option<(String, String)> {
        let sdp = self.connection.local_description().await?.sdp;
        let value = |key: &str| sdp.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
        Some((value("a=ice-ufrag:")?, value("a=ice-pwd:")?))
    }

    /// The server's half of ICE that anybody on the path can read: its ufrag.
    pub async fn remote_ufrag(&self) -> Option<String> {
        let sdp = self.connection.remote_description().await?.sdp;
        sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).map(str::to_owned)
    }

    /// Where the server's answer says that media goes: its first candidate (RFC 8839 §5.1).
    pub async fn remote_candidate(&self) -> Option<SocketAddr> {
        candidate(&self.connection.remote_description().await?.sdp)
    }

    /// Where this peer sends from: the first address that its offer names.
    pub async fn local_candidate(&self) -> Option<SocketAddr> {
        candidate(&self.connection.local_description().await?.sdp)
    }

    pub async fn close(&self) -> Result<(), MediaError> {
        Ok(self.connection.close().await?)
    }
}

/// The first candidate of a description (RFC 8839 §5.1).
fn candidate(sdp: &str) -> Option<SocketAddr> {
    sdp.lines().filter_map(|line| line.strip_prefix("a=candidate:")).find_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        Some(SocketAddr::new(words.get(4)?.parse().ok()?, words.get(5)?.parse().ok()?))
    })
}

fn media_engine() -> Result<MediaEngine, MediaError> {
    let mut engine = MediaEngine::default();
    let opus = RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.into(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1".into(),
        rtcp_feedback: vec![],
    };
    engine.register_codec(RTCRtpCodecParameters { rtp_codec: opus, payload_type: OPUS }, RtpCodecKind::Audio)?;
    engine.register_codec(RTCRtpCodecParameters { rtp_codec: vp8(), payload_type: VP8 }, RtpCodecKind::Video)?;
    let level = RTCRtpHeaderExtensionCapability { uri: AUDIO_LEVEL_URI.into() };
    engine.register_header_extension(level, RtpCodecKind::Audio, None)?;
    Ok(engine)
}

fn vp8() -> RTCRtpCodec {
    RTCRtpCodec { mime_type: MIME_TYPE_VP8.into(), clock_rate: 90_000, ..RTCRtpCodec::default() }
}

fn direction(direction: RTCRtpTransceiverDirection) -> RTCRtpTransceiverInit {
    RTCRtpTransceiverInit { direction, streams: vec![], send_encodings: vec![] }
}

fn local_track(source: Source) -> MediaStreamTrack {
    let codec = if source.is_video() {
        vp8()
    } else {
        RTCRtpCodec { mime_type: MIME_TYPE_OPUS.into(), clock_rate: 48_000, channels: 2, ..RTCRtpCodec::default() }
    };
    let kind = if source.is_video() { RtpCodecKind::Video } else { RtpCodecKind::Audio };
    let ssrc = Some(rand::random::<u32>());
    let rtp_coding_parameters = RTCRtpCodingParameters { ssrc, ..RTCRtpCodingParameters::default() };
    let encoding =
        RTCRtpEncodingParameters { rtp_coding_parameters, codec, active: true, ..RTCRtpEncodingParameters::default() };
    let label = format!("{source:?}");
    MediaStreamTrack::new("preau".into(), label.clone(), label, kind, vec![encoding])
}

/// The MIDs of a peer's sections, in the order in which [`Peer::offer`] made them.
async fn sections(transceivers: &[Arc<dyn RtpTransceiver>]) -> Result<(SendMids, ReceiveMids), MediaError> {
    let mut mids = Vec::new();
    for transceiver in transceivers {
        mids.push(transceiver.mid().await?.ok_or(MediaError::NotGathered)?);
    }
    let mut mids = mids.into_iter();
    let mut next = || mids.next().ok_or(MediaError::NotGathered);
    let send = SendMids { microphone: next()?, camera: next()?, screen: next()?, screen_audio: next()? };
    let audio = (0..AUDIO_SLOTS_MAX).map(|_| next()).collect::<Result<_, _>>()?;
    let (screen_audio, screen) = (next()?, next()?);
    Ok((send, ReceiveMids { audio, screen, screen_audio, video: mids.collect() }))
}

/// Finds out which slot each new track is, and counts its packets. Ends with the connection.
async fn keep_books(
    mut tracks: tokio::sync::mpsc::UnboundedReceiver<Arc<dyn TrackRemote>>,
    transceivers: Vec<Arc<dyn RtpTransceiver>>,
    ledger: Arc<Ledger>,
    video: Vec<String>,
) {
    let mut readers = JoinSet::new();
    while let Some(track) = tracks.recv().await {
        let Some(mid) = mid_of(&transceivers, &track).await else { continue };
        let (ledger, is_video) = (ledger.clone(), video.contains(&mid));
        readers.spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    ledger.count(&mid, is_video, &packet);
                }
            }
        });
    }
}

async fn mid_of(transceivers: &[Arc<dyn RtpTransceiver>], track: &Arc<dyn TrackRemote>) -> Option<String> {
    let id = track.track_id().await;
    for transceiver in transceivers {
        if let Ok(Some(receiver)) = transceiver.receiver().await
            && receiver.track().track_id().await == id
        {
            return transceiver.mid().await.ok().flatten();
        }
    }
    None
}

/// Sends a reel over and over, each frame in its time.
async fn play(track: Arc<TrackLocalStaticRTP>, source: Source, level: u8) {
    let reel = source.reel();
    let mut payloader: Box<dyn Payloader> = if source.is_video() {
        let mut payloader = Vp8Payloader::default();
        payloader.enable_picture_id = true;
        Box::new(payloader)
    } else {
        Box::new(OpusPayloader)
    };
    let Some(ssrc) = track.ssrcs().await.first().copied() else { return };
    let mut header = rtp::Header {
        version: 2,
        ssrc,
        payload_type: if source.is_video() { VP8 } else { OPUS },
        sequence_number: rand::random(),
        timestamp: rand::random(),
        ..rtp::Header::default()
    };
    let mut clock = interval(reel.every);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for frame in reel.frames.iter().cycle() {
        clock.tick().await;
        let Ok(payloads) = payloader.payload(PAYLOAD_BYTES_MAX, frame) else { return };
        let last = payloads.len().saturating_sub(1);
        for (n, payload) in payloads.into_iter().enumerate() {
            header.marker = source.is_video() && n == last;
            let packet = rtp::Packet { header: header.clone(), payload };
            header.sequence_number = header.sequence_number.wrapping_add(1);
            let extensions = [HeaderExtension::AudioLevel(AudioLevelExtension { level, voice: true })];
            let extensions = if source.is_video() { &[] } else { &extensions[..] };
            // Before the connection is up a packet cannot be sent, as in a browser; the next one may.
            let _ = track.write_rtp_with_extensions(packet, extensions).await;
        }
        header.timestamp = header.timestamp.wrapping_add(reel.ticks);
    }
}
