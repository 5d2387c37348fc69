//! `System.Int64`, C#'s `long`.

super::integer::signed!(INT64, "Int64", "long", Int64);
