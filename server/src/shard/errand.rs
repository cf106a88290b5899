//! What shards say to each other: a class's home asks, the guest that carries some of its people does, and tells.

use preau_sfu::{
    Event, Link, Look, Offer, OfferError, PeerId, Permit, Pictures, Role, RoomId, SeatId, SlotStats, StandIn,
    TurnCredentials,
};

/// One word from one shard to another. None is ever lost: a shard that ends takes the process with it.
#[derive(Debug)]
pub enum Word {
    /// Do this, and tell me what came of it.
    Ask {
        number: u64,
        errand: Errand,
    },
    Answer {
        number: u64,
        report: Report,
    },
    /// Do this.
    Do(Order),
    /// What the relay says of somebody whose home you are.
    Said(Event),
    /// So many people's media is carried here now.
    Carries {
        people: usize,
    },
}

/// What has an answer.
#[derive(Clone, Debug)]
pub enum Errand {
    Offer(Box<OfferErrand>),
    Ways { seat: SeatId, peer: Option<PeerId> },
    Inspect { peer: PeerId },
}

#[derive(Clone, Debug)]
pub struct OfferErrand {
    pub peer: PeerId,
    pub room: RoomId,
    pub role: Role,
    pub offer: Offer,
    pub permit: Permit,
    /// If its person has asked for ways through.
    pub seat: Option<SeatId>,
}

/// What came of an errand.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    Offer(Result<String, OfferError>),
    Ways(Option<TurnCredentials>),
    Inspect {
        link: Option<Link>,
        slots: Vec<SlotStats>,
    },
    /// Nobody was asked: too much waits for answers.
    Busy,
}

/// What needs no answer.
#[derive(Clone, Debug)]
pub enum Order {
    Allow {
        peer: PeerId,
        permit: Permit,
    },
    View {
        peer: PeerId,
        looks: Vec<Look>,
    },
    Pictures {
        peer: PeerId,
        pictures: Pictures,
    },
    Remove {
        peer: PeerId,
    },
    Revoke {
        seat: SeatId,
    },
    /// Somebody sends whose transport another relay has.
    StandIn {
        who: StandIn,
        permit: Permit,
    },
    /// Nobody of this room is here any more.
    Close {
        room: RoomId,
    },
}
