//! A session holds the runs of a lab and trains them; single-threaded and deterministic: the same experiment and number of
//! steps give the same weights on the CPU, however the steps are sliced.
//!
//! A backend's fault never reaches the parameters: the last good checkpoint of every run is kept here, and training
//! goes on from it on a new device, then on the CPU (`Session::recover`).

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::backends;
use super::command::{BackendChoice, Command};
use super::coupling::CouplingThread;
use super::derivatives::Twin;
use super::marginals::MarginalThread;
use super::pacing::{SpeedMeter, StepPacer, Throttle};
use super::run::ActiveRun;
use super::snapshot::{BackendStatus, Notice, RunSnapshot, RunState, Snapshot, Work};
use super::stage::ActiveStage;
use super::study::{Study, StudyThread};
use super::worker::Message;
use crate::backend::{Backend, Fault, KernelCost, TrainReport};
use crate::lab::{Change, Lab, LabRun, RunId};
use crate::net::Checkpoint;

/// Parameters of experiments that were edited away, so that undo brings them back.
const PARKED: usize = 8;

/// See the module.
pub struct Session {
    pub(super) backend: Box<dyn Backend>,
    pub(super) status: BackendStatus,
    threads: Option<usize>,
    pub(super) lab: Arc<Lab>,
    pub(super) runs: Vec<ActiveRun>,
    pub(super) stages: Vec<ActiveStage>,
    pub(super) flow_time: f64,
    pub(super) measuring: Option<RunId>,
    /// Where assigned pools come in: in the window alone.
    pub(super) assigner: Option<Sender<Message>>,
    /// Where couplings are reported: in the window alone.
    pub(super) couplings: Option<CouplingThread>,
    /// Copies of runs' networks, for what the backend does not give.
    pub(super) twins: Vec<Twin>,
    /// Where stages are compared: in the window alone.
    pub(super) marginals: Option<MarginalThread>,
    /// Where studies are made: in the window alone.
    pub(super) studies: Option<StudyThread>,
    /// What the last one has found.
    pub(super) study: Arc<Study>,
    parked: Vec<ActiveRun>,
    notices: Arc<Vec<Notice>>,
    notice_count: u64,
    saved: Option<(u64, Arc<Lab>)>,
    sequence: u64,
    next_slot: u32,
    turn: usize,
    pacer: StepPacer,
    keep: Throttle,
    /// Network evaluations since the start, and their speed.
    pub(super) evaluations: u64,
    evaluating: SpeedMeter,
}

impl Session {
    /// A session without runs. `threads`: how many the CPU backend uses, None = all cores.
    ///
    /// # Errors
    /// Where a GPU was asked for and none can be used.
    pub fn new(choice: BackendChoice, threads: Option<usize>) -> Result<Self, Fault> {
        let (backend, on_gpu) = backends::open(&choice, threads)?;
        let status = BackendStatus {
            name: backend.name(),
            on_gpu,
            choice,
            adapters: Arc::default(),
        };
        Ok(Self {
            backend,
            status,
            threads,
            lab: Arc::new(Lab {
                runs: Vec::new(),
                stages: Vec::new(),
                ..Lab::default()
            }),
            runs: Vec::new(),
            stages: Vec::new(),
            flow_time: 1.0,
            measuring: None,
            assigner: None,
            couplings: None,
            twins: Vec::new(),
            marginals: None,
            studies: None,
            study: Arc::default(),
            parked: Vec::new(),
            notices: Arc::default(),
            notice_count: 0,
            saved: None,
            sequence: 0,
            next_slot: 0,
            turn: 0,
            pacer: StepPacer::default(),
            keep: Throttle::new(20, Duration::from_millis(500)),
            evaluations: 0,
            evaluating: SpeedMeter::default(),
        })
    }

    /// "cpu, 2 threads, avx512" or "gpu, …".
    pub fn backend_name(&self) -> &str {
        &self.status.name
    }

    /// Lists the adapters that could be chosen (takes some 100 ms, so not done at start).
    pub fn look_for_adapters(&mut self) {
        self.status.adapters = Arc::new(backends::adapters());
    }

    /// The lab as edited: every run is brought to its new settings at the cost that `Experiment::change_from` says.
    pub fn apply(&mut self, lab: &Arc<Lab>) {
        if !Arc::ptr_eq(lab, &self.lab) {
            self.take_lab(lab, true);
        }
    }

    /// Another lab: no run goes on from one of the lab before, whatever their ids and settings.
    pub fn begin(&mut self, lab: &Arc<Lab>) {
        let before: Vec<RunId> = self.runs.iter().map(|r| r.id).collect();
        for id in before {
            self.remove(id);
        }
        self.stages.clear();
        self.forget_marginals();
        self.take_lab(lab, false);
    }

    /// `parked`: whether a run that is new to the session may be one that was edited away.
    fn take_lab(&mut self, lab: &Arc<Lab>, parked: bool) {
        let gone: Vec<RunId> = self
            .runs
            .iter()
            .map(|r| r.id)
            .filter(|&id| lab.run(id).is_none())
            .collect();
        for id in gone {
            self.remove(id);
        }
        let mut runs = Vec::with_capacity(lab.runs.len());
        for run in &lab.runs {
            let found = self.runs.iter().position(|r| r.id == run.id);
            if let Some(at) = found {
                let mut active = self.runs.swap_remove(at);
                self.edit_run(&mut active, run);
                runs.push(active);
            } else {
                // one that comes with a record of its own is none that was here before
                let before = if parked && run.record.is_none() {
                    self.unpark(run)
                } else {
                    None
                };
                let mut active = before.unwrap_or_else(|| ActiveRun::new(run, 0, self.assigner.is_some()));
                active.id = run.id;
                active.open(run);
                active.slot = self.take_slot();
                self.load(&mut active);
                runs.push(active);
            }
        }
        self.runs = runs;
        self.show_stages(&lab.stages);
        self.lab = Arc::clone(lab);
    }

    /// A slot that no run has.
    pub(super) const fn take_slot(&mut self) -> u32 {
        self.next_slot += 1;
        self.next_slot
    }

    fn edit_run(&mut self, active: &mut ActiveRun, run: &LabRun) {
        let change = run.experiment.change_from(&active.experiment);
        if change > Change::Nothing {
            self.keep_checkpoint(active);
        }
        if change == Change::StartOver {
            let playing = active.playing || active.state() == RunState::Done;
            self.park(active.clone());
            if let Some(back) = self.unpark(run) {
                let (id, slot) = (active.id, active.slot);
                *active = ActiveRun {
                    id,
                    slot,
                    version: active.version + 1,
                    playing,
                    ..back
                };
                active.experiment = run.experiment.clone();
            } else {
                active.edit(&run.experiment);
                active.playing = playing;
            }
        } else {
            active.edit(&run.experiment);
        }
        let opened = active.open(run);
        if opened || change > Change::Nothing {
            self.load(active);
        }
    }

    fn remove(&mut self, id: RunId) {
        if let Some(at) = self.runs.iter().position(|r| r.id == id) {
            let mut run = self.runs.swap_remove(at);
            self.keep_checkpoint(&mut run);
            self.backend.forget(run.slot);
            self.park(run);
        }
    }

    fn park(&mut self, mut run: ActiveRun) {
        // nobody waits for it any more
        run.assigning = None;
        self.parked.push(run);
        if self.parked.len() > PARKED {
            self.parked.remove(0);
        }
    }

    /// A run with this experiment and origin that was edited away; of several that with its id.
    fn unpark(&mut self, run: &LabRun) -> Option<ActiveRun> {
        let fits = |p: &ActiveRun| {
            let mut same = p.experiment.clone();
            same.name.clone_from(&run.experiment.name);
            same == run.experiment && p.origin == run.origin
        };
        let own = self.parked.iter().rposition(|p| p.id == run.id && fits(p));
        let at = own.or_else(|| self.parked.iter().rposition(fits))?;
        Some(self.parked.remove(at))
    }

    /// Puts a run's job and last good parameters into the backend.
    pub(super) fn load(&mut self, run: &mut ActiveRun) {
        run.step = run.checkpoint.step;
        run.candidate = None;
        if let Err(fault) = self.backend.load(run.slot, Arc::clone(&run.job), &run.checkpoint) {
            self.recover(&fault, Some(run));
        }
    }

    /// Fetches the newest parameters of a run into its checkpoint, where they are finite.
    pub(super) fn keep_checkpoint(&mut self, run: &mut ActiveRun) {
        match self.backend.checkpoint(run.slot) {
            Ok(checkpoint) if checkpoint.is_finite() => run.checkpoint = checkpoint,
            Ok(_) => {}
            Err(fault) => self.recover(&fault, Some(run)),
        }
    }

    /// The parameters fetched here become the last good ones at the next call, if the losses they led to look well.
    fn keep_proven(&mut self, run: &mut ActiveRun) {
        if !run.looks_well() {
            run.candidate = None;
            return;
        }
        if let Some(proven) = run.candidate.take() {
            run.checkpoint = proven;
        }
        match self.backend.checkpoint(run.slot) {
            Ok(checkpoint) => run.candidate = Some(checkpoint).filter(Checkpoint::is_finite),
            Err(fault) => self.recover(&fault, Some(run)),
        }
    }

    /// The newest parameters of a run; None where there is no such run.
    pub fn checkpoint(&mut self, id: RunId) -> Option<Checkpoint> {
        let at = self.index(id)?;
        self.with_run(at, Self::keep_checkpoint);
        Some(self.runs[at].checkpoint.clone())
    }

    pub(super) fn index(&self, id: RunId) -> Option<usize> {
        self.runs.iter().position(|r| r.id == id)
    }

    /// Takes a run out, so that session and run can be borrowed side by side.
    pub(super) fn with_run<T>(&mut self, at: usize, act: impl FnOnce(&mut Self, &mut ActiveRun) -> T) -> T {
        let mut run = self.runs.remove(at);
        let out = act(self, &mut run);
        self.runs.insert(at, run);
        out
    }

    /// After a fault: the same parameters on a new device of the same kind, then on the CPU. `out` is a run that is
    /// not in the list at the moment.
    pub(super) fn recover(&mut self, fault: &Fault, out: Option<&mut ActiveRun>) {
        let mut outside = out;
        if matches!(fault, Fault::NonFinite { .. } | Fault::Solver(_)) {
            return;
        }
        if matches!(fault, Fault::Unavailable(_)) && !self.status.on_gpu {
            // nothing is wrong with the processor: these settings cannot be trained at all
            if let Some(run) = outside {
                self.give_up(run, fault);
            }
            return;
        }
        let choices = [self.status.choice.clone(), BackendChoice::Cpu];
        for choice in choices {
            let Ok((backend, on_gpu)) = backends::open(&choice, self.threads) else {
                continue;
            };
            self.backend = backend;
            self.status.name = self.backend.name();
            self.status.on_gpu = on_gpu;
            let mut well = true;
            for run in self.runs.iter_mut().chain(outside.as_deref_mut()) {
                run.step = run.checkpoint.step;
                (run.candidate, run.pairing) = (None, None);
                well &= self
                    .backend
                    .load(run.slot, Arc::clone(&run.job), &run.checkpoint)
                    .is_ok();
            }
            if well {
                self.status.choice = choice;
                let text = format!(
                    "{fault}. Training goes on from the last good parameters on {}.",
                    self.status.name
                );
                self.notice(true, text);
                return;
            }
        }
        if let Some(run) = outside {
            self.give_up(run, fault);
        }
    }

    /// Lets a run rest that no backend takes, until it is edited.
    fn give_up(&mut self, run: &mut ActiveRun, fault: &Fault) {
        if !run.faulted {
            self.notice(true, format!("{:?} cannot be trained: {fault}.", run.experiment.name));
        }
        (run.faulted, run.playing, run.steps_left) = (true, false, None);
    }

    /// Takes `steps` training steps of a run at once, whether it plays or not.
    ///
    /// # Errors
    /// The backend's fault; the run then stands at its last good checkpoint.
    pub fn train(&mut self, id: RunId, steps: u32) -> Result<TrainReport, Fault> {
        let Some(at) = self.index(id) else {
            return Ok(TrainReport::default());
        };
        self.with_run(at, |session, run| session.train_run(run, steps))
    }

    /// What each kernel of a run's training step costs; nothing where its backend has no kernels. The run stays as it is.
    ///
    /// # Errors
    /// The backend's fault.
    pub fn profile(&mut self, id: RunId, steps: u32) -> Result<Vec<KernelCost>, Fault> {
        let Some(at) = self.index(id) else {
            return Ok(Vec::new());
        };
        self.backend.profile(self.runs[at].slot, steps)
    }

    fn train_run(&mut self, run: &mut ActiveRun, steps: u32) -> Result<TrainReport, Fault> {
        match self.backend.train(run.slot, steps) {
            Ok(report) => {
                run.step = report.step;
                run.curve.extend(report.step, &report.losses);
                run.version += 1;
                run.note_losses(&report.losses);
                let rows = report.losses.len() as u64 * u64::from(run.experiment.optimizer.batch);
                run.ledger.training_forward += rows;
                self.evaluations += rows;
                run.ledger.training_backward += rows;
                let now = Instant::now();
                if self.keep.is_due(now) {
                    self.keep_proven(run);
                    self.keep.done(Instant::now(), now.elapsed());
                }
                if let Some(left) = &mut run.steps_left {
                    *left = left.saturating_sub(report.losses.len() as u32);
                    if *left == 0 {
                        run.steps_left = None;
                        run.playing = false;
                    }
                }
                Ok(report)
            }
            Err(fault) => {
                if let Fault::NonFinite { step } = fault {
                    run.faulted = true;
                    run.playing = false;
                    run.steps_left = None;
                    let text = non_finite_text(run, step);
                    // not the parameters from just before: those are finite, but most likely ruined already
                    self.load(run);
                    run.curve.truncate(run.step);
                    self.notice(true, text);
                } else {
                    self.recover(&fault, Some(run));
                }
                Err(fault)
            }
        }
    }

    /// Does a few milliseconds of training on the next run whose turn it is; false where none trains.
    pub fn advance(&mut self) -> bool {
        self.begin_assigning();
        // a fault of the pairing is told by its notice
        if self.advance_pairing().unwrap_or(true) {
            return true;
        }
        let training: Vec<usize> = (0..self.runs.len())
            .filter(|&i| self.runs[i].allowance(1) > 0)
            .collect();
        if training.is_empty() {
            return false;
        }
        self.turn = (self.turn + 1) % training.len();
        let at = training[self.turn];
        let steps = self.runs[at].allowance(self.pacer.steps());
        let began = Instant::now();
        let trained = self.with_run(at, |session, run| session.train_run(run, steps));
        let now = Instant::now();
        if trained.is_ok() {
            self.pacer.learn(steps, now - began);
            let step = self.runs[at].step;
            self.runs[at].speed.note(now, step);
        }
        true
    }

    /// Whether any run is training.
    pub fn is_training(&self) -> bool {
        self.runs.iter().any(|r| r.allowance(1) > 0)
    }

    /// Does what a command says; `Quit` is the worker's.
    pub fn command(&mut self, command: Command) {
        match command {
            Command::Apply(lab) => self.apply(&lab),
            Command::Begin(lab) => self.begin(&lab),
            Command::Play(id) => self.on_run(id, |run| {
                run.faulted = false;
                run.playing = true;
                run.speed.clear();
            }),
            Command::Pause(id) => self.on_run(id, |run| {
                run.playing = false;
                run.steps_left = None;
                run.speed.clear();
            }),
            Command::Step(id, steps) => self.on_run(id, |run| {
                run.faulted = false;
                run.playing = false;
                run.steps_left = (steps > 0).then_some(steps);
            }),
            Command::Reset(id) => {
                if let Some(at) = self.index(id) {
                    self.with_run(at, |session, run| {
                        session.keep_checkpoint(run);
                        run.reset();
                        session.load(run);
                    });
                }
            }
            Command::FlowTime(t) => {
                self.flow_time = if t.is_finite() {
                    t.clamp(0.0, 1.0)
                } else {
                    self.flow_time
                }
            }
            Command::SeekOptima(go) => self.seek_optima(go),
            Command::CompareMarginals(stages) => self.compare_marginals(stages),
            Command::Study(ask) => self.begin_study(&ask),
            Command::StopStudy => self.stop_study(),
            Command::UseBackend(choice) => self.use_backend(choice),
            Command::Collect(number) => {
                let mut lab = Lab::clone(&self.lab);
                for i in 0..self.runs.len() {
                    self.with_run(i, Self::keep_checkpoint);
                    let (id, record) = (self.runs[i].id, self.runs[i].record());
                    if let Some(run) = lab.run_mut(id) {
                        run.record = Some(Arc::new(record));
                    }
                }
                self.saved = Some((number, Arc::new(lab)));
            }
            Command::Quit => {}
        }
    }

    fn on_run(&mut self, id: RunId, act: impl FnOnce(&mut ActiveRun)) {
        if let Some(at) = self.index(id) {
            act(&mut self.runs[at]);
        }
    }

    fn use_backend(&mut self, choice: BackendChoice) {
        for i in 0..self.runs.len() {
            self.with_run(i, Self::keep_checkpoint);
        }
        match backends::open(&choice, self.threads) {
            Ok((backend, on_gpu)) => {
                self.backend = backend;
                self.status.name = self.backend.name();
                self.status.on_gpu = on_gpu;
                self.status.choice = choice;
                for i in 0..self.runs.len() {
                    self.with_run(i, Self::load);
                }
                self.pacer = StepPacer::default();
                self.notice(false, format!("Training now runs on {}.", self.status.name));
            }
            Err(fault) => self.notice(true, format!("{fault}. Training stays on {}.", self.status.name)),
        }
    }

    /// Tells the user something.
    pub(super) fn notice(&mut self, is_fault: bool, text: String) {
        self.notice_count += 1;
        let notices = Arc::make_mut(&mut self.notices);
        notices.push(Notice {
            number: self.notice_count,
            is_fault,
            text,
        });
        if notices.len() > 50 {
            notices.remove(0);
        }
    }

    /// All that is known now.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        self.sequence += 1;
        let made = Instant::now();
        self.evaluating.note(made, self.evaluations);
        let work = Work {
            evaluations_per_sec: self.evaluating.per_sec(),
            dispatches: self.runs.first().map_or(0, |run| self.backend.dispatches(run.slot)),
        };
        let runs = self
            .runs
            .iter()
            .map(|run| RunSnapshot {
                id: run.id,
                step: run.step,
                planned_steps: run.experiment.steps,
                state: run.state(),
                steps_per_sec: if run.state() == RunState::Training {
                    run.speed.per_sec()
                } else {
                    0.0
                },
                losses: Arc::new(run.curve.points().to_vec()),
                loss_by_t: Arc::clone(&run.loss_by_t),
                edits: Arc::clone(&run.edits),
                pairing: run.pair_progress(),
                measures: Arc::clone(&run.measures),
                measuring: self.measuring == Some(run.id),
            })
            .collect();
        Arc::new(Snapshot {
            sequence: self.sequence,
            made: Some(made),
            work,
            backend: self.status.clone(),
            runs,
            stages: self.stages.iter().map(|s| s.snapshot.clone()).collect(),
            marginals: self.marginal_report(),
            study: Arc::clone(&self.study),
            notices: Arc::clone(&self.notices),
            saved: self.saved.clone(),
        })
    }
}

fn non_finite_text(run: &ActiveRun, step: u64) -> String {
    let rate = run.experiment.optimizer.learning_rate;
    format!(
        "{:?}: the loss stopped being a finite number at step {step}; the last good parameters are kept. \
         The likely cause is the learning rate ({rate}): lower it or set clip_norm to 1, then press play.",
        run.experiment.name
    )
}
