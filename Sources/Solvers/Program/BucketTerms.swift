internal import Distributions
internal import Profiles
internal import Serving

/// The requests of one bucket, weighted by their share of all requests, and what waits do to them.
///
/// Never changes; a class so that the many searches that look at it share it at no cost.
final class BucketTerms: Sendable {
    let profile: ServingProfile
    /// Number of the world that the profile is of.
    let world: Int
    /// What late first tokens cost readers; nil where nobody asks, or answer lengths are not known.
    let losses: StreamLosses?
    /// Indices into the workload's lengths.
    let range: Range<Int>
    /// Share of all requests, prompt tokens and output tokens a request of each length of `range`.
    let requests: [Double]
    let tokens: [Double]
    let outputs: [Double]
    /// The device's fitted time for each length, in seconds.
    let lines: [Double]
    /// Neighbouring lengths that share a server distribution.
    let runs: [Run]
    /// Sums of the three.
    let requestSum: Double
    let tokenSum: Double
    let outputSum: Double

    /// The bucket of lengths `range` in a world that has `share` of all requests.
    init(
        _ profile: ServingProfile, world: Int = 0, range: Range<Int>, share: Double, losses: StreamLosses? = nil
    ) {
        self.profile = profile
        self.world = world
        self.losses = losses
        self.range = range
        let workload = profile.workload
        let total = Double(workload.requests)
        requests = range.map { share * Double(workload.counts[$0]) / total }
        tokens = range.map { share * Double(workload.counts[$0] * workload.lengths[$0]) / total }
        outputs = range.map { i in share * Double(workload.counts[i]) * (workload.meanOutputTokens?[i] ?? 0) / total }
        lines = range.map { profile.device.fit.seconds(promptTokens: workload.lengths[$0]) }
        requestSum = requests.reduce(0, +)
        tokenSum = tokens.reduce(0, +)
        outputSum = outputs.reduce(0, +)
        var runs: [Run] = []
        for (i, index) in range.enumerated() {
            let group = profile.server.groups.count == 1 ? 0 : profile.server.group(of: workload.lengths[index])
            if let last = runs.indices.last, runs[last].group == group {
                runs[last].members = runs[last].members.lowerBound..<i + 1
                runs[last].requests += requests[i]
                runs[last].tokens += tokens[i]
            } else {
                runs.append(Run(group: group, members: i..<i + 1, requests: requests[i], tokens: tokens[i]))
            }
        }
        self.runs = runs
    }

    /// Neighbouring lengths of the bucket that share a server distribution.
    struct Run: Sendable {
        /// Number of the server's group.
        let group: Int
        /// Positions within the bucket.
        var members: Range<Int>
        /// Their shares of requests and of prompt tokens a request.
        var requests: Double
        var tokens: Double
    }

    /// Values of all terms at one wait, and what they tend to from its left and from its right.
    ///
    /// All terms are monotone in the wait, and step at waits where first tokens fall together.
    struct Sides {
        var at: [Double]
        var before: [Double]
        var after: [Double]
        /// Who answers requests of each length; empty where nobody asks.
        var members: Members

        init(count: Int, members: Int = 0) {
            at = Array(repeating: 0, count: count)
            before = at
            after = at
            self.members = Members(count: members)
        }

        mutating func add(_ term: Int, _ at: Double, before: Double, after: Double) {
            self.at[term] += at
            self.before[term] += before
            self.after[term] += after
        }
    }

    /// Who answers requests of each length at a wait (0), towards it from the left (1) and from the right (2).
    struct Members {
        /// P(the second endpoint answers), side by side: `count` numbers a side.
        var second: [Double]
        /// P(nobody answers), likewise.
        var failed: [Double]
        private let count: Int

        init(count: Int) {
            self.count = count
            second = Array(repeating: 0, count: 3 * count)
            failed = second
        }

        /// Takes note of a length; the numbers are at the wait, before it and after it.
        mutating func note(
            _ member: Int, second: (Double, Double, Double), failed: (Double, Double, Double)
        ) {
            guard count > 0 else { return }
            (self.second[member], self.second[count + member], self.second[2 * count + member]) = second
            (self.failed[member], self.failed[count + member], self.failed[2 * count + member]) = failed
        }
    }

    /// Which terms a program looks at; the others stay 0.
    struct Needs: Sendable {
        var mean = false
        var answers = false
        var failed = false
        /// Whether answers are wanted for each length by itself.
        var members = false
        var tails: [Double] = []
        /// Whether 1 − QoE counts, and what smooth goodput loses.
        var qoe = false
        var goodput = false

        /// How many terms there are.
        var terms: Int { Term.firstTail + tails.count + (qoe || goodput ? 2 * Term.partsOfLoss : 0) }
    }

    /// The terms where `first` starts at once and the other endpoint after `wait`; from the timeout on it never starts.
    /// - Complexity: O(lengths · residuals) look-ups of O(1).
    func sides(startingWith first: Endpoint, wait: Double, needs: Needs) -> Sides {
        var sides = Sides(count: needs.terms, members: needs.members ? range.count : 0)
        if first == .server {
            serverFirst(wait, needs, &sides)
        } else {
            deviceFirst(wait, needs, &sides)
        }
        if needs.qoe || needs.goodput { losses(startingWith: first, wait, needs, &sides) }
        return sides
    }

    /// Look-ups that the mean at one wait takes.
    var lookUps: Int { lines.count * profile.device.residuals.count }

    /// The last time at which `first` was seen to answer, where mass beyond it is not identified; infinite where all is.
    ///
    /// No wait between it and never is a candidate: nothing is known of what it would do.
    func lastSeen(_ first: Endpoint) -> Double {
        let timeout = profile.timeout
        switch first {
        case .server:
            let groups = runs.map { profile.server.groups[$0.group] }
            guard groups.contains(where: { $0.unidentified > 0 }) else { return .infinity }
            return groups.reduce(0) { last, times in
                let inner = times.rank(timeout.nextDown)
                return inner > 0 ? max(last, times.support[inner - 1]) : last
            }
        case .device:
            let device = profile.device
            guard device.residuals.last == .infinity else { return .infinity }
            guard let largest = device.residuals.last(where: \.isFinite) else { return 0 }
            return lines.reduce(0) { max($0, min(max($1 + largest, device.floor), timeout.nextDown)) }
        }
    }
}
