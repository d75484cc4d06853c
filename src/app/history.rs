//! Undo and redo over the whole document. One gesture is one step: a drag until the button is let go, a text until its field is
//! left or a second passes, a click at once.

use eframe::egui::Context;
use eframe::egui::util::undoer::Undoer;

use crate::lab::Lab;

/// A state of the document, and which opened lab it is of.
#[derive(Clone, Debug)]
struct Kept {
    lab: Lab,
    opened: u64,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.lab == other.lab
    }
}

/// The states that can be gone back to.
#[derive(Default)]
pub struct History {
    undoer: Undoer<Kept>,
    /// Counts the labs that were opened in this window.
    opened: u64,
}

/// What undo or redo came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The document.
    pub lab: Lab,
    /// Whether it is another lab than the one before, opened from elsewhere: its file is not known any more.
    pub other: bool,
}

impl History {
    fn kept(&self, lab: &Lab) -> Kept {
        Kept {
            lab: lab.clone(),
            opened: self.opened,
        }
    }

    /// Another lab was opened.
    pub fn open(&mut self) {
        self.opened += 1;
    }

    /// Looks at the document, once a frame. True while an edit is not over: a later frame has to ask again.
    pub fn feed(&mut self, ctx: &Context, lab: &Lab) -> bool {
        let dragging = ctx.input(|i| i.pointer.any_down());
        let now = ctx.input(|i| i.time);
        self.feed_at(now, dragging, ctx.egui_wants_keyboard_input(), lab)
    }

    fn feed_at(&mut self, now: f64, dragging: bool, typing: bool, lab: &Lab) -> bool {
        let kept = self.kept(lab);
        if dragging && self.undoer.has_undo(&kept) {
            return true;
        }
        // forgets what could be redone where the document changed
        self.undoer.feed_state(now, &kept);
        if !typing && !dragging {
            self.undoer.add_undo(&kept);
        }
        self.undoer.is_in_flux()
    }

    /// The document as it is becomes a step of its own, whatever is under way.
    pub fn step(&mut self, now: f64, lab: &Lab) {
        self.feed_at(now, false, false, lab);
    }

    /// Whether there is something to undo, to redo.
    pub fn can(&self, lab: &Lab) -> (bool, bool) {
        let kept = self.kept(lab);
        (self.undoer.has_undo(&kept), self.undoer.has_redo(&kept))
    }

    /// The state before this one.
    pub fn undo(&mut self, lab: &Lab) -> Option<Step> {
        let kept = self.kept(lab);
        let before = self.undoer.undo(&kept)?.clone();
        Some(self.go(before))
    }

    /// The state that was undone last.
    pub fn redo(&mut self, lab: &Lab) -> Option<Step> {
        let kept = self.kept(lab);
        let after = self.undoer.redo(&kept)?.clone();
        Some(self.go(after))
    }

    fn go(&mut self, to: Kept) -> Step {
        let other = to.opened != self.opened;
        self.opened = to.opened;
        Step { lab: to.lab, other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(seed: u64) -> Lab {
        let mut lab = Lab::default();
        lab.runs[0].experiment.seed = seed;
        lab
    }

    fn seed(step: Option<Step>) -> Option<u64> {
        step.map(|s| s.lab.runs[0].experiment.seed)
    }

    #[test]
    fn clicks_are_steps_of_their_own_and_a_drag_is_one() {
        let mut history = History::default();
        history.feed_at(0.0, false, false, &with(0));
        // two clicks within a tenth of a second
        history.feed_at(0.05, false, false, &with(1));
        history.feed_at(0.1, false, false, &with(2));
        // a drag that rests for seconds on its way
        for (now, at) in [(1.0, 3), (1.1, 4), (5.0, 4), (5.1, 5), (9.0, 6)] {
            history.feed_at(now, true, false, &with(at));
        }
        history.feed_at(9.1, false, false, &with(6));
        assert_eq!(seed(history.undo(&with(6))), Some(2));
        assert_eq!(seed(history.undo(&with(2))), Some(1));
        assert_eq!(seed(history.redo(&with(1))), Some(2));
        assert_eq!(seed(history.redo(&with(2))), Some(6));
        assert_eq!(history.can(&with(6)), (true, false));
    }

    #[test]
    fn typing_is_one_step_and_an_edit_after_undo_forgets_what_was_undone() {
        let mut history = History::default();
        history.feed_at(0.0, false, false, &with(0));
        for (now, at) in [(0.1, 1), (0.3, 12), (0.5, 123)] {
            assert!(history.feed_at(now, false, true, &with(at)));
        }
        history.feed_at(0.6, false, false, &with(123));
        assert_eq!(seed(history.undo(&with(123))), Some(0));
        assert_eq!(history.can(&with(0)), (false, true));
        history.feed_at(1.0, false, false, &with(7));
        assert_eq!(history.can(&with(7)), (true, false));
        assert_eq!(seed(history.redo(&with(7))), None);
    }

    #[test]
    fn going_back_over_an_opened_lab_is_told() {
        let mut history = History::default();
        history.feed_at(0.0, false, false, &with(0));
        history.feed_at(0.1, false, false, &with(1));
        history.open();
        history.feed_at(0.2, false, false, &with(2));
        let back = history.undo(&with(2)).unwrap();
        assert!(back.other);
        let further = history.undo(&with(1)).unwrap();
        assert!(!further.other);
        history.redo(&with(0)).unwrap();
        assert!(history.redo(&with(1)).unwrap().other);
    }
}
