//! Sets the link options that a Node.js addon needs on each operating system.

fn main() {
    napi_build::setup();
}
