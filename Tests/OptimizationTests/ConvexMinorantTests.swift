import Optimization
import TestSupport
import Testing

@Suite struct `Convex minorant` {
    @Test(arguments: [2, 3, 10, 100, 3_000])
    func `lies below every point, is convex and touches its vertices`(count: Int) {
        var generator = SeededGenerator(seed: count)
        var x = 0.0
        let points = (0..<count).map { _ in
            x += .random(in: 0.01...1, using: &generator)
            return (x: x, y: 1 / (1 + x) + .random(in: 0...0.2, using: &generator))
        }
        let hull = convexMinorant(count: count) { points[$0] }
        #expect(hull.first == 0 && hull.last == count - 1)
        for (a, b) in zip(hull, hull.dropFirst()) {
            let slope = (points[b].y - points[a].y) / (points[b].x - points[a].x)
            for i in a...b { #expect(points[i].y >= points[a].y + slope * (points[i].x - points[a].x) - 1e-12) }
        }
        let slopes = zip(hull, hull.dropFirst()).map { (points[$1].y - points[$0].y) / (points[$1].x - points[$0].x) }
        #expect(zip(slopes, slopes.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func `one point is its own minorant, and points on a chord are left out`() {
        #expect(convexMinorant(count: 1) { _ in (0, 0) } == [0])
        #expect(convexMinorant(count: 5) { (Double($0), Double($0)) } == [0, 4])
    }
}
