//! hyper for Tollgate: the HTTP client port and a proxy service.
