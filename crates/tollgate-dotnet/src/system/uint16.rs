//! `System.UInt16`, C#'s `ushort`.

super::integer::integer!(UINT16, "UInt16", "ushort", UInt16);
