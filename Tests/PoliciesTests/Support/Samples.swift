import Policies

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension PolicyTable {
    static let someHash = String(repeating: "0123456789abcdef", count: 4)

    /// A valid table of these buckets and nothing else of interest.
    static func sample(
        buckets: [Bucket] = [.sample(from: 1, to: nil)], limits: [String: Limit] = [:],
        certificate: Certificate? = nil, expected: [String: Double] = ["ttft.mean": 0.9]
    ) -> PolicyTable {
        PolicyTable(
            provenance: Provenance(tool: "test"), timeout: 60, objective: "ttft.mean", limits: limits,
            certificate: certificate, expected: expected, buckets: buckets
        ).identified(bySHA256Hex: someHash)
    }

    /// A valid table with random lengths, waits and mixtures, some of them borrowed.
    static func random(seed: UInt64) -> PolicyTable {
        var generator = SeededGenerator(seed: seed)
        let edges = Set(
            (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                Int.random(in: 2...9_007_199_254_740_991, using: &generator)
                    >> Int.random(in: 0...44, using: &generator)
            }
        ).subtracting([0, 1]).sorted()
        let starts = [1] + edges
        let buckets = starts.indices.map { index in
            Bucket(
                from: starts[index], to: index + 1 < starts.count ? starts[index + 1] - 1 : nil,
                actions: mixture(using: &generator),
                evidence: Evidence(
                    requests: Int.random(in: 0...1_000_000, using: &generator),
                    serverRows: Int.random(in: 0...1_000_000, using: &generator),
                    borrowedFrom: index > 0 && Bool.random(using: &generator) ? starts[index - 1] : nil))
        }
        let primal = Double.random(in: 0...60, using: &generator)
        let bound = primal * Double.random(in: 0...1, using: &generator)
        let share = Double.random(in: 0...1, using: &generator)
        var table = PolicyTable.sample(
            buckets: buckets, limits: ["device.prefill_share": Limit(atMost: share)],
            certificate: Certificate(
                status: .feasible, primal: primal, bound: bound, scale: primal,
                multipliers: ["device.prefill_share": Double.random(in: 0...1e9, using: &generator)]),
            expected: ["ttft.mean": primal, "device.prefill_share": share])
        table.provenance.tool = names.randomElement(using: &generator) ?? ""
        table.budgetGuard = BudgetGuard(endpoint: .device, budget: share)
        table.endpoints.device.energy = PerToken(
            prefill: Double(bitPattern: UInt64.random(in: 0...0x7fef_ffff_ffff_ffff, using: &generator)), decode: 0)
        return table
    }

    private static let names = ["", "disco 0.1.0", "\u{0}\u{1f}\"\\/\n\t", "é 漢字 😀 \u{2028}", "\u{feff}a"]

    private static func mixture(using generator: inout SeededGenerator) -> [Choice] {
        let weights = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            Double.random(in: 0.01...1, using: &generator)
        }
        let sum = weights.reduce(0, +)
        return weights.map { weight in
            let wait = Bool.random(using: &generator) ? .infinity : Double.random(in: 0..<60, using: &generator)
            let isServerFirst = Bool.random(using: &generator)
            return Choice(
                probability: weights.count == 1 ? 1 : weight / sum, serverWait: isServerFirst ? 0 : wait,
                deviceWait: isServerFirst ? wait : 0)
        }
    }
}

extension PolicyTable.Bucket {
    /// A bucket that asks the server alone, unless told otherwise.
    static func sample(
        from: Int, to: Int?, actions: [PolicyTable.Choice] = [PolicyTable.Choice(serverWait: 0, deviceWait: .infinity)]
    ) -> PolicyTable.Bucket {
        PolicyTable.Bucket(
            from: from, to: to, actions: actions, evidence: PolicyTable.Evidence(requests: 10, serverRows: 100))
    }
}

/// The error that reading `text` ends with; nil if it ends with a table.
func errorOfReading(_ text: String) -> PolicyError? { errorOfReading(Array(text.utf8)) }

/// The error that reading `bytes` ends with; nil if it ends with a table.
func errorOfReading(_ bytes: [UInt8]) -> PolicyError? {
    do throws(PolicyError) {
        _ = try PolicyTable.load(bytes)
        return nil
    } catch {
        return error
    }
}

/// `bytes` as text.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
