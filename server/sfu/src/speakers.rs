//! Who is heard: the loudest few of a room, without flicker.

use crate::names::PeerId;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The three that everybody hears, and the one whom a speaker hears in place of himself.
pub const STAGE_MAX: usize = 4;

/// How often the room listens anew.
const LISTEN_EVERY: Duration = Duration::from_millis(100);
/// How often the class may be told who speaks.
const TELL_EVERY: Duration = Duration::from_millis(300);
/// A newcomer takes a place on the stage if it is this much louder, in dB.
const MARGIN_DB: i32 = 8;
/// And only of somebody who has been quiet for this long.
const QUIET_FOR: Duration = Duration::from_millis(1500);
/// Speech is louder than this, in dB above the quietest (RFC 6464: level 0 to −127 dBov).
const SPEECH_DB: i32 = 127 - 50;
/// A microphone that sends nothing for this long is closed.
const CLOSED_AFTER: Duration = Duration::from_secs(3);
const SPEAKING_MAX: usize = 8;

#[derive(Clone, Copy)]
struct Microphone {
    /// Smoothed, dB above −127 dBov, times 16.
    loudness_16th: i32,
    spoke_at: Option<Instant>,
    heard_at: Instant,
}

impl Microphone {
    fn loudness(&self) -> i32 {
        self.loudness_16th / 16
    }
}

#[derive(Default)]
pub struct Speakers {
    open: BTreeMap<PeerId, Microphone>,
    stage: Vec<PeerId>,
    listened_at: Option<Instant>,
    told_at: Option<Instant>,
    told: Vec<PeerId>,
}

/// What listening anew brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    pub stage_changed: bool,
    /// Loudest first, if it is time to tell.
    pub speaking: Option<Vec<PeerId>>,
}

impl Speakers {
    /// A packet of `peer`'s microphone, with its level below 0 dBov (RFC 6464) if it says so.
    pub fn on_packet(&mut self, peer: PeerId, level: Option<u8>, now: Instant) -> Heard {
        // Without a level everybody speaks equally.
        let loudness = 127 - i32::from(level.unwrap_or(40).min(127));
        let microphone =
            self.open.entry(peer).or_insert(Microphone { loudness_16th: loudness * 16, spoke_at: None, heard_at: now });
        microphone.heard_at = now;
        microphone.loudness_16th += (loudness * 16 - microphone.loudness_16th) / 8;
        if microphone.loudness() > SPEECH_DB {
            microphone.spoke_at = Some(now);
        }
        let is_new = !self.stage.contains(&peer) && self.stage.len() < STAGE_MAX;
        let is_due = self.listened_at.is_none_or(|at| now.saturating_duration_since(at) >= LISTEN_EVERY);
        if is_new || is_due { self.listen(now) } else { Heard::default() }
    }

    /// Time passes, perhaps without any packet.
    pub fn on_silence(&mut self, now: Instant) -> Heard {
        self.listen(now)
    }

    /// Somebody left or may not be heard any more.
    pub fn remove(&mut self, peer: PeerId) {
        self.open.remove(&peer);
        self.stage.retain(|other| *other != peer);
    }

    /// Whether somebody may be heard, or is among those who speak: all that others must know to choose as we do.
    pub fn is_heard(&self, peer: PeerId) -> bool {
        self.stage.contains(&peer) || self.told.contains(&peer)
    }

    /// Who may be heard, the surest first: three for everybody, one in reserve.
    pub fn stage(&self) -> &[PeerId] {
        &self.stage
    }

    fn listen(&mut self, now: Instant) -> Heard {
        self.listened_at = Some(now);
        let before = self.stage.clone();
        self.open.retain(|_, mic| now.saturating_duration_since(mic.heard_at) < CLOSED_AFTER);
        self.stage.retain(|peer| self.open.contains_key(peer));
        let mut waiting: Vec<(PeerId, Microphone)> =
            self.open.iter().filter(|(peer, _)| !self.stage.contains(peer)).map(|(p, m)| (*p, *m)).collect();
        waiting.sort_by_key(|(peer, mic)| (-mic.loudness_16th, *peer));
        for (peer, mic) in waiting {
            if self.stage.len() < STAGE_MAX {
                self.stage.push(peer);
            } else if let Some(place) = self.place_for(&mic, now) {
                // Whoever is displaced from the three becomes the reserve.
                let displaced = std::mem::replace(&mut self.stage[place], peer);
                if place + 1 < STAGE_MAX {
                    self.stage[STAGE_MAX - 1] = displaced;
                }
            } else {
                break;
            }
        }
        self.promote_reserve(now);
        Heard { stage_changed: self.stage != before, speaking: self.tell(now) }
    }

    /// The place of the quietest whom `newcomer` may displace.
    fn place_for(&self, newcomer: &Microphone, now: Instant) -> Option<usize> {
        let is_quiet = |mic: &Microphone| mic.spoke_at.is_none_or(|at| now.saturating_duration_since(at) > QUIET_FOR);
        let staged = self.stage.iter().enumerate().filter_map(|(i, peer)| Some((i, self.open.get(peer)?)));
        staged
            .filter(|(_, mic)| is_quiet(mic) && newcomer.loudness() > mic.loudness() + MARGIN_DB)
            .min_by_key(|(_, mic)| mic.loudness_16th)
            .map(|(i, _)| i)
    }

    /// The fourth changes places with a quiet one of the three when it speaks.
    fn promote_reserve(&mut self, now: Instant) {
        let Some(reserve) = self.stage.get(STAGE_MAX - 1).and_then(|peer| self.open.get(peer)).copied() else {
            return;
        };
        if let Some(place) = self.place_for(&reserve, now).filter(|place| *place < STAGE_MAX - 1) {
            self.stage.swap(place, STAGE_MAX - 1);
        }
    }

    fn tell(&mut self, now: Instant) -> Option<Vec<PeerId>> {
        if self.told_at.is_some_and(|at| now.saturating_duration_since(at) < TELL_EVERY) {
            return None;
        }
        let recently =
            |mic: &Microphone| mic.spoke_at.is_some_and(|at| now.saturating_duration_since(at) < TELL_EVERY * 2);
        let mut speaking: Vec<(i32, PeerId)> =
            self.open.iter().filter(|(_, mic)| recently(mic)).map(|(peer, mic)| (-mic.loudness(), *peer)).collect();
        speaking.sort_unstable();
        let speaking: Vec<PeerId> = speaking.into_iter().map(|(_, peer)| peer).take(SPEAKING_MAX).collect();
        // A mere change of order among the same people is no news.
        let mut same = (speaking.clone(), self.told.clone());
        same.0.sort_unstable();
        same.1.sort_unstable();
        if same.0 == same.1 {
            return None;
        }
        self.told_at = Some(now);
        self.told.clone_from(&speaking);
        Some(speaking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everybody in `levels` sends a packet every 20 ms for `ms`.
    fn talk(speakers: &mut Speakers, levels: &[(u64, u8)], now: &mut Instant, ms: u64) -> Vec<Heard> {
        let mut heard = Vec::new();
        for _ in 0..ms / 20 {
            *now += Duration::from_millis(20);
            heard.extend(levels.iter().map(|(peer, level)| speakers.on_packet(PeerId(*peer), Some(*level), *now)));
        }
        heard
    }

    #[test]
    fn few_microphones_are_all_heard_whatever_their_level() {
        let (mut speakers, mut now) = (Speakers::default(), Instant::now());
        talk(&mut speakers, &[(1, 127), (2, 127), (3, 20)], &mut now, 40);
        assert_eq!(speakers.stage(), [PeerId(1), PeerId(2), PeerId(3)]);
    }

    #[test]
    fn a_speaker_takes_the_place_of_somebody_quiet_and_keeps_it() {
        let (mut speakers, mut now) = (Speakers::default(), Instant::now());
        talk(&mut speakers, &[(1, 90), (2, 90), (3, 90), (4, 90), (5, 90), (6, 90)], &mut now, 1000);
        assert_eq!(speakers.stage().len(), STAGE_MAX);
        talk(&mut speakers, &[(1, 90), (2, 90), (3, 90), (4, 90), (5, 90), (6, 20)], &mut now, 1000);
        assert!(speakers.stage()[..3].contains(&PeerId(6)));
        let stage = speakers.stage().to_vec();
        talk(&mut speakers, &[(1, 90), (2, 90), (3, 90), (4, 90), (5, 86), (6, 80)], &mut now, 3000);
        assert_eq!(speakers.stage(), stage, "a pause changes nothing");
    }

    #[test]
    fn the_class_is_told_once() {
        let (mut speakers, mut now) = (Speakers::default(), Instant::now());
        let heard = talk(&mut speakers, &[(1, 20), (2, 100)], &mut now, 2000);
        let told: Vec<_> = heard.into_iter().filter_map(|heard| heard.speaking).collect();
        assert_eq!(told, [vec![PeerId(1)]]);
        let heard = talk(&mut speakers, &[(1, 110), (2, 100)], &mut now, 2000);
        assert_eq!(heard.into_iter().filter_map(|heard| heard.speaking).collect::<Vec<_>>(), [Vec::new()]);
    }

    #[test]
    fn a_closed_microphone_leaves_the_stage() {
        let (mut speakers, mut now) = (Speakers::default(), Instant::now());
        talk(&mut speakers, &[(1, 20), (2, 20)], &mut now, 100);
        talk(&mut speakers, &[(2, 20)], &mut now, 4000);
        assert_eq!(speakers.stage(), [PeerId(2)]);
    }
}
