//! On which shard somebody's media is carried: at home, until a class is too large for one core.

use preau_sfu::RelayId;

/// What a shard knows of the process it is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Shards of this process, numbered from 0.
    pub shards: u16,
    /// People of one class whose media is carried at home, whatever else is carried there. See `spread_from` in the
    /// configuration.
    pub home_people_max: usize,
}

/// People by which a shard's load differs from what it last told the others, before it tells them again: a class that
/// arrives is not a word to every shard for each of its people.
const TELL_STEP: usize = 16;

/// How many people's media the other shards carry, as far as it is known here.
pub struct Loads {
    own: RelayId,
    spread: Spread,
    /// By shard; what this one sent there since it last heard is counted in.
    others: Vec<usize>,
    told: usize,
}

impl Loads {
    pub fn new(own: RelayId, spread: Spread) -> Loads {
        Loads { own, spread, others: vec![0; usize::from(spread.shards)], told: 0 }
    }

    pub fn set(&mut self, shard: RelayId, people: usize) {
        if let Some(known) = self.others.get_mut(usize::from(shard.0)) {
            *known = people;
        }
    }

    /// Where one more person of a class goes who has no place yet. `at_home`: of this class; `carried`: of all classes here.
    pub fn place(&mut self, at_home: usize, carried: usize) -> RelayId {
        if self.spread.shards < 2 || at_home < self.spread.home_people_max {
            return self.own;
        }
        let others = (0..self.spread.shards).map(RelayId).filter(|shard| *shard != self.own);
        let least = others.min_by_key(|shard| self.others[usize::from(shard.0)]);
        match least {
            Some(shard) if self.others[usize::from(shard.0)] < carried => {
                self.others[usize::from(shard.0)] += 1;
                shard
            }
            _ => self.own,
        }
    }

    /// Whom to tell that so many are carried here, if that is news.
    pub fn news(&mut self, carried: usize) -> impl Iterator<Item = RelayId> + use<> {
        let is_news = self.spread.shards > 1 && carried.abs_diff(self.told) >= TELL_STEP;
        if is_news {
            self.told = carried;
        }
        let own = self.own;
        (0..self.spread.shards).map(RelayId).filter(move |shard| is_news && *shard != own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: RelayId = RelayId(1);

    fn loads(shards: u16) -> Loads {
        Loads::new(HOME, Spread { shards, home_people_max: 3 })
    }

    #[test]
    fn a_small_class_stays_at_home_and_a_large_one_goes_where_there_is_most_room() {
        let mut loads = loads(3);
        loads.set(RelayId(0), 5);
        loads.set(RelayId(2), 2);
        let mut at_home = 0;
        let places: Vec<u16> = std::iter::repeat_with(|| {
            let place = loads.place(at_home, 1 + at_home);
            at_home += usize::from(place == HOME);
            place.0
        })
        .take(9)
        .collect();
        assert_eq!(places, [1, 1, 1, 2, 2, 1, 2, 1, 0]);
    }

    #[test]
    fn a_shard_alone_keeps_everybody() {
        let mut loads = loads(1);
        assert!((0..100).all(|people| loads.place(people, people) == HOME));
        assert_eq!(loads.news(100).count(), 0);
    }

    #[test]
    fn a_load_is_told_when_it_has_changed_by_some() {
        let mut loads = loads(3);
        assert_eq!(loads.news(TELL_STEP - 1).count(), 0);
        assert_eq!(loads.news(TELL_STEP).collect::<Vec<_>>(), [RelayId(0), RelayId(2)]);
        assert_eq!((loads.news(TELL_STEP + 1).count(), loads.news(0).count()), (0, 2));
    }
}
