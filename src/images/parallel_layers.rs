//! The layers of one pull: a few move at the same time and share evenly, the
//! next in line begins when one is there. After how many bytes of the pull each
//! of them is there does not depend on how fast they come, so it is found once.

use super::exact::Bytes;

/// Layers of one image that move at the same time, the container runtime's
/// default (semantics 2.4, MODEL).
pub const PARALLEL_LAYERS: usize = 3;

/// Takes `budget` bytes of the pull off what is left of each layer, in the order
/// in which they begin to move, and tells which are there then, after how many
/// bytes. Parts of a byte that cannot be shared evenly are not taken off.
pub(super) fn serve(left: &mut [Bytes], budget: Bytes, mut there: impl FnMut(usize, Bytes)) {
    let (mut moving, mut n_moving) = ([0; PARALLEL_LAYERS], 0);
    let mut next = 0;
    let mut served: Bytes = 0;
    loop {
        while n_moving < PARALLEL_LAYERS && next < left.len() {
            if left[next] > 0 {
                moving[n_moving] = next;
                n_moving += 1;
            }
            next += 1;
        }
        let Some(least) = moving[..n_moving].iter().map(|&idx| left[idx]).min() else { return };
        let each = least.min((budget - served) / n_moving as Bytes);
        for &idx in &moving[..n_moving] {
            left[idx] -= each;
        }
        served += each * n_moving as Bytes;
        if each < least {
            return;
        }
        let mut n_left = 0;
        for position in 0..n_moving {
            let idx = moving[position];
            if left[idx] == 0 {
                there(idx, served);
            } else {
                moving[n_left] = idx;
                n_left += 1;
            }
        }
        n_moving = n_left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many bytes of the pull each layer is there. One without bytes is
    /// there at once.
    fn completion_points(sizes: &[Bytes]) -> Vec<Bytes> {
        let mut points = vec![0; sizes.len()];
        serve(&mut sizes.to_vec(), Bytes::MAX, |idx, point| points[idx] = point);
        points
    }

    #[test]
    fn three_layers_share_and_the_next_begins_when_one_is_there() {
        for (sizes, points) in [
            (&[][..], &[][..]),
            (&[7], &[7]),
            (&[10, 10, 10], &[30, 30, 30]),
            // Three move till each has 10; the fourth begins beside 20 and 40 of the others.
            (&[30, 10, 50, 5], &[75, 30, 95, 45]),
            (&[0, 6, 0, 6, 0], &[0, 12, 0, 12, 0]),
            (&[9, 9, 9, 0, 3], &[27, 27, 27, 0, 30]),
        ] {
            assert_eq!(completion_points(sizes), points, "{sizes:?}");
        }
    }

    #[test]
    fn what_is_left_after_some_bytes_takes_the_rest_of_them() {
        let sizes = [300, 100, 500, 50, 0, 70];
        let points = completion_points(&sizes);
        for budget in (0..=1020).step_by(6) {
            let mut left = sizes;
            // The fifth has no bytes.
            let mut there = vec![4];
            serve(&mut left, budget, |idx, _| there.push(idx));
            there.sort_unstable();
            let by_points: Vec<usize> = (0..6).filter(|&it| points[it] <= budget).collect();
            assert_eq!(there, by_points, "{budget}");
            let rest: Bytes = left.iter().sum();
            assert!((1020 - budget..1020 - budget + 3).contains(&rest), "{budget}: {left:?}");
        }
    }
}
