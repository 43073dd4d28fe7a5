//! Sets the link options that a Node.js addon needs on Linux. Elsewhere the addon looks the functions of Node-API up by
//! itself, and links as any other library does.

use std::env;

fn main() {
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        napi_build::setup();
    }
}
