//! How the outstanding runs of a study are shared out to the tasks of an array.
//!
//! Which run is of which task follows from the plan, the number of the task and that of all tasks alone, so that tasks that go on at a
//! time never disagree, whatever ends meanwhile. All runs are shared out like that, also those that have ended: the outstanding ones
//! may come to lie in few tasks. After a division into ten of which one task was lost, all that is left is one task of a division into
//! five. So other divisions are tried, until one is as even for what is outstanding as the one that was wanted is for all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::sweep::{Share, StoreError, Study};

/// How long a task is to take at least, where that is known: beginning it takes Slurm some seconds.
const LENGTH: Duration = Duration::from_secs(5 * 60);
/// How many runs a core of a task has where nothing is known of how long they take.
const RUNS_A_CORE: u64 = 10;
/// How many divisions are tried at most: more than there are common divisors to be rid of.
const TRIES: usize = 256;

/// How many tasks there are to be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Wanted {
    /// The runs of the study, outstanding or not, are shared out to so many.
    Tasks(u32),
    /// Each has about so many of the outstanding runs.
    RunsPerTask(u32),
    /// Each takes some minutes.
    Minutes {
        /// How many of its runs go on at a time.
        cores: u16,
        /// How long it may take.
        limit: Option<Duration>,
    },
}

/// How the runs are shared out.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Tasks {
    /// How many there were to be.
    pub(super) wanted: u64,
    /// Into how many tasks the runs of the study are shared out, outstanding or not.
    pub(super) of: u32,
    /// Those of them that have outstanding runs, ascending.
    pub(super) numbers: Vec<u32>,
    /// The outstanding runs.
    pub(super) runs: u64,
    /// How many of them the task has that has most of them.
    pub(super) largest: u64,
    /// How many it would have if all tasks that were wanted had the same.
    pub(super) even: u64,
    /// About how long the longest of them takes, if that is known.
    pub(super) longest: Option<Duration>,
    /// About how long the runs take of the task that has most to do, one after the other, if that is known.
    pub(super) most: Option<Duration>,
}

impl Tasks {
    /// So many tasks as are wanted, but no more than `limit`.
    ///
    /// # Errors
    /// As [`Study::state`].
    pub(super) fn of(study: &Study, wanted: Wanted, limit: u32) -> Result<Self, StoreError> {
        let times = study.times();
        let outstanding = study.outstanding_places()?;
        let seconds: Vec<Option<f64>> = outstanding.iter().map(|(_, run)| times.of(run.work)).collect();
        let runs = outstanding.len() as u64;
        let all: Option<f64> = seconds.iter().copied().sum();
        let tasks = wanted.tasks(runs, all).min(study.runs());
        let most = study.runs().clamp(1, limit.max(1).into()) as u32;
        let possible = tasks.clamp(1, most.into()) as u32;
        let places: Vec<usize> = outstanding.iter().map(|(place, _)| *place).collect();
        let of = match wanted {
            Wanted::Tasks(_) => possible,
            Wanted::RunsPerTask(_) | Wanted::Minutes { .. } => division(&places, possible, most),
        };
        let mut shares: BTreeMap<u32, Option<f64>> = BTreeMap::new();
        for ((place, _), seconds) in outstanding.iter().zip(&seconds) {
            let share = shares.entry(Share::task_of(*place, of)).or_insert(Some(0.0));
            *share = share.zip(*seconds).map(|(sum, more)| sum + more);
        }
        let longest = |seconds: Vec<Option<f64>>| {
            let longest = seconds.into_iter().flatten().max_by(f64::total_cmp)?;
            Duration::try_from_secs_f64(longest).ok()
        };
        Ok(Tasks {
            wanted: tasks,
            of,
            numbers: shares.keys().copied().collect(),
            runs,
            largest: Shared::to(&places, of).largest,
            even: runs.div_ceil(possible.into()),
            most: longest(shares.into_values().collect()),
            longest: longest(seconds),
        })
    }

    /// About how long the task takes that has most to do, where so many of its runs go on at a time, if that is known.
    pub(super) fn length(&self, cores: u16) -> Option<Duration> {
        let (longest, most) = self.longest.zip(self.most)?;
        Some(longest.max(most / u32::from(cores.max(1))))
    }
}

impl Wanted {
    /// How many tasks that are for so many outstanding runs, which take so many seconds in all, if that is known.
    fn tasks(self, runs: u64, seconds: Option<f64>) -> u64 {
        match (self, seconds) {
            (Wanted::Tasks(tasks), _) => tasks.into(),
            (Wanted::RunsPerTask(each), _) => runs.div_ceil(each.into()),
            (Wanted::Minutes { cores, limit }, Some(seconds)) => {
                let length = limit.map_or(LENGTH, |limit| LENGTH.min(limit / 2));
                let tasks = seconds / (length.as_secs_f64() * f64::from(cores));
                // A core without a run would be asked for in vain.
                (tasks.ceil() as u64).min(runs.div_ceil(cores.into()))
            }
            (Wanted::Minutes { cores, .. }, None) => runs.div_ceil(RUNS_A_CORE * u64::from(cores)),
        }
    }
}

/// How runs are shared out where the study is divided into so many tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Shared {
    /// How many of them the task has that has most.
    largest: u64,
    /// How many tasks have any.
    tasks: u64,
}

impl Shared {
    /// The runs at these places, where the study is divided into so many tasks.
    fn to(places: &[usize], of: u32) -> Self {
        let mut shares = vec![0; of.max(1) as usize];
        for place in places {
            shares[Share::task_of(*place, of) as usize] += 1;
        }
        Shared {
            largest: shares.iter().copied().max().unwrap_or(0),
            tasks: shares.iter().filter(|runs| **runs > 0).count() as u64,
        }
    }
}

/// Into how many tasks a study is divided for the runs at these places, where so many tasks are wanted and so many possible at most:
/// into more than wanted, or else into fewer, where the runs would else lie together in some of them. Of all that were tried it is
/// the one whose largest task is nearest to what it would have if all had the same, and then the one with the fewest tasks.
fn division(places: &[usize], wanted: u32, most: u32) -> u32 {
    let even = (places.len() as u64).div_ceil(wanted.max(1).into());
    let more = (wanted..=most).take(TRIES);
    let fewer = (wanted.div_ceil(2)..wanted).rev().take(TRIES);
    let mut best: Option<((u64, u64), u32)> = None;
    for of in more.chain(fewer) {
        let shared = Shared::to(places, of);
        let found = (shared.largest.max(even), shared.tasks);
        if best.is_none_or(|(other, _)| found < other) {
            best = Some((found, of));
        }
        if shared.largest <= even && shared.tasks <= wanted.into() {
            break;
        }
    }
    best.map_or(wanted, |(_, of)| of)
}

/// Indices of an array as sbatch takes them, ascending: `0,3,7-9`.
pub(super) fn index_list(numbers: &[u32]) -> String {
    let mut stretches: Vec<(u32, u32)> = Vec::new();
    for number in numbers.iter().copied().collect::<BTreeSet<u32>>() {
        match stretches.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => stretches.push((number, number)),
        }
    }
    let word = |(first, last): (u32, u32)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}-{last}"),
    };
    stretches.into_iter().map(word).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_that_follow_each_other_are_a_stretch() {
        assert_eq!(index_list(&[0, 3, 7, 8, 9]), "0,3,7-9");
        assert_eq!(index_list(&[0, 1, 2]), "0-2");
        assert_eq!(index_list(&[5]), "5");
        assert_eq!(index_list(&[]), "");
    }

    #[test]
    fn what_one_lost_task_has_left_is_shared_out_evenly() {
        // All of a study: as many tasks as are wanted.
        let all: Vec<usize> = (0..100).collect();
        for wanted in [1, 7, 10, 99, 100] {
            assert_eq!(division(&all, wanted, 100), wanted);
        }
        // The fourth of ten tasks: five have two each.
        let lost: Vec<usize> = (3..100).step_by(10).collect();
        assert_eq!(Shared::to(&lost, 5), Shared { largest: 10, tasks: 1 });
        let of = division(&lost, 5, 100);
        assert_eq!(Shared::to(&lost, of), Shared { largest: 2, tasks: 5 }, "{of}");
        // Where there cannot be more tasks, fewer.
        let lost: Vec<usize> = (3..100).step_by(5).collect();
        assert_eq!(Shared::to(&lost, 5).tasks, 1);
        let of = division(&lost, 5, 5);
        assert_eq!((of, Shared::to(&lost, of)), (4, Shared { largest: 5, tasks: 4 }));
        // Some of several divisions, one after the other: those of 7 of 12, then of 5 of 18.
        let left = |place: &usize| place % 12 < 7 && place % 18 < 5;
        let left: Vec<usize> = (0..20_000).filter(left).collect();
        for wanted in [2, 3, 6, 12, 36, 100, 500] {
            let even = left.len().div_ceil(wanted) as u64;
            let shared = Shared::to(&left, division(&left, wanted as u32, 1001));
            assert!(
                shared.largest <= even,
                "{wanted}: {shared:?}, {even} each would be even"
            );
        }
    }

    #[test]
    fn a_task_takes_some_minutes() {
        let minutes = |cores, limit: Option<u64>| Wanted::Minutes {
            cores,
            limit: limit.map(Duration::from_secs),
        };
        // 6,000 runs of a second: 20 tasks of 5 minutes.
        assert_eq!(minutes(1, None).tasks(6000, Some(6000.0)), 20);
        assert_eq!(minutes(4, None).tasks(6000, Some(6000.0)), 5);
        assert_eq!(minutes(1, Some(86_400)).tasks(6000, Some(6000.0)), 20);
        // Half of a short limit.
        assert_eq!(minutes(1, Some(120)).tasks(6000, Some(6000.0)), 100);
        // Long runs: one for each core.
        assert_eq!(minutes(1, None).tasks(8, Some(8000.0)), 8);
        assert_eq!(minutes(4, None).tasks(8, Some(8000.0)), 2);
        // Hardly anything to do is one task's.
        assert_eq!(minutes(1, None).tasks(3, Some(0.1)), 1);
        // Nothing is known.
        assert_eq!(minutes(1, None).tasks(101, None), 11);
        assert_eq!(minutes(2, None).tasks(101, None), 6);
        assert_eq!(Wanted::RunsPerTask(25).tasks(101, None), 5);
        assert_eq!(Wanted::Tasks(7).tasks(101, Some(1.0)), 7);
    }
}
