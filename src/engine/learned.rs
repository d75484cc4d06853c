//! What a network has learned, from its raw output: the only place where one becomes the other point by point (a sampler's
//! table holds the same conversion, `flow/sampler/learned`).

use crate::backend::{Backend, Fault, Slot, Weights};
use crate::cpu::train::Frozen;
use crate::flow::Point;
use crate::flow::prediction::{Output, OutputAt, Prediction};
use crate::flow::quantity::{Derivatives, Jacobian};

/// What a run's network says of `wanted` at each point, `t` one for all or one a point; data units (velocity: per unit t).
///
/// # Errors
/// The backend's.
pub(super) fn predictions(
    backend: &mut dyn Backend,
    slot: Slot,
    output: &Output,
    wanted: Prediction,
    x: &[[f32; 2]],
    t: &[f32],
) -> Result<Vec<Point>, Fault> {
    let known: Vec<OutputAt> = t.iter().map(|&t| output.to(wanted, f64::from(t))).collect();
    // one for all, or one a point
    let each = || known.iter().cycle();
    let raw = if output.is_plain() {
        backend.evaluate(slot, Weights::Sampling, x, t)?
    } else {
        let scaled: Vec<[f32; 2]> = x
            .iter()
            .zip(each())
            .map(|(x, k)| x.map(|c| (k.input * f64::from(c)) as f32))
            .collect();
        let times: Vec<f32> = known.iter().map(|k| k.time as f32).collect();
        backend.evaluate(slot, Weights::Sampling, &scaled, &times)?
    };
    Ok(raw
        .iter()
        .zip(x)
        .zip(each())
        .map(|((raw, x), k)| [0, 1].map(|c| k.x * f64::from(x[c]) + k.net * f64::from(raw[c])))
        .collect())
}

/// The learned velocity and its derivatives at each point at one flow time: the raw network's, by the chain rule.
pub(super) fn derivatives(net: &Frozen, output: &Output, points: &[[f32; 2]], t: f64) -> Vec<Derivatives> {
    if output.is_plain() {
        return net.derivatives(points, &[t as f32]);
    }
    let k = output.to(Prediction::Velocity, t);
    let slope = slope_of(output, t);
    let scaled: Vec<[f32; 2]> = points
        .iter()
        .map(|x| x.map(|c| (k.input * f64::from(c)) as f32))
        .collect();
    let raw = net.derivatives(&scaled, &[k.time as f32]);
    raw.iter()
        .zip(points)
        .map(|(raw, x)| {
            let x = x.map(f64::from);
            // d/dt of N(input x, time): by its time, and by the point that moves with `input`
            let moved = raw.jacobian.along(x.map(|c| slope.input * c));
            let of_x = |axis: usize, column: Point| {
                [0, 1].map(|c| k.net * k.input * column[c] + if c == axis { k.x } else { 0.0 })
            };
            Derivatives {
                velocity: [0, 1].map(|c| k.x * x[c] + k.net * raw.velocity[c]),
                jacobian: Jacobian {
                    by_x: of_x(0, raw.jacobian.by_x),
                    by_y: of_x(1, raw.jacobian.by_y),
                },
                by_t: [0, 1].map(|c| {
                    slope.x * x[c] + slope.net * raw.velocity[c] + k.net * (slope.time * raw.by_t[c] + moved[c])
                }),
            }
        })
        .collect()
}

/// The derivatives by t of an output's coefficients, by central differences of order 4: they are smooth closed forms, so
/// that some ten digits are left.
fn slope_of(output: &Output, t: f64) -> OutputAt {
    const STEP: f64 = 1e-4;
    let at = |k: f64| output.to(Prediction::Velocity, t + k * STEP);
    let [far, near, next, last] = [-2.0, -1.0, 1.0, 2.0].map(at);
    let of = |f: fn(&OutputAt) -> f64| (8.0 * (f(&next) - f(&near)) - (f(&last) - f(&far))) / (12.0 * STEP);
    OutputAt {
        input: of(|k| k.input),
        time: of(|k| k.time),
        x: of(|k| k.x),
        net: of(|k| k.net),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::simd::Isa;
    use crate::flow::close::assert_close;
    use crate::flow::path::{PATHS, Path};
    use crate::net::{Checkpoint, Shape};

    #[test]
    fn derivatives_through_the_output_are_those_of_differences() {
        let shape = Shape {
            hidden: vec![16, 16],
            ..Shape::default()
        };
        let net = Frozen::new(Isa::best(), &shape, &Checkpoint::initial(&shape, 3).params);
        for path in PATHS.iter().map(|e| Path::default_of(e.name).expect(e.name)) {
            let output = Output::new(path, Prediction::Noise, 1.4);
            let (x, t, h) = ([0.6_f32, -0.4], 0.5, 2e-2_f32);
            let velocity = |x: [f32; 2], t: f64| derivatives(&net, &output, &[x], t)[0].velocity;
            let difference = |a: Point, b: Point, h: f64| [0, 1].map(|c| (a[c] - b[c]) / (2.0 * h));
            let got = derivatives(&net, &output, &[x], t)[0];
            let by_x = difference(
                velocity([x[0] + h, x[1]], t),
                velocity([x[0] - h, x[1]], t),
                f64::from(h),
            );
            let by_y = difference(
                velocity([x[0], x[1] + h], t),
                velocity([x[0], x[1] - h], t),
                f64::from(h),
            );
            let dt = 1.0 / 512.0;
            let by_t = difference(velocity(x, t + dt), velocity(x, t - dt), dt);
            // f32 networks: 1e-7 / h of rounding, and h^2 times a third derivative
            let size = |v: Point| 1.0 + v[0].abs().max(v[1].abs());
            assert_close(&got.jacobian.by_x, &by_x, 1e-3 * size(by_x), &format!("{path:?} by x"));
            assert_close(&got.jacobian.by_y, &by_y, 1e-3 * size(by_y), &format!("{path:?} by y"));
            assert_close(&got.by_t, &by_t, 2e-3 * size(by_t), &format!("{path:?} by t"));
        }
    }
}
