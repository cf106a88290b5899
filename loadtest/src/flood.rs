//! Floods: sockets opened and dropped, and datagrams of nobody's, at a rate that is kept whatever becomes of them.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use crate::ledger::{Flood, Note};
use crate::stage::{NETWORK_OF_INTRUDERS, Stage};

/// How often a flood rises.
const WAVE_EVERY: Duration = Duration::from_millis(10);
/// Sockets on their way at the same time: a flooder has a limit too.
const SOCKETS_AT_ONCE: u64 = 500;
const DATAGRAM_BYTES_MAX: usize = 1_200;

#[derive(Default)]
struct Sent {
    sockets: AtomicU64,
    open: AtomicU64,
    datagrams: AtomicU64,
    bytes: AtomicU64,
    answered: AtomicU64,
}

/// Floods for as long as the scenario says.
pub async fn flood(stage: Arc<Stage>, seed: u64) {
    let intruders = &stage.scenario.intruders;
    let per_s = (intruders.websocket_flood_per_s.get(), intruders.udp_flood_per_s.get());
    if per_s == (0, 0) {
        return;
    }
    let began = stage.began + intruders.from_s.get();
    let ends = began + intruders.for_s.get();
    sleep_until(began.into()).await;
    let sent = Arc::new(Sent::default());
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let datagrams = UdpSocket::bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0)).ok();
    datagrams.iter().for_each(|socket| drop(socket.set_nonblocking(true)));
    let mut waves = interval(WAVE_EVERY);
    waves.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = Instant::now();
    while Instant::now() < ends && !*stage.closing.borrow() {
        waves.tick().await;
        let since = began.elapsed().as_secs_f64();
        let due = |per_s: usize| (since * per_s as f64) as u64;
        while sent.sockets.load(Ordering::Relaxed) < due(per_s.0) {
            sent.sockets.fetch_add(1, Ordering::Relaxed);
            knock_and_run(&stage, &sent);
        }
        if let (Some(socket), Some(to)) = (&datagrams, stage.media.get()) {
            let missing = due(per_s.1).saturating_sub(sent.datagrams.load(Ordering::Relaxed));
            rise(socket, *to, missing, &sent, &mut chance);
        } else {
            // Where media goes is not known yet: what was due until then is left out.
            sent.datagrams.store(due(per_s.1), Ordering::Relaxed);
        }
        if told.elapsed() > Duration::from_secs(1) {
            told = Instant::now();
            tell(&stage, &sent);
        }
    }
    tell(&stage, &sent);
}

fn knock_and_run(stage: &Arc<Stage>, sent: &Arc<Sent>) {
    if sent.open.fetch_add(1, Ordering::Relaxed) >= SOCKETS_AT_ONCE {
        sent.open.fetch_sub(1, Ordering::Relaxed);
        return;
    }
    let (stage, sent) = (stage.clone(), sent.clone());
    tokio::spawn(async move {
        drop(stage.site.dial(None, NETWORK_OF_INTRUDERS).await);
        sent.open.fetch_sub(1, Ordering::Relaxed);
    });
}

/// Noise, checks under a name nobody has, and packets of a stream that is not.
fn rise(socket: &UdpSocket, to: SocketAddr, datagrams: u64, sent: &Sent, chance: &mut ChaCha8Rng) {
    let mut bytes = [0; DATAGRAM_BYTES_MAX];
    for _ in 0..datagrams {
        let len = chance.random_range(20..DATAGRAM_BYTES_MAX);
        chance.fill(&mut bytes[..len]);
        match chance.random_range(0..3) {
            // A binding request (RFC 8489 §5) whose attributes are noise.
            0 => bytes[..8].copy_from_slice(&[0, 1, 0, ((len - 20) & 0xfc).min(252) as u8, 0x21, 0x12, 0xa4, 0x42]),
            1 => bytes[0] = 0x80,
            _ => {}
        }
        let count = socket.send_to(&bytes[..len], to).unwrap_or(0);
        sent.datagrams.fetch_add(1, Ordering::Relaxed);
        sent.bytes.fetch_add(count as u64, Ordering::Relaxed);
    }
    while let Ok((count, _)) = socket.recv_from(&mut bytes) {
        sent.answered.fetch_add(count as u64, Ordering::Relaxed);
    }
}

fn tell(stage: &Stage, sent: &Sent) {
    let flood = Flood {
        sockets: sent.sockets.load(Ordering::Relaxed),
        datagrams: sent.datagrams.load(Ordering::Relaxed),
        datagram_bytes: sent.bytes.load(Ordering::Relaxed),
        answered_bytes: sent.answered.load(Ordering::Relaxed),
    };
    // Whoever keeps the books may have closed them.
    let _ = stage.notes.send(Note::Flood(flood));
}
