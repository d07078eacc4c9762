//! What is known of protocols, products and addresses, as data. No other module of this crate names a protocol.

pub(crate) mod addresses;
pub(crate) mod changes;
pub(crate) mod classes;
pub(crate) mod coverage;
pub(crate) mod exposure;
pub(crate) mod identity;
pub(crate) mod nesting;
pub(crate) mod operations;
pub(crate) mod products;
pub(crate) mod roles;
