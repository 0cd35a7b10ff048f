//! Linux behind small functions.
