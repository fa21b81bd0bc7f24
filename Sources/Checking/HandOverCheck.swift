internal import Costs
public import Serving

/// What a policy says of the responses that one endpoint streams under one action.
public struct HandOverClaim: Sendable, Hashable {
    /// Number of the world.
    public var world: Int
    /// Prompt lengths in tokens.
    public var prompts: ClosedRange<Int>
    /// What their requests do.
    public var action: Action
    /// Who streams.
    public var source: Endpoint
    /// Tokens that it delivers first.
    public var afterTokens: Int
    /// Tokens that the reader must have ahead.
    public var bufferTokens: Double
    /// Money saved per response that `source` began.
    public var expectedSaving: Double

    /// A claim.
    public init(
        world: Int, prompts: ClosedRange<Int>, action: Action, source: Endpoint, afterTokens: Int, bufferTokens: Double,
        expectedSaving: Double
    ) {
        self.world = world
        self.prompts = prompts
        self.action = action
        self.source = source
        self.afterTokens = afterTokens
        self.bufferTokens = bufferTokens
        self.expectedSaving = expectedSaving
    }
}

/// Checks hand-overs against the problem alone: whether readers wait, what they save, which lead they need.
///
/// Source: derived, docs/maths/certificate.md.
public struct HandOverCheck: Sendable {
    private let question: DispatchQuestion
    private let worlds: [WorldTimes]

    /// A check of a policy that was asked `question`.
    public init(_ question: DispatchQuestion) {
        self.question = question
        worlds = question.worlds.map { WorldTimes($0) }
    }

    /// What is wrong with a claim, a sentence each.
    ///
    /// Times may differ by 1e-9 relative to when a token is due, shares by 1e-9, buffers and savings by 1e-9 of their size.
    /// A bucket without requests has nothing to be checked.
    public func findings(on claim: HandOverClaim) -> [String] {
        let name =
            "prompts of \(claim.prompts.lowerBound) tokens or more: the hand-over from the \(claim.source.rawValue)"
        guard let settings = question.handOvers else { return ["\(name): the problem asks for none"] }
        let world = worlds[claim.world]
        let indices = world.lengths.indices.filter { claim.prompts.contains(world.lengths[$0]) }
        guard let first = indices.first, let last = indices.last else { return [] }
        guard let law = HandOverLaw(world.profile, world.laws, indices: first..<last + 1, settings) else {
            return ["\(name): no answer length is known"]
        }
        if let obstacle = law.obstacle(from: claim.source) { return ["\(name): \(obstacle)"] }
        let i = claim.afterTokens
        var findings: [String] = []
        let late = law.lateShare(from: claim.source, after: i, under: claim.action, slack: 1e-9)
        if late > settings.rules.epsilon + 1e-9 {
            findings.append(
                "\(name) after \(i) tokens is late for \(late) of readers, at most \(settings.rules.epsilon) may wait")
        }
        let lead = law.bufferTokens(from: claim.source, after: i, under: claim.action)
        if !(abs(lead - claim.bufferTokens) <= 1e-9 * max(1, lead)) {
            findings.append("\(name) needs \(lead) tokens ahead, the table says \(claim.bufferTokens)")
        }
        guard let money = question.weights(of: .costMean) else {
            return findings + ["\(name): a price is not known"]
        }
        let (saving, size) = saving(money, law, world, indices, claim)
        if !(abs(saving - claim.expectedSaving) <= 1e-9 * size) {
            findings.append("\(name) saves \(saving) a response, the table says \(claim.expectedSaving)")
        }
        if saving < -1e-9 * size, !savesEnergy(law, world, indices, claim) {
            findings.append("\(name) after \(i) tokens costs \(-saving) a response more than none")
        }
        return findings
    }

    /// Whether energy is asked for, and a hand-over saves some.
    private func savesEnergy(
        _ law: HandOverLaw, _ world: WorldTimes, _ indices: [Int], _ claim: HandOverClaim
    ) -> Bool {
        guard question.objective == .energyMean || question.limits.contains(where: { $0.metric == .energyMean }),
            let energy = question.weights(of: .energyMean)
        else { return false }
        return saving(energy, law, world, indices, claim).saving > 0
    }

    /// What a response that the source begins costs less, and what it costs without hand-overs.
    private func saving(
        _ weights: Weights, _ law: HandOverLaw, _ world: WorldTimes, _ indices: [Int], _ claim: HandOverClaim
    ) -> (saving: Double, size: Double) {
        let known = law.running(after: -1)
        var worth = indices.enumerated().map { member, index in
            known[member] * Self.answers(world.times(ofLength: index), claim.action, of: claim.source)
        }
        if worth.allSatisfy({ $0 == 0 }) { worth = known }
        var (saving, size, all) = (0.0, 0.0, 0.0)
        for (member, index) in indices.enumerated() where worth[member] > 0 {
            let times = world.times(ofLength: index)
            let never = weights.stream(claim.source, times, after: nil)
            saving += worth[member] * (never - weights.stream(claim.source, times, after: claim.afterTokens))
            size += worth[member] * abs(never)
            all += worth[member]
        }
        return (saving / all, size / all)
    }

    /// How often `endpoint` answers.
    private static func answers(_ times: LengthTimes, _ action: Action, of endpoint: Endpoint) -> Double {
        let first: Endpoint = action.serverWait == 0 ? .server : .device
        var hints = LengthTimes.Hints()
        let moments = times.moments(first, otherAfter: action.wait(of: first.other), &hints)
        return endpoint == first ? max(0, 1 - moments.failed - moments.secondAnswers) : moments.secondAnswers
    }
}
