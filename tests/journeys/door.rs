//! At the door: knocking, being let in, being refused, walking in by the roster's rule.

use preau_protocol::{
    Ask, ClassAsk, ClassEvent, Close, DoorAsk, DoorEvent, Event, LobbyEvent, Phase, Policy, Refusal, Role, WaitingFor,
};

use preau_tests::school::{
    SOON, School, class_event, code_of, door, draft, heard_knock, learnt_nothing, set_policy, stands, told_gone,
    turned_away,
};

#[tokio::test]
async fn two_students_knock_and_one_click_lets_both_in() {
    let class = School::start().await;
    let class = &class.class(&["Noé", "Zoé"]).await;
    let (mut ada, snapshot) = class.enter().await;
    assert_eq!((snapshot.phase, door(&snapshot).expected), (Phase::Open, 2));

    let (mut noe, mut zoe) = (class.knock("Noé").await, class.knock("Zoé").await);
    let knock = heard_knock(&mut ada, noe.person()).await;
    assert_eq!((knock.name.as_str(), knock.role, knock.about.on_roster), ("Noé", Role::Student, true));
    heard_knock(&mut ada, zoe.person()).await;
    assert_eq!(stands(&mut zoe, WaitingFor::Answer).await, 2);

    ada.admit(&[noe.person(), zoe.person()]).await.expect("one click");
    let seen = noe.seated(SOON).await.expect("Noé is in");
    assert!(seen.door.is_none(), "only teachers see the door");
    assert!(seen.people.iter().all(|person| person.about.is_none()), "what teachers learn is for teachers");
    zoe.seated(SOON).await.expect("Zoé is in");
    let joined = |event: &ClassEvent| match event {
        ClassEvent::Joined { person } if person.name.as_str() == "Zoé" => Some(person.about.is_some()),
        _ => None,
    };
    assert!(class_event(&mut ada, joined).await, "a teacher learns about whoever joined");
}

#[tokio::test]
async fn one_click_seats_a_whole_year() {
    /// More than a class: a lecture for four of them.
    const STUDENTS: usize = 120;
    let school = School::start().await;
    let names: Vec<String> = (0..STUDENTS).map(|n| format!("Élève {n}")).collect();
    let class = school.class(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (mut ada, _) = class.enter().await;
    let mut students = Vec::new();
    for name in &names {
        students.push(class.knock(name).await);
    }
    let everyone: Vec<_> = students.iter().map(|student| student.person()).collect();
    for person in &everyone {
        heard_knock(&mut ada, *person).await;
    }
    ada.admit(&everyone).await.expect("one click");
    for student in &mut students {
        student.seated(SOON).await.expect("in");
    }
    // Nobody was told so much at once that they were cut off.
    let last = students.last_mut().expect("many");
    last.conversation.done(Ask::Class(ClassAsk::Hand { up: true })).await.expect("in class");
    for person in students.iter_mut().rev().skip(1).chain([&mut ada]) {
        class_event(person, |event| {
            matches!(event, ClassEvent::Changed { person } if person.hand.is_some()).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn whoever_is_refused_may_knock_again_later_but_not_at_once() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, _) = class.enter().await;
    let mut noe = class.knock("Noé").await;
    heard_knock(&mut ada, noe.person()).await;
    ada.conversation.done(Ask::Door(DoorAsk::Refuse { people: vec![noe.person()] })).await.expect("refused");
    assert_eq!(code_of(&mut noe).await, Close::Refused.code());
    assert_eq!(turned_away(&noe.device, class.id).await.code, Close::Refused.code());
}

#[tokio::test]
async fn arriving_before_the_teacher_is_no_way_in() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let mut noe = class.knock("Noé").await;
    stands(&mut noe, WaitingFor::Opening).await;
    let (_ada, snapshot) = class.enter().await;
    assert_eq!(door(&snapshot).waiting.iter().map(|knock| knock.person).collect::<Vec<_>>(), [noe.person()]);
    stands(&mut noe, WaitingFor::Answer).await;
    assert!(learnt_nothing(&mut noe), "a teacher's arrival admits nobody");
}

#[tokio::test]
async fn the_roster_walks_in_once_the_door_is_open() {
    let school = School::start().await;
    let class = school.class_with(Policy::Roster, &["Noé", "Zoé"]).await;
    let mut noe = class.knock("Noé").await;
    stands(&mut noe, WaitingFor::Opening).await;
    let (mut ada, snapshot) = class.enter().await;
    assert!(!door(&snapshot).opened, "a teacher's arrival opens nothing");
    stands(&mut noe, WaitingFor::Answer).await;
    ada.conversation.done(Ask::Door(DoorAsk::Open {})).await.expect("opened");
    noe.seated(SOON).await.expect("on the roster, and the door is open");
    let mut zoe = class.knock("Zoé").await;
    zoe.seated(SOON).await.expect("later, too");
}

#[tokio::test]
async fn a_shut_door_lets_nobody_new_in_but_by_hand() {
    let school = School::start().await;
    let class = school.class_with(Policy::Roster, &["Noé"]).await;
    let (mut ada, _) = class.enter().await;
    set_policy(&mut ada, Policy::Shut).await;
    let mut noe = class.knock("Noé").await;
    stands(&mut noe, WaitingFor::Shut).await;
    heard_knock(&mut ada, noe.person()).await;
    ada.admit(&[noe.person()]).await.expect("a teacher may still");
    noe.seated(SOON).await.expect("let in by hand");
}

#[tokio::test]
async fn the_lobby_hears_the_teachers_message() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, _) = class.enter().await;
    let mut noe = class.knock("Noé").await;
    let text = "<b>J'arrive</b> dans 2 minutes".to_string();
    ada.conversation.done(Ask::Door(DoorAsk::Note { text: text.clone() })).await.expect("written");
    let note = |event: &Event| match event {
        Event::Lobby(LobbyEvent::Note { text }) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    assert_eq!(noe.conversation.wait_for(SOON, note).await.expect("the note arrives"), text);
    let long = "x".repeat(501);
    let refused = ada.conversation.done(Ask::Door(DoorAsk::Note { text: long })).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("Limit")), "500 characters are the limit");
}

#[tokio::test]
async fn another_device_of_the_same_person_has_to_be_let_in() {
    let school = School::start().await;
    let class = school.class_with(Policy::Roster, &["Noé"]).await;
    let (mut ada, _) = class.enter().await;
    ada.conversation.done(Ask::Door(DoorAsk::Open {})).await.expect("opened");
    let mut laptop = class.knock("Noé").await;
    laptop.seated(SOON).await.expect("the first device walks in");
    let mut phone = class.knock("Noé").await;
    let knock = heard_knock(&mut ada, phone.person()).await;
    assert!(knock.other_device, "the teacher is told");
    stands(&mut phone, WaitingFor::Answer).await;
    ada.admit(&[phone.person()]).await.expect("let in");
    phone.seated(SOON).await.expect("the phone is in");
    assert_eq!(code_of(&mut laptop).await, Close::Replaced.code(), "one live session a person");
}

#[tokio::test]
async fn a_second_tab_takes_the_seat_over() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (_ada, [mut first]) = class.in_session(["Noé"]).await;
    let mut second = preau_loadtest::Participant::enter(first.device.clone(), class.id).await.expect("same browser");
    second.seated(SOON).await.expect("the seat moves");
    assert_eq!(code_of(&mut first).await, Close::Replaced.code());
}

#[tokio::test]
async fn an_ended_class_is_over_for_everyone() {
    let school = School::start().await;
    let class = school.class(&["Noé", "Zoé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    let mut zoe = class.knock("Zoé").await;
    heard_knock(&mut ada, zoe.person()).await;
    ada.conversation.done(Ask::Class(ClassAsk::End {})).await.expect("ended");
    for person in [&mut noe, &mut zoe, &mut ada] {
        assert_eq!(told_gone(person).await, preau_protocol::Gone::Ended);
        assert_eq!(code_of(person).await, Close::Done.code());
    }
    let (_ada, snapshot) = class.enter().await;
    assert_eq!(snapshot.people.len(), 1, "a new lesson begins empty");
}

#[tokio::test]
async fn a_revoked_invitation_is_worth_nothing_any_more() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let (mut ada, [mut noe]) = class.in_session(["Noé"]).await;
    school.teacher.revoke(class.id, noe.person()).await.expect("revoked");
    assert_eq!(code_of(&mut noe).await, Close::Removed.code());
    let away = turned_away(&noe.device, class.id).await.code;
    assert!(away == Close::NotAllowed.code() || away == Close::Removed.code(), "not {away}");
    let mut again = school.stranger();
    assert!(again.claim(class.link("Noé")).await.is_err(), "the old link is dead");
    class_event(&mut ada, |event| matches!(event, ClassEvent::Left { .. }).then_some(())).await;
}

#[tokio::test]
async fn two_teachers_see_the_same_door() {
    let school = School::start().await;
    let mut class = school.class(&["Noé"]).await;
    class.enrol(&["Grace"], Role::Teacher).await;
    let (mut ada, _) = class.enter().await;
    let mut grace = class.knock("Grace").await;
    let snapshot = grace.seated(SOON).await.expect("a colleague walks in");
    assert!(snapshot.door.is_some());
    let mut noe = class.knock("Noé").await;
    heard_knock(&mut ada, noe.person()).await;
    heard_knock(&mut grace, noe.person()).await;
    grace.admit(&[noe.person()]).await.expect("either may admit");
    noe.seated(SOON).await.expect("in");
    let answered = |event: &Event| matches!(event, Event::Door(DoorEvent::Answered { .. })).then_some(());
    ada.conversation.wait_for(SOON, answered).await.expect("the other one sees that it was answered");
    let twice = ada.admit(&[noe.person()]).await;
    assert!(twice.is_ok() || twice.is_err_and(|e| e.to_string().contains(&format!("{:?}", Refusal::NoSuchPerson))));
}

#[tokio::test]
async fn a_class_made_by_a_draft_is_listed() {
    let school = School::start().await;
    let class = school.class(&["Noé"]).await;
    let cards = school.teacher.classes().await.expect("listed");
    assert_eq!(
        cards.iter().map(|card| (card.class, card.students, card.mine)).collect::<Vec<_>>(),
        [(class.id, 1, true)]
    );
    let mut changed = draft(Policy::Shut);
    changed.title = "Histoire".into();
    let card = school.teacher.change_class(class.id, &changed).await.expect("changed");
    assert_eq!((card.title.as_str(), card.policy), ("Histoire", Policy::Shut));
}
