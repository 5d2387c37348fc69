//! `System.Int32`, C#'s `int`.

super::integer::integer!(INT32, "Int32", "int", Int32);
