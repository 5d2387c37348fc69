//! `System.SByte`, C#'s `sbyte`.

super::integer::integer!(SBYTE, "SByte", "sbyte", SByte);
