//! Reading scenario files so that every complaint names the file, the line and the column, and shows the line.
//!
//! A file is parsed into a tree ([`Node`]) in which every value carries its [`Origin`]: the bytes of the file, the text
//! of a `--set` argument, or the element of a sweep axis that it comes from. The tree is a serde deserializer, so whatever serde
//! refuses - an unknown key, a wrong type, a bad unit - is reported where the innermost offending value was written.
//! What can only be judged afterwards is reported through [`Document::error_at`].

mod choice;
mod de;
mod document;
mod error;
mod gzip;
mod inside;
mod lines;
mod parse;
mod path;
mod shell;
mod source;
mod tree;

pub use document::Document;
pub use error::{Complaint, InputError};
pub(crate) use error::{alternatives, closest, list};
pub(crate) use gzip::read_unpacked;
pub(crate) use lines::{Line, Word, lines};
pub use path::KeyPath;
pub(crate) use shell::{shell_path, shell_word};
pub use source::{Origin, Source, SourceKind, read_limited};
pub use tree::{Entry, Node, Table, Value};
