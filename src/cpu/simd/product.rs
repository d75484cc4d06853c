//! Matrix products in register tiles.

use super::{Isa, Kernel, Lanes, PAD, run};

/// What the entries of C begin with.
#[derive(Clone, Copy)]
pub enum Start<'a> {
    /// 0.
    Zero,
    /// C itself.
    Sum,
    /// One value a column.
    Bias(&'a [f32]),
}

/// C = start + A B, or C = C (A B) entry by entry (`times`), for
/// A(i, k) = `a[i a_row + k a_step]`, `[m][k]`; B `[k][n]` with rows `b_row` apart; C `[m][n]` with rows `c_row` apart.
pub struct Product<'a> {
    /// A.
    pub a: &'a [f32],
    /// From one row of A to the next.
    pub a_row: usize,
    /// From one column of A to the next.
    pub a_step: usize,
    /// B.
    pub b: &'a [f32],
    /// From one row of B to the next.
    pub b_row: usize,
    /// C.
    pub c: &'a mut [f32],
    /// From one row of C to the next.
    pub c_row: usize,
    /// Rows, columns (a multiple of [`PAD`]), summands.
    pub size: [usize; 3],
    /// What C begins with.
    pub start: Start<'a>,
    /// Multiply the product by what C held; `start` is then zero.
    pub times: bool,
}

impl Product<'_> {
    fn check(&self) {
        let [m, n, k] = self.size;
        assert!(m > 0 && n > 0 && k > 0 && n.is_multiple_of(PAD));
        assert!(self.a.len() > (m - 1) * self.a_row + (k - 1) * self.a_step);
        assert!(self.b.len() >= (k - 1) * self.b_row + n);
        assert!(self.c.len() >= (m - 1) * self.c_row + n);
        if let Start::Bias(bias) = self.start {
            assert!(bias.len() >= n);
        }
    }
}

/// Computes a [`Product`].
pub fn product(isa: Isa, p: &mut Product<'_>) {
    p.check();
    // SAFETY: checked sizes, detected instruction set
    unsafe { run(isa, p) }
}

/// Columns in tiles of four registers (of two with 16 registers), rows in tiles of six: 24 (12) sums in registers, and
/// each loaded row of B serves six rows of C.
impl Kernel for &mut Product<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let p = self;
        let mut j = 0;
        while j < p.size[1] {
            let left = (p.size[1] - j) / V::LANES;
            // SAFETY: `Product::check` covers all columns
            unsafe {
                match left {
                    5.. | 4 if V::MANY && left != 5 => {
                        rows::<V, 4>(p, j);
                        j += 4 * V::LANES;
                    }
                    3.. if V::MANY => {
                        rows::<V, 3>(p, j);
                        j += 3 * V::LANES;
                    }
                    2.. => {
                        rows::<V, 2>(p, j);
                        j += 2 * V::LANES;
                    }
                    _ => {
                        rows::<V, 1>(p, j);
                        j += V::LANES;
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn rows<V: Lanes, const N: usize>(p: &mut Product<'_>, j: usize) {
    let m = p.size[0];
    let mut i = 0;
    unsafe {
        while i + 6 <= m {
            tile::<V, 6, N>(p, i, j);
            i += 6;
        }
        match m - i {
            5 => tile::<V, 5, N>(p, i, j),
            4 => tile::<V, 4, N>(p, i, j),
            3 => tile::<V, 3, N>(p, i, j),
            2 => tile::<V, 2, N>(p, i, j),
            1 => tile::<V, 1, N>(p, i, j),
            _ => {}
        }
    }
}

/// M x N registers of C at row `i`, column `j`.
#[inline(always)]
unsafe fn tile<V: Lanes, const M: usize, const N: usize>(p: &mut Product<'_>, i: usize, j: usize) {
    // SAFETY: `Product::check` covers the largest index of every operand
    unsafe {
        let c = p.c.as_mut_ptr().add(i * p.c_row + j);
        let mut sum = [[V::splat(0.0); N]; M];
        match p.start {
            Start::Zero => {}
            Start::Sum => {
                for r in 0..M {
                    for s in 0..N {
                        sum[r][s] = V::load(c.add(r * p.c_row + s * V::LANES));
                    }
                }
            }
            Start::Bias(bias) => {
                for s in 0..N {
                    let b = V::load(bias.as_ptr().add(j + s * V::LANES));
                    for r in 0..M {
                        sum[r][s] = b;
                    }
                }
            }
        }
        let (a_row, a_step, b_row) = (p.a_row, p.a_step, p.b_row);
        let mut a = p.a.as_ptr().add(i * a_row);
        let mut b = p.b.as_ptr().add(j);
        for k in 0..p.size[2] {
            if k > 0 {
                a = a.add(a_step);
                b = b.add(b_row);
            }
            let mut bs = [V::splat(0.0); N];
            for s in 0..N {
                bs[s] = V::load(b.add(s * V::LANES));
            }
            for r in 0..M {
                let x = V::splat(*a.add(r * a_row));
                for s in 0..N {
                    sum[r][s] = x.fma(bs[s], sum[r][s]);
                }
            }
        }
        for r in 0..M {
            for s in 0..N {
                let to = c.add(r * p.c_row + s * V::LANES);
                let v = if p.times { sum[r][s].mul(V::load(to)) } else { sum[r][s] };
                v.store(to);
            }
        }
    }
}
