//! What may happen to a running site, made to happen to the real program: its disk is full, its database is damaged or
//! locked, too many come at once, it is asked to stop, it runs out of files. That it is killed stands in `durability`.

mod damaged;
mod descriptors;
mod disk_full;
mod locked;
mod no_file;
mod stop;
mod storm;
