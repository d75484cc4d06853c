//! The optimizer's update.

use super::{Isa, Kernel, Lanes, PAD, run};
use crate::cpu::optimizer::Update;
use crate::net::OptimizerKind;

/// Buffers of one update, all as long as `params`.
pub struct Buffers<'a> {
    /// Gradient.
    pub gradient: &'a [f32],
    /// Parameters.
    pub params: &'a mut [f32],
    /// First moments.
    pub first: &'a mut [f32],
    /// Second moments.
    pub second: &'a mut [f32],
    /// Moving average.
    pub ema: &'a mut [f32],
}

/// [`Update::apply`] for lengths that are multiples of [`PAD`].
pub fn update(isa: Isa, u: &Update, b: &mut Buffers<'_>) {
    let n = b.params.len();
    assert!(n.is_multiple_of(PAD));
    assert!([b.gradient.len(), b.first.len(), b.second.len(), b.ema.len()] == [n; 4]);
    if isa == Isa::Portable || u.kind == OptimizerKind::Sgd {
        return u.apply(b.gradient, b.params, b.first, b.second, b.ema);
    }
    // SAFETY: checked sizes, detected instruction set
    unsafe { run(isa, Step(u, b)) }
}

/// Adam, with its decay or without.
struct Step<'a, 'b>(&'a Update, &'a mut Buffers<'b>);

/// The formulas of `optimizer.rs`, with the division as a product with the reciprocal.
impl Kernel for Step<'_, '_> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let Self(u, b) = self;
        let (into_gradient, shrink) = match u.kind {
            OptimizerKind::Adamw => (0.0, 1.0 - u.rate * u.decay),
            _ => (u.decay, 1.0),
        };
        for i in (0..b.params.len()).step_by(V::LANES) {
            // SAFETY: checked in `update`
            unsafe {
                let (at_p, at_m, at_v) = (
                    b.params.as_mut_ptr().add(i),
                    b.first.as_mut_ptr().add(i),
                    b.second.as_mut_ptr().add(i),
                );
                let p = V::load(at_p);
                let g = V::load(b.gradient.as_ptr().add(i));
                let g = g.mul(V::splat(u.gradient_scale));
                let g = p.fma(V::splat(into_gradient), g);
                let m = V::load(at_m).mul(V::splat(u.beta1));
                let m = g.fma(V::splat(u.one_less_beta1), m);
                let v = V::load(at_v).mul(V::splat(u.beta2));
                let v = g.mul(g).fma(V::splat(u.one_less_beta2), v);
                let below = v.sqrt().fma(V::splat(u.root_scale), V::splat(u.epsilon));
                let p = p.mul(V::splat(shrink));
                let p = m.mul(below.recip()).fma(V::splat(-u.step_size), p);
                m.store(at_m);
                v.store(at_v);
                p.store(at_p);
                if u.ema > 0.0 {
                    let at_e = b.ema.as_mut_ptr().add(i);
                    let e = V::load(at_e).mul(V::splat(u.ema));
                    p.fma(V::splat(u.one_less_ema), e).store(at_e);
                }
            }
        }
    }
}
