//! A virtual person in a class: a device, a conversation, and a peer once seated.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use preau_protocol::limits::PEOPLE_PER_ASK_MAX;
use preau_protocol::{
    Ask, Claimed, ClassAsk, ClassEvent, ClassId, DoorAsk, Event, IceServer, Look, MediaAsk, Outcome, PersonId, Sending,
    Snapshot,
};

use crate::{Conversation, ConversationError, Device, DeviceError, MediaError, Peer, Publishing, Source};

/// The `webrtc` crate needs about a second to connect; a busy machine several.
const CONNECTED_WITHIN: Duration = Duration::from_secs(20);
/// How loud a virtual voice is unless it is told otherwise, in −dBov.
const VOICE_LEVEL: u8 = 30;

#[derive(Debug, thiserror::Error)]
pub enum ParticipantError {
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Conversation(#[from] ConversationError),
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error("the link leads to no class")]
    NoClass,
    #[error("no media yet")]
    NoMedia,
}

/// Somebody with a link in hand and a foot in the door.
pub struct Participant {
    pub device: Device,
    pub class: ClassId,
    pub conversation: Conversation,
    peer: Option<Peer>,
    publishing: Vec<(Source, Publishing)>,
}

impl Participant {
    /// Opens a personal invitation in a new browser, and knocks.
    pub async fn knock(server: &str, link: &str) -> Result<Participant, ParticipantError> {
        let mut device = Device::new(server);
        match device.claim(link).await? {
            Claimed::Class { class } => Ok(Participant::enter(device, class).await?),
            Claimed::Home {} => Err(ParticipantError::NoClass),
        }
    }

    /// Knocks with a browser that was here before.
    pub async fn enter(device: Device, class: ClassId) -> Result<Participant, ConversationError> {
        let conversation = Conversation::open(&device, class).await?;
        Ok(Participant { device, class, conversation, peer: None, publishing: Vec::new() })
    }

    pub fn person(&self) -> PersonId {
        self.conversation.welcome().person
    }

    /// Waits to be seated: for the snapshot of the class.
    pub async fn seated(&mut self, within: Duration) -> Result<Snapshot, ConversationError> {
        self.conversation
            .wait_for(within, |event| match event {
                Event::Class(class) => match class.as_ref() {
                    ClassEvent::Snapshot { snapshot } => Some(snapshot.clone()),
                    _ => None,
                },
                _ => None,
            })
            .await
    }

    /// Lets these people in.
    pub async fn admit(&mut self, people: &[PersonId]) -> Result<(), ConversationError> {
        for people in people.chunks(PEOPLE_PER_ASK_MAX) {
            self.conversation.done(Ask::Door(DoorAsk::Admit { people: people.to_vec() })).await?;
        }
        Ok(())
    }

    /// Makes the one offer and waits until media can flow.
    pub async fn connect_media(&mut self, video_slots: usize) -> Result<&Peer, ParticipantError> {
        self.offer_media(video_slots).await?;
        let peer = self.peer()?;
        peer.connected(CONNECTED_WITHIN).await?;
        Ok(peer)
    }

    /// Makes the one offer and takes the answer, without waiting for the connection.
    pub async fn offer_media(&mut self, video_slots: usize) -> Result<(), ParticipantError> {
        let (peer, offer) = Peer::offer(IpAddr::V4(Ipv4Addr::LOCALHOST), video_slots).await?;
        self.take_answer(peer, offer).await
    }

    async fn take_answer(&mut self, peer: Peer, offer: MediaAsk) -> Result<(), ParticipantError> {
        match self.conversation.ask(Ask::Media(offer)).await? {
            Outcome::Answer { sdp } => peer.accept(sdp).await?,
            Outcome::Refused { code, .. } => return Err(ConversationError::Refused(code).into()),
            other @ (Outcome::Done {} | Outcome::Inspected { .. } | Outcome::Ways { .. }) => {
                return Err(ConversationError::Unexpected(other).into());
            }
        }
        self.peer = Some(peer);
        Ok(())
    }

    /// How the server may be reached by relayed ways.
    pub async fn ways(&mut self) -> Result<Vec<IceServer>, ParticipantError> {
        match self.conversation.ask(Ask::Media(MediaAsk::Ways {})).await? {
            Outcome::Ways { servers, .. } => Ok(servers),
            Outcome::Refused { code, .. } => Err(ConversationError::Refused(code).into()),
            other => Err(ConversationError::Unexpected(other).into()),
        }
    }

    /// Connects media by these relayed ways and no others.
    pub async fn connect_relayed(&mut self, servers: Vec<IceServer>) -> Result<&Peer, ParticipantError> {
        let (peer, offer) = Peer::offer_relayed(IpAddr::V4(Ipv4Addr::LOCALHOST), 2, servers).await?;
        self.take_answer(peer, offer).await?;
        let peer = self.peer()?;
        peer.connected(CONNECTED_WITHIN).await?;
        Ok(peer)
    }

    pub fn peer(&self) -> Result<&Peer, ParticipantError> {
        self.peer.as_ref().ok_or(ParticipantError::NoMedia)
    }

    /// Turns these on, as the buttons do: says so, and sends frames.
    pub async fn turn_on(&mut self, sources: &[Source]) -> Result<(), ParticipantError> {
        self.turn_on_at(sources, VOICE_LEVEL).await
    }

    /// The same with a loudness, in −dBov.
    pub async fn turn_on_at(&mut self, sources: &[Source], level: u8) -> Result<(), ParticipantError> {
        for source in sources {
            self.force_on(*source, level)?;
        }
        let on = |source| self.publishing.iter().any(|(sent, _)| *sent == source);
        let sending = Sending {
            microphone: on(Source::Microphone),
            camera: on(Source::Camera),
            screen: on(Source::Screen) || on(Source::ScreenAudio),
        };
        Ok(self.conversation.done(Ask::Class(ClassAsk::Sending { sending })).await?)
    }

    /// Sends frames without a word to the server, as a tampered client would.
    pub fn force_on(&mut self, source: Source, level: u8) -> Result<(), ParticipantError> {
        let publishing = self.peer()?.publish(source, level);
        self.publishing.retain(|(sent, _)| *sent != source);
        self.publishing.push((source, publishing));
        Ok(())
    }

    /// Stops sending, and says so.
    pub async fn turn_all_off(&mut self) -> Result<(), ParticipantError> {
        self.publishing.clear();
        Ok(self.conversation.done(Ask::Class(ClassAsk::Sending { sending: Sending::default() })).await?)
    }

    /// Chooses whose cameras to see, at 180 lines each.
    pub async fn look_at(&mut self, people: &[PersonId]) -> Result<(), ConversationError> {
        let looks = people.iter().map(|person| Look { person: *person, height_px: 180 }).collect();
        self.conversation.done(Ask::Media(MediaAsk::View { looks })).await
    }

    /// The socket breaks; the device comes back to its seat with a new one. Media goes on meanwhile.
    pub async fn resume(mut self) -> Result<Participant, ConversationError> {
        let (session, last_seq) = self.conversation.cut();
        self.conversation = Conversation::resume(&self.device, self.class, session, last_seq).await?;
        Ok(self)
    }
}
