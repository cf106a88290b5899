//! Any bytes as a word of the wire: what is taken says all that was said, and is the same when it is written and read again.

use preau::auth::strict_json;
use preau_protocol::limits::TOKEN_BYTES_MAX;
use preau_protocol::{Claim, ClassDraft, ClientFrame, LineDocument, OperatorAct, RosterAdd, ServerFrame, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub fn run(data: &[u8]) {
    let Some((kind, text)) = data.split_first() else { return };
    match kind % 8 {
        // What clients send: over the socket, and as bodies.
        0 => read::<ClientFrame>(text),
        1 => read::<Claim>(text),
        2 => read::<ClassDraft>(text),
        3 => read::<RosterAdd>(text),
        4 => read::<OperatorAct>(text),
        // What servers send, which the load tester reads.
        5 => read::<ServerFrame>(text),
        6 => read::<LineDocument>(text),
        _ => read::<Status>(text),
    }
}

fn read<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(text: &[u8]) {
    let Ok(word) = serde_json::from_slice::<T>(text) else { return };
    let written = serde_json::to_vec(&word).expect("words of the wire are maps with string keys");
    let again = serde_json::from_slice::<T>(&written).expect("what we write we read");
    assert_eq!(again, word, "read again as something else");
    assert_eq!(serde_json::to_vec(&again).ok(), Some(written.clone()), "written in two ways");
    // Where a name stands twice, two readers may understand two things.
    let said = strict_json::object(text);
    assert!(said.is_ok() || !text.trim_ascii_start().starts_with(b"{"), "a name that stands twice was taken");
    let (said, meant): (Value, Value) = match (serde_json::from_slice(text), serde_json::from_slice(&written)) {
        (Ok(said), Ok(meant)) => (said, meant),
        other => panic!("JSON that is none: {other:?}"),
    };
    says_all(&said, &meant);
}

/// Nothing that was said is left out: whoever wrote it meant something by it.
fn says_all(said: &Value, meant: &Value) {
    match (said, meant) {
        (Value::Object(said), Value::Object(meant)) => {
            for (name, value) in said {
                match meant.get(name) {
                    Some(inner) => says_all(value, inner),
                    None => assert!(value.is_null(), "{name:?} was not understood, and taken"),
                }
            }
        }
        (Value::Array(said), Value::Array(meant)) => {
            assert_eq!(said.len(), meant.len());
            said.iter().zip(meant).for_each(|(said, meant)| says_all(said, meant));
        }
        // Serde reads a list in a map's place by position: there may be no more in it than there is to mean.
        (Value::Array(said), Value::Object(meant)) => {
            assert!(said.iter().filter(|value| !value.is_null()).count() <= meant.len(), "{said:?} as {meant:?}");
        }
        // Names are cleaned, ids are written in one way; numbers are what they were.
        (Value::String(_), Value::String(_)) => {}
        (said, meant) => assert_eq!(said, meant),
    }
}

/// The golden samples, and what clients post.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    macro_rules! sample {
        ($kind:literal, $folder:literal, $name:literal) => {{
            let text = include_str!(concat!("../../../protocol/samples/", $folder, "/", $name, ".json"));
            ($name, [&[$kind][..], text.as_bytes()].concat())
        }};
    }
    let token = "x".repeat(TOKEN_BYTES_MAX);
    let invitation = br#"{"invitation":{"secret":"AAAA"}}"#;
    let draft = "{\"title\":\"Maths\",\"starts_at\":1617688800000,\"policy\":\"roster\",\"familiar\":true}";
    let roster = "{\"people\":[{\"name\":\" Noé\u{200B} \",\"role\":\"student\",\"group\":\"5e B\"},{\"name\":\"Ada\",\"role\":\"teacher\"}]}";
    vec![
        sample!(0, "client", "hello"),
        sample!(0, "client", "door.admit"),
        sample!(0, "client", "door.policy"),
        sample!(0, "client", "class.rights_of"),
        sample!(0, "client", "class.spotlight"),
        sample!(0, "client", "class.remove"),
        sample!(0, "client", "chat.say"),
        sample!(0, "client", "media.offer"),
        sample!(0, "client", "media.view"),
        sample!(0, "client", "session.leave"),
        sample!(4, "gate", "act.limits"),
        sample!(4, "gate", "act.close"),
        sample!(6, "gate", "line"),
        sample!(7, "gate", "status"),
        sample!(5, "server", "welcome"),
        sample!(5, "server", "event.class.snapshot"),
        sample!(5, "server", "event.door.knock"),
        sample!(5, "server", "reply.refused"),
        sample!(5, "server", "turned.queued"),
        ("invitation", [&[1][..], invitation].concat()),
        ("token", [&[1][..], format!("{{\"token\":{{\"token\":\"{token}\"}}}}").as_bytes()].concat()),
        ("draft", [&[2][..], draft.as_bytes()].concat()),
        ("roster", [&[3][..], roster.as_bytes()].concat()),
        ("roster.by_position", [&[3][..], b"[[]]"].concat()),
    ]
}
