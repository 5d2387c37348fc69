//! `System.Int64`, C#'s `long`.

super::integer::integer!(INT64, "Int64", "long", Int64);
