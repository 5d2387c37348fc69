//! `System.Int16`, C#'s `short`.

super::integer::integer!(INT16, "Int16", "short", Int16);
