//! Virtual machines, media and scenarios that prove perch on real kernels.
