//! Who gets how much of a receiver's way: a pure division, by rank.

use crate::slot::StreamId;

/// A larger layer must fit with this much to spare, in percent: measured rates breathe.
const SPARE_PERCENT: u64 = 15;
/// A smallest layer that is shown goes only when less than this of it fits: one cut of an estimate is no proof.
const CLUNG_TO_PERCENT: u64 = 50;

/// A picture that is filmed 25 times a second takes one packet for each frame at this rate.
const PACKET_EACH_FRAME_BPS: f64 = 220_000.0;
/// A larger layer is taken if so many of its frames come whole without repair, and left if it is fewer than so many:
/// each repair takes a round trip, and a frame of many packets waits for the last of them.
const WHOLE_TO_TAKE: f64 = 0.55;
const WHOLE_TO_KEEP: f64 = 0.33;
/// From this loss on it is worth a look.
pub const LOSS_LOOKED_AT: f64 = 0.1;

/// One layer of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    pub stream: StreamId,
    pub bps: u64,
}

/// A picture somebody wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Smallest first; the last is as large as it is looked at.
    pub layers: Vec<Layer>,
    /// The layer that is shown or about to be.
    pub current: Option<StreamId>,
}

impl Demand {
    /// What a layer must find free: one that is not larger than the current one need only fit.
    fn price(&self, at: usize) -> u64 {
        let is_kept = self.layers.iter().skip(at).any(|layer| Some(layer.stream) == self.current);
        let bps = self.layers[at].bps;
        match (is_kept, at) {
            (true, 0) => bps * CLUNG_TO_PERCENT / 100,
            (true, _) => bps,
            (false, _) => bps + bps * SPARE_PERCENT / 100,
        }
    }
}

/// Who got what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allotment {
    /// The place of the layer of each demand, in their order.
    pub chosen: Vec<Option<usize>>,
    pub used_bps: u64,
    /// With less than this, something must go.
    pub floor_bps: u64,
    /// With so much, something more would fit.
    pub next_bps: Option<u64>,
}

/// Leaves out layers whose frames seldom come whole where this share of packets is lost. The smallest stays.
pub fn drop_torn(layers: &mut Vec<Layer>, current: Option<StreamId>, loss: f64) {
    while let [_, .., last] = layers[..] {
        let whole = (1.0 - loss).powf(last.bps as f64 / PACKET_EACH_FRAME_BPS);
        let bar = if Some(last.stream) == current { WHOLE_TO_KEEP } else { WHOLE_TO_TAKE };
        if loss < LOSS_LOOKED_AT || whole >= bar {
            return;
        }
        layers.pop();
    }
}

/// Divides `budget_bps` among `demands`, dearest rank first: everybody's smallest layer, then larger ones.
pub fn allot(demands: &[Demand], reserved_bps: u64, budget_bps: u64) -> Allotment {
    let mut chosen: Vec<Option<usize>> = vec![None; demands.len()];
    let mut used = reserved_bps;
    for (demand, choice) in demands.iter().zip(&mut chosen) {
        if !demand.layers.is_empty() && used + demand.price(0) <= budget_bps {
            *choice = Some(0);
            used += demand.layers[0].bps;
        }
    }
    for (demand, choice) in demands.iter().zip(&mut chosen) {
        let Some(smallest) = *choice else { continue };
        let free = budget_bps.saturating_sub(used - demand.layers[smallest].bps);
        let largest = (smallest..demand.layers.len()).rev().find(|at| demand.price(*at) <= free).unwrap_or(smallest);
        used = used - demand.layers[smallest].bps + demand.layers[largest].bps;
        *choice = Some(largest);
    }
    let next = demands.iter().zip(&chosen).filter_map(|(demand, choice)| {
        let at = choice.map_or(0, |at| at + 1);
        let now = choice.map_or(0, |at| demand.layers[at].bps);
        (at < demand.layers.len()).then(|| used - now + demand.price(at))
    });
    let spared = demands.iter().zip(&chosen).map(|(demand, choice)| match choice {
        Some(0) => demand.layers[0].bps - demand.layers[0].bps * CLUNG_TO_PERCENT / 100,
        _ => 0,
    });
    let floor_bps = used - spared.sum::<u64>();
    Allotment { next_bps: next.min(), chosen, used_bps: used, floor_bps }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(id: u64, rates: &[u64]) -> Demand {
        let layers = rates.iter().enumerate().map(|(i, bps)| Layer { stream: StreamId(10 * id + i as u64), bps: *bps });
        Demand { layers: layers.collect(), current: None }
    }

    #[test]
    fn all_are_seen_small_before_anybody_is_seen_large() {
        let demands = [demand(1, &[100, 400, 1200]), demand(2, &[100, 400]), demand(3, &[100])];
        let chosen = |budget| allot(&demands, 50, budget).chosen;
        assert_eq!(chosen(100), [None, None, None]);
        assert_eq!(chosen(200), [Some(0), None, None]);
        assert_eq!(chosen(400), [Some(0), Some(0), Some(0)]);
        assert_eq!(chosen(720), [Some(1), Some(0), Some(0)]);
        assert_eq!(chosen(1_200), [Some(1), Some(1), Some(0)]);
        assert_eq!(chosen(10_000), [Some(2), Some(1), Some(0)]);
    }

    #[test]
    fn a_larger_layer_needs_room_to_spare_and_keeps_without() {
        let mut wanted = [demand(1, &[100, 400])];
        assert_eq!(allot(&wanted, 0, 410).chosen, [Some(0)]);
        assert_eq!(allot(&wanted, 0, 410).next_bps, Some(460));
        assert_eq!(allot(&wanted, 0, 460).chosen, [Some(1)]);
        wanted[0].current = Some(StreamId(11));
        assert_eq!(allot(&wanted, 0, 410).chosen, [Some(1)]);
        assert_eq!(allot(&wanted, 0, 399).chosen, [Some(0)]);
        wanted[0].current = Some(StreamId(10));
        assert_eq!(allot(&wanted, 0, 51).chosen, [Some(0)], "it is clung to");
        assert_eq!(allot(&wanted, 0, 51).floor_bps, 50);
        assert_eq!(allot(&wanted, 0, 49).chosen, [None]);
    }

    #[test]
    fn where_much_is_lost_frames_are_small() {
        let left = |current: u64, loss| {
            let mut layers = demand(1, &[120_000, 400_000, 1_200_000]).layers;
            drop_torn(&mut layers, Some(StreamId(current)), loss);
            layers.len()
        };
        assert_eq!([left(11, 0.05), left(11, 0.12), left(11, 0.16), left(11, 0.3), left(11, 0.6)], [3, 2, 2, 2, 1]);
        assert_eq!([left(12, 0.16), left(12, 0.2)], [3, 2], "what is shown is kept a little longer");
    }

    #[test]
    fn what_is_not_there_costs_nothing() {
        let allotment = allot(&[demand(1, &[])], 70, 1_000);
        assert_eq!((allotment.chosen, allotment.used_bps), (vec![None], 70));
        assert_eq!(allotment.next_bps, None);
    }
}
