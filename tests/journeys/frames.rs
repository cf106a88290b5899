//! Malformed frames: the conversation ends with the code that says why, and nothing changes.

use preau_protocol::limits::{MESSAGE_BYTES_MAX, REQUESTS_BURST};
use preau_protocol::{Ask, ClassAsk, Close, limits};

use preau_tests::school::{Class, School, code_of};
use preau_tests::wire::Wire;

fn hello(class: &Class) -> String {
    format!(r#"{{"hello":{{"version":1,"class":"{}"}}}}"#, class.id)
}

/// The code with which a seated teacher's conversation ends after `attack`. The server goes on.
async fn ended_by(attack: impl AsyncFn(&mut Wire)) -> u16 {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let mut wire = Wire::open(&school.teacher).await;
    wire.text(&hello(&class)).await;
    attack(&mut wire).await;
    let code = wire.close_code().await;
    let (mut ada, _) = class.enter().await;
    ada.conversation.done(Ask::Class(ClassAsk::MuteAll {})).await.expect("the server goes on");
    code
}

#[tokio::test]
async fn a_frame_of_an_impossible_size_is_too_big() {
    let code = ended_by(async |wire| {
        let mut bytes = vec![0x81, 0x80 | 127];
        bytes.extend((1_u64 << 63).to_be_bytes());
        bytes.extend([0; 4]);
        wire.send(&bytes).await;
    });
    let code = code.await;
    // RFC 6455 §5.2: the most significant bit must be 0, so this may also be called a protocol error.
    assert!(code == 1009 || code == 1002, "{code}");
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_too_big() {
    let code = ended_by(async |wire| wire.frame(0x81, &vec![b' '; MESSAGE_BYTES_MAX + 1]).await).await;
    assert_eq!(code, 1009);
}

#[tokio::test]
async fn endless_fragments_are_too_big() {
    let code = ended_by(async |wire| {
        wire.frame(0x01, b"[").await;
        for _ in 0..=MESSAGE_BYTES_MAX / 1_000 {
            wire.frame(0x00, &[b' '; 1_000]).await;
        }
    });
    assert_eq!(code.await, 1009);
}

#[tokio::test]
async fn a_long_text_comes_in_fragments_and_whole() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let mut wire = Wire::open(&school.teacher).await;
    wire.text(&hello(&class)).await;
    // Whoever asks before they are welcome may not be heard.
    wire.next_text().await;
    let said = "é".repeat(limits::CHAT_CHARS_MAX);
    wire.text(&format!(r#"{{"id":1,"ask":{{"chat":{{"say":{{"text":"{said}"}}}}}}}}"#)).await;
    loop {
        let fragments = wire.next_fragments().await;
        assert!(fragments.iter().all(|fragment| fragment.len() <= 2_048), "what one socket holds in memory");
        let text = String::from_utf8(fragments.concat()).expect("UTF-8, wherever it was cut");
        if text.contains(&said) {
            assert_eq!(fragments.len(), text.len().div_ceil(2_048));
            return;
        }
    }
}

#[tokio::test]
async fn unmasked_frames_are_a_protocol_error() {
    assert_eq!(ended_by(async |wire| wire.send(b"\x81\x02{}").await).await, 1002);
}

#[tokio::test]
async fn text_that_is_not_utf8_is_invalid() {
    assert_eq!(ended_by(async |wire| wire.frame(0x81, b"\"\xff\xfe\"").await).await, 1007);
}

#[tokio::test]
async fn what_is_not_of_the_protocol_is_malformed() {
    for text in [
        "",
        "no json",
        "[]",
        "{}",
        r#"{"id":1}"#,
        r#"{"id":-1,"ask":{"class":{"mute_all":{}}}}"#,
        r#"{"id":4294967296,"ask":{"class":{"mute_all":{}}}}"#,
        r#"{"id":1,"ask":{"class":{"mute_all":{}}},"more":1}"#,
        r#"{"id":1,"ask":{"class":{"mute_all":{"more":1}}}}"#,
        r#"{"id":1,"ask":{"class":{"hand":{"up":"yes"}}}}"#,
        r#"{"id":1,"ask":{"class":{"hand":{}}}}"#,
        r#"{"id":1,"ask":{"nothing":{}}}"#,
        r#"{"id":1,"ask":{"class":{"hand":{"up":true}},"door":{"open":{}}}}"#,
        r#"{"hello":{"version":1,"class":"00000000-0000-0000-0000-000000000000"}}"#,
    ] {
        assert_eq!(ended_by(async |wire| wire.text(text).await).await, Close::Malformed.code(), "{text}");
    }
    let deep = "[".repeat(60_000);
    assert_eq!(ended_by(async |wire| wire.text(&deep).await).await, Close::Malformed.code(), "deeply nested");
    assert_eq!(ended_by(async |wire| wire.frame(0x82, b"binary").await).await, Close::Malformed.code());
}

#[tokio::test]
async fn a_flood_is_too_fast() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (_ada, [mut noe]) = class.in_session(["Noé"]).await;
    for n in 0..=REQUESTS_BURST * 3 {
        let ask = Ask::Class(ClassAsk::Hand { up: n % 2 == 0 });
        if noe.conversation.send(ask).await.is_err() {
            break;
        }
    }
    assert_eq!(code_of(&mut noe).await, Close::TooFast.code());
}

#[tokio::test]
async fn a_flood_of_pings_is_too_fast() {
    let code = ended_by(async |wire| {
        for _ in 0..=REQUESTS_BURST * 3 {
            wire.frame(0x89, b"").await;
        }
    });
    assert_eq!(code.await, Close::TooFast.code());
}
