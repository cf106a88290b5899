//! One connection: read into datagrams for its shard, written as fast as its network takes it and no faster.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use preau_sfu::{ConnectionId, Route, Transmit, TurnKey, route};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::admission::{Admission, Guest, Place};
use super::frames::{Frames, Framing};

/// Datagrams of all connections on their way to one shard. Past it their networks wait.
pub const ARRIVING_MAX: usize = 1_024;
/// Media that waits for one slow connection: half a second of a class. What is older helps nobody, so what does not
/// fit is dropped, and the shard never waits.
const OUTBOX_BYTES_MAX: usize = 128 * 1024;
/// Runs are at least one datagram; this only keeps a flood of tiny ones short.
const OUTBOX_RUNS_MAX: usize = 512;
/// A browser speaks as soon as it is connected.
const FIRST_WITHIN: Duration = Duration::from_secs(5);
/// A network that takes nothing for this long is gone.
const WRITTEN_WITHIN: Duration = Duration::from_secs(10);
/// A browser that is asked for its name says it next.
const CHALLENGES_MAX: usize = 3;

/// What a shard hears of its connections.
pub enum Arriving {
    Opened { id: ConnectionId, from: SocketAddr, outbox: Outbox },
    Datagram { id: ConnectionId, bytes: BytesMut },
    Closed { id: ConnectionId },
}

/// The shard's end of a connection. Dropped, it closes the connection, after what is written.
pub struct Outbox {
    runs: mpsc::Sender<Vec<u8>>,
    waiting_bytes: Arc<AtomicUsize>,
    framing: Framing,
    guest: Option<Guest>,
}

impl Outbox {
    /// Puts a run in line. False: it did not fit, and is dropped.
    pub fn send(&self, run: &Transmit<'_>) -> bool {
        let framed = self.framing.frame(run.contents, run.segment_size.unwrap_or(run.contents.len()));
        let len = framed.len();
        if self.waiting_bytes.load(Ordering::Relaxed) + len > OUTBOX_BYTES_MAX {
            return false;
        }
        self.waiting_bytes.fetch_add(len, Ordering::Relaxed);
        let is_in_line = self.runs.try_send(framed).is_ok();
        if !is_in_line {
            self.waiting_bytes.fetch_sub(len, Ordering::Relaxed);
        }
        is_in_line
    }

    /// Somebody seated is there.
    pub fn prove(&mut self) {
        self.guest = None;
    }
}

/// Where a connection belongs.
#[derive(Clone)]
pub enum Home {
    Shard(mpsc::Sender<Arriving>),
    /// A port that all shards share.
    Any(Arc<Crossing>),
}

/// Knows from a first message which shard it is for.
pub struct Crossing {
    pub key: TurnKey,
    pub shards: Vec<mpsc::Sender<Arriving>>,
}

/// All connections together.
#[derive(Default)]
pub struct Edge {
    admission: Admission,
    made: AtomicU64,
}

impl Edge {
    /// A place for somebody who has just connected, or none.
    pub fn admit(&self, from: SocketAddr) -> Option<(Place, Guest)> {
        self.admission.admit(from.ip())
    }

    /// Carries a connection until either side ends it.
    pub async fn carry<S>(&self, stream: S, from: SocketAddr, (place, guest): (Place, Guest), home: &Home)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut frames = Frames::default();
        let begun = timeout(FIRST_WITHIN, home.find(&mut frames, &mut reader, &mut writer)).await;
        // How it ends is the other side's business: there is nobody to tell.
        let Ok(Ok(Some((shard, first, framing)))) = begun else { return };
        let id = ConnectionId(self.made.fetch_add(1, Ordering::Relaxed));
        let (runs, mut queue) = mpsc::channel(OUTBOX_RUNS_MAX);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let outbox = Outbox { runs, waiting_bytes: waiting_bytes.clone(), framing, guest: Some(guest) };
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        // The shard is gone only when the server is.
        if shard.send(Arriving::Opened { id, from, outbox }).await.is_err() {
            return;
        }
        let reading = async {
            shard.send(Arriving::Datagram { id, bytes: first }).await.ok()?;
            while let Ok(Some(bytes)) = next(&mut frames, &mut reader).await {
                shard.send(Arriving::Datagram { id, bytes }).await.ok()?;
            }
            Some(())
        };
        let writing = async {
            while let Some(run) = queue.recv().await {
                let written = timeout(WRITTEN_WITHIN, writer.write_all(&run)).await;
                waiting_bytes.fetch_sub(run.len(), Ordering::Relaxed);
                if !matches!(written, Ok(Ok(()))) {
                    return;
                }
            }
            // A clean end, so that what was written last arrives.
            let _ = timeout(WRITTEN_WITHIN, writer.shutdown()).await;
        };
        tokio::select! {
            _ = reading => {}
            () = writing => {}
        }
        let _ = shard.send(Arriving::Closed { id }).await;
        drop(place);
    }
}

impl Home {
    /// Reads until it is known whose the connection is. `None` if it is nobody's.
    async fn find<R, W>(
        &self,
        frames: &mut Frames,
        reader: &mut R,
        writer: &mut W,
    ) -> io::Result<Option<(mpsc::Sender<Arriving>, BytesMut, Framing)>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        for _ in 0..=CHALLENGES_MAX {
            let Some(first) = next(frames, reader).await? else { return Ok(None) };
            let framing = frames.framing().expect("a frame was cut");
            let crossing = match self {
                Home::Shard(shard) => return Ok(Some((shard.clone(), first, framing))),
                Home::Any(crossing) => crossing,
            };
            match route(&crossing.key, &first, Instant::now()) {
                Route::Shard(index) => {
                    let shard = crossing.shards.get(usize::from(index));
                    return Ok(shard.map(|shard| (shard.clone(), first, framing)));
                }
                Route::Challenge(answer) => writer.write_all(&framing.frame(&answer, answer.len())).await?,
                Route::Nowhere => return Ok(None),
            }
            writer.flush().await?;
        }
        Ok(None)
    }
}

/// The next frame. `None` when there are no more, or none that make sense.
async fn next<R: AsyncRead + Unpin>(frames: &mut Frames, reader: &mut R) -> io::Result<Option<BytesMut>> {
    loop {
        match frames.cut() {
            Ok(Some(frame)) => return Ok(Some(frame)),
            Ok(None) => {}
            Err(_) => return Ok(None),
        }
        if reader.read_buf(frames.buffer()).await? == 0 {
            return Ok(None);
        }
    }
}
