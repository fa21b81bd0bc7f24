/// The vertices of the greatest convex function below given points, as indices in ascending order.
///
/// First and last point are always vertices; points on a chord are left out. A coarse minorant is made of every 64th
/// point first: it lies above the true one, and points above its chords cannot be vertices, so the exact scan sees only
/// the few below.
/// Source: derived, docs/maths/dispatch.md (monotone chain; Andrew 1979).
/// - Parameters:
///   - count: Number of points, ≥ 1.
///   - point: The point of an index in 0 ..< count; x ascends strictly.
/// - Returns: Indices of the vertices, ascending.
/// - Complexity: O(*n*).
@inlinable
public func convexMinorant(count: Int, _ point: (Int) -> (x: Double, y: Double)) -> [Int] {
    precondition(count > 0, "a minorant needs a point")
    let stride = 64
    guard count > 16 * stride else { return convexChain(Array(0..<count), point) }
    var sampled = Array(Swift.stride(from: 0, to: count, by: stride))
    if sampled.last != count - 1 { sampled.append(count - 1) }
    let coarse = convexChain(sampled, point)
    var candidates: [Int] = []
    for (a, b) in zip(coarse, coarse.dropFirst()) {
        let (from, to) = (point(a), point(b))
        let slope = (to.y - from.y) / (to.x - from.x)
        candidates.append(a)
        var i = a + 1
        while i < b {
            let p = point(i)
            if p.y < from.y + slope * (p.x - from.x) { candidates.append(i) }
            i += 1
        }
    }
    candidates.append(count - 1)
    return convexChain(candidates, point)
}

/// The lower convex chain of candidate points with ascending x.
@inlinable
func convexChain(_ candidates: [Int], _ point: (Int) -> (x: Double, y: Double)) -> [Int] {
    var hull: [Int] = []
    for c in candidates {
        let new = point(c)
        while hull.count >= 2 {
            let a = point(hull[hull.count - 2])
            let b = point(hull[hull.count - 1])
            // b stays only if it lies below the chord from a to the new point.
            if (b.y - a.y) * (new.x - a.x) < (new.y - a.y) * (b.x - a.x) { break }
            hull.removeLast()
        }
        hull.append(c)
    }
    return hull
}
