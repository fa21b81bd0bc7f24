internal import Distributions
internal import Optimization
internal import Profiles
internal import Serving

/// The waits of the second endpoint that can be optimal, and how often each starts it.
///
/// E[min(first, w + second)] is concave in w, and the start share depends on w through P(first > w) alone, so of all
/// candidate waits (0, each time of the first endpoint, never) only vertices of the least convex minorant of that
/// survival function can be optimal, whatever the bucket and the price. "Never" is the vertex at the timeout.
/// Source: derived, docs/maths/dispatch.md.
enum WaitCurve {
    /// The curve over P(X > w), X the first endpoint's time.
    /// - Complexity: O(*n*).
    static func curve(of first: Empirical, timeout: Double) -> UsageCurve {
        let inner = first.rank(timeout.nextDown)  // candidate waits lie below the timeout
        let support = first.support
        let survival = first.survival
        return curve(count: inner + 2) { i in
            i == 0 ? (0, 1) : i <= inner ? (support[i - 1], survival[i]) : (timeout, 0)
        }
    }

    /// The curve over points of (wait, start share), the first at wait 0 and the last at the timeout.
    @inline(__always)
    static func curve(count: Int, _ point: (Int) -> (x: Double, y: Double)) -> UsageCurve {
        let vertices = convexMinorant(count: count, point).map(point)
        return UsageCurve(positions: vertices.map(\.x), usage: vertices.map(\.y))
    }

    /// The curve of `first`'s time over requests of the given lengths, each weighted by its prompt tokens.
    static func curve(of first: Endpoint, in profile: ServingProfile, range: Range<Int>) -> UsageCurve {
        curve(of: distribution(of: first, in: profile, range: range), timeout: profile.timeout)
    }

    /// The distribution of `first`'s time over requests of the given lengths, each weighted by its prompt tokens.
    static func distribution(of first: Endpoint, in profile: ServingProfile, range: Range<Int>) -> Empirical {
        if first == .server && profile.server.groups.count == 1 { return profile.server.groups[0] }
        let workload = profile.workload
        var values: [Double] = []
        var masses: [Double] = []
        func add(_ value: Double, _ mass: Double) {
            values.append(value)
            masses.append(mass)
        }
        switch first {
        case .device:
            for i in range {
                let tokens = Double(workload.lengths[i] * workload.counts[i])
                for (r, mass) in zip(profile.device.residuals, profile.device.masses) {
                    add(profile.device.seconds(promptTokens: workload.lengths[i], residual: r), tokens * mass)
                }
                add(.infinity, tokens * profile.device.failedShare)
            }
        case .server:
            var tokens = [Double](repeating: 0, count: profile.server.groups.count)
            for i in range {
                tokens[profile.server.group(of: workload.lengths[i])] += Double(
                    workload.lengths[i] * workload.counts[i])
            }
            for (group, mass) in zip(profile.server.groups, tokens) where mass > 0 {
                for k in group.support.indices { add(group.support[k], mass * group.mass(at: k)) }
                add(.infinity, mass * group.massAtInfinity)
            }
        }
        return Empirical(values: values, masses: masses, observations: 0, horizon: profile.timeout)
    }

    /// The wait of a vertex: its position, or never where it does not start the second endpoint at all.
    static func wait(_ curve: UsageCurve, _ vertex: Int) -> Double {
        curve.usage[vertex] == 0 ? .infinity : curve.positions[vertex]
    }
}
