//! `System.SByte`, C#'s `sbyte`.

super::integer::signed!(SBYTE, "SByte", "sbyte", SByte);
