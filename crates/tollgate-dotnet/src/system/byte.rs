//! `System.Byte`, C#'s `byte`.

super::integer::integer!(BYTE, "Byte", "byte", Byte);
