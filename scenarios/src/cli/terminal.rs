//! Where the command writes to. A reader that goes away is no reason to panic.

use std::io::{self, IsTerminal, Write};

use crate::exit::Exit;
use crate::input::InputError;

/// The standard output and error, or what stands in for them.
pub(super) struct Terminal<'a> {
    out: Box<dyn Write + 'a>,
    err: Box<dyn Write + 'a>,
    coloured: bool,
}

impl<'a> Terminal<'a> {
    /// Those of this process. Complaints are coloured on a terminal unless `NO_COLOR` is set (no-color.org).
    pub(super) fn standard() -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let coloured = io::stderr().is_terminal() && !no_colour;
        Terminal {
            out: Box::new(io::BufWriter::new(io::stdout())),
            err: Box::new(io::stderr()),
            coloured,
        }
    }

    pub(super) fn plain(out: &'a mut dyn Write, err: &'a mut dyn Write) -> Self {
        Terminal {
            out: Box::new(out),
            err: Box::new(err),
            coloured: false,
        }
    }

    /// Writes to the standard output. Where the reader has gone away the text is not shown, and nothing else changes.
    pub(super) fn print(&mut self, text: &str) -> io::Result<()> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
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
    }

    /// Writes what is worth knowing and stands in nobody's way.
    pub(super) fn warn(&mut self, message: &str) {
        let _ = writeln!(self.err, "warning: {message}");
    }

    /// Writes what is wrong with an input, and tells the exit code.
    pub(super) fn refuse(&mut self, error: &InputError) -> Exit {
        let _ = writeln!(self.err, "{}", error.render(self.coloured));
        error.exit()
    }

    /// Writes what clap has to say: an error, or the help that was asked for.
    pub(super) fn usage(&mut self, error: &clap::Error) -> Exit {
        let help = error.exit_code() == 0;
        let stream = if help { &mut self.out } else { &mut self.err };
        let text = error.render();
        let _ = if self.coloured {
            write!(stream, "{}", text.ansi())
        } else {
            write!(stream, "{text}")
        };
        if help { Exit::Done } else { Exit::Usage }
    }
}
