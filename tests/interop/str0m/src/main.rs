//! str0m as a participant. Speaks as `tests/interop/stacks/talk.mjs` says; its camera is two layers, `h` and `l`.

mod reel;

use std::collections::HashSet;
use std::error::Error;
use std::io::{BufRead, ErrorKind};
use std::net::UdpSocket;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use reel::Reel;
use serde::Serialize;
use serde_json::{Value, json};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{
    Direction, Frequency, KeyframeRequestKind, MediaData, MediaKind, MediaTime, Mid, Rid, Simulcast, SimulcastLayer,
};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};

/// How soon a line from the test is read, at most.
const TURN: Duration = Duration::from_millis(5);
/// Any address that is not here: the system says which of ours leads there.
const ELSEWHERE: &str = "192.0.2.1:9";

/// The sections in their order, and whether each is sent.
const SECTIONS: [(MediaKind, bool); 10] = [
    (MediaKind::Audio, true),
    (MediaKind::Video, true),
    (MediaKind::Video, true),
    (MediaKind::Audio, true),
    (MediaKind::Audio, false),
    (MediaKind::Audio, false),
    (MediaKind::Audio, false),
    (MediaKind::Audio, false),
    (MediaKind::Video, false),
    (MediaKind::Video, false),
];
const MICROPHONE: usize = 0;
const CAMERA: usize = 1;
const FACE: usize = 9;

/// What arrived of one kind.
#[derive(Default, Serialize)]
struct Receipt {
    packets: u64,
    bytes: u64,
    frames: u64,
    /// Frames that are one of the reel's.
    exact: u64,
    keyframes: u64,
    height: u16,
}

#[derive(Default, Serialize)]
struct Feedback {
    nacks: u64,
    plis: u64,
}

#[derive(Default, Serialize)]
struct Report {
    audio: Receipt,
    video: Receipt,
    asked: Feedback,
    sent: Sent,
}

#[derive(Default, Serialize)]
struct Sent {
    /// Of the larger layer.
    frames: u64,
    nacks: u64,
    plis: u64,
}

/// Something that is sent, and when its next frame is due.
struct Publishing {
    section: usize,
    rid: Option<Rid>,
    reel: Reel,
    next: usize,
    began: Instant,
}

impl Publishing {
    fn due(&self) -> Instant {
        self.began + self.reel.every * self.next as u32
    }
}

struct Stack {
    rtc: Rtc,
    socket: UdpSocket,
    mids: Vec<Mid>,
    pending: Option<SdpPendingOffer>,
    publishing: Vec<Publishing>,
    known: HashSet<Vec<u8>>,
    report: Report,
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut stack, offer) = Stack::offer()?;
    println!("{offer}");
    let (lines, given) = mpsc::channel();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    stack.run(&given)
}

fn camera() -> Reel {
    Reel::pictures(include_bytes!("../../../../loadtest/media/camera.ivf"), 15)
}

fn larger_camera() -> Reel {
    Reel::pictures(include_bytes!("../../../../loadtest/media/camera-360.ivf"), 15)
}

fn voice() -> Reel {
    Reel::sounds(include_bytes!("../../../../loadtest/media/voice.ogg"))
}

impl Stack {
    fn offer() -> Result<(Stack, Value), Box<dyn Error>> {
        let probe = UdpSocket::bind("0.0.0.0:0")?;
        probe.connect(ELSEWHERE)?;
        let socket = UdpSocket::bind((probe.local_addr()?.ip(), 0))?;
        str0m::crypto::from_feature_flags().install_process_default();
        let config = Rtc::builder().clear_codecs().enable_opus(true, false).enable_vp8(true);
        let mut rtc = config.set_stats_interval(Some(Duration::from_millis(500))).build(Instant::now());
        rtc.add_local_candidate(Candidate::host(socket.local_addr()?, "udp")?);
        let mut changes = rtc.sdp_api();
        let mut mids = Vec::new();
        for (at, (kind, is_sent)) in SECTIONS.into_iter().enumerate() {
            let layers =
                (at == CAMERA).then(|| Simulcast { send: ["h", "l"].map(SimulcastLayer::new).to_vec(), recv: vec![] });
            let direction = if is_sent { Direction::SendOnly } else { Direction::RecvOnly };
            mids.push(changes.add_media(kind, direction, None, None, layers));
        }
        let (offer, pending) = changes.apply().ok_or("an offer has sections")?;
        let names: Vec<String> = mids.iter().map(Mid::to_string).collect();
        let said = json!({"offer": {
            "sdp": offer.to_sdp_string(),
            "send": {"microphone": names[0], "camera": names[1], "screen": names[2], "screen_audio": names[3]},
            "receive": {"audio": names[4..7], "screen_audio": names[7], "screen": names[8], "video": [names[9]]},
        }});
        let known = Reel::known(&[&camera(), &larger_camera(), &voice()]);
        let stack = Stack {
            rtc,
            socket,
            mids,
            pending: Some(pending),
            publishing: Vec::new(),
            known,
            report: Report::default(),
        };
        Ok((stack, said))
    }

    fn run(&mut self, given: &Receiver<String>) -> Result<(), Box<dyn Error>> {
        let mut buffer = vec![0; 2_000];
        loop {
            match given.try_recv() {
                Ok(line) => self.told(&line)?,
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
            self.publish_due()?;
            let until = self.drain()?;
            let wait = until.saturating_duration_since(Instant::now()).clamp(Duration::from_millis(1), TURN);
            self.socket.set_read_timeout(Some(wait))?;
            match self.socket.recv_from(&mut buffer) {
                Ok((len, source)) => {
                    let Ok(contents) = buffer[..len].try_into() else { continue };
                    let destination = self.socket.local_addr()?;
                    let receive = Receive { proto: Protocol::Udp, source, destination, contents };
                    self.rtc.handle_input(Input::Receive(Instant::now(), receive))?;
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error.into()),
            }
            self.rtc.handle_input(Input::Timeout(Instant::now()))?;
        }
    }

    fn told(&mut self, line: &str) -> Result<(), Box<dyn Error>> {
        let told: Value = serde_json::from_str(line)?;
        if let Some(sdp) = told["answer"]["sdp"].as_str() {
            let pending = self.pending.take().ok_or("one answer only")?;
            self.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(sdp)?)?;
        } else if told.get("publish").is_some() {
            let began = Instant::now();
            let publishing = |section, rid: Option<&str>, reel| Publishing {
                section,
                rid: rid.map(Rid::from),
                reel,
                next: 0,
                began,
            };
            self.publishing = vec![
                publishing(MICROPHONE, None, voice()),
                publishing(CAMERA, Some("h"), larger_camera()),
                publishing(CAMERA, Some("l"), camera()),
            ];
        } else if told.get("keyframe").is_some() {
            let face = self.mids[FACE];
            self.rtc.writer(face).ok_or("no face")?.request_keyframe(None, KeyframeRequestKind::Pli)?;
        } else if told.get("report").is_some() {
            println!("{}", json!({"report": self.report}));
        }
        Ok(())
    }

    fn publish_due(&mut self) -> Result<(), Box<dyn Error>> {
        if !self.rtc.is_connected() {
            return Ok(());
        }
        let now = Instant::now();
        let mut publishing = std::mem::take(&mut self.publishing);
        for one in &mut publishing {
            while one.due() <= now {
                let frame = one.reel.frames[one.next % one.reel.frames.len()].clone();
                let frequency = if one.section == CAMERA { Frequency::NINETY_KHZ } else { Frequency::FORTY_EIGHT_KHZ };
                let ticks =
                    (one.reel.every * one.next as u32).as_micros() as u64 * u64::from(frequency.get()) / 1_000_000;
                one.next += 1;
                self.report.sent.frames += u64::from(one.rid == Some(Rid::from("h")));
                let Some(mut writer) = self.rtc.writer(self.mids[one.section]) else { continue };
                let Some(pt) = writer.payload_params().next().map(|params| params.pt()) else { continue };
                if let Some(rid) = one.rid {
                    writer = writer.rid(rid);
                } else {
                    writer = writer.audio_level(-30, true);
                }
                writer.write(pt, now, MediaTime::new(ticks, frequency), frame)?;
                self.drain()?;
            }
        }
        self.publishing = publishing;
        Ok(())
    }

    /// Sends what is to be sent, takes in what has happened. Returns when to come back.
    fn drain(&mut self) -> Result<Instant, Box<dyn Error>> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(until) => return Ok(until),
                Output::Transmit(transmit) => {
                    self.socket.send_to(&transmit.contents, transmit.destination)?;
                }
                Output::Event(event) => self.happened(event),
            }
        }
    }

    fn happened(&mut self, event: Event) {
        let report = &mut self.report;
        match event {
            Event::MediaData(data) => self.received(&data),
            Event::KeyframeRequest(_) => report.sent.plis += 1,
            Event::MediaIngressStats(stats) if stats.mid == self.mids[FACE] => {
                report.video.packets = stats.packets;
                report.video.bytes = stats.bytes;
                report.asked = Feedback { nacks: stats.nacks, plis: stats.plis };
            }
            Event::MediaEgressStats(stats) if stats.mid == self.mids[CAMERA] => {
                report.sent.nacks = report.sent.nacks.max(stats.nacks);
            }
            _ => {}
        }
    }

    fn received(&mut self, data: &MediaData) {
        let is_video = data.mid == self.mids[FACE];
        let receipt = if is_video { &mut self.report.video } else { &mut self.report.audio };
        receipt.frames += 1;
        receipt.exact += u64::from(self.known.contains(&data.data[..]));
        // RFC 6386 §9.1: a keyframe says how large it is.
        if is_video && data.data.len() > 10 && data.data[0] & 1 == 0 {
            receipt.keyframes += 1;
            receipt.height = u16::from_le_bytes([data.data[8], data.data[9]]) & 0x3fff;
        }
        if !is_video {
            receipt.packets += 1;
            receipt.bytes += data.data.len() as u64;
        }
    }
}
