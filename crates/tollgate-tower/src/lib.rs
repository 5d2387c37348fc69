//! A tower Layer and Service that run Tollgate policies.
