//! Stories of the ways through other than plain UDP.

mod connections;
mod relayed;
mod turn_client;

use crate::world::World;
use preau_sfu::PeerId;

/// A picture reaches each of the two, whichever way they came.
fn see_each_other(class: &mut World, ada: PeerId, noe: PeerId) {
    class.look(noe, &[ada]);
    class.look(ada, &[noe]);
    class.picture(ada, true, 3);
    class.picture(noe, true, 3);
    assert_eq!(class.seen(noe).len(), 3);
    assert_eq!(class.seen(ada).len(), 3);
}
