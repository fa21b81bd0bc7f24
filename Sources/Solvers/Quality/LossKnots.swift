internal import Serving

/// Times of a first token between which losses are taken to be linear.
///
/// Smooth goodput's loss is linear between them; that of QoE is off by at most `accuracy`, unless there would be too many.
enum LossKnots {
    /// How far 1 − QoE may be off between knots.
    static let accuracy = 1e-7

    /// Knots from 0 to the timeout, ascending, at most about `most`.
    static func qoe(
        _ settings: QualitySettings, _ readers: Readers, outputs: [Int], timeout: Double, most: Int
    ) -> [Double] {
        let target = settings.metrics.ttftTarget
        var accuracy = accuracy
        while true {
            let offsets = qoeOffsets(settings, readers, outputs, reach: max(0, timeout - target), accuracy)
            let knots = ascending(offsets.map { target + $0 }, timeout)
            if knots.count <= most || accuracy > 1e-2 { return thinned(knots, to: most) }
            accuracy *= 4
        }
    }

    /// Knots of smooth goodput's loss: where each answer length begins to be late, and where its loss ends to grow.
    static func goodput(_ settings: QualitySettings, outputs: [Int], timeout: Double, most: Int) -> [Double] {
        let metrics = settings.metrics
        var times: [Double] = []
        for gap in Set([settings.serverTPOT, settings.deviceTPOT]) {
            for tokens in outputs where tokens > 0 {
                let time = metrics.onTime(tokens: tokens, gap: gap)
                times += [time, time + timeout]
            }
        }
        return thinned(ascending(times, timeout), to: most)
    }

    private static func ascending(_ times: [Double], _ timeout: Double) -> [Double] {
        Set(times.filter { $0 > 0 && $0 < timeout } + [0, timeout]).sorted()
    }

    /// At most about `most` of them, evenly by rank, both ends kept.
    private static func thinned(_ knots: [Double], to most: Int) -> [Double] {
        guard knots.count > most else { return knots }
        return Set((0..<most).map { knots[$0 * (knots.count - 1) / (most - 1)] }).sorted()
    }

    /// Knots as seconds after TTFT*.
    ///
    /// The chord of f over a step h is off by at most h² max abs(f'') / 8; with the greatest curvature that any answer length
    /// and pace may have at a time, steps follow. Source: derived, docs/maths/quality.md.
    private static func qoeOffsets(
        _ settings: QualitySettings, _ readers: Readers, _ outputs: [Int], reach: Double, _ accuracy: Double
    ) -> [Double] {
        var offsets = [0.0]
        guard let longest = outputs.last, longest > 1, let shortest = outputs.first(where: { $0 > 1 }) else {
            return offsets
        }
        let gaps = Set([settings.serverTPOT, settings.deviceTPOT])
        let slopes = Set(
            readers.paces.flatMap { pace in gaps.map { max(0, $0 - 1 / pace.tokensPerSecond) } })
        guard let fastest = readers.paces.last?.tokensPerSecond, let slowest = readers.paces.first?.tokensPerSecond
        else { return offsets }
        // After TTFT*: 1 − c / (y + a), c ≤ a, of the curvature 2a / (y + a)³ at most, largest at a = y / 2.
        let least = Double(shortest - 1) / (2 * fastest)
        let most = Double(longest - 1) * ((slopes.max() ?? 0) + 1 / (2 * slowest))
        var offset = 0.0
        while offset < reach {
            let a = min(max(offset / 2, least), most)
            let sum = offset + a
            offset += (8 * accuracy * sum * sum * sum / (2 * a)).squareRoot()
            offsets.append(offset)
        }
        // Before it, where tokens come more slowly than they are read: a kink where each becomes late, and a step that
        // allows for the curvature between.
        for pace in readers.paces {
            for gap in gaps {
                let slope = gap - 1 / pace.tokensPerSecond
                guard slope > 0 else { continue }
                let end = min(settings.metrics.ttftTarget, Double(longest - 1) * slope)
                let kinks = min(Int(end / slope), mostKinks)
                if kinks > 0 { offsets += (1...kinks).map { -Double($0) * slope } }
                var before = 0.0
                while before < end {
                    let tokens = before / slope
                    let share = tokens <= 1 ? 1 : (0.148 + 1 / (tokens + 1)) / (tokens * tokens)
                    before += (accuracy / share).squareRoot() / pace.tokensPerSecond
                    offsets.append(-before)
                }
            }
        }
        return offsets
    }

    /// More tokens of one pace than this are not told apart by their kinks.
    private static let mostKinks = 4_000
}
