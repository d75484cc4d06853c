//! The budget of a coupling, E|X1-X0|^2 = floor + bends + carried, from a few thousand particles that start where pairs do.
//! The cost of all pairs is known better than that of the few, so every part is corrected by its regression on the cost: for
//! pairs that a flow made the noise of the start points cancels, for independent ones that of the cost.

use super::measures::Budget;
use crate::flow::Point;
use crate::flow::measure::carried;

/// The budget; None where something is not finite. `cost`: over all pairs. `chords`: x1 - x0 of the pairs whose x0 the
/// trajectories (particle-major `states` at `times`) start from. `floor`: what it is, and
/// whether it is an estimate.
pub fn of(cost: f64, chords: &[Point], floor: (f64, bool), times: &[f64], states: &[Point]) -> Option<Budget> {
    let costs: Vec<f64> = chords.iter().map(|u| u[0] * u[0] + u[1] * u[1]).collect();
    let each: Vec<_> = states
        .chunks_exact(times.len().max(1))
        .map(|z| carried(times, z))
        .collect();
    if each.len() != costs.len() || each.is_empty() {
        return None;
    }
    let regressed = |part: &dyn Fn(usize) -> f64| {
        let n = costs.len() as f64;
        let mean = (0..costs.len()).map(part).sum::<f64>() / n;
        let mean_cost = costs.iter().sum::<f64>() / n;
        let (mut covariance, mut variance) = (0.0, 0.0);
        for (i, c) in costs.iter().enumerate() {
            covariance += (c - mean_cost) * (part(i) - mean);
            variance += (c - mean_cost) * (c - mean_cost);
        }
        let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
        mean + slope * (cost - mean_cost)
    };
    let (bends, moved) = (
        regressed(&|i| each[i].straightness),
        regressed(&|i| each[i].transport_cost_p2),
    );
    // before the clamps, which would turn what is not a number into 0
    if !(bends.is_finite() && moved.is_finite()) {
        return None;
    }
    let (bends, moved) = (bends.max(0.0), moved.max(0.0));
    let budget = Budget {
        coupling_cost: cost,
        floor: floor.0,
        floor_estimated: floor.1,
        bends,
        carried: moved,
    };
    let all = [budget.coupling_cost, budget.floor, budget.bends, budget.carried];
    all.iter().all(|x| x.is_finite()).then_some(budget)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts 0, ends i: the particles of a deterministic coupling, straight.
    fn lines(count: usize, bump: f64) -> (Vec<Point>, Vec<f64>, Vec<Point>) {
        let chords: Vec<Point> = (0..count).map(|i| [i as f64, 1.0]).collect();
        let times = vec![0.0, 0.5, 1.0];
        let states = chords
            .iter()
            .flat_map(|c| [[0.0, 0.0], [0.5 * c[0], 0.5 * c[1] + bump], *c])
            .collect();
        (chords, times, states)
    }

    #[test]
    fn what_pairs_of_the_flow_itself_carry_is_their_cost_whatever_the_draw() {
        let (chords, times, states) = lines(40, 0.0);
        // the cost of all pairs is another than that of these
        let budget = of(700.0, &chords, (0.0, true), &times, &states).expect("finite");
        assert!(budget.bends < 1e-9, "{budget:?}");
        assert!((budget.carried - 700.0).abs() < 1e-9, "{budget:?}");
    }

    #[test]
    fn bends_are_told_from_what_is_carried_and_a_known_floor_stays() {
        let (chords, times, states) = lines(40, 0.25);
        let cost = chords.iter().map(|c| c[0] * c[0] + c[1] * c[1]).sum::<f64>() / 40.0;
        let budget = of(cost, &chords, (3.0, false), &times, &states).expect("finite");
        // each half deviates by 0.25 / 0.5 from the chord's velocity
        assert!((budget.bends - 0.25).abs() < 1e-9, "{budget:?}");
        assert!((budget.carried - cost).abs() < 1e-9);
        assert_eq!((budget.floor, budget.floor_estimated), (3.0, false));
    }

    #[test]
    fn what_does_not_fit_is_none() {
        let (chords, times, mut states) = lines(4, 0.0);
        assert_eq!(of(1.0, &chords[..3], (0.0, true), &times, &states), None);
        assert_eq!(of(1.0, &[], (0.0, true), &times, &[]), None);
        states[5] = [f64::NAN, 0.0];
        assert_eq!(of(1.0, &chords, (0.0, true), &times, &states), None);
    }
}
