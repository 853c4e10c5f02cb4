//! `peerscope sweep submit --slurm`, with commands of Slurm that write down what they are asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Twelve runs that take no time worth telling.
const SCENARIO: &str = r#"
name = "small"
seed = 1
replications = 4
run.duration = "2min"
nodes.count = 8
bring_up.bulk = {}
network.constant.delay = "20ms"
protocol.chord = {}
workload.lookups = { start = "1min", rate = "6/min" }
sweep."nodes.count" = [8, 16, 24]
"#;

/// What `scontrol show config` says, among much else.
const SCONTROL: &str = r#"
[ "$*" = "show config" ] || exit 3
echo "Configuration data as of 2026-01-01T00:00:00"
echo "MaxArraySize            = ${LARGEST:-1001}"
echo "MaxDBDMsgs              = 20004"
"#;

/// Takes jobs 17, 18 and so on, and writes down how each was submitted.
const SBATCH: &str = r#"
echo "$*" >>"$CALLS"
if [ -n "$REFUSE" ] && [ "$(wc -l <"$CALLS")" -ge "$REFUSE" ]; then
    echo "sbatch: error: $SAYS" >&2
    exit 1
fi
echo "$((16 + $(wc -l <"$CALLS")))${CLUSTER:+;$CLUSTER}"
"#;

/// Says which jobs are queued, for `--me` in the format `%F %o`.
const SQUEUE: &str = r#"
[ "$*" = "--me --noheader --format=%F %o" ] || exit 3
echo "$QUEUED"
"#;

/// A study in a folder whose name has a blank, and a Slurm.
struct Cluster {
    folder: tempfile::TempDir,
    set: Vec<(&'static str, String)>,
}

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Cluster {
    fn new(set: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for (name, text) in [("scontrol", SCONTROL), ("sbatch", SBATCH), ("squeue", SQUEUE)] {
            let path = bin.join(name);
            fs::write(&path, format!("#!/bin/sh{text}")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(folder.path().join("small.toml"), SCENARIO).unwrap();
        let cluster = Cluster {
            folder,
            set: set.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        };
        let planned = cluster.sweep(&["plan", "small.toml", "--output", "a study", "--sample", "0"]);
        assert_eq!(planned.code, Some(0), "{}", planned.err);
        cluster
    }

    fn path(&self, name: &str) -> PathBuf {
        // As the program has it, which asks where it is.
        fs::canonicalize(self.folder.path()).unwrap().join(name)
    }

    /// `peerscope sweep`, where Slurm's commands are found in this folder, before or instead of the system's.
    fn command(&self, bin: &Path, alone: bool, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_peerscope"));
        let system = std::env::var("PATH").unwrap();
        let path = match alone {
            true => bin.display().to_string(),
            false => format!("{}:{system}", bin.display()),
        };
        command.arg("sweep").args(arguments);
        self.ended(command.env("PATH", path).env("CALLS", self.path("calls")))
    }

    fn ended(&self, command: &mut Command) -> Ended {
        // Whatever job these tests may themselves be part of.
        command
            .env_remove("SLURM_CPUS_PER_TASK")
            .env_remove("SLURM_CPUS_ON_NODE");
        let output = command
            .envs(self.set.iter().cloned())
            .current_dir(self.path(""))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Ended {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    fn sweep(&self, arguments: &[&str]) -> Ended {
        self.command(&self.path("bin"), false, arguments)
    }

    /// `sweep submit` of the study.
    fn submit(&self, more: &[&str]) -> Ended {
        self.sweep(&[&["submit", "a study", "--slurm"], more].concat())
    }

    /// Runs a script that was submitted, as a task of this number.
    fn run(&self, script: &str, task: u32) -> Ended {
        let script = self.path("a study/slurm").join(script);
        self.ended(
            Command::new("bash")
                .arg(script)
                .env("SLURM_ARRAY_TASK_ID", task.to_string()),
        )
    }

    /// How `sbatch` was called.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    fn array(&self) -> String {
        fs::read_to_string(self.path("a study/slurm/array.sh")).unwrap()
    }
}

/// The text has this line.
#[track_caller]
fn has_line(text: &str, line: &str) {
    assert!(
        text.lines().any(|there| there == line),
        "{line:?} is no line of\n{text}"
    );
}

#[test]
fn a_dry_run_prints_what_would_be_submitted_and_does_nothing() {
    let cluster = Cluster::new(&[]);
    let ended = cluster.submit(&["--dry-run", "--runs-per-task", "3"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let study = cluster.path("a study");
    let study = study.display();
    let program = env!("CARGO_BIN_EXE_peerscope");
    let expected = format!(
        r#"==> {study}/slurm/array.sh <==
#!/bin/bash
# small: 12 outstanding runs in 4 tasks
#SBATCH --job-name=small
#SBATCH --array=0-3
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --output="{study}/slurm/%A_%a.log"
#SBATCH --signal=B:USR1@60
#SBATCH --requeue
#SBATCH --open-mode=append

# In place of this shell: signals go to it alone.
exec {program} sweep run '{study}' --task "$SLURM_ARRAY_TASK_ID" --tasks 4

==> {study}/slurm/merge.sh <==
#!/bin/bash
# small: the merge, once the array has ended, however it has
#SBATCH --job-name=small-merge
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --output="{study}/slurm/%j-merge.log"
#SBATCH --requeue
#SBATCH --open-mode=append

# In place of this shell: signals go to it alone.
exec {program} sweep merge '{study}'

==> commands <==
sbatch --parsable '{study}/slurm/array.sh'
sbatch --parsable --dependency=afterany:ARRAY '{study}/slurm/merge.sh'
"#
    );
    assert_eq!(ended.out, expected);
    assert!(cluster.calls().is_empty() && !cluster.path("a study/slurm").exists());
}

#[test]
fn what_is_submitted_runs_the_study_and_merges_it_once_all_has_ended() {
    let cluster = Cluster::new(&[("CLUSTER", "west")]);
    let ended = cluster.submit(&["--tasks", "5"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(
        ended
            .out
            .starts_with("job 17: 12 outstanding runs in 5 tasks\njob 18: the merge,"),
        "{}",
        ended.out
    );
    let scripts = cluster.path("a study/slurm");
    let scripts = scripts.display();
    assert_eq!(
        cluster.calls(),
        [
            format!("--parsable {scripts}/array.sh"),
            format!("--parsable --dependency=afterany:17 {scripts}/merge.sh")
        ]
    );
    // The merge of what is not there yet says so, and is to be run again.
    let ended = cluster.run("merge.sh", 0);
    assert_eq!(ended.code, Some(75), "{}", ended.err);
    for task in 0..5 {
        let ended = cluster.run("array.sh", task);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
    let ended = cluster.run("merge.sh", 0);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(cluster.path("a study/merged/lookups.csv").is_file());
    // Nothing is submitted where nothing is to be done.
    let ended = cluster.submit(&[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("nothing to submit"), "{}", ended.out);
    assert_eq!(cluster.calls().len(), 2);
}

#[test]
fn only_tasks_with_outstanding_runs_are_submitted() {
    let cluster = Cluster::new(&[]);
    for task in ["1", "4"] {
        let ended = cluster.sweep(&["run", "a study", "--task", task, "--tasks", "6", "--quiet"]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
    let ended = cluster.submit(&["--tasks", "6", "--no-merge"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(
        ended.out.starts_with("job 17: 8 outstanding runs in 4 tasks\nnext: "),
        "{}",
        ended.out
    );
    has_line(&cluster.array(), "#SBATCH --array=0,2-3,5");
    assert!(cluster.array().ends_with(" --tasks 6\n"), "{}", cluster.array());
    assert_eq!(cluster.calls().len(), 1);
}

#[test]
fn what_a_lost_task_has_left_is_shared_out_anew() {
    let cluster = Cluster::new(&[]);
    let ended = cluster.sweep(&["run", "a study", "--task", "0", "--tasks", "2", "--quiet"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let ended = cluster.submit(&["--dry-run", "--runs-per-task", "3"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    has_line(&ended.out, "# small: 6 outstanding runs in 2 tasks");
    has_line(&ended.out, "#SBATCH --array=1,3");
    assert!(ended.out.contains(" --tasks 4\n"), "{}", ended.out);
    // Whoever wants just so many is told.
    let ended = cluster.submit(&["--tasks", "2"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(
        ended
            .err
            .contains("one task has 6 of the 6 outstanding runs, 3 would be even")
            && ended.err.contains("--runs-per-task"),
        "{}",
        ended.err
    );
    has_line(&cluster.array(), "#SBATCH --array=1");
}

#[test]
fn an_array_is_no_larger_than_slurm_takes() {
    let cluster = Cluster::new(&[("LARGEST", "5")]);
    let ended = cluster.submit(&["--runs-per-task", "1"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(
        ended.err.contains("5 tasks with more runs each, not 12") && ended.err.contains("MaxArraySize"),
        "{}",
        ended.err
    );
    has_line(&cluster.array(), "#SBATCH --array=0-4");
    let cluster = Cluster::new(&[("LARGEST", "0")]);
    let ended = cluster.submit(&[]);
    assert_eq!(ended.code, Some(69), "{}", ended.err);
    assert!(
        ended.err.contains("takes no arrays of jobs (MaxArraySize is 0)"),
        "{}",
        ended.err
    );
}

#[test]
fn options_reach_slurm() {
    let cluster = Cluster::new(&[]);
    let given = [
        "--partition",
        "short",
        "--time",
        "2:00",
        "--mem",
        "4G",
        "--account",
        "a/b",
        "--cpus",
        "3",
    ];
    let more = [
        "--",
        "--constraint=avx&ssd",
        "--ntasks-per-node=1",
        "-Hqlong",
        "--comment",
        "so \"it\" is",
    ];
    let ended = cluster.submit(&[&given[..], &more].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let merge = fs::read_to_string(cluster.path("a study/slurm/merge.sh")).unwrap();
    for text in [cluster.array(), merge.clone()] {
        for line in [
            "#SBATCH --partition=short",
            "#SBATCH --time=2:00",
            "#SBATCH --mem=4G",
            "#SBATCH --account=a/b",
            r#"#SBATCH --constraint=avx&ssd --ntasks-per-node=1 -Hqlong --comment "so \"it\" is""#,
        ] {
            has_line(&text, line);
        }
    }
    has_line(&cluster.array(), "#SBATCH --cpus-per-task=3");
    has_line(&merge, "#SBATCH --cpus-per-task=1");
    // No earlier than for the last quarter of what a task has.
    has_line(&cluster.array(), "#SBATCH --signal=B:USR1@30");
    // Ten runs a core where nothing is known of how long they take.
    has_line(&cluster.array(), "#SBATCH --array=0");
}

#[test]
fn the_sample_of_the_plan_says_how_many_tasks_there_are() {
    let cluster = Cluster::new(&[]);
    // As if a run of a node for a second took a second.
    let plan: toml::Table = fs::read_to_string(cluster.path("a study/plan.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let sample = |points: &str| format!("points_sha256 = \"{points}\"\nrun = [{{ work = 100, seconds = 100.0 }}]\n");
    let write = |points: &str| fs::write(cluster.path("a study/sample.toml"), sample(points)).unwrap();
    write(plan["points_sha256"].as_str().unwrap());
    let ended = cluster.submit(&["--dry-run", "--time", "3:00:00"]);
    // 4 runs each of 960, 1920 and 2880 seconds: a task each, as all are longer than some minutes; and a quarter of three hours.
    has_line(&ended.out, "#SBATCH --array=0-11");
    has_line(&ended.out, "#SBATCH --signal=B:USR1@2700");
    let ended = cluster.submit(&["--dry-run", "--cpus", "4"]);
    has_line(&ended.out, "#SBATCH --array=0-2");
    // One of another plan says nothing.
    write("of another");
    has_line(&cluster.submit(&["--dry-run"]).out, "#SBATCH --array=0-1");
    // The command writes what it is to read.
    let planned = cluster.sweep(&["plan", "small.toml", "--output", "a study"]);
    assert_eq!(planned.code, Some(0), "{}", planned.err);
    has_line(&cluster.submit(&["--dry-run"]).out, "#SBATCH --array=0");
}

#[test]
fn a_refusal_is_told_with_what_slurm_says_and_what_to_try() {
    let cluster = Cluster::new(&[("REFUSE", "1"), ("SAYS", "invalid partition specified: nowhere")]);
    let ended = cluster.submit(&["--partition", "nowhere"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(69), ""));
    assert!(
        ended
            .err
            .contains("error: Slurm refuses: invalid partition specified: nowhere\n")
            && ended.err.contains("`sinfo`"),
        "{}",
        ended.err
    );
    // The second of the two.
    let cluster = Cluster::new(&[("REFUSE", "2"), ("SAYS", "QOSMaxSubmitJobPerUserLimit")]);
    let ended = cluster.submit(&[]);
    assert_eq!(ended.code, Some(69));
    for words in [
        "QOSMaxSubmitJobPerUserLimit",
        "--runs-per-task",
        "submitted as job 17",
        "sweep merge 'a study'",
    ] {
        assert!(ended.err.contains(words), "{words:?} is not in\n{}", ended.err);
    }
    let cluster = Cluster::new(&[]);
    fs::write(cluster.path("bin/sbatch"), "#!/bin/sh\necho welcome\n").unwrap();
    let ended = cluster.submit(&[]);
    assert_eq!(ended.code, Some(69));
    assert!(
        ended.err.contains("\"welcome\", expected the number of the job"),
        "{}",
        ended.err
    );
}

#[test]
fn a_study_that_is_queued_is_not_submitted_again() {
    let mut cluster = Cluster::new(&[]);
    let script = cluster.path("a study/slurm/array.sh");
    let queued = format!("4 /other study/slurm/array.sh\n11 {}", script.display());
    cluster.set.push(("QUEUED", queued));
    let ended = cluster.submit(&[]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(75), ""));
    assert!(
        ended.err.contains("job 11 is queued already") && ended.err.contains("`scancel 11`"),
        "{}",
        ended.err
    );
    assert!(cluster.calls().is_empty() && !script.exists());
}

#[test]
fn without_slurm_other_ways_are_named() {
    let cluster = Cluster::new(&[]);
    let nothing = cluster.path("nothing");
    let submit = ["submit", "a study", "--slurm"];
    let ended = cluster.command(&nothing, true, &submit);
    assert_eq!((ended.code, ended.out.as_str()), (Some(69), ""));
    for words in [
        "there is no Slurm here",
        "`peerscope sweep run 'a study'`",
        "`peerscope sweep commands 'a study'`",
    ] {
        assert!(ended.err.contains(words), "{words:?} is not in\n{}", ended.err);
    }
    assert!(!cluster.path("a study/slurm").exists());
    // What would be submitted elsewhere can be seen all the same.
    let ended = cluster.command(&nothing, true, &[&submit[..], &["--dry-run"]].concat());
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.err.starts_with("warning: there is no Slurm here") && ended.err.contains("1001 tasks"),
        "{}",
        ended.err
    );
    has_line(&ended.out, "#SBATCH --array=0-1");
}

#[test]
fn command_lines_that_make_no_sense_are_refused() {
    let cluster = Cluster::new(&[]);
    let without = cluster.sweep(&["submit", "a study"]);
    assert_eq!(without.code, Some(2));
    assert!(
        without.err.contains("--slurm") && without.err.contains("sweep commands"),
        "{}",
        without.err
    );
    for (arguments, words) in [
        (&["--", "--array=0-5"][..], "--tasks or --runs-per-task"),
        (&["--", "--arr=0-5"], "--arr=0-5: which tasks there are"),
        (&["--", "-a", "1-5"], "--tasks or --runs-per-task"),
        (&["--", "--qos=long", "-a1-5"], "-a1-5: which tasks there are"),
        (&["--", "-Ha1-5"], "-Ha1-5: which tasks there are"),
        (&["--", "-c4"], "--cpus, before the `--`"),
        (&["--", "-t2:00:00"], "--time, before the `--`"),
        (&["--", "-n8"], "one process"),
        (&["--", "--nodes=2"], "one process, on one node"),
        (&["--", "--signal=TERM@60"], "a signal that it knows"),
        (&["--time", "2h"], "2:00:00"),
        (&["--tasks", "2", "--runs-per-task", "3"], "cannot be used with"),
        (&["--partition", "a\nb"], "line breaks"),
    ] {
        let ended = cluster.submit(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.err);
        assert!(
            ended.err.contains(words),
            "{arguments:?}: {words:?} is not in\n{}",
            ended.err
        );
    }
    assert!(cluster.calls().is_empty());
}
