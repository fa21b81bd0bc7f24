import Policies

extension SolverBenchmarks {
    /// A table of `--buckets` two-action buckets, `--stage` load: from the file's bytes to a policy, id and every rule checked; or
    /// decide: a million decisions on random lengths, request ids of 36 bytes.
    static func policyLoading(_ options: Options) throws -> Report {
        let count = options.number("buckets", else: 1_000)
        var state: UInt64 = 1
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var starts: Set<Int> = [1]
        while starts.count < count { starts.insert(draw(100 * count) + 1) }
        let edges = starts.sorted()
        let buckets = edges.indices.map { place in
            PolicyTable.Bucket(
                from: edges[place], to: place + 1 < count ? edges[place + 1] - 1 : nil,
                actions: [0.4, 0.6].map {
                    .init(probability: $0, serverWait: 0, deviceWait: Double(draw(1 << 30)) / Double(1 << 25))
                }, evidence: .init(requests: draw(1_000), serverRows: draw(1_000)))
        }
        var table = PolicyTable(
            id: "sha256:" + String(repeating: "0", count: 64), provenance: .init(tool: "benchmark"), timeout: 60,
            objective: "ttft.mean", expected: ["ttft.mean": 1], buckets: buckets)
        do throws(PolicyRefusal) {
            _ = try LoadedPolicy(table.encoded())
        } catch {
            // The refusal says which id it should have been.
            guard case .changedContent(_, let content) = error else { throw error }
            table.id = content
        }
        let bytes = table.encoded()
        let policy = try LoadedPolicy(bytes)
        if options.text("stage", else: "load") == "load" {
            return Report(seconds: measure(options, ready: {}) { try? LoadedPolicy(bytes) }, rows: bytes.count)
        }
        let ids = (0..<1_024).map { "3f2504e0-4f89-11d3-9a0c-0305e82c\(1_000 + $0)" }
        let lengths = (0..<4_096).map { _ in draw(110 * count) }
        // An id is held over several decisions: to take a text from an array costs two atomic counts, which are not the loader's.
        let decisions = 16 * 65_536
        let seconds = measure(options, ready: {}) {
            var sum = 0.0
            for turn in 0..<65_536 {
                let id = ids[turn & 1_023]
                for index in 0..<16 {
                    let decision = policy.decision(
                        promptTokens: lengths[(turn &* 16 &+ index) & 4_095], requestID: id, at: 1.8e9)
                    sum += decision.action.deviceWait
                }
            }
            return sum
        }
        return Report(seconds: seconds, rows: decisions)
    }
}
