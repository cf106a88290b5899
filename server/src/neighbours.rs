//! The channels between the shards of one process.

use std::sync::Arc;

use preau_sfu::{Load, RelayId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::shard::Word;

/// Words taken at once.
pub const WORDS_AT_ONCE_MAX: usize = 64;
/// Loads taken before what they bring has left: as many as batches of datagrams.
pub const LOADS_AT_ONCE_MAX: usize = 8;

/// What has come from other shards. Neither channel has a limit of its own: a word is one of a request that an inbox had
/// room for, or of an event that a browser caused; and relays bound the packets they have under way.
pub struct FromNeighbours {
    pub words: UnboundedReceiver<(RelayId, Word)>,
    pub loads: UnboundedReceiver<(RelayId, Load)>,
}

/// The way to every shard, for one of them. Words go apart from loads, so that a decision does not stand in a queue with
/// pictures: no order between the two is counted on, as only a class's home says who is to be shown.
pub struct Neighbours {
    own: RelayId,
    words: Arc<[UnboundedSender<(RelayId, Word)>]>,
    loads: Arc<[UnboundedSender<(RelayId, Load)>]>,
}

impl Neighbours {
    pub fn tell(&self, to: RelayId, word: Word) {
        if let Some(shard) = self.words.get(usize::from(to.0)) {
            // A shard is gone only when the server is.
            drop(shard.send((self.own, word)));
        }
    }

    pub fn carry(&self, to: RelayId, load: Load) {
        if let Some(shard) = self.loads.get(usize::from(to.0)) {
            drop(shard.send((self.own, load)));
        }
    }
}

/// The ends of all channels, one pair for each of so many shards.
pub fn connect(shards: u16) -> Vec<(Neighbours, FromNeighbours)> {
    let (words_out, words_in): (Vec<_>, Vec<_>) = (0..shards).map(|_| unbounded_channel()).unzip();
    let (loads_out, loads_in): (Vec<_>, Vec<_>) = (0..shards).map(|_| unbounded_channel()).unzip();
    let (words_out, loads_out): (Arc<[_]>, Arc<[_]>) = (words_out.into(), loads_out.into());
    let ends = words_in.into_iter().zip(loads_in).zip(0..);
    let pair = |((words, loads), own)| {
        let neighbours = Neighbours { own: RelayId(own), words: words_out.clone(), loads: loads_out.clone() };
        (neighbours, FromNeighbours { words, loads })
    };
    ends.map(pair).collect()
}
