//! How one peer's way is, in words for people.

use crate::downlink::Downlink;
use std::time::Duration;

/// What somebody would say of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    Good,
    /// Heard and seen, with some waiting or smaller pictures.
    Fair,
    /// Hardly more than sound.
    Poor,
}

/// What was taken away because the way is too narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reduced {
    Nothing,
    /// Pictures are smaller than they are looked at.
    Smaller,
    /// Some pictures are not shown.
    Fewer,
    /// No picture is shown.
    AudioOnly,
}

/// One peer's way, as the relay measures it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub quality: Quality,
    pub reduced: Reduced,
    pub rtt_ms: u16,
    /// Percent of what was sent to the peer.
    pub loss_down: u8,
    /// Percent of what the peer sent.
    pub loss_up: u8,
    /// What the way to the peer bears, as far as it is known; 0 if the peer does not report arrivals.
    pub down_kbps: u32,
}

/// Loss, in percent, and round trip from which a call is no longer good, and from which it is poor.
const LOSS_FAIR: u8 = 4;
const LOSS_POOR: u8 = 15;
const RTT_FAIR: Duration = Duration::from_millis(300);
const RTT_POOR: Duration = Duration::from_millis(800);

impl Link {
    pub(crate) fn new(downlink: Option<&Downlink>, loss_up: u8, reduced: Reduced) -> Link {
        let rtt = downlink.map_or(Duration::ZERO, Downlink::rtt);
        let loss_down = downlink.map_or(0, |downlink| (downlink.loss() * 100.0).round() as u8);
        let loss = loss_down.max(loss_up);
        let quality = if loss >= LOSS_POOR || rtt >= RTT_POOR || reduced == Reduced::AudioOnly {
            Quality::Poor
        } else if loss >= LOSS_FAIR || rtt >= RTT_FAIR || reduced != Reduced::Nothing {
            Quality::Fair
        } else {
            Quality::Good
        };
        Link {
            quality,
            reduced,
            rtt_ms: u16::try_from(rtt.as_millis()).unwrap_or(u16::MAX),
            loss_down,
            loss_up,
            down_kbps: downlink.map_or(0, |downlink| u32::try_from(downlink.bps() / 1000).unwrap_or(0)),
        }
    }

    /// Whether somebody who was told `before` should hear of this: figures alone are for whoever looks.
    pub(crate) fn is_news(&self, before: Option<&Link>) -> bool {
        let said = |link: &Link| (link.quality, link.reduced);
        before.map_or(said(self) != (Quality::Good, Reduced::Nothing), |before| said(before) != said(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_figures() {
        let said = |loss_up, reduced| Link::new(None, loss_up, reduced).quality;
        assert_eq!(said(1, Reduced::Nothing), Quality::Good);
        assert_eq!(said(5, Reduced::Nothing), Quality::Fair);
        assert_eq!(said(1, Reduced::Smaller), Quality::Fair);
        assert_eq!(said(20, Reduced::Nothing), Quality::Poor);
        assert_eq!(said(0, Reduced::AudioOnly), Quality::Poor);
    }

    #[test]
    fn a_good_way_is_no_news_until_it_was_not() {
        let (good, fair) = (Link::new(None, 0, Reduced::Nothing), Link::new(None, 5, Reduced::Nothing));
        assert!(!good.is_news(None) && fair.is_news(None) && fair.is_news(Some(&good)) && good.is_news(Some(&fair)));
        assert!(!Link::new(None, 6, Reduced::Nothing).is_news(Some(&fair)));
    }
}
