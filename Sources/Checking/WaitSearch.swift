internal import Serving

/// The least value of a group's Lagrangian over all waits of the second endpoint, with proof.
///
/// Every term of the Lagrangian is monotone in the wait, and the mean TTFT is concave besides. So between two waits that
/// were evaluated it lies above: the chord of the mean, plus the rising terms at the left end, plus the falling ones at
/// the right end, plus the cost of starts, a step function known exactly. Gaps in which that could still be smaller than
/// the least value found are split, the lowest first. A wait is any double in 0 ..< timeout, or never.
/// Source: derived, docs/maths/certificate.md.
struct WaitSearch {
    /// A wait and the Lagrangian there, in parts.
    struct Point {
        var wait: Double
        /// The mean TTFT's part, where its weight is ≥ 0: concave, not falling.
        var mean = 0.0
        /// The part of starts of the second endpoint, where they cost something.
        var starts = 0.0
        /// Parts that do not fall with the wait.
        var rising = 0.0
        /// Parts that do not rise with the wait.
        var falling = 0.0
        /// Where responses are handed over: how often the first and the second endpoint answer, by member.
        var firstAnswers: [Double] = []
        var secondAnswers: [Double] = []

        /// The Lagrangian; with hand-overs a lower bound of it, as points must be in time for the action.
        var value: Double { mean + starts + rising + falling }
    }

    /// The doubles between two evaluated waits.
    private struct Gap {
        var left: Point
        var right: Point
        /// The Lagrangian is at least this between them.
        var bound: Double
        /// Where the bound is taken on: a step of the starts, or the left end.
        var place: Double
        /// The two steps of the starts nearest the middle, if any.
        var steps: Range<Int>
    }

    /// What a search found.
    struct Result {
        /// The Lagrangian is at least this for every wait.
        var proven: Double
        /// The Lagrangian at `wait`: the least that was evaluated.
        var attained: Double
        /// Where it is.
        var wait: Double
    }

    let group: [LengthTimes]
    let first: Endpoint
    let weights: Weights
    private let steps: StartSteps
    private let startPrice: Double
    private let constant: Double
    private let timeout: Double
    private var hints: [LengthTimes.Hints]
    /// The losses that count, by member, with sums over the server's times where it starts at once.
    private let losses: [[(weight: Double, law: LossLaw, sums: LossLaw.Sums?)]]
    /// Decoding and hand-overs; nil where responses stay.
    private let streams: StreamBook?
    /// The weights of all else.
    private let others: Weights
    /// Pairs of times that one evaluation looks at.
    let effortOfEvaluation: Int

    /// A search.
    /// - Precondition: the group has requests.
    init(_ group: [LengthTimes], first: Endpoint, weights: Weights, streams: StreamBook? = nil) {
        self.group = group
        self.first = first
        self.weights = weights
        self.streams = streams
        var others = weights
        if streams != nil { (others.serverDecode, others.deviceDecode) = (0, 0) }
        self.others = others
        steps = StartSteps(group, first: first)
        startPrice = weights.prefill(first.other)
        constant = group.reduce(0) { sum, times in
            sum
                + times.share
                * (times.promptTokens * others.prefill(first)
                    + others.answer(first, output: times.outputTokens) + others.constant)
        }
        losses = group.map { times in
            weights.losses(times).map { ($0.weight, $0.law, first == .server ? $0.law.sums(times.server) : nil) }
        }
        timeout = group[0].timeout
        hints = Array(repeating: LengthTimes.Hints(), count: group.count)
        effortOfEvaluation = group.reduce(0) {
            $0 + $1.device.count + 2 + 2 * weights.late.count
                + weights.losses($1).count * ($1.device.count + (first == .device ? $1.server.times.count : 0))
        }
    }

    /// The last time at which the first endpoint was seen to answer; infinite where nothing is left open after it.
    ///
    /// Between it and never there is no wait to choose, since cancelled rows do not tell what it would do.
    private var lastSeen: Double {
        switch first {
        case .server:
            guard group.contains(where: { $0.server.open > 0 }) else { return .infinity }
            return group.compactMap { $0.server.times.last { $0 < timeout } }.max() ?? 0
        case .device:
            guard group.contains(where: { $0.deviceOpen > 0 }) else { return .infinity }
            return group.compactMap { $0.device.last { $0 < timeout } }.max() ?? 0
        }
    }

    /// The Lagrangian at one wait.
    private mutating func evaluate(_ wait: Double) -> Point {
        var point = Point(wait: wait, rising: constant)
        func add(_ value: Double, _ weight: Double, rises: Bool) {
            if (weight >= 0) == rises { point.rising += weight * value } else { point.falling += weight * value }
        }
        for i in group.indices {
            let times = group[i]
            let moments = times.moments(first, otherAfter: wait, &hints[i])
            let firstAnswer = others.answer(first, output: times.outputTokens)
            if streams != nil {
                point.firstAnswers.append(max(0, 1 - moments.failed - moments.secondAnswers))
                point.secondAnswers.append(moments.secondAnswers)
            }
            let mean = times.share * weights.mean * moments.mean
            if weights.mean >= 0 { point.mean += mean } else { point.falling += mean }
            let starts = times.share * times.promptTokens * startPrice * moments.secondStarted
            if startPrice >= 0 { point.starts += starts } else { point.rising += starts }
            add(
                moments.secondAnswers,
                times.share * (others.answer(first.other, output: times.outputTokens) - firstAnswer), rises: false)
            add(moments.failed, times.share * (weights.failed - firstAnswer), rises: true)
            for tail in weights.late where tail.weight != 0 {
                add(times.late(after: tail.time, first, otherAfter: wait), times.share * tail.weight, rises: true)
            }
            for (weight, law, sums) in losses[i] {
                let moments = times.losses(law, sums, first, otherAfter: wait)
                add(moments.second, times.share * weight, rises: true)
                add(moments.above, times.share * weight, rises: true)
                add(moments.below, -times.share * weight, rises: true)
            }
        }
        if let streams {
            // What changes hands between two waits costs the floor at the least.
            var changing = 0.0
            for (member, floor) in streams.floor.enumerated() {
                changing += floor >= 0 ? floor * point.firstAnswers[member] : -floor * point.secondAnswers[member]
            }
            point.rising += streams.least(from: first, point.firstAnswers) - changing
            point.falling += streams.least(from: first.other, point.secondAnswers) + changing
        }
        return point
    }

    /// How often the device answers at a wait, by member.
    private func deviceAnswers(_ point: Point) -> [Double] {
        first == .device ? point.firstAnswers : point.secondAnswers
    }

    /// The Lagrangian at a wait, hand-overs being in time for its action.
    private func exact(_ point: Point, below goal: Double) -> Double {
        guard let streams, streams.dependsOnAction, point.value < goal else { return point.value }
        let worth = deviceAnswers(point)
        let action = Action(first: first, otherAfter: point.wait)
        return point.value - streams.least(from: .device, worth) + streams.leastFromDevice(worth, under: action)
    }

    /// By how much a gap's bound grows as hand-overs from the device must be in time for some action between.
    private func gain(_ left: Point, _ right: Point) -> Double {
        guard let streams, streams.dependsOnAction else { return 0 }
        let worth = first == .device ? left.firstAnswers : right.secondAnswers
        let least = streams.leastFromDevice(worth, first: first, between: left.wait, right.wait)
        return least.map { max(0, $0 - streams.least(from: .device, worth)) } ?? 0
    }

    /// Searches all waits.
    /// - Parameters:
    ///   - seeds: Waits to begin with.
    ///   - known: A value that is reached elsewhere: what cannot be below it is of no interest.
    ///   - tolerance: The proof may be so far below the least value found.
    ///   - effort: Pairs of times that may still be looked at; reduced by those that were.
    /// - Returns: The least value found, and what is proven.
    mutating func least(seeds: [Double], known: Double, tolerance: Double, effort: inout Int) -> Result {
        let end = min(timeout.nextDown, lastSeen)
        let waits = Set(seeds.filter { $0 > 0 && $0 < end } + [0, end]).sorted()
        effort -= (waits.count + 1) * effortOfEvaluation
        let points = waits.map { evaluate($0) }
        let never = evaluate(.infinity)
        var best = Result(proven: 0, attained: exact(never, below: .infinity), wait: .infinity)
        for point in points {
            let value = exact(point, below: best.attained)
            if value < best.attained { (best.attained, best.wait) = (value, point.wait) }
        }
        var queue = Queue()
        // The least bound of the gaps that are put aside: where the proof ends.
        var aside = Double.infinity
        func consider(_ left: Point, _ right: Point) {
            guard left.wait.nextUp < right.wait else { return }
            var gap = gap(left, right)
            let goal = min(best.attained, known) - tolerance
            if gap.bound < goal { gap.bound += gain(left, right) }
            if gap.bound < goal {
                queue.insert(gap)
            } else {
                aside = min(aside, gap.bound)
            }
        }
        for (left, right) in zip(points, points.dropFirst()) { consider(left, right) }
        var turn = 0
        while let gap = queue.first, gap.bound < min(best.attained, known) - tolerance, effort > 0 {
            queue.removeFirst()
            let wait = split(gap, below: min(best.attained, known) - tolerance, turn)
            turn += 1
            effort -= effortOfEvaluation
            let point = evaluate(wait)
            let value = exact(point, below: best.attained)
            if value < best.attained { (best.attained, best.wait) = (value, wait) }
            consider(gap.left, point)
            consider(point, gap.right)
        }
        best.proven = min(best.attained, aside, queue.first?.bound ?? .infinity)
        return best
    }

    /// The bound over the doubles strictly between two evaluated waits.
    private func gap(_ left: Point, _ right: Point) -> Gap {
        let from = steps.waits.countOfLeading(near: 0) { $0 <= left.wait }
        let to = steps.waits.countOfLeading(near: from) { $0 < right.wait }
        let base = left.rising + right.falling
        let slope = max(0, right.mean - left.mean) / (right.wait - left.wait)
        var gap = Gap(left: left, right: right, bound: 0, place: left.wait, steps: from..<to)
        guard startPrice > 0 else {
            gap.bound = base + left.mean
            return gap
        }
        gap.bound = base + left.mean + startPrice * steps.tokens(from)
        // Over more steps than this, pieces of several: the mean from a piece's left end, the starts from its right one.
        let stride = max(1, (to - from) / 2_048)
        var k = from
        while k < to {
            let next = min(k + stride, to)
            let bound =
                base + left.mean + slope * (steps.waits[k] - left.wait) + startPrice * steps.tokens(next)
            if bound < gap.bound { (gap.bound, gap.place) = (bound, steps.waits[k]) }
            k = next
        }
        return gap
    }

    /// Where to split a gap.
    private func split(_ gap: Gap, below target: Double, _ turn: Int) -> Double {
        let (left, right) = (gap.left.wait, gap.right.wait)
        // What would be left of the shortfall if the monotone terms were known: then the chord is to blame.
        let monotone = gap.left.falling - gap.right.falling + gap.right.rising - gap.left.rising
        if gap.place > left && (monotone < (target - gap.bound) / 2 || gap.steps.count == 1) { return gap.place }
        if gap.steps.count > 2 {
            let middle = steps.waits[gap.steps.lowerBound + gap.steps.count / 2]
            if middle > left && middle < right { return middle }
        }
        // Few steps or none: halve the distance, and now and then the number of doubles, which ends near 0 too.
        let middle = left + (right - left) / 2
        if turn % 4 != 3, middle > left, middle < right { return middle }
        return Double(bitPattern: left.bitPattern + (right.bitPattern - left.bitPattern) / 2)
    }

    /// Gaps, the one with the lowest bound first: a binary heap.
    private struct Queue {
        private var heap: [Gap] = []

        var first: Gap? { heap.first }

        mutating func insert(_ gap: Gap) {
            heap.append(gap)
            var child = heap.count - 1
            while child > 0, heap[child].bound < heap[(child - 1) / 2].bound {
                heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        }

        mutating func removeFirst() {
            heap.swapAt(0, heap.count - 1)
            heap.removeLast()
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                    if heap[child].bound < heap[least].bound { least = child }
                }
                if least == parent { return }
                heap.swapAt(parent, least)
                parent = least
            }
        }
    }
}
