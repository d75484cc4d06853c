//! However a process ends, the last good files stay: a child saves and autosaves without a pause, and is killed 200 times.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rectiflow::app::keep::writer::{Task, Writer};
use rectiflow::export::autosave::Slot;
use rectiflow::flow::random::{CounterRng, Stream};
use rectiflow::lab::{Lab, RunRecord, parse_lab};
use rectiflow::net::Checkpoint;

/// Set in the child: the folder, and the number of its first lab.
const FOLDER: &str = "RECTIFLOW_TEST_FOLDER";
const FIRST: &str = "RECTIFLOW_TEST_FIRST";
const KILLS: u64 = 200;

/// A trained lab that can be told from all others, and whose parts must fit together to pass.
fn numbered(number: u64) -> Lab {
    let mut lab = Lab::default();
    let experiment = &mut lab.runs[0].experiment;
    experiment.seed = number;
    let mut checkpoint = Checkpoint::initial(&experiment.network, number);
    checkpoint.step = number;
    lab.runs[0].record = Some(Arc::new(RunRecord {
        checkpoint,
        losses: (0..500).map(|k| (k, 1.0 / (1.0 + k as f32))).collect(),
        edits: Vec::new(),
    }));
    lab
}

/// The number of a lab, where it is whole.
fn number_of(lab: &Lab) -> u64 {
    let run = &lab.runs[0];
    let record = run.record.as_ref().expect("its parameters");
    assert_eq!(record.checkpoint.step, run.experiment.seed, "two labs in one file");
    assert_eq!(record.losses.len(), 500);
    run.experiment.seed
}

/// The child: saves and autosaves as the window does, and says what is done. Without the variable it is an empty test.
#[test]
fn a_child_saves_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let first: u64 = std::env::var(FIRST)
        .expect("its first number")
        .parse()
        .expect("a number");
    let slot = Slot::take(&folder.join("autosave")).expect("a slot");
    let writer = Writer::start(|| {});
    for number in first.. {
        let lab = Arc::new(numbered(number));
        writer.send(Task::Save {
            path: folder.join("lab.json"),
            lab: Arc::clone(&lab),
        });
        writer.send(Task::Autosave {
            file: slot.file().to_path_buf(),
            path: Some(folder.join("lab.json")),
            lab,
        });
        let mut done = 0;
        while done < 2 {
            for task in writer.done() {
                assert!(task.fault.is_none(), "{:?}", task.fault);
                done += 1;
            }
            std::thread::sleep(Duration::from_micros(100));
        }
        println!("done {number}");
        std::io::stdout().flush().expect("the parent listens");
    }
}

#[test]
fn killing_the_process_never_loses_the_last_good_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = CounterRng::new(5, Stream::Test, 0);
    let mut known = 0;
    let mut between = 0;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_child_saves_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(FIRST, (known + 1).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = child.stdout.take().unwrap();
        let latest = Arc::new(AtomicU64::new(0));
        let heard = Arc::clone(&latest);
        let (begun, begins) = std::sync::mpsc::channel();
        let listener = std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                // the test runner's own words stand before the first
                let number = line.rsplit("done ").next().and_then(|n| n.trim().parse().ok());
                if let Some(number) = number.filter(|_| line.contains("done ")) {
                    heard.store(number, Ordering::SeqCst);
                    let _ = begun.send(());
                }
            }
        });
        begins.recv_timeout(Duration::from_mins(1)).expect("the child saves");
        std::thread::sleep(Duration::from_micros(rng.below(30_000) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        listener.join().unwrap();
        let said = latest.load(Ordering::SeqCst);
        let text = std::fs::read_to_string(folder.path().join("lab.json")).unwrap();
        let lab = parse_lab(&text, Path::new("")).unwrap_or_else(|e| panic!("kill {kill}: {e}"));
        let saved = number_of(&lab);
        assert!(saved >= said, "kill {kill}: {said} was saved, the file holds {saved}");
        let left = Slot::left_behind(&folder.path().join("autosave"));
        assert_eq!(left.len(), 1, "kill {kill}");
        let autosave = left[0].read().unwrap_or_else(|e| panic!("kill {kill}: {e}"));
        let autosaved = number_of(&autosave.lab);
        assert!(
            autosaved >= said,
            "kill {kill}: {said} was autosaved, the file holds {autosaved}"
        );
        assert!(saved <= said + 1 && autosaved <= saved);
        between += u64::from(saved != autosaved);
        left[0].clear();
        known = saved.max(autosaved);
    }
    // moments within the work were among them
    assert!(between > 0, "no kill fell between a save and its autosave");
}
