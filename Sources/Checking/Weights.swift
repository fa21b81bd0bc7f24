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
    /// Where the device answers.
    var deviceAnswer = 0.0
    /// Where nobody answers by the timeout.
    var failed = 0.0
    /// Where min(T, timeout) is above a time.
    var late: [Late] = []

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
        deviceAnswer += factor * other.deviceAnswer
        failed += factor * other.failed
        late += other.late.map { Late(time: $0.time, weight: factor * $0.weight) }
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

    /// Whether only the mean and starts count, which need no look at who answers.
    var areOfStartsAndMean: Bool {
        serverDecode == 0 && deviceDecode == 0 && deviceAnswer == 0 && failed == 0
            && late.allSatisfy { $0.weight == 0 }
    }

    /// The function's value for one request of the given times, in expectation.
    func value(_ times: LengthTimes, _ action: Action, stretch: Double = 1) -> Double {
        let first: Endpoint = action.serverWait == 0 ? .server : .device
        let wait = action.wait(of: first.other)
        var hints = LengthTimes.Hints()
        let moments = times.moments(first, otherAfter: wait, stretch: stretch, &hints)
        let firstAnswers = 1 - moments.failed - moments.secondAnswers
        var sum =
            mean * moments.mean
            + times.promptTokens * (prefill(first) + prefill(first.other) * moments.secondStarted)
            + answer(first, output: times.outputTokens) * firstAnswers
            + answer(first.other, output: times.outputTokens) * moments.secondAnswers + failed * moments.failed
        for tail in late where tail.weight != 0 {
            sum += tail.weight * times.late(after: tail.time, first, otherAfter: wait, stretch: stretch)
        }
        return sum
    }
}
