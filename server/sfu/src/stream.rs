//! One published stream: an SSRC that a peer sends, with those who receive it.

use crate::names::{RelayId, Source};
use crate::reception::Reception;
use crate::replay::ReplayWindow;
use crate::ring::Ring;
use crate::slot::StreamId;
use crate::spatial::Spatial;
use crate::timers::PeerKey;
use crate::trunk::StreamState;
use std::time::{Duration, Instant};

/// Keyframes are ten times a picture: however many ask, a source is asked twice in this time…
pub const KEYFRAME_EVERY: Duration = Duration::from_secs(1);
/// …not again before this: a browser that was not ready for the first one says so after a fifth of a second.
const KEYFRAME_GAP: Duration = Duration::from_millis(250);
/// …and, if none came within this, the request or the keyframe was lost…
const KEYFRAME_LOST_AFTER: Duration = Duration::from_millis(700);
/// …so often: a camera that gives none for so long is not there.
const KEYFRAME_TRIES_MAX: u8 = 5;

/// What one voice takes: above it, with all redundancy, was a burst; below it, a silence.
const SOUND_BPS_MIN: u64 = 24_000;
const SOUND_BPS_MAX: u64 = 100_000;

/// A receiver's slot that may show the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    pub receiver: PeerKey,
    pub slot: u16,
}

pub struct Stream {
    pub id: StreamId,
    pub source: Source,
    /// The place of its RID in the offer, 0 without simulcast; of a spatial layer, its place behind those.
    pub layer: u8,
    pub spatial: Spatial,
    pub ssrc: u32,
    pub rtx_ssrc: Option<u32>,
    pub window: ReplayWindow,
    pub rtx_window: ReplayWindow,
    pub reception: Reception,
    pub ring: Ring,
    /// Of the last keyframe, if the codec tells.
    pub height_px: Option<u16>,
    pub routes: Vec<Route>,
    /// Other relays on which somebody shows it.
    pub trunks: Vec<RelayId>,
    /// What those who watch were told of it last.
    pub told: Option<StreamState>,
    /// Of a stand-in: whether the relay that has the person was told that it is shown here.
    pub is_wanted: bool,
    /// As of the last look; a change makes the receivers' plans anew.
    pub is_flowing: bool,
    /// A smaller layer gets more than it: its sender's own way starves it, and it stutters. Changes as above.
    pub is_starved: bool,
    pub keyframes: KeyframeRequests,
}

impl Stream {
    pub fn new(id: StreamId, source: Source, layer: u8, ssrc: u32, rtx_ssrc: Option<u32>) -> Stream {
        Stream {
            id,
            source,
            layer,
            spatial: Spatial::Whole,
            ssrc,
            rtx_ssrc,
            window: ReplayWindow::default(),
            rtx_window: ReplayWindow::default(),
            reception: Reception::default(),
            ring: Ring::default(),
            height_px: None,
            routes: Vec::new(),
            trunks: Vec::new(),
            told: None,
            is_wanted: false,
            is_flowing: true,
            is_starved: false,
            keyframes: KeyframeRequests::default(),
        }
    }
}

/// Requests merged: two go in [`KEYFRAME_EVERY`], [`KEYFRAME_GAP`] apart.
#[derive(Default)]
pub struct KeyframeRequests {
    /// The last request and the one before.
    asked_at: [Option<Instant>; 2],
    is_wanted: bool,
    /// Requests since the last keyframe.
    tries: u8,
}

impl KeyframeRequests {
    /// Somebody needs a keyframe. True: ask now. False: [`KeyframeRequests::due`] says when.
    pub fn want(&mut self, now: Instant) -> bool {
        self.is_wanted = true;
        self.take_due(now)
    }

    /// A keyframe begins: who waited is served.
    pub fn on_keyframe(&mut self) {
        self.is_wanted = false;
        self.tries = 0;
    }

    /// The stream has just begun, with a keyframe: as good as one asked for.
    pub fn on_first_keyframe(&mut self, now: Instant) {
        self.asked_at = [Some(now), self.asked_at[0]];
    }

    /// When to ask; `None` while nobody wants it, and before the first time.
    pub fn due(&self) -> Option<Instant> {
        let [last, before] = self.asked_at;
        let due = last.map(|at| at + KEYFRAME_GAP).max(before.map(|at| at + KEYFRAME_EVERY));
        let is_awaited = (1..KEYFRAME_TRIES_MAX).contains(&self.tries);
        let again = last.map(|at| at + KEYFRAME_LOST_AFTER).max(due).filter(|_| is_awaited);
        if self.is_wanted { due } else { again }
    }

    /// True once when it is time to ask.
    pub fn take_due(&mut self, now: Instant) -> bool {
        let is_first = self.is_wanted && self.asked_at[0].is_none();
        if !is_first && self.due().is_none_or(|due| now < due) {
            return false;
        }
        self.is_wanted = false;
        self.tries = self.tries.saturating_add(1);
        self.asked_at = [Some(now), self.asked_at[0]];
        true
    }
}

/// The streams of `streams` (all of one track) that may be shown at `height_px`, smallest first: the last is the
/// smallest that is large enough among those that flow, else the largest.
pub fn layers<'s>(streams: impl Iterator<Item = &'s Stream>, height_px: u16) -> Vec<&'s Stream> {
    let mut flowing: Vec<&Stream> = streams.filter(|stream| stream.is_flowing && !stream.is_starved).collect();
    let last = if flowing.iter().all(|stream| stream.height_px.is_some()) {
        flowing.sort_by_key(|stream| stream.height_px);
        // A picture three quarters as high as its frame looks the same.
        let enough = height_px - height_px / 4;
        flowing.iter().position(|stream| stream.height_px >= Some(enough))
    } else {
        flowing.sort_by_key(|stream| stream.reception.bits_per_second);
        match height_px {
            0..=239 => Some(0),
            240..=479 => Some(flowing.len() / 2),
            _ => None,
        }
    };
    flowing.truncate(last.map_or(flowing.len(), |last| last + 1));
    flowing
}

/// Looks which of a peer's layers are starved. Returns whether that has changed.
pub fn note_starved(streams: &mut [Stream]) -> bool {
    let known: Vec<(Source, Option<u16>, u64)> = streams
        .iter()
        .filter(|stream| stream.is_flowing)
        .map(|stream| (stream.source, stream.height_px, stream.reception.bits_per_second))
        .collect();
    let mut is_changed = false;
    for stream in streams.iter_mut().filter(|stream| stream.is_flowing && stream.height_px.is_some()) {
        let smaller = known.iter().filter(|(source, height_px, _)| {
            *source == stream.source && height_px.is_some() && *height_px < stream.height_px
        });
        let most = smaller.map(|(.., bps)| *bps).max().unwrap_or(0);
        let bps = stream.reception.bits_per_second;
        // A picture at rest takes next to nothing in any size: it has to be fed, and to be starved, clearly.
        let is_starved = bps > 0 && if stream.is_starved { bps < most } else { bps < most / 4 * 3 };
        is_changed |= std::mem::replace(&mut stream.is_starved, is_starved) != is_starved;
    }
    is_changed
}

impl Stream {
    /// Whether it was taken out of another, which has its SSRC.
    pub fn is_layer(&self) -> bool {
        matches!(self.spatial, Spatial::Layer)
    }

    /// Whether it is shown by its layers only.
    pub fn is_split(&self) -> bool {
        matches!(self.spatial, Spatial::Split(_))
    }

    /// What the stream takes of a way, bits a second: as measured, or as such pictures take until it was.
    pub fn cost_bps(&self) -> u64 {
        if self.source.is_audio() {
            return self.reception.bits_per_second.clamp(SOUND_BPS_MIN, SOUND_BPS_MAX);
        }
        let usual = match self.height_px {
            Some(0..=200) => 120_000,
            Some(201..=400) => 400_000,
            _ => 1_200_000,
        };
        match self.reception.usual_bps {
            0 => usual,
            // A picture at rest may move again.
            measured => measured.max(usual / 4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_merged_to_two_a_second() {
        let start = Instant::now();
        let mut requests = KeyframeRequests::default();
        assert!(requests.want(start), "the first goes at once");
        assert!(!requests.want(start + Duration::from_millis(10)));
        assert_eq!(requests.due(), Some(start + KEYFRAME_GAP));
        assert!(requests.take_due(start + KEYFRAME_GAP));
        assert!(!requests.want(start + 3 * KEYFRAME_GAP));
        assert_eq!(requests.due(), Some(start + KEYFRAME_EVERY));
        assert!(requests.take_due(start + KEYFRAME_EVERY));
        requests.on_keyframe();
        assert!(!requests.take_due(start + 3 * KEYFRAME_EVERY), "nobody asks any more");
    }

    #[test]
    fn a_request_that_was_lost_is_repeated_and_not_for_ever() {
        let start = Instant::now();
        let mut requests = KeyframeRequests::default();
        assert!(requests.want(start));
        let mut asked = 1;
        while let Some(due) = requests.due() {
            assert!(!requests.take_due(due - Duration::from_millis(1)) && requests.take_due(due));
            asked += 1;
        }
        assert_eq!(asked, KEYFRAME_TRIES_MAX);
        assert!(requests.want(start + Duration::from_secs(60)), "somebody asks anew");
    }

    #[test]
    fn a_layer_fits_the_view_and_what_does_not_flow_is_not_chosen() {
        let layer = |id, height_px| {
            let mut stream = Stream::new(StreamId(id), Source::Camera, 0, id as u32, None);
            stream.height_px = Some(height_px);
            stream
        };
        let mut streams = [layer(1, 180), layer(2, 360), layer(3, 720)];
        let choose = |streams: &[Stream], height_px| layers(streams.iter(), height_px).last().unwrap().id.0;
        assert_eq!(
            [choose(&streams, 90), choose(&streams, 300), choose(&streams, 400), choose(&streams, 1080)],
            [1, 2, 2, 3]
        );
        streams[2].is_flowing = false;
        assert_eq!(choose(&streams, 1080), 2);
        streams[2].is_flowing = true;
        (streams[1].reception.bits_per_second, streams[2].reception.bits_per_second) = (300_000, 100_000);
        assert!(note_starved(&mut streams) && !note_starved(&mut streams));
        assert_eq!(choose(&streams, 1080), 2, "the third one is starved");
        streams[2].reception.bits_per_second = 250_000;
        assert!(!note_starved(&mut streams), "still");
        streams[2].reception.bits_per_second = 700_000;
        assert!(note_starved(&mut streams));
        assert_eq!(choose(&streams, 1080), 3);
    }
}
