//! Real files, small ones, and what is wrong with others.
