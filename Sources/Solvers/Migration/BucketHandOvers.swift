internal import Profiles
internal import Serving

/// Where running responses of one bucket may be handed over, and what that makes of decoding them.
///
/// *Members* are the bucket's prompt lengths. How often the source answers each is given with every question, since that
/// depends on the waits. Points are in time under the unconditioned rule, which for the server as target is the most that
/// any action allows: it is no sooner after it was beaten. Source: derived, docs/maths/migration.md.
final class BucketHandOvers: Sendable {
    let problem: MigrationProblem
    /// Requests of known answer, whose hand-overs must be in time.
    let requests: BucketRequests
    /// For each of `requests.lengths` its member.
    let members: [Int]
    /// All answers, ascending in their output.
    private let answers: [Answer]
    /// Distinct prompt lengths in tokens.
    private let prompts: [Double]
    /// Output tokens a request, by member.
    private let outputs: [Double]
    /// Points from which a response may move, ascending; empty where it never does.
    private let fromServer: [Int]
    private let fromDevice: [Int]
    /// Whether the points from the device depend on the action.
    let dependsOnAction: Bool
    /// Whether all lengths, with whatever is generated, have one distribution of server times.
    let isOneGroup: Bool

    /// Answers alike in both lengths.
    private struct Answer {
        let output: Int
        let member: Int
        /// Of all requests, in all buckets.
        let share: Double
    }

    /// The hand-overs of a bucket; nil where none can ever save at non-negative multiples of any of `prices`.
    init?(
        _ problem: MigrationProblem, bucket: BucketTerms, answers all: AnswerLengths, requests: BucketRequests,
        prices: [DecodePrices]
    ) {
        guard !requests.ends.isEmpty else { return nil }
        let profile = problem.profile
        self.problem = problem
        self.requests = requests
        prompts = bucket.range.map { Double(profile.workload.lengths[$0]) }
        outputs = bucket.outputs
        let place = Dictionary(
            uniqueKeysWithValues: bucket.range.enumerated().map { (profile.workload.lengths[$1], $0) })
        members = requests.lengths.map { place[$0] ?? 0 }
        var answers: [Answer] = []
        for (member, index) in bucket.range.enumerated() {
            for k in all.range(ofLength: index) {
                answers.append(
                    Answer(output: all.outputs[k], member: member, share: bucket.requests[member] * all.shares[k]))
            }
        }
        answers.sort { ($0.output, $0.member) < ($1.output, $1.member) }
        self.answers = answers
        isOneGroup = profile.server.groups.count == 1 && profile.server.formula == nil
        dependsOnAction = profile.server.formula == nil
        var ends: [Int] = []
        for answer in answers where answer.output > (ends.last ?? 0) { ends.append(answer.output) }
        func points(from source: Endpoint, _ times: some TargetTimes) -> [Int] {
            let sides = prices.map { $0.side(from: source) }
            guard sides.contains(where: { !$0.neverSaves }), problem.obstacle(from: source) == nil else { return [] }
            var clock = problem.clock(from: source, requests, times)
            return clock.points(between: ends, withLast: sides.contains { !$0.favoursEarly })
        }
        fromServer = points(from: .server, DeviceTimes(profile, shortest: requests.lengths[0]))
        fromDevice =
            dependsOnAction
            ? points(from: .device, LeastServerTimes(profile)) : points(from: .device, ServerTimes(profile))
        if fromServer.isEmpty, fromDevice.isEmpty { return nil }
    }

    /// The points from which responses of `source` may move.
    func points(from source: Endpoint) -> [Int] { source == .server ? fromServer : fromDevice }

    /// A point (nil for never), and what decoding then costs.
    struct Best {
        var point: Int?
        var value: Double
    }

    /// The cheapest point.
    /// - Parameters:
    ///   - source: Who streams.
    ///   - side: What tokens cost.
    ///   - worth: How often `source` answers each member.
    /// - Returns: The point and the cost, over all requests.
    /// - Complexity: O(answers + points).
    func cheapest(from source: Endpoint, _ side: MigrationSide, worth: ArraySlice<Double>) -> Best {
        let start = worth.startIndex
        var all = 0.0
        for member in outputs.indices { all += outputs[member] * worth[start + member] }
        var best = Best(point: nil, value: side.sourceDecode * all)
        let points = points(from: source)
        guard !points.isEmpty, !side.neverSaves else { return best }
        // As `HandOverSums`, over all points in one sweep.
        var (open, openPrompts, ended) = (0.0, 0.0, 0.0)
        for answer in answers {
            let weight = answer.share * worth[start + answer.member]
            open += weight
            openPrompts += weight * prompts[answer.member]
        }
        let tolerance = 1e-12 * abs(side.sourceDecode) * all
        var least = tolerance
        var saved = 0.0
        var next = 0
        for point in points {
            while next < answers.count, answers[next].output <= point {
                let answer = answers[next]
                let weight = answer.share * worth[start + answer.member]
                open -= weight
                openPrompts -= weight * prompts[answer.member]
                ended += weight * Double(answer.output)
                next += 1
            }
            let saving =
                side.difference * (all - ended - Double(point) * open)
                - (side.targetPrefill * (openPrompts + Double(point) * open) + side.transfer * open)
            if saving > least { (best.point, saved, least) = (point, saving, saving + tolerance) }
        }
        best.value -= saved
        return best
    }

    /// The least that decoding costs for each member by itself, times its share of requests.
    /// - Complexity: O(members · points + answers).
    func cheapestEach(from source: Endpoint, _ side: MigrationSide) -> [Double] {
        var least = outputs.map { $0 * side.sourceDecode }
        let points = points(from: source)
        guard !points.isEmpty, !side.neverSaves else { return least }
        var own = [[WeightedAnswer]](repeating: [], count: outputs.count)
        for answer in answers { own[answer.member].append(weighted(answer, 1)) }
        for member in own.indices {
            var sums = HandOverSums(own[member], side: side)
            var most = 0.0
            for point in points {
                sums.advance(to: point)
                if sums.nextEnd == nil { break }
                most = max(most, sums.saving(after: point))
            }
            least[member] -= most
        }
        return least
    }

    private func weighted(_ answer: Answer, _ worth: Double) -> WeightedAnswer {
        WeightedAnswer(output: answer.output, prompt: prompts[answer.member], weight: answer.share * worth)
    }

    /// What is decoded, prefilled and handed over, a request of all requests.
    func amounts(after point: Int?, worth: ArraySlice<Double>) -> HandOverAmounts {
        var amounts = HandOverAmounts()
        for answer in answers {
            let weight = answer.share * worth[worth.startIndex + answer.member]
            let own = min(answer.output, point ?? .max)
            amounts.sourceDecode += weight * Double(own)
            guard let point, answer.output > point else { continue }
            amounts.targetDecode += weight * Double(answer.output - point)
            amounts.targetPrefill += weight * (prompts[answer.member] + Double(point))
            amounts.count += weight
        }
        return amounts
    }

    // MARK: - Points from the device, which depend on the action

    /// The cheapest point that is in time under an action.
    /// - Complexity: O(members · residuals + answers + longest answer).
    func cheapestFromDevice(_ side: MigrationSide, worth: ArraySlice<Double>, under action: Action) -> Best {
        let answers = weighted(worth)
        return best(
            side, answers,
            problem.withClock(
                from: .device, requests, under: Mixture(action), SearchByClock(answers: answers, side: side)
            ).outcome)
    }

    /// The cheapest point that any action between two of one family could allow.
    /// - Parameters:
    ///   - side: What tokens cost.
    ///   - worth: How often the device answers each member.
    ///   - a: The action of the shorter wait.
    ///   - b: The action of the longer one.
    ///   - won: The most that the device wins under any of them, by member.
    /// - Returns: A lower bound of the cost; nil where nothing is known beyond the unconditioned rule.
    func cheapestFromDevice(
        _ side: MigrationSide, worth: ArraySlice<Double>, between a: Action, _ b: Action, won: ArraySlice<Double>
    ) -> Best? {
        // In one group late wins fall as either wait grows, so those at the longer one are the least.
        let late =
            isOneGroup
            ? LateServerTimes(problem.profile, under: Mixture(b), requests: requests)
            : LateServerTimes(problem.profile, between: a, b, requests: requests)
        guard let late else { return nil }
        let answers = weighted(worth)
        let search = SearchByClock(answers: answers, side: side)
        let times = RangeOfServerTimes(late, won: members.map { won[won.startIndex + $0] })
        return best(side, answers, search.read(problem.clock(from: .device, requests, times)).outcome)
    }

    private func weighted(_ worth: ArraySlice<Double>) -> [WeightedAnswer] {
        answers.map { weighted($0, worth[worth.startIndex + $0.member]) }
    }

    private func best(_ side: MigrationSide, _ answers: [WeightedAnswer], _ outcome: SearchOutcome) -> Best {
        let never = side.sourceDecode * answers.reduce(0) { $0 + $1.weight * Double($1.output) }
        guard case .found(let point, let saving) = outcome else { return Best(point: nil, value: never) }
        return Best(point: point, value: never - saving)
    }
}

/// What a hand-over makes of the tokens of all requests.
struct HandOverAmounts: Sendable {
    /// Tokens that the source decodes, and the target.
    var sourceDecode = 0.0
    var targetDecode = 0.0
    /// Tokens that the target prefills.
    var targetPrefill = 0.0
    /// Hand-overs.
    var count = 0.0

    /// What they cost.
    func cost(_ side: MigrationSide) -> Double {
        side.sourceDecode * sourceDecode + side.targetDecode * targetDecode + side.targetPrefill * targetPrefill
            + side.transfer * count
    }
}

extension HandOverClock {
    /// Of each stretch between two answer lengths the first point in time, and the last where wanted.
    mutating func points(between ends: [Int], withLast: Bool) -> [Int] {
        var points: [Int] = []
        var i = 1
        for end in ends where end > i {
            advance(to: i)
            guard isRunning, i < HandOverSums.farthest else { break }
            let stop = min(end, HandOverSums.farthest)
            if let first = (i..<stop).first(where: { isInTime($0) }) {
                points.append(first)
                if withLast, let last = (first + 1..<stop).last(where: { isInTime($0) }) { points.append(last) }
            }
            i = stop
        }
        return points
    }
}
