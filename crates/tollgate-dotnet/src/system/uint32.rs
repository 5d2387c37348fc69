//! `System.UInt32`, C#'s `uint`.

super::integer::integer!(UINT32, "UInt32", "uint", UInt32);
