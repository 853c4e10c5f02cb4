//! Where the command writes to. A reader that goes away is no reason to panic.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use super::json::{self, Report};
use crate::exit::Exit;
use crate::input::InputError;
use crate::registry::Registry;
use crate::scenario::Scenario;

/// The standard output and error, or what stands in for them.
pub(super) struct Terminal<'a> {
    out: Box<dyn Write + 'a>,
    err: Box<dyn Write + 'a>,
    /// Whether each of them shows colours.
    coloured: Coloured,
    /// What is written at the end in place of words on the standard output, with `--json`.
    report: Option<Report>,
}

/// Where colours are shown.
#[derive(Clone, Copy, Default)]
struct Coloured {
    out: bool,
    err: bool,
}

/// What the environment says about colours, each if it is set and not empty: `NO_COLOR` (no-color.org) wants none anywhere;
/// `CLICOLOR_FORCE` (bixense.com/clicolors) wants them everywhere, unless it is `0`.
fn colours(terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    set("NO_COLOR").is_none() && (forced || terminal)
}

impl<'a> Terminal<'a> {
    /// Those of this process, in colour where they are a terminal and the environment does not say otherwise.
    pub(super) fn standard() -> Self {
        let coloured = Coloured {
            out: colours(io::stdout().is_terminal(), |name| std::env::var_os(name)),
            err: colours(io::stderr().is_terminal(), |name| std::env::var_os(name)),
        };
        Terminal {
            out: Box::new(io::BufWriter::new(io::stdout())),
            err: Box::new(io::stderr()),
            coloured,
            report: None,
        }
    }

    pub(super) fn plain(out: &'a mut dyn Write, err: &'a mut dyn Write) -> Self {
        Terminal {
            out: Box::new(out),
            err: Box::new(err),
            coloured: Coloured::default(),
            report: None,
        }
    }

    /// From now on words go to the standard error, and the standard output gets one object in the [end](Self::finish).
    pub(super) fn for_machines(&mut self, command: Option<&'static str>) {
        self.report = Some(Report::new(command));
    }

    /// The object for machines, if that is wanted.
    pub(super) fn report(&mut self) -> Option<&mut Report> {
        self.report.as_mut()
    }

    /// Writes the object for machines, if that is wanted.
    pub(super) fn finish(&mut self, exit: Exit) -> io::Result<()> {
        match self.report.take() {
            Some(report) => self.print(&report.finish(exit)),
            None => Ok(()),
        }
    }

    /// Writes words to the standard output. Where the reader has gone away the text is not shown, and nothing else changes.
    pub(super) fn print(&mut self, text: &str) -> io::Result<()> {
        let stream = if self.report.is_some() {
            &mut self.err
        } else {
            &mut self.out
        };
        match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Writes a part of a long text to the standard output. Says whether the reader is still there.
    pub(super) fn stream(&mut self, text: &str) -> io::Result<bool> {
        match self.out.write_all(text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true),
        }
    }

    /// The end of what was [streamed](Self::stream).
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.print("")
    }

    /// Writes an error. Where there is nobody to complain to, there is nothing else to do.
    pub(super) fn complain(&mut self, message: &str) {
        let _ = writeln!(self.err, "error: {message}");
        self.tell(|| json::message(message));
    }

    /// Writes what is worth knowing and stands in nobody's way.
    pub(super) fn warn(&mut self, message: &str) {
        let _ = writeln!(self.err, "warning: {message}");
        if let Some(report) = &mut self.report {
            report.warning(message);
        }
    }

    /// Writes what is worth knowing of a scenario before it is run.
    pub(super) fn caution(&mut self, scenario: &Scenario, registry: &Registry) {
        for caution in scenario.cautions(registry) {
            self.warn(&format!("{}: {caution}", scenario.name));
        }
    }

    /// Writes what is wrong with an input, and tells the exit code.
    pub(super) fn refuse(&mut self, error: &InputError) -> Exit {
        let _ = writeln!(self.err, "{}", error.render(self.coloured.err));
        self.tell(|| json::input_error(error));
        error.exit()
    }

    fn tell(&mut self, error: impl FnOnce() -> Value) {
        if let Some(report) = &mut self.report {
            report.error(error());
        }
    }

    /// Writes what clap has to say: an error, or the help that was asked for.
    pub(super) fn usage(&mut self, error: &clap::Error) -> Exit {
        let help = error.exit_code() == 0;
        let (stream, coloured) = if help {
            (&mut self.out, self.coloured.out)
        } else {
            (&mut self.err, self.coloured.err)
        };
        let text = error.render();
        let _ = if coloured {
            write!(stream, "{}", text.ansi())
        } else {
            write!(stream, "{text}")
        };
        let _ = stream.flush();
        if help {
            return Exit::Done;
        }
        self.tell(|| json::message(text.to_string().trim_start_matches("error: ").trim_end()));
        Exit::Usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_about_colours() {
        let shown = |terminal: bool, variables: &[(&str, &str)]| {
            let variables = variables.to_vec();
            colours(terminal, move |name| {
                let found = variables.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| OsString::from(value))
            })
        };
        assert!(shown(true, &[]) && !shown(false, &[]));
        assert!(!shown(true, &[("NO_COLOR", "1")]) && shown(true, &[("NO_COLOR", "")]));
        assert!(shown(false, &[("CLICOLOR_FORCE", "1")]) && !shown(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!shown(false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    }
}
