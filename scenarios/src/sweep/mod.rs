//! Studies of many runs, on one machine or on many: planned once, run in any order and by any number of processes, merged.
//!
//! All that a study is lies in its folder:
//!
//! | what | where |
//! |---|---|
//! | the plan: scenario, seed, what it was made with, and how many runs there are | `plan.toml`, `points.csv`, `scenario.toml`; never changed |
//! | the runs that ended well, a folder each | `runs/<00 to ff>/<key>-<replication>/` |
//! | the runs that broke, a file each | `broken/<00 to ff>/<key>-<replication>.toml` |
//! | what runs of the sample took, to tell how long others will | `sample.toml` |
//! | the merged tables, an ordinary folder of results | `merged/` |
//! | what is submitted to Slurm, and what its tasks print | `slurm/` |
//!
//! A run is known by its key: a digest of what its point decides, of the input files and of the seed, and by its replication. Its
//! place in the plan, or in the work of a task, is no part of it, and neither are figures and expectations. What ended well is
//! renamed into place in one step; so any process can be killed at any time, and any other can go on from the files alone.

mod estimate;
mod merge;
mod outdated;
mod plan;
mod program;
mod record;
mod store;
mod study;
mod work;

pub use estimate::{Sampled, Times, sample};
pub use merge::{MergeError, Merged, merge};
pub use outdated::{Outdated, UpToDate};
pub use plan::{Plan, PlanError};
pub use program::Program;
pub use store::{Broken, State, Store, StoreError};
pub use study::{Planned, Study};
pub use work::{Done, Share, Watcher, work};
