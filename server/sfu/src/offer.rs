//! What a browser offers, and why an offer is refused.

use crate::names::{Mid, Source};
use std::collections::BTreeMap;

/// The browser's one offer. It says itself which section is which; the relay checks that it can be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// `RTCSessionDescription.sdp`, at most 32 KiB.
    pub sdp: String,
    /// The sections in which the browser sends.
    pub send: BTreeMap<Source, Mid>,
    /// The sections in which it receives.
    pub receive: ReceiveMids,
}

/// The receive slots of an offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiveMids {
    /// At most 3: the loudest.
    pub audio: Vec<Mid>,
    pub screen_audio: Option<Mid>,
    pub screen: Option<Mid>,
    /// At most 24 cameras.
    pub video: Vec<Mid>,
}

/// Why an offer is refused. [`OfferError::code`] is stable and may go on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    #[error("offer of {0} bytes, at most 32768")]
    TooLarge(usize),
    #[error("offer with {0} media sections, at most 40")]
    TooManySections(usize),
    #[error("offer with {0} candidates, at most 20")]
    TooManyCandidates(usize),
    #[error("offer is not SDP")]
    NotSdp,
    #[error("offer has a data channel, which is not served")]
    DataChannel,
    #[error("section {0} is not in the BUNDLE group, or there is none")]
    NotBundled(String),
    #[error("section {0} has no rtcp-mux")]
    NoRtcpMux(String),
    #[error("ufrag or password is missing or malformed")]
    BadIceCredentials,
    #[error("no SHA-256 fingerprint")]
    NoFingerprint,
    #[error("setup must be actpass or active")]
    BadSetup,
    #[error("section {0} is named but not offered, or is of another kind")]
    UnknownMid(String),
    #[error("section {0} is named twice")]
    MidTwice(String),
    #[error("more receive slots than are served")]
    TooManySlots,
    #[error("section {0} has no codec that is served")]
    NoCodec(String),
    #[error("a later offer has other sections than the first")]
    SectionsChanged,
    #[error("a later offer shows another certificate")]
    FingerprintChanged,
    #[error("peer is in another room")]
    OtherRoom,
}

impl OfferError {
    /// A stable machine code.
    pub fn code(&self) -> &'static str {
        match self {
            OfferError::TooLarge(_) => "offer_too_large",
            OfferError::TooManySections(_) => "offer_too_many_sections",
            OfferError::TooManyCandidates(_) => "offer_too_many_candidates",
            OfferError::NotSdp => "offer_not_sdp",
            OfferError::DataChannel => "offer_data_channel",
            OfferError::NotBundled(_) => "offer_not_bundled",
            OfferError::NoRtcpMux(_) => "offer_no_rtcp_mux",
            OfferError::BadIceCredentials => "offer_bad_ice_credentials",
            OfferError::NoFingerprint => "offer_no_fingerprint",
            OfferError::BadSetup => "offer_bad_setup",
            OfferError::UnknownMid(_) => "offer_unknown_mid",
            OfferError::MidTwice(_) => "offer_mid_twice",
            OfferError::TooManySlots => "offer_too_many_slots",
            OfferError::NoCodec(_) => "offer_no_codec",
            OfferError::SectionsChanged => "offer_sections_changed",
            OfferError::FingerprintChanged => "offer_fingerprint_changed",
            OfferError::OtherRoom => "offer_other_room",
        }
    }
}
