//! Loading, with policies made for the purpose.
