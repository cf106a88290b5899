//! What an operator ordered, beside what the configuration says: it outlives the process, and can be given back.

use std::collections::{BTreeMap, VecDeque};

use preau_gate::Rules;
use preau_protocol::{Amounts, Incident, LineOrder, Priority, UnixMs};
use serde::{Deserialize, Serialize};

use crate::config::ClosedWindow;

/// What an operator said stands for a day, and there is room for so many sentences.
const INCIDENT_MS: u64 = 24 * 60 * 60_000;
const INCIDENTS_MAX: usize = 20;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Orders {
    limits: Chosen,
    lines: BTreeMap<Priority, Order>,
    /// The newest first.
    incidents: VecDeque<Incident>,
}

/// Limits that differ from those of the configuration and the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Chosen {
    connections: Option<u32>,
    people: Option<u32>,
    packets_per_s: Option<u32>,
    egress_kbps: Option<u32>,
    memory_mb: Option<u32>,
    cpu_permille: Option<u32>,
}

/// What was said of one line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Closed,
    /// Although a window of the configuration closes it; tomorrow's window closes it again.
    Open {
        until: UnixMs,
    },
}

impl Orders {
    pub fn read(bytes: &[u8]) -> Result<Orders, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("orders are a map with string keys")
    }

    pub fn set_limits(&mut self, limits: Amounts, configured: Amounts) {
        self.limits = Chosen::of(limits, configured);
    }

    pub fn limits(&self, configured: Amounts) -> Amounts {
        self.limits.on(configured)
    }

    /// Keeps a priority out, or lets it in again, whatever `windows` say just now.
    pub fn close(&mut self, priority: Priority, closed: bool, windows: &[ClosedWindow], now: UnixMs) {
        let order = match (closed, until(priority, windows, now)) {
            (true, _) => Some(Order::Closed),
            (false, Some(until)) => Some(Order::Open { until }),
            (false, None) => None,
        };
        match order {
            Some(order) => self.lines.insert(priority, order),
            None => self.lines.remove(&priority),
        };
    }

    /// By hand, and by the configuration's windows where nothing was said.
    pub fn rules(&self, windows: &[ClosedWindow], now: UnixMs) -> Rules {
        let said = |priority: &Priority| self.standing(*priority, now);
        let by_hand = self.lines.keys().filter(|priority| said(priority) == Some(Order::Closed));
        let by_window = windows.iter().map(|window| window.priority).filter(|priority| said(priority).is_none());
        let by_window = by_window.filter_map(|priority| Some((priority, Some(until(priority, windows, now)?))));
        Rules { closed: by_window.chain(by_hand.map(|priority| (*priority, None))).collect() }
    }

    /// The lines that are as an operator said, and not as the configuration says.
    pub fn lines(&self, now: UnixMs) -> Vec<LineOrder> {
        let standing = self.lines.keys().filter_map(|priority| Some((*priority, self.standing(*priority, now)?)));
        let told = standing.map(|(priority, order)| match order {
            Order::Closed => LineOrder { priority, closed: true, until: None },
            Order::Open { until } => LineOrder { priority, closed: false, until: Some(until) },
        });
        told.collect()
    }

    pub fn say(&mut self, text: String, now: UnixMs) {
        // A sentence is withdrawn by its moment: no two have the same.
        let at = (now.0..).map(UnixMs).find(|at| self.incidents.iter().all(|other| other.at != *at)).unwrap_or(now);
        self.incidents.push_front(Incident { at, text });
        self.incidents.truncate(INCIDENTS_MAX);
    }

    pub fn unsay(&mut self, at: UnixMs) {
        self.incidents.retain(|incident| incident.at != at);
    }

    pub fn incidents(&self, now: UnixMs) -> Vec<Incident> {
        self.incidents.iter().filter(|incident| incident.at.plus_ms(INCIDENT_MS) > now).cloned().collect()
    }

    fn standing(&self, priority: Priority, now: UnixMs) -> Option<Order> {
        let order = self.lines.get(&priority).copied()?;
        match order {
            Order::Open { until } if until <= now => None,
            Order::Open { .. } | Order::Closed => Some(order),
        }
    }
}

impl Chosen {
    fn of(limits: Amounts, configured: Amounts) -> Chosen {
        let chosen = |limit: u32, configured: u32| (limit != configured).then_some(limit);
        Chosen {
            connections: chosen(limits.connections, configured.connections),
            people: chosen(limits.people, configured.people),
            packets_per_s: chosen(limits.packets_per_s, configured.packets_per_s),
            egress_kbps: chosen(limits.egress_kbps, configured.egress_kbps),
            memory_mb: chosen(limits.memory_mb, configured.memory_mb),
            cpu_permille: chosen(limits.cpu_permille, configured.cpu_permille),
        }
    }

    fn on(self, configured: Amounts) -> Amounts {
        Amounts {
            connections: self.connections.unwrap_or(configured.connections),
            people: self.people.unwrap_or(configured.people),
            packets_per_s: self.packets_per_s.unwrap_or(configured.packets_per_s),
            egress_kbps: self.egress_kbps.unwrap_or(configured.egress_kbps),
            memory_mb: self.memory_mb.unwrap_or(configured.memory_mb),
            cpu_permille: self.cpu_permille.unwrap_or(configured.cpu_permille),
        }
    }
}

/// Until when the configuration closes a line, if it does now: of two windows the one that ends last.
fn until(priority: Priority, windows: &[ClosedWindow], now: UnixMs) -> Option<UnixMs> {
    windows.iter().filter(|window| window.priority == priority).filter_map(|window| window.closed_until(now)).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    /// Midnight, UTC.
    const TUESDAY: UnixMs = UnixMs(1_617_667_200_000);
    const HOUR_MS: u64 = 60 * 60_000;

    fn o_clock(hour: u64) -> UnixMs {
        TUESDAY.plus_ms(hour * HOUR_MS)
    }

    fn again(orders: &Orders) -> Orders {
        Orders::read(&orders.bytes()).expect("what was written is read")
    }

    #[test]
    fn what_was_not_changed_stays_the_configurations() {
        let configured = Amounts { people: 1_000, memory_mb: 512, ..Amounts::default() };
        let mut orders = Orders::default();
        orders.set_limits(Amounts { people: 400, ..configured }, configured);
        let larger_machine = Amounts { people: 2_000, memory_mb: 1_024, ..Amounts::default() };
        assert_eq!(again(&orders).limits(larger_machine), Amounts { people: 400, ..larger_machine });
        orders.set_limits(configured, configured);
        assert_eq!(again(&orders), Orders::default(), "given back");
    }

    #[test]
    fn a_window_is_opened_by_hand_until_its_end_and_closes_tomorrow() {
        let windows = [ClosedWindow::parse("observers 08:00-15:00", &TimeZone::UTC).unwrap()];
        let mut orders = Orders::default();
        let closed = |orders: &Orders, now| orders.rules(&windows, now).closed.get(&Priority::Observers).copied();
        assert_eq!(closed(&orders, o_clock(9)), Some(Some(o_clock(15))));
        orders.close(Priority::Observers, false, &windows, o_clock(9));
        assert_eq!(closed(&again(&orders), o_clock(10)), None);
        assert_eq!(
            orders.lines(o_clock(10)),
            [LineOrder { priority: Priority::Observers, closed: false, until: Some(o_clock(15)) }]
        );
        assert_eq!(closed(&orders, o_clock(24 + 9)), Some(Some(o_clock(24 + 15))));
        assert_eq!(orders.lines(o_clock(24)), []);
    }

    #[test]
    fn what_is_closed_by_hand_stays_so_after_a_windows_end() {
        let windows = [ClosedWindow::parse("observers 08:00-15:00", &TimeZone::UTC).unwrap()];
        let mut orders = Orders::default();
        orders.close(Priority::Observers, true, &windows, o_clock(9));
        let closed = |orders: &Orders, now| orders.rules(&windows, now).closed.get(&Priority::Observers).copied();
        assert_eq!(closed(&again(&orders), o_clock(9)), Some(None));
        assert_eq!(closed(&orders, o_clock(16)), Some(None));
        orders.close(Priority::Observers, false, &windows, o_clock(16));
        assert_eq!((closed(&orders, o_clock(16)), orders.lines(o_clock(16)).len()), (None, 0));
    }

    #[test]
    fn a_sentence_stands_for_a_day_or_until_it_is_withdrawn() {
        let mut orders = Orders::default();
        ["un", "deux", "trois"].into_iter().for_each(|text| orders.say(text.into(), o_clock(8)));
        let said = again(&orders).incidents(o_clock(9));
        assert_eq!(said.iter().map(|incident| incident.text.as_str()).collect::<Vec<_>>(), ["trois", "deux", "un"]);
        orders.unsay(said[1].at);
        assert_eq!(orders.incidents(o_clock(9)).len(), 2);
        assert_eq!(orders.incidents(o_clock(33)), []);
        (0..100).for_each(|n| orders.say(n.to_string(), o_clock(n)));
        assert_eq!(orders.incidents.len(), INCIDENTS_MAX);
    }
}
