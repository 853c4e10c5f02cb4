//! Tells the program which commit it is built from, for the manifest beside each result.
//!
//! Read from the repository's own files: no tool is needed, nothing depends on the time or the machine, and
//! outside a repository the commit is simply unknown.

use std::fs;
use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let git = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.git");
    let commit = commit(&git).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=PEERSCOPE_COMMIT={commit}");
}

/// The commit that HEAD names, directly or through a branch.
fn commit(git: &Path) -> Option<String> {
    // In a worktree, a file says where its HEAD lies, and there another says where the branches lie.
    let own = match read(git).as_deref().and_then(|text| text.strip_prefix("gitdir: ")) {
        Some(folder) => git.with_file_name(folder),
        None => git.to_owned(),
    };
    let git = read(&own.join("commondir")).map_or(own.clone(), |folder| own.join(folder));
    // Every commit is appended to this one, also where the branch is packed.
    read(&own.join("logs/HEAD"));
    let head = read(&own.join("HEAD"))?;
    let Some(branch) = head.strip_prefix("ref: ") else {
        return hexadecimal(&head);
    };
    let loose = read(&git.join(branch)).and_then(|commit| hexadecimal(&commit));
    loose.or_else(|| {
        let packed = read(&git.join("packed-refs"))?;
        let line = packed.lines().find(|line| line.ends_with(&format!(" {branch}")))?;
        hexadecimal(line.split(' ').next()?)
    })
}

/// The text of a file that a new commit may change.
fn read(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    println!("cargo:rerun-if-changed={}", file.display());
    Some(text.trim().to_owned())
}

fn hexadecimal(text: &str) -> Option<String> {
    (text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_owned())
}
