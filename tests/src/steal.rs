//! When the host took a core away from this machine: what was measured then tells of the host, and not of us.

use std::fs::read_to_string;
use std::ops::Range;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::witness::now;

/// A core that is taken away is gone for tens of milliseconds, in bursts of seconds.
const EVERY: Duration = Duration::from_millis(50);
/// What waited for the core meanwhile is done so long afterwards; and the count is of ticks, so that the first of a burst is late.
const MARGIN: Duration = Duration::from_millis(100);

/// Looks at `/proc/stat` until dropped.
pub struct Steal {
    spans: Arc<Mutex<Vec<Range<Duration>>>>,
    over: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Steal {
    pub fn watch() -> Steal {
        let spans = Arc::<Mutex<Vec<_>>>::default();
        let (over, ended) = sync_channel::<()>(1);
        let thread = {
            let spans = spans.clone();
            std::thread::spawn(move || {
                let (mut at, mut before) = (now(), stolen_ticks());
                while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                    let (until, ticks) = (now(), stolen_ticks());
                    if ticks > before {
                        note(&mut spans.lock().unwrap_or_else(PoisonError::into_inner), at..until);
                    }
                    (at, before) = (until, ticks);
                }
            })
        };
        Steal { spans, over: Some(over), thread: Some(thread) }
    }

    /// What is left of `window` without those moments and what surrounds them.
    pub fn spared(&self, window: &Range<Duration>) -> Vec<Range<Duration>> {
        without(window, &self.spans.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Steal {
    fn drop(&mut self) {
        self.over = None;
        if let Some(thread) = self.thread.take() {
            // Should it have panicked, nothing was left out, and the figures say so.
            let _ = thread.join();
        }
    }
}

/// Ticks that this machine's cores were ready to run and were not run in (proc(5), `cpu`'s eighth number).
fn stolen_ticks() -> u64 {
    let text = read_to_string("/proc/stat").unwrap_or_default();
    let all = text.lines().find_map(|line| line.strip_prefix("cpu "));
    all.and_then(|all| all.split_whitespace().nth(7)?.parse().ok()).unwrap_or(0)
}

/// Spans come in order; those that touch are one.
fn note(spans: &mut Vec<Range<Duration>>, span: Range<Duration>) {
    let wide = span.start.saturating_sub(MARGIN)..span.end + MARGIN;
    match spans.last_mut() {
        Some(last) if last.end >= wide.start => last.end = wide.end,
        Some(_) | None => spans.push(wide),
    }
}

fn without(window: &Range<Duration>, spans: &[Range<Duration>]) -> Vec<Range<Duration>> {
    let mut left = Vec::new();
    let mut from = window.start;
    for span in spans.iter().filter(|span| span.end > window.start && span.start < window.end) {
        if span.start > from {
            left.push(from..span.start);
        }
        from = span.end;
    }
    if from < window.end {
        left.push(from..window.end);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stolen_is_left_out_with_what_surrounds_it() {
        let ms = Duration::from_millis;
        let mut spans = Vec::new();
        for at in [50, 1_000, 1_050, 1_500, 3_000] {
            note(&mut spans, ms(at)..ms(at + 50));
        }
        assert_eq!(spans.len(), 4, "two of them touch");
        assert_eq!(
            without(&(ms(100)..ms(2_000)), &spans),
            [ms(200)..ms(900), ms(1_200)..ms(1_400), ms(1_650)..ms(2_000)]
        );
        assert_eq!(without(&(ms(950)..ms(1_100)), &spans), []);
        assert_eq!(without(&(ms(4_000)..ms(5_000)), &spans), [ms(4_000)..ms(5_000)]);
    }
}
