//! What is the best that can be had: the lower left convex hull of a cloud of points.

/// The corners of the lower left convex hull of some points, by their places in the list, from left to right.
///
/// Less is better in both coordinates, as of cost and latency (Li et al. 2005). The corners are those points that no other is at
/// least as good as, and neither is any mixture of two others: they begin at the lowest of the leftmost points, end at the leftmost
/// of the lowest, and fall ever less steeply between them. Points on a side between two corners are no corners. Of equal points it
/// is the first. Coordinates must be finite.
pub fn lower_left_hull(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&left, &right| {
        let (left, right) = (points[left], points[right]);
        left.0.total_cmp(&right.0).then(left.1.total_cmp(&right.1))
    });
    // Andrew's monotone chain.
    let mut corners: Vec<usize> = Vec::new();
    for next in order {
        // Beyond the lowest point all that follows is worse, which leaves out equal points as well.
        if corners.last().is_some_and(|last| points[next].1 >= points[*last].1) {
            continue;
        }
        while let [.., before, last] = corners[..]
            && !turns_left(points[before], points[last], points[next])
        {
            corners.pop();
        }
        corners.push(next);
    }
    corners
}

/// Whether the way over three points turns left at the second.
fn turns_left(first: (f64, f64), second: (f64, f64), third: (f64, f64)) -> bool {
    (second.0 - first.0) * (third.1 - second.1) > (second.1 - first.1) * (third.0 - second.0)
}

/// How good the best is at this `x`: the height of the hull there, between two corners that of their mixture, and right of the last
/// corner that of the last. None left of the first, where nothing is that cheap.
pub fn hull_height(points: &[(f64, f64)], x: f64) -> Option<f64> {
    let corners: Vec<(f64, f64)> = lower_left_hull(points)
        .into_iter()
        .map(|corner| points[corner])
        .collect();
    let beyond = corners.partition_point(|corner| corner.0 <= x);
    let before = corners[..beyond].last()?;
    Some(match corners.get(beyond) {
        None => before.1,
        Some(next) => before.1 + (next.1 - before.1) * ((x - before.0) / (next.0 - before.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::monte_carlo::Stream;

    /// Whether `a`, `b` or a mixture of them is at least as good as `point` in both coordinates.
    fn as_good(a: (i64, i64), b: (i64, i64), point: (i64, i64)) -> bool {
        let dominates = |other: (i64, i64)| other.0 <= point.0 && other.1 <= point.1;
        let (left, right) = if a.0 <= b.0 { (a, b) } else { (b, a) };
        // The part of the right one must be large enough to be as low, and small enough to be as far left.
        let mixed = left.0 <= point.0
            && right.1 <= point.1
            && left.1 > right.1
            && (left.1 - point.1) * (right.0 - left.0) <= (point.0 - left.0) * (left.1 - right.1);
        dominates(a) || dominates(b) || mixed
    }

    /// By the definition: every point against every pair of others, in whole numbers.
    fn by_definition(points: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let mut distinct = points.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let corner = |point: &&(i64, i64)| {
            let others = || distinct.iter().filter(|other| other != point);
            !others().any(|a| others().any(|b| as_good(*a, *b, **point)))
        };
        distinct.iter().filter(corner).copied().collect()
    }

    #[test]
    fn the_hull_is_that_of_its_definition_for_clouds_with_and_without_ties() {
        for seed in 0..400 {
            let mut stream = Stream::new(seed + 1);
            let width = [4.0, 12.0, 1000.0][seed as usize % 3];
            let count = (stream.unit() * 40.0) as usize;
            let mut coordinate = || (stream.unit() * width) as i64;
            let points: Vec<(i64, i64)> = (0..count).map(|_| (coordinate(), coordinate())).collect();
            let numbers: Vec<(f64, f64)> = points.iter().map(|(x, y)| (*x as f64, *y as f64)).collect();
            let corners: Vec<(i64, i64)> = lower_left_hull(&numbers).into_iter().map(|at| points[at]).collect();
            assert_eq!(corners, by_definition(&points), "seed {seed}: {points:?}");
        }
    }

    #[test]
    fn of_equal_points_the_first_is_the_corner() {
        let points = [(2.0, 1.0), (1.0, 2.0), (1.0, 2.0), (2.0, 1.0), (1.5, 1.5)];
        assert_eq!(lower_left_hull(&points), [1, 0]);
        assert_eq!(lower_left_hull(&[]), Vec::<usize>::new());
    }

    #[test]
    fn the_height_is_that_of_the_side_at_this_place() {
        let points = [(1.0, 9.0), (2.0, 5.0), (2.0, 8.0), (6.0, 3.0), (7.0, 3.0)];
        let height = |x| hull_height(&points, x);
        assert_eq!(height(0.9), None);
        assert_eq!(height(1.0), Some(9.0));
        assert_eq!(height(1.5), Some(7.0));
        assert_eq!(height(2.0), Some(5.0));
        assert_eq!(height(4.0), Some(4.0));
        assert_eq!(height(6.0), Some(3.0));
        assert_eq!(height(100.0), Some(3.0));
    }
}
