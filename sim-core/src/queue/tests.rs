use super::*;
use crate::random::StreamKey;
use rand::Rng;

fn key(nanos: u64, source: u32, counter: u32) -> EventKey {
    EventKey {
        time: SimTime::from_nanos(nanos),
        source: Source(source),
        counter,
    }
}

/// Pushes and pops at random, against a sorted reference, with delays drawn by `delay`.
fn agrees_with_a_heap(seed: u64, steps: u32, mut delay: impl FnMut(u64) -> u64) {
    let mut rng = StreamKey::root(seed, 0).rng();
    let mut queue = Queue::new();
    let mut reference = BinaryHeap::new();
    let mut now = 0;
    for counter in 0..steps {
        for copy in 0..1 + rng.next_u32() % 3 {
            let due = now + delay(rng.next_u64());
            let key = key(due, rng.next_u32() % 5, 4 * counter + copy);
            queue.push(key, key);
            reference.push(Reverse(key));
        }
        let end = SimTime::from_nanos(now + delay(rng.next_u64()));
        for _ in 0..rng.next_u32() % 5 {
            let expected = reference.peek().map(|key| key.0).filter(|key| key.time < end);
            assert_eq!(
                queue.pop_before(end).map(|entry| entry.item),
                expected,
                "seed {seed}, step {counter}"
            );
            if let Some(key) = expected {
                reference.pop();
                now = key.time.as_nanos();
            }
        }
        assert_eq!(queue.len(), reference.len());
    }
    while let Some(Reverse(expected)) = reference.pop() {
        assert!(
            queue.next_time().is_some_and(|time| time <= expected.time),
            "seed {seed}"
        );
        assert_eq!(
            queue.pop_before(SimTime::MAX).map(|entry| entry.key),
            Some(expected),
            "seed {seed}"
        );
    }
    assert!(queue.pop_before(SimTime::MAX).is_none() && queue.is_empty());
}

#[test]
fn order_is_that_of_the_keys_whatever_the_delays() {
    for seed in 0..20 {
        agrees_with_a_heap(seed, 3000, |bits| bits % 3);
        agrees_with_a_heap(seed, 3000, |bits| bits % 100_000_000);
        agrees_with_a_heap(seed, 3000, |bits| 1 << (bits % 45));
        agrees_with_a_heap(seed, 3000, |bits| {
            if bits % 4 == 0 {
                3_000_000_000_000 + bits % 1000
            } else {
                bits % 50
            }
        });
    }
}

#[test]
fn a_dense_burst_and_a_sparse_tail_resize_the_slices_without_losing_anything() {
    let mut queue = Queue::new();
    let mut rng = StreamKey::root(7, 0).rng();
    let mut keys = Vec::new();
    for counter in 0..200_000 {
        let time = if counter % 2 == 0 {
            rng.next_u64() % 1_000_000
        } else {
            rng.next_u64() % (1 << 50)
        };
        keys.push(key(time, counter % 7, counter));
    }
    for key in &keys {
        queue.push(*key, ());
    }
    keys.sort_unstable();
    for expected in keys {
        assert_eq!(queue.pop_before(SimTime::MAX).map(|entry| entry.key), Some(expected));
    }
}

#[test]
fn nothing_leaves_at_or_after_the_end() {
    let mut queue = Queue::new();
    queue.push(key(10, 0, 0), 'a');
    queue.push(key(20, 0, 1), 'b');
    assert_eq!(
        queue.pop_before(SimTime::from_nanos(20)).map(|entry| entry.item),
        Some('a')
    );
    assert!(queue.pop_before(SimTime::from_nanos(20)).is_none());
    queue.push(key(15, 0, 2), 'c');
    assert_eq!(
        queue.pop_before(SimTime::from_nanos(21)).map(|entry| entry.item),
        Some('c')
    );
    assert_eq!(
        queue.pop_before(SimTime::from_nanos(21)).map(|entry| entry.item),
        Some('b')
    );
}

#[test]
fn slices_are_resized_at_the_end_of_time_too() {
    let mut queue = Queue::new();
    let mut keys: Vec<EventKey> = (0..63).map(|slice| key(slice << 21, 0, slice as u32)).collect();
    keys.push(key(u64::MAX - 1, 0, 63));
    for key in &keys {
        queue.push(*key, ());
    }
    for expected in keys {
        assert_eq!(queue.pop_before(SimTime::MAX).map(|entry| entry.key), Some(expected));
    }
}

#[test]
fn slices_become_narrow_enough_for_events_that_are_due_soon() {
    let (period, soon) = (1_000_000_000, 2_000_000);
    let mut queue = Queue::new();
    for timer in 0..10_000 {
        queue.push(key(u64::from(timer) * period / 10_000, timer, 0), true);
    }
    let mut widths = Vec::new();
    for messages in [0, 3, 3] {
        for _ in 0..400_000 {
            let Some(Entry { key: due, item }) = queue.pop_before(SimTime::MAX) else {
                panic!("timers are set again and again");
            };
            let sent = if item { messages } else { 0 };
            for message in 1..=sent {
                queue.push(
                    key(due.time.as_nanos() + soon, due.source.0, due.counter + message),
                    false,
                );
            }
            if item {
                queue.push(key(due.time.as_nanos() + period, due.source.0, due.counter + 4), true);
            }
        }
        widths.push(1_u64 << queue.width_log2);
    }
    // Timers alone are far apart; with messages, a slice ends before most of those that are sent in it arrive.
    assert!(widths[0] > 8 * soon, "{widths:?}");
    assert!(widths[1] < 2 * soon && widths[2] == widths[1], "{widths:?}");
}
