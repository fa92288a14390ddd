//! SIGHUP: the configuration is read again, and holds for those who come later.

use std::{fs, process::Command};

use level1_blocking::conformance::process::Server;
use rustix::process::Signal;

const BINARY: &str = env!("CARGO_BIN_EXE_level2-threads");

#[test]
fn a_reload_changes_what_it_can_and_tells_what_it_cannot() {
    for model in ["thread", "pool", "process"] {
        let folder = tempfile::tempdir().expect("a folder");
        let [old, new] = ["old", "new"].map(|name| {
            let root = folder.path().join(name);
            fs::create_dir(&root).expect("a folder");
            fs::write(root.join("name.txt"), name).expect("a file");
            root.display().to_string()
        });
        let file = folder.path().join("server.toml");
        let write = |text: String| fs::write(&file, text).expect("a file");
        write(format!("root = '{old}'\n"));
        let server = Server::start_with(BINARY, |command: &mut Command| {
            command.args(["--listen", "127.0.0.1:0", "--model", model, "--config"]).arg(&file);
        });
        let mut early = server.connect();
        assert_eq!(early.get("/name.txt").text(), "old", "{model}");

        write(format!("root = '{new}'\nbacklog = 7\n"));
        server.signal(Signal::HUP);
        server.diagnostic("--backlog takes effect at the next start");
        server.diagnostic("configuration read again");
        assert_eq!(server.connect().get("/name.txt").text(), "new", "{model}");
        assert_eq!(early.get("/name.txt").text(), "old", "{model}: it came before");

        write("root = 7".to_owned());
        server.signal(Signal::HUP);
        server.diagnostic("the configuration stays as it was");
        assert_eq!(server.connect().get("/name.txt").text(), "new", "{model}");
    }
}
