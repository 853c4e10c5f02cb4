//! Commands as one types them into a shell.

use std::path::Path;

/// A text as one word of a POSIX shell (IEEE Std 1003.1-2017, section 2.2.2), in quotes where it needs them.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        // Nothing is special between apostrophes but the next apostrophe: it is written outside of them.
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A path as a word of a command.
pub(crate) fn shell_path(path: &Path) -> String {
    shell_word(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_take_them_apart() {
        assert_eq!(shell_word("a/ring-1.toml"), "a/ring-1.toml");
        assert_eq!(shell_word("title=a $b"), "'title=a $b'");
        assert_eq!(shell_word("title=it's"), r"'title=it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
