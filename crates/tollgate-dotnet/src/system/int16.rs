//! `System.Int16`, C#'s `short`.

super::integer::signed!(INT16, "Int16", "short", Int16);
