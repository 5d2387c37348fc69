//! From policy text to plans.

mod element_reader;

pub use element_reader::ElementReader;
