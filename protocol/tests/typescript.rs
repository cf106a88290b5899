//! The client's types are made from these: `client-web/src/protocol/types.ts` is always what the Rust types say.
//! `PREAU_WRITE=1 cargo test -p preau-protocol` writes it anew.

use std::fmt::Write as _;

use preau_protocol::*;
use ts_rs::{Config, TS};

macro_rules! declare {
    ($($type:ty),+ $(,)?) => {{
        let config = Config::default();
        let mut out = String::new();
        $(writeln!(out, "export {}\n", <$type>::decl(&config)).expect("a string takes any text");)+
        out
    }};
}

fn typescript() -> String {
    let mut out = String::from("// Made from the Rust crate `protocol` (`make types`); not to be edited.\n\n");
    writeln!(out, "export const VERSION = {VERSION};\n").expect("a string takes any text");
    for (name, value) in [
        ("MESSAGE_BYTES_MAX", limits::MESSAGE_BYTES_MAX),
        ("SDP_BYTES_MAX", limits::SDP_BYTES_MAX),
        ("CHAT_CHARS_MAX", limits::CHAT_CHARS_MAX),
        ("NOTE_CHARS_MAX", limits::NOTE_CHARS_MAX),
        ("NAME_GRAPHEMES_MAX", limits::NAME_GRAPHEMES_MAX),
        ("TITLE_CHARS_MAX", limits::TITLE_CHARS_MAX),
        ("GROUP_CHARS_MAX", limits::GROUP_CHARS_MAX),
        ("ROSTER_MAX", limits::ROSTER_MAX),
        ("PEOPLE_PER_ASK_MAX", limits::PEOPLE_PER_ASK_MAX),
        ("ROSTER_BYTES_MAX", limits::ROSTER_BYTES_MAX),
        ("VIDEO_SLOTS_MAX", limits::VIDEO_SLOTS_MAX),
        ("AUDIO_SLOTS_MAX", limits::AUDIO_SLOTS_MAX),
        ("WAIT_S_MAX", limits::WAIT_S_MAX as usize),
        ("INCIDENT_CHARS_MAX", limits::INCIDENT_CHARS_MAX),
        ("FELT_EVERY_MS", limits::FELT_EVERY_MS as usize),
    ] {
        writeln!(out, "export const {name} = {value};").expect("a string takes any text");
    }
    out.push('\n');
    let codes: Vec<String> = Close::ALL.iter().map(|close| format!("{}: \"{}\"", close.code(), close.word())).collect();
    writeln!(out, "export const CLOSE_WORDS: Record<number, Close> = {{ {} }};\n", codes.join(", "))
        .expect("a string takes any text");
    out + declare!(
        ClassId,
        PersonId,
        SessionId,
        ChatId,
        UnixMs,
        DisplayName,
        Role,
        Rights,
        OwnRights,
        Policy,
        Proof,
        About,
        Knock,
        Door,
        Barred,
        DoorAsk,
        DoorEvent,
        WaitingFor,
        LobbyEvent,
        Phase,
        Sending,
        Person,
        Reaction,
        ClassAsk,
        Gone,
        Snapshot,
        ClassEvent,
        ChatMessage,
        ChatAsk,
        ChatEvent,
        SendMids,
        ReceiveMids,
        Look,
        Pictures,
        Felt,
        Source,
        Quality,
        Reduced,
        PersonLink,
        SlotFigures,
        MediaAsk,
        IceServer,
        Slot,
        MediaEvent,
        Refusal,
        Close,
        Hello,
        Resume,
        Request,
        Ask,
        SessionAsk,
        ClientFrame,
        HelloFrame,
        Welcome,
        Invited,
        ServerFrame,
        Reply,
        Outcome,
        Sequenced,
        Event,
        SessionEvent,
        Beat,
        Priority,
        Place,
        Turned,
        Queued,
        Wait,
        LineDocument,
        Line,
        Mark,
        Pace,
        Reduction,
        Amounts,
        Scarce,
        Status,
        StatusState,
        Incident,
        Attack,
        Operations,
        LineOrder,
        AttackCount,
        ClassLoad,
        OperatorAct,
        Claim,
        Claimed,
        Me,
        Account,
        BrowserId,
        BrowserCard,
        BrowserName,
        SystemName,
        MyInvitation,
        ClassDraft,
        ClassCard,
        RosterLine,
        RosterDoubt,
        RosterBadLine,
        RosterFault,
        RosterPreview,
        RosterAdd,
        RosterEntry,
        Invitation,
        Problem,
        ProblemCode,
    )
    .trim_end()
        + "\n"
}

#[test]
fn typescript_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../client-web/src/protocol/types.ts");
    let made = typescript();
    if std::env::var_os("PREAU_WRITE").is_some() {
        std::fs::create_dir_all(std::path::Path::new(path).parent().expect("the path has a folder")).expect("folder");
        std::fs::write(path, &made).expect("the client's folder can be written");
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == made, "types.ts is stale: run `make types`");
}
