internal import Distributions
internal import Optimization
internal import Profiles
internal import Serving

/// One bucket's actions that start one endpoint at once, searched for the wait of least Lagrangian.
///
/// Every term is monotone in the wait and the mean is concave, so on an open interval between two waits already valued
/// the Lagrangian is bounded from below: the mean by its chord, each other term by its better end, and the starts also by
/// the convex minorant of their curve. Only intervals whose bound beats the best wait are cut, at a wait where a term steps.
/// Where none steps inside, the bound is exact. Source: derived, docs/maths/limits.md.
struct WaitSearch: Sendable {
    let bucket: BucketTerms
    let first: Endpoint
    let needs: BucketTerms.Needs
    /// Starts over the wait, each vertex weighted by the bucket's tokens; nil where the minorant is not at hand.
    private let curve: UsageCurve?
    /// The device's possible times in the bucket, ascending, where a step may be looked for.
    let deviceTimes: [Double]
    /// Between this and never there is no wait to choose.
    private let lastSeen: Double

    /// Waits in the order found, the timeout standing for never, and their terms: `stride` numbers a wait.
    private(set) var waits: [Double] = []
    private var at: [Double] = []
    private var before: [Double] = []
    private var after: [Double] = []
    /// Numbers of waits in ascending order.
    private var order: [Int] = []
    private let stride: Int
    /// What becomes of running responses; nil where they stay.
    var states: HandOverStates?

    /// A search that has valued both ends, 0 and never.
    init(
        _ bucket: BucketTerms, first: Endpoint, needs: BucketTerms.Needs, curve: UsageCurve?, deviceTimes: [Double],
        onlyRace: Bool, handOvers: BucketHandOvers? = nil
    ) {
        self.bucket = bucket
        self.first = first
        self.needs = needs
        self.curve = curve
        self.deviceTimes = deviceTimes
        stride = needs.terms
        lastSeen = bucket.lastSeen(first)
        states = handOvers.map { HandOverStates($0, first: first, members: bucket.range.count) }
        insert(0, at: 0)
        if onlyRace { return }
        if lastSeen > 0, lastSeen < timeout { insert(lastSeen, at: 1) }
        insert(timeout, at: order.count)
    }

    var timeout: Double { bucket.profile.timeout }

    /// How much more the sum of a loss may be off by than that of other terms.
    private static let lossRounding = 64.0

    /// Values a wait.
    private mutating func insert(_ wait: Double, at place: Int) {
        let sides = bucket.sides(startingWith: first, wait: wait, needs: needs)
        order.insert(waits.count, at: place)
        waits.append(wait)
        at += sides.at
        before += sides.before
        after += sides.after
        states?.append(sides.members)
    }

    /// The terms of a valued wait, combined.
    func combination(_ number: Int, _ row: TermRow) -> Double {
        var sum = constant(row)
        for j in 0..<stride { sum += row.coefficients[j] * at[number * stride + j] }
        return sum
    }

    /// The sum of a combination's parts without their signs: what rounding is relative to.
    func size(_ number: Int, _ row: TermRow) -> Double {
        var sum =
            abs(row.prefill) * bucket.tokenSum + abs(row.answers) * bucket.requestSum + abs(row.decode)
            * bucket.outputSum
        // Losses are sums over many knots.
        let losses = Term.firstTail + needs.tails.count
        for j in 0..<stride {
            sum += (j < losses ? 1 : Self.lossRounding) * abs(row.coefficients[j] * at[number * stride + j])
        }
        return sum
    }

    /// The part of a combination that is the same for all waits.
    func constant(_ row: TermRow) -> Double {
        row.prefill * bucket.tokenSum + row.answers * bucket.requestSum + row.decode * bucket.outputSum
    }

    /// The number of a wait, valued if it was not.
    mutating func number(of wait: Double) -> Int {
        let wait = wait < timeout ? min(wait, lastSeen) : timeout
        let place = order.partitioningIndex { waits[$0] >= wait }
        if place < order.count, waits[order[place]] == wait { return order[place] }
        insert(wait, at: place)
        return order[place]
    }

    /// The wait of least Lagrangian.
    /// - Parameters:
    ///   - row: The Lagrangian's coefficients.
    ///   - streams: The Lagrangian's prices of decoding and hand-overs, where these count.
    ///   - tolerance: How far from the least it may be.
    ///   - known: A value already reached elsewhere: intervals that do not beat it are left alone.
    /// - Returns: The number of the best wait valued, its Lagrangian, and a bound for all waits (capped at `known`).
    mutating func cheapest(_ row: TermRow, streams: StreamPrices? = nil, tolerance: Double, known: Double) -> (
        number: Int, value: Double, bound: Double
    ) {
        let offset = constant(row)
        var left: [Double] = []
        var right: [Double] = []
        left.reserveCapacity(waits.count + 16)
        right.reserveCapacity(waits.count + 16)
        var values: [Double] = []
        for number in waits.indices { values.append(price(number, row, streams, &left, &right)) }
        var (best, least) = settleLeast(&values, streams)
        // Sums of terms are not exact: differences of rounding must not be chased.
        let size = zip(left, right).reduce(0) { max($0, abs($1.0) + abs($1.1)) }
        let tolerance = max(
            tolerance, 4e-15 * (stride > Term.firstTail + needs.tails.count ? Self.lossRounding : 1) * size)
        var bound = min(least, known - offset)
        var place = 0
        while place + 1 < order.count {
            let (a, b) = (order[place], order[place + 1])
            if waits[a] >= lastSeen || waits[a].nextUp >= waits[b] {
                place += 1
                continue
            }
            let goal = min(least, known - offset) - tolerance
            var lower = left[a] + right[b]
            if lower < goal {
                let cut = cut(a, b, row, lower, countsStreams: streams.map { $0.factor > 0 } ?? false)
                lower = cut.bound
                var isWorthIt = lower < goal
                if isWorthIt, let streams {
                    let actions = (action(a), action(b))
                    lower += states?.gain(between: a, b, actions, streams) ?? 0
                    isWorthIt = lower < goal
                }
                if isWorthIt, let wait = cut.wait {
                    insert(wait, at: place + 1)
                    let number = waits.count - 1
                    values.append(price(number, row, streams, &left, &right))
                    if values[number] < least { settle(number, &values, streams) }
                    if values[number] < least { (best, least) = (number, values[number]) }
                    continue
                }
            }
            bound = min(bound, lower)
            place += 1
        }
        return (best, offset + least, offset + min(bound, least))
    }

    /// The Lagrangian at a wait, and appends what its terms tend to on the interval that begins and the one that ends there.
    @inline(__always)
    private mutating func price(
        _ number: Int, _ row: TermRow, _ streams: StreamPrices?, _ left: inout [Double], _ right: inout [Double]
    ) -> Double {
        var (value, onLeft, onRight) = streams.flatMap { states?.price(number, $0) } ?? (0, 0, 0)
        let base = number * stride
        for j in 0..<stride {
            let c = row.coefficients[j]
            value += c * at[base + j]
            // On an interval a falling term is least at its right end, a growing one at its left; with c < 0 the reverse.
            if Term.falls(j) == (c >= 0) {
                onRight += c * before[base + j]
            } else {
                onLeft += c * after[base + j]
            }
        }
        left.append(onLeft)
        right.append(onRight)
        return value
    }

    /// A closer bound for an interval, and where to cut it; no wait where it cannot be cut any more.
    private func cut(
        _ a: Int, _ b: Int, _ row: TermRow, _ quick: Double, countsStreams: Bool
    ) -> (bound: Double, wait: Double?) {
        let (from, to) = (waits[a], waits[b])
        let meanPrice = row.coefficients[Term.mean]
        let startPrice = row.coefficients[Term.start]
        var bound = quick
        var target: Double?
        if meanPrice >= 0, startPrice >= 0, let curve {
            // The mean's chord and the starts' minorant instead of their better ends.
            let (meanA, meanB) = (after[a * stride + Term.mean], before[b * stride + Term.mean])
            let slope = meanPrice * (meanB - meanA) / (to - from)
            let price = startPrice * bucket.tokenSum
            func relaxed(_ wait: Double, _ usage: Double) -> Double {
                meanPrice * meanA + slope * (wait - from) + price * usage
            }
            var least = min(relaxed(from, curve.usage(at: from)), relaxed(to, curve.usage(at: to)))
            let inner = curve.vertices(strictlyBetween: from, to)
            if !inner.isEmpty {
                let all = inner.lowerBound...inner.upperBound - 1
                let k = curve.minimizer(valueSlope: slope, price: price, within: all)
                least = min(least, relaxed(curve.positions[k], curve.usage[k]))
                // Losses have no chord that bounds them, but their rise tells where the best wait may be.
                let rise = rise(a, b, row) / (to - from)
                target =
                    curve.positions[
                        rise > 0 ? curve.minimizer(valueSlope: slope + rise, price: price, within: all) : k]
            }
            let others = quick - meanPrice * meanA - startPrice * before[b * stride + Term.start]
            bound = max(bound, least + others)
        }
        if let wait = wait(toCut: a, b, row, target, countsStreams: countsStreams) { return (bound, wait) }
        // Nothing steps inside: the infimum may still only be approached, next to an end at which something steps.
        let beside = [
            steps(b, before, row) ? to.nextDown : nil, steps(a, after, row) ? from.nextUp : nil,
        ].compactMap(\.self).first { $0 > from && $0 < to }
        return (bound, beside)
    }

    /// By how much losses grow between two waits.
    private func rise(_ a: Int, _ b: Int, _ row: TermRow) -> Double {
        (Term.firstTail + needs.tails.count..<max(stride, Term.firstTail + needs.tails.count)).reduce(0) {
            $0 + row.coefficients[$1] * (before[b * stride + $1] - after[a * stride + $1])
        }
    }

    /// Whether a term that matters differs at a wait from what it tends to on one side.
    private func steps(_ number: Int, _ side: [Double], _ row: TermRow) -> Bool {
        (number * stride..<(number + 1) * stride).contains {
            row.coefficients[$0 - number * stride] != 0 && side[$0] != at[$0]
        }
    }

    /// A wait strictly inside an interval at which a term that matters steps, near `target` where there is one.
    func wait(toCut a: Int, _ b: Int, _ row: TermRow, _ target: Double?, countsStreams: Bool) -> Double? {
        let (from, to) = (waits[a], waits[b])
        func inside(_ wait: Double) -> Double? { wait > from && wait < to ? wait : nil }
        for (k, t) in needs.tails.enumerated() where row.coefficients[Term.firstTail + k] != 0 && t > from {
            if let wait = tailStep(t, between: from, to, near: target ?? min(to, t)).flatMap(inside) { return wait }
        }
        if let wait = target.flatMap(inside) { return wait }
        if row.coefficients[Term.start] != 0, let wait = startStep(between: from, to).flatMap(inside) { return wait }
        let losses = Term.firstTail + needs.tails.count
        let whoWins =
            countsStreams || (Term.answers...Term.failedDecode).contains { row.coefficients[$0] != 0 }
            || stride > losses && [1, 2, 4, 5].contains { row.coefficients[losses + $0] != 0 }
        return whoWins ? inside(from + (to - from) / 2) : nil
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element has a property that, once true, stays true; `endIndex` if none has.
    /// - Complexity: O(log *n*).
    func partitioningIndex(where isBeyond: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
