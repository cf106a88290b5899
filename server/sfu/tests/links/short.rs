//! The server itself is short: everybody is sent less, publishers send less, and all of it comes back.

use super::story::Story;
use super::way::WIDE;
use preau_sfu::{PeerId, Ration, Reduced, Source};

/// Noé looks at the teacher and at Zoé, who films herself.
fn class() -> (Story, PeerId, PeerId) {
    let mut class = Story::new();
    let (noe, zoe) = (class.student(2, WIDE), class.student(3, WIDE));
    class.films(zoe);
    class.look(noe, &[(class.teacher, 720), (zoe, 360)]);
    class.pass(5);
    (class, noe, zoe)
}

fn ration(class: &mut Story, ration: Ration) {
    class.world.relay.ration(ration, class.world.now);
    class.pass(4);
    class.pass(5);
}

/// Whose camera is in a slot of Noé's.
fn cameras(class: &Story, noe: PeerId) -> Vec<PeerId> {
    let slots = class.world.relay.slots(noe).into_iter().filter(|slot| slot.source == Source::Camera && slot.kbps > 0);
    slots.filter_map(|slot| slot.from).collect()
}

#[test]
fn students_cameras_go_first_and_their_browsers_stop_sending() {
    let (mut class, noe, zoe) = class();
    assert_eq!(cameras(&class, noe), [class.teacher, zoe]);
    ration(&mut class, Ration::TeachersCameras);
    assert_eq!(cameras(&class, noe), [class.teacher]);
    assert_eq!(class.layer(noe), Some("h"), "the teacher's stays as it was");
    assert_eq!(class.sent_by(zoe), [false; 3]);
    assert_eq!(class.is_sent(), [true; 3]);
    assert_eq!(class.link(noe).reduced, Reduced::Nothing, "it is not his connection's fault");
}

#[test]
fn then_every_picture_is_small_then_there_is_sound_then_nothing() {
    let (mut class, noe, _) = class();
    ration(&mut class, Ration::SmallPictures);
    assert_eq!(class.layer(noe), Some("l"));
    assert_eq!(class.is_sent(), [true, false, false]);
    ration(&mut class, Ration::Sound);
    assert_eq!((cameras(&class, noe), class.layer(noe)), (vec![], None));
    assert!(class.receivers[&noe].voices > 5 * 45);
    ration(&mut class, Ration::Nothing);
    assert_eq!(class.receivers[&noe].voices, 0);
}

#[test]
fn all_of_it_comes_back() {
    let (mut class, noe, zoe) = class();
    ration(&mut class, Ration::Nothing);
    ration(&mut class, Ration::Everything);
    assert_eq!(cameras(&class, noe), [class.teacher, zoe]);
    assert_eq!(class.layer(noe), Some("h"));
    let (frames_per_s, _) = class.seen(noe);
    assert!(frames_per_s > 25.0, "{frames_per_s}");
    assert!(class.receivers[&noe].voices > 5 * 45);
}

#[test]
fn who_comes_meanwhile_gets_what_the_others_get() {
    let (mut class, _, zoe) = class();
    class.world.relay.ration(Ration::TeachersCameras, class.world.now);
    let lea = class.student(4, WIDE);
    class.look(lea, &[(class.teacher, 720), (zoe, 360)]);
    class.pass(5);
    assert_eq!(cameras(&class, lea), [class.teacher]);
}
