//! From the text of a trace to its sessions.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use sim_core::churn::{SessionTrace, TraceError};
use sim_core::time::{SimDuration, SimTime};

use super::Format;
use crate::input::{InputError, Origin, Source};

/// The latest time that is believed, in seconds: a hundred years.
const LATEST_SECONDS: f64 = 100.0 * 365.25 * 86_400.0;

/// The sessions in a text.
pub(super) fn sessions(source: &Arc<Source>, format: Format) -> Result<SessionTrace, InputError> {
    let reader = Reader { source };
    let trace = match format {
        Format::Intervals => reader.intervals(),
        Format::P2psimEvents => reader.p2psim_events(),
        Format::P2psimChurn => reader.p2psim_churn(),
        Format::Oversim => reader.oversim(),
    }?;
    if trace.hosts() == 0 {
        return Err(reader
            .error(0..source.text().len().min(1), "no host has a session in this file")
            .help("is `churn.trace.format` right?"));
    }
    Ok(trace)
}

/// A word of a line, and where it stands.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    at: usize,
}

impl Word<'_> {
    fn span(&self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }
}

/// A session whose ends were written somewhere.
struct Written {
    start: SimTime,
    end: SimTime,
    place: Range<usize>,
}

/// What is known of a host in a file of events.
struct History<'a> {
    sessions: Vec<Written>,
    /// Since when it has been up.
    up: Option<(SimTime, Word<'a>)>,
    /// Its last event.
    last: SimTime,
}

struct Reader<'a> {
    source: &'a Arc<Source>,
}

impl<'a> Reader<'a> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> InputError {
        InputError::at(&Origin::new(self.source.clone(), span), message)
    }

    /// The lines that say something, in words.
    fn lines(&self) -> impl Iterator<Item = Vec<Word<'a>>> {
        let text = self.source.text();
        let words = |line: &'a str| -> Vec<Word<'a>> {
            line.split_whitespace()
                .map(|word| Word {
                    text: word,
                    at: word.as_ptr() as usize - text.as_ptr() as usize,
                })
                .collect()
        };
        // Spreadsheets put a byte order mark in front of UTF-8.
        let lines = text.trim_start_matches('\u{feff}').lines().map(words);
        lines.filter(|words| words.first().is_some_and(|first| !first.text.starts_with('#')))
    }

    /// A time, in units of which there are so many in a second.
    fn time(&self, word: Word<'_>, per_second: f64) -> Result<SimTime, InputError> {
        let number = word.text.parse::<f64>().ok().filter(|number| number.is_finite());
        let Some(number) = number else {
            return Err(self
                .error(word.span(), "this is not a number")
                .labelled("expected a time"));
        };
        let seconds = number / per_second;
        if !(0.0..=LATEST_SECONDS).contains(&seconds) {
            let message = format!("a time of {seconds} s: expected one from 0 to 100 years");
            return Err(self.error(word.span(), message).labelled("out of range"));
        }
        Ok(SimTime::ZERO + SimDuration::from_secs_f64(seconds))
    }

    /// Adds a host, if it has a session.
    fn add(&self, trace: &mut SessionTrace, sessions: &[Written]) -> Result<(), InputError> {
        if sessions.iter().all(|session| session.start == session.end) {
            return Ok(());
        }
        let times: Vec<(SimTime, SimTime)> = sessions.iter().map(|session| (session.start, session.end)).collect();
        trace.push_host(&times).map_err(|(number, error)| {
            let session = &sessions[number];
            let seconds = |time: SimTime| time.as_secs_f64();
            let message = match error {
                TraceError::EndsBeforeItStarts => format!(
                    "the session ends at {} s, before it starts at {} s",
                    seconds(session.end),
                    seconds(session.start)
                ),
                TraceError::Overlaps => format!(
                    "the session starts at {} s, but the one before it ends at {} s only",
                    seconds(session.start),
                    seconds(sessions[number - 1].end)
                ),
            };
            self.error(session.place.clone(), message)
                .labelled("sessions of a host are listed in the order of time and do not overlap")
        })
    }

    /// Refuses a host that was named before.
    fn once(&self, hosts: &mut BTreeSet<&'a str>, host: Word<'a>) -> Result<(), InputError> {
        if hosts.insert(host.text) {
            return Ok(());
        }
        Err(self
            .error(host.span(), format!("the host {} is listed twice", host.text))
            .labelled("the second time"))
    }

    fn intervals(&self) -> Result<SessionTrace, InputError> {
        let (mut trace, mut hosts) = (SessionTrace::new(), BTreeSet::new());
        for words in self.lines() {
            self.once(&mut hosts, words[0])?;
            let end = words[words.len() - 1].span().end;
            let Some(count) = words.get(1) else {
                return Err(self
                    .error(end..end, "expected `<host> <sessions> <start> <end> …`")
                    .labelled("how many sessions?"));
            };
            let Ok(sessions) = count.text.parse::<u32>() else {
                return Err(self
                    .error(count.span(), "this is not a number of sessions")
                    .labelled("expected `<host> <sessions> <start> <end> …`"));
            };
            let times = &words[2..];
            if times.len() as u64 != 2 * u64::from(sessions) {
                let message = format!(
                    "{sessions} sessions have {} times, not {}",
                    2 * u64::from(sessions),
                    times.len()
                );
                return Err(self
                    .error(count.span(), message)
                    .labelled("does not fit what follows")
                    .help("the file may be truncated: compare its size with the original's"));
            }
            let mut written = Vec::with_capacity(sessions as usize);
            for pair in times.chunks_exact(2) {
                written.push(Written {
                    start: self.time(pair[0], 1.0)?,
                    end: self.time(pair[1], 1.0)?,
                    place: pair[0].at..pair[1].span().end,
                });
            }
            self.add(&mut trace, &written)?;
        }
        Ok(trace)
    }

    fn p2psim_churn(&self) -> Result<SessionTrace, InputError> {
        let (mut trace, mut hosts) = (SessionTrace::new(), BTreeSet::new());
        for words in self.lines() {
            self.once(&mut hosts, words[0])?;
            let alive = match words.get(1).map(|state| state.text) {
                Some("alive") => true,
                Some("dead") => false,
                _ => {
                    let place = words.get(1).unwrap_or(&words[0]).span();
                    return Err(self
                        .error(place, "expected `<host> alive` or `<host> dead`, then times")
                        .labelled("how does it begin?"));
                }
            };
            let mut changes = vec![SimTime::ZERO; usize::from(alive)];
            for word in &words[2..] {
                let time = self.time(*word, 1e3)?;
                if changes.last().is_some_and(|last| time < *last) {
                    return Err(self
                        .error(word.span(), BACKWARDS)
                        .labelled("earlier than the one before"));
                }
                changes.push(time);
            }
            let place = words[0].at..words[words.len() - 1].span().end;
            let written = changes.chunks(2).map(|session| Written {
                start: session[0],
                end: session.get(1).copied().unwrap_or(SimTime::MAX),
                place: place.clone(),
            });
            self.add(&mut trace, &written.collect::<Vec<_>>())?;
        }
        Ok(trace)
    }

    fn p2psim_events(&self) -> Result<SessionTrace, InputError> {
        let mut hosts = Hosts::default();
        for words in self.lines().filter(|words| words[0].text == "node") {
            let [_, time, host, action, ..] = words[..] else {
                let end = words[words.len() - 1].span().end;
                return Err(self
                    .error(end..end, "expected `node <time> <host> <event>`")
                    .labelled("the line ends here"));
            };
            let up = match action.text {
                "join" => true,
                "crash" | "leave" => false,
                "lookup" | "nodeevent" => continue,
                _ => {
                    return Err(self
                        .error(action.span(), "unknown event")
                        .labelled("expected join, crash, leave, lookup or nodeevent"));
                }
            };
            hosts.event(self, host, self.time(time, 1e3)?, time, up)?;
        }
        hosts.into_trace(self)
    }

    fn oversim(&self) -> Result<SessionTrace, InputError> {
        let (mut hosts, mut last) = (Hosts::default(), SimTime::ZERO);
        for words in self.lines() {
            let [time, host, command, ..] = words[..] else {
                let end = words[words.len() - 1].span().end;
                return Err(self
                    .error(end..end, "expected `<time> <host> <command>`")
                    .labelled("the line ends here"));
            };
            let now = self.time(time, 1.0)?;
            if now < last {
                return Err(self
                    .error(time.span(), BACKWARDS)
                    .labelled("earlier than the line before"));
            }
            last = now;
            match command.text {
                "JOIN" => hosts.event(self, host, now, time, true)?,
                "LEAVE" => hosts.event(self, host, now, time, false)?,
                _ => {}
            }
        }
        hosts.into_trace(self)
    }
}

const BACKWARDS: &str = "time runs back";

/// The hosts of a file of events, in the order in which they are first named.
#[derive(Default)]
struct Hosts<'a> {
    numbers: BTreeMap<&'a str, usize>,
    histories: Vec<History<'a>>,
}

impl<'a> Hosts<'a> {
    /// A host comes, or goes.
    fn event(
        &mut self,
        reader: &Reader<'a>,
        host: Word<'a>,
        now: SimTime,
        time: Word<'a>,
        up: bool,
    ) -> Result<(), InputError> {
        let number = match self.numbers.get(host.text) {
            Some(number) => *number,
            None if up => {
                self.numbers.insert(host.text, self.histories.len());
                self.histories.push(History {
                    sessions: Vec::new(),
                    up: None,
                    last: SimTime::ZERO,
                });
                self.histories.len() - 1
            }
            None => {
                return Err(reader
                    .error(host.span(), format!("the host {} leaves, but it is unknown", host.text))
                    .labelled("has never joined"));
            }
        };
        let history = &mut self.histories[number];
        if now < history.last {
            return Err(reader
                .error(time.span(), BACKWARDS)
                .labelled(format!("earlier than the last event of host {}", host.text)));
        }
        history.last = now;
        match (history.up.take(), up) {
            (None, true) => history.up = Some((now, time)),
            (Some((start, began)), false) => history.sessions.push(Written {
                start,
                end: now,
                place: began.span(),
            }),
            (Some((since, _)), true) => {
                let message = format!(
                    "the host {} joins, but it is up since {} s",
                    host.text,
                    since.as_secs_f64()
                );
                return Err(reader
                    .error(host.span(), message)
                    .labelled("sessions of a host do not overlap"));
            }
            (None, false) => {
                return Err(reader
                    .error(host.span(), format!("the host {} leaves, but it is not up", host.text))
                    .labelled("has left before"));
            }
        }
        Ok(())
    }

    fn into_trace(self, reader: &Reader<'a>) -> Result<SessionTrace, InputError> {
        let mut trace = SessionTrace::new();
        for mut history in self.histories {
            if let Some((start, began)) = history.up {
                history.sessions.push(Written {
                    start,
                    end: SimTime::MAX,
                    place: began.span(),
                });
            }
            reader.add(&mut trace, &history.sessions)?;
        }
        Ok(trace)
    }
}
