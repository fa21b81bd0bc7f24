internal import Serving

/// A linear function of what happens to a request: so much per second, per token, per answer, per late answer.
struct Weights: Sendable {
    /// Per second of min(T, timeout).
    var mean = 0.0
    /// Per prompt token, where the server is started.
    var serverPrefill = 0.0
    /// Per prompt token, where the device is started.
    var devicePrefill = 0.0
    /// Per output token, where the server answers.
    var serverDecode = 0.0
    /// Per output token, where the device answers.
    var deviceDecode = 0.0
    /// Per token that the server prefills to take a response over.
    var serverTakeOver = 0.0
    /// Per token that the device prefills to take a response over.
    var deviceTakeOver = 0.0
    /// Per response that is handed over.
    var transfer = 0.0
    /// Where the device answers.
    var deviceAnswer = 0.0
    /// Where nobody answers by the timeout.
    var failed = 0.0
    /// Where min(T, timeout) is above a time.
    var late: [Late] = []
    /// Of 1 − QoE.
    var qoe = 0.0
    /// Of what smooth goodput loses to late tokens and failures, in tokens.
    var goodput = 0.0
    /// Whatever happens.
    var constant = 0.0

    /// A time, in seconds, and the weight of being later.
    struct Late: Sendable {
        var time: Double
        var weight: Double
    }

    /// The weight of one tail.
    static func late(after time: Double) -> Weights {
        var weights = Weights()
        weights.late = [Late(time: time, weight: 1)]
        return weights
    }

    /// Adds `factor` times `other`.
    mutating func add(_ other: Weights, times factor: Double) {
        mean += factor * other.mean
        serverPrefill += factor * other.serverPrefill
        devicePrefill += factor * other.devicePrefill
        serverDecode += factor * other.serverDecode
        deviceDecode += factor * other.deviceDecode
        serverTakeOver += factor * other.serverTakeOver
        deviceTakeOver += factor * other.deviceTakeOver
        transfer += factor * other.transfer
        deviceAnswer += factor * other.deviceAnswer
        failed += factor * other.failed
        late += other.late.map { Late(time: $0.time, weight: factor * $0.weight) }
        qoe += factor * other.qoe
        goodput += factor * other.goodput
        constant += factor * other.constant
    }

    /// The same with all signs turned.
    var negated: Weights {
        var weights = Weights()
        weights.add(self, times: -1)
        return weights
    }

    /// Per prompt token, where `endpoint` is started.
    func prefill(_ endpoint: Endpoint) -> Double { endpoint == .server ? serverPrefill : devicePrefill }

    /// Where `endpoint` answers with `output` tokens.
    func answer(_ endpoint: Endpoint, output: Double) -> Double {
        endpoint == .server ? serverDecode * output : deviceDecode * output + deviceAnswer
    }

    /// Where `source` begins to answer a prompt, and hands over after `i` tokens (nil for never), in expectation.
    func stream(_ source: Endpoint, _ times: LengthTimes, after i: Int?) -> Double {
        guard let i else { return answer(source, output: times.outputTokens) }
        var (kept, moved, running) = (0.0, 0.0, 0.0)
        for answer in times.answers {
            kept += answer.share * Double(min(answer.tokens, i))
            guard answer.tokens > i else { continue }
            moved += answer.share * Double(answer.tokens - i)
            running += answer.share
        }
        let isServer = source == .server
        return kept * (isServer ? serverDecode : deviceDecode) + moved * (isServer ? deviceDecode : serverDecode)
            + running * ((times.promptTokens + Double(i)) * (isServer ? deviceTakeOver : serverTakeOver) + transfer)
            + (isServer ? 0 : deviceAnswer)
    }

    /// Whether hand-overs matter.
    var countStreams: Bool { serverDecode != 0 || deviceDecode != 0 }

    /// Whether only the mean and starts count, which need no look at who answers.
    var areOfStartsAndMean: Bool {
        serverDecode == 0 && deviceDecode == 0 && deviceAnswer == 0 && failed == 0
            && late.allSatisfy { $0.weight == 0 } && qoe == 0 && goodput == 0
    }

    /// The losses that count, by their weights.
    func losses(_ times: LengthTimes) -> [(weight: Double, law: LossLaw)] {
        [(qoe, times.qoe), (goodput, times.goodput)].compactMap { weight, law in
            weight == 0 ? nil : law.map { (weight, $0) }
        }
    }

    /// The function's value for one request of the given times, in expectation.
    func value(_ times: LengthTimes, _ action: Action, _ handOvers: HandOvers, stretch: Double = 1) -> Double {
        let first: Endpoint = action.serverWait == 0 ? .server : .device
        let wait = action.wait(of: first.other)
        var hints = LengthTimes.Hints()
        let moments = times.moments(first, otherAfter: wait, stretch: stretch, &hints)
        let firstAnswers = 1 - moments.failed - moments.secondAnswers
        var sum =
            mean * moments.mean
            + times.promptTokens * (prefill(first) + prefill(first.other) * moments.secondStarted)
            + stream(first, times, after: handOvers[from: first]) * firstAnswers
            + stream(first.other, times, after: handOvers[from: first.other]) * moments.secondAnswers
            + failed * moments.failed
        for tail in late where tail.weight != 0 {
            sum += tail.weight * times.late(after: tail.time, first, otherAfter: wait, stretch: stretch)
        }
        for (weight, law) in losses(times) {
            sum += weight * times.losses(law, nil, first, otherAfter: wait, stretch: stretch).loss
        }
        return sum + constant
    }
}
