//! Counters: what came in, what left, what was dropped and why.

/// Why a datagram, or the packet in it, went no further. Never logged, only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(usize)]
pub enum Dropped {
    /// Neither a validated address nor a STUN request.
    UnknownAddress,
    /// Not STUN, DTLS, RTP or RTCP by its first byte (RFC 7983 §7), or cut short.
    NotMedia,
    /// STUN that is not a well-formed Binding request to us.
    BadStun,
    /// TURN that is malformed, of nobody seated, or for another address than ours.
    BadTurn,
    /// STUN with an unknown ufrag.
    UnknownUfrag,
    /// STUN whose MESSAGE-INTEGRITY or FINGERPRINT is wrong.
    BadIntegrity,
    /// DTLS that was malformed, unexpected or too much.
    BadDtls,
    /// RTP or RTCP before the keys exist.
    NoKeys,
    /// SRTP or SRTCP that does not authenticate.
    BadAuthentication,
    /// SRTP or SRTCP seen before, or too old to tell; a check seen before, from elsewhere.
    Replayed,
    /// Decrypted, but not RTP or RTCP as it should be.
    Malformed,
    /// An SSRC, payload type or MID that was not negotiated.
    NotNegotiated,
    /// The peer's permit does not include it.
    NotPermitted,
    /// More than a peer may send.
    TooFast,
    /// Nobody asked for it, or its codec is unknown to the receiver.
    NotWanted,
    /// The caller did not drain the relay, or the receiver is not reachable.
    QueueFull,
    /// Another relay lags behind with what is carried to it.
    TrunkFull,
}

impl Dropped {
    pub const COUNT: usize = Dropped::TrunkFull as usize + 1;
}

/// Totals since the relay was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub datagrams_in: u64,
    pub datagrams_out: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// RTP packets sealed for a receiver, each the first time.
    pub packets_forwarded: u64,
    pub packets_retransmitted: u64,
    /// Sent once more, or empty, to learn what a way bears.
    pub packets_probing: u64,
    /// Carried to other relays of this process.
    pub packets_carried: u64,
    pub keyframes_requested: u64,
    dropped: [u64; Dropped::COUNT],
}

impl Stats {
    pub fn dropped(&self, why: Dropped) -> u64 {
        self.dropped[why as usize]
    }

    pub(crate) fn drop_one(&mut self, why: Dropped) {
        self.dropped[why as usize] += 1;
    }
}

/// One peer's share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerStats {
    pub packets_in: u64,
    pub bytes_in: u64,
    pub packets_out: u64,
    pub bytes_out: u64,
}
