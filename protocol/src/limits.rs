//! The limits that both ends of the wire know, each with its reason.

/// One WebSocket message or frame, bytes. An SDP offer is the largest honest message, and is half of this.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// An SDP offer, bytes: 33 media sections of a real browser are about 24 KiB.
pub const SDP_BYTES_MAX: usize = 32 * 1024;
/// Requests a session may send per second, on average.
pub const REQUESTS_PER_S_MAX: u32 = 30;
/// Requests a session may send at once before the average counts.
pub const REQUESTS_BURST: u32 = 60;
/// A chat message, in characters (Unicode scalar values).
pub const CHAT_CHARS_MAX: usize = 2_000;
/// Chat messages a newcomer is shown: a lesson's last pages, not its whole story.
pub const CHAT_BACKLOG_MAX: usize = 200;
/// The teacher's message to the lobby, in characters.
pub const NOTE_CHARS_MAX: usize = 500;
/// A display name, in graphemes: what a person sees as letters.
pub const NAME_GRAPHEMES_MAX: usize = 64;
/// A display name, in bytes, whatever its graphemes are made of.
pub const NAME_BYTES_MAX: usize = 512;
/// A class's title, in characters.
pub const TITLE_CHARS_MAX: usize = 120;
/// A group's name ("5e B"), in characters.
pub const GROUP_CHARS_MAX: usize = 64;
/// People seated in one class: a lecture of 2,000, and those who teach it.
pub const SEATS_MAX: usize = 2_048;
/// People waiting in one lobby who are not on the roster; people on it always find a place.
pub const LOBBY_STRANGERS_MAX: usize = 200;
/// People on one roster.
pub const ROSTER_MAX: usize = 2_048;
/// A roster file or paste, bytes.
pub const ROSTER_BYTES_MAX: usize = 256 * 1024;
/// People named in one `admit`, `refuse` or `mute`: what one message holds. A larger lobby is admitted by several.
pub const PEOPLE_PER_ASK_MAX: usize = 1_500;
/// People on the list that students see, in the order in which they came. In a larger class, further students are listed when
/// they do something; the others are a number. So what each of 2,000 is told does not grow with the 2,000.
pub const LISTED_MAX: usize = 300;
/// Further people on that list for what they do.
pub const LISTED_FOR_ACTING_MAX: usize = 200;
/// Cameras one person can look at together.
pub const VIDEO_SLOTS_MAX: usize = 24;
/// Voices one person hears together.
pub const AUDIO_SLOTS_MAX: usize = 3;
/// A signed token, bytes.
pub const TOKEN_BYTES_MAX: usize = 4 * 1024;
/// How often a browser may tell what went wrong on its screen, in ms: often enough to see trouble come and go.
pub const FELT_EVERY_MS: u64 = 10_000;
/// People in one word to teachers about connections: a large class is told in several frames.
pub const LINKS_PER_EVENT_MAX: usize = 100;
/// A place in the line, signed: 14 bytes of it, 16 of seal, in base64; and room to grow.
pub const TICKET_BYTES_MAX: usize = 64;
/// Places of a line whose rank is told: a document stays below 4 KiB, and a place found in it is off by half a percent of the line.
pub const LINE_MARKS_MAX: usize = 64;
/// Classes that opened a moment ago while their pupils stood in a line: three kilobytes of the document.
pub const LINE_OPENED_MAX: usize = 256;
/// A wait that is longer, or that nobody knows, is told as this, in seconds: whoever reads it decides the same.
pub const WAIT_S_MAX: u32 = 4 * 60 * 60;
/// Classes one account may keep at a time: several a day for a month.
pub const CLASSES_PER_ACCOUNT_MAX: usize = 500;
/// A sentence on the status page, in characters.
pub const INCIDENT_CHARS_MAX: usize = 280;
/// Classes on the operator's page: what a person reads.
pub const OPS_CLASSES_MAX: usize = 100;
