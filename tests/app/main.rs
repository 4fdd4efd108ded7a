//! One test program: every promise, through the app as people and programs see it.

mod bad_input;
mod cookies;
mod cross_site;
mod every_page;
mod floors;
mod home;
mod host;
mod login;
mod logout;
mod me;
mod profile;
mod protected;
mod races;
mod sessions;
mod settings;
mod signup;
mod sockets;
mod static_files;
mod storage;
mod support;
