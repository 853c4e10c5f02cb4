//! How the outstanding runs of a study are shared out to the tasks of an array.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::sweep::{Share, StoreError, Study};

/// How long a task is to take at least, where that is known: beginning it takes Slurm some seconds.
const LENGTH: Duration = Duration::from_secs(5 * 60);
/// How many runs a core of a task has where nothing is known of how long they take.
const RUNS_A_CORE: u64 = 10;

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
        let wanted = wanted.tasks(runs, all).min(study.runs());
        let of = wanted.clamp(1, limit.max(1).into()) as u32;
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
            wanted,
            of,
            numbers: shares.keys().copied().collect(),
            runs,
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
