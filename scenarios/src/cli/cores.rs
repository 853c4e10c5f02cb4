//! How many cores are this process's to use.

use std::env;
use std::thread::available_parallelism;

/// How many runs go on at a time: so many as are wanted, or one a core.
pub(super) fn threads(wanted: Option<u16>) -> usize {
    // What its affinity and its control groups allow it, not what the machine has.
    let allowed = || available_parallelism().map_or(1, usize::from);
    let set = |name: &str| env::var(name).ok();
    wanted.map_or_else(|| cores(allowed(), set), usize::from)
}

/// The cores of a task of Slurm are what was asked for it, also where nothing keeps it from taking others: of each task, or where
/// nothing was said of that, of the job on this machine.
fn cores(allowed: usize, set: impl Fn(&str) -> Option<String>) -> usize {
    let given = ["SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"]
        .into_iter()
        .find_map(|name| set(name)?.parse::<usize>().ok());
    given.map_or(allowed, |given| given.clamp(1, allowed.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_takes_the_cores_it_was_given() {
        let cores = |allowed, variables: &[(&str, &str)]| {
            cores(allowed, |name| {
                let found = variables.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(cores(8, &[]), 8);
        assert_eq!(
            cores(8, &[("SLURM_CPUS_ON_NODE", "4"), ("SLURM_CPUS_PER_TASK", "2")]),
            2
        );
        assert_eq!(cores(8, &[("SLURM_CPUS_ON_NODE", "4")]), 4);
        assert_eq!(
            cores(2, &[("SLURM_CPUS_PER_TASK", "16")]),
            2,
            "no more than it is allowed"
        );
        assert_eq!(cores(8, &[("SLURM_CPUS_PER_TASK", "many")]), 8);
    }
}
