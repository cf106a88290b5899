//! Conformance to RFC 6455: the cases of the Autobahn suite's fuzzing client that are not about compression, under its
//! numbers, against the real endpoint. The suite's peer is an echo server. Ours answers to its protocol: so a message that has
//! to be taken is something said in class, which is echoed, or a text that is none of the protocol, which is called that.

mod case;
mod closing;
mod fragments;
mod framing;
mod limits;
mod peer;
mod pings;
mod reserved;
mod utf8;

use std::collections::BTreeSet;
use std::sync::Arc;

use preau_protocol::Role;
use preau_tests::figures;
use preau_tests::school::School;
use tokio::task::JoinSet;

use crate::case::Case;
use crate::peer::{Peer, Place};

/// Cases that the suite has in these chapters.
const CASES: usize = 301;
/// Classes in which cases are told side by side: each has a teacher of its own, who comes ten times and says little.
const PEERS: usize = 32;

fn all() -> Vec<Case> {
    let chapters =
        [framing::cases(), pings::cases(), reserved::cases(), fragments::cases(), utf8::cases(), closing::cases()];
    chapters.into_iter().flatten().chain(limits::cases()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_of_the_suite_is_answered_as_the_rfc_demands() {
    let school = School::start().await;
    let cases = Arc::new(all());
    let numbers: BTreeSet<&str> = cases.iter().map(|case| case.number.as_str()).collect();
    assert_eq!((cases.len(), numbers.len()), (CASES, CASES), "each case once");
    let mut telling = JoinSet::new();
    for n in 0..PEERS {
        let mut class = school.class(&[]).await;
        class.enrol(&["Autobahn"], Role::Teacher).await;
        let peer = Peer { device: class.device("Autobahn").await, class: class.id };
        let cases = cases.clone();
        telling.spawn(async move {
            let mut wrong = Vec::new();
            for case in cases.iter().skip(n).step_by(PEERS) {
                if let Err(why) = told_everywhere(&peer, case).await {
                    wrong.push(format!("{}: {why}", case.number));
                }
            }
            wrong
        });
    }
    let wrong: Vec<String> = telling.join_all().await.into_iter().flatten().collect();
    let passed = CASES - wrong.len();
    figures::keep([("websocket_cases", CASES.into()), ("websocket_cases_passed", passed.into())]);
    assert!(wrong.is_empty(), "{} of {CASES} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// In class, and before the hello if it needs nothing of a class.
async fn told_everywhere(peer: &Peer, case: &Case) -> Result<(), String> {
    peer.tell(case, Place::InClass).await.map_err(|why| format!("in class: {why}"))?;
    if case.needs_no_seat() {
        peer.tell(case, Place::BeforeHello).await.map_err(|why| format!("before the hello: {why}"))?;
    }
    Ok(())
}
