import Distributions
import Profiles
import TestSupport
import Testing
import Traces

@Suite struct `Buckets of prompt lengths` {
    @Test(arguments: [1, 2, 7, 32, 64])
    func `quantile buckets hold about equal requests and never split a length`(count: Int) {
        var generator = SeededGenerator(seed: count)
        let workload = WorkloadProfile(
            promptTokens: (0..<5_000).map { _ in Int.random(in: 1...400, using: &generator) })
        let buckets = Buckets.quantile(count: count, of: workload)
        #expect(buckets.lowerEdges.count == count && buckets.lowerEdges.first == 1)
        let sizes = buckets.ranges(in: workload).map { $0.reduce(0) { $0 + workload.counts[$1] } }
        #expect(sizes.reduce(0, +) == 5_000)
        let most = workload.counts.max() ?? 0
        #expect(sizes.allSatisfy { abs($0 - 5_000 / count) <= most + 1 })
    }

    @Test func `one length for everyone makes one bucket`() {
        let workload = WorkloadProfile(promptTokens: Array(repeating: 50, count: 9))
        #expect(Buckets.quantile(count: 32, of: workload).lowerEdges == [1])
        #expect(Buckets.exact(workload).lowerEdges == [1])
    }

    @Test func `exact buckets begin at each length`() {
        #expect(Buckets.exact(WorkloadProfile(promptTokens: [5, 9, 9, 2])).lowerEdges == [1, 5, 9])
    }

    @Test func `buckets without requests join a neighbour`() {
        let workload = WorkloadProfile(promptTokens: [50, 300])
        let buckets = Buckets(edges: [1, 10, 100, 200, 400])
        #expect(buckets.ranges(in: workload) == [0..<0, 0..<1, 1..<1, 1..<2, 2..<2])
        #expect(buckets.occupied(in: workload).lowerEdges == [1, 200])
    }
}

@Suite struct `Workload profile` {
    @Test func `counts lengths, also very long ones`() {
        let profile = WorkloadProfile(promptTokens: [7, 3, 7, 5_000_000])
        #expect(profile.lengths == [3, 7, 5_000_000] && profile.counts == [1, 2, 1])
    }

    @Test func `a length without answers of known length takes the mean of all`() {
        var rows = deviceRows([(5, 1), (5, 1), (9, 1)])
        rows.outputTokens = [10, 20, -1]
        #expect(WorkloadProfile(rows: rows, part: .all)?.meanOutputTokens == [15, 15])
    }

    @Test func `no rows in a part make no profile`() {
        #expect(WorkloadProfile(rows: deviceRows([(5, 1)]), part: .heldOut) == nil)
    }
}

@Suite struct `Server profile` {
    @Test func `groups of too few rows join their shorter neighbour`() throws {
        let rows = deviceRows(
            (0..<100).map { _ in (1, 1.0) } + (0..<80).map { _ in (64, 2.0) } + (0..<3).map { _ in (256, 9.0) })
        let profile = try #require(ServerProfile(rows: rows, part: .all, isConditioned: true, timeout: 60))
        #expect(profile.lowerEdges == [1, 64])
        #expect(profile.groups[1].support == [2, 9] && profile.group(of: 63) == 0 && profile.group(of: 1_000) == 1)
        #expect(profile.pooled.observations == 183)
    }

    @Test func `pooling is called misleading where TTFT goes with length, and not where it does not`() throws {
        let tied = deviceRows((0..<200).map { (1 << ($0 % 8), 0.1 * Double($0 % 8 + 1)) })
        #expect(try #require(PoolingEvidence(rows: tied)).speaksAgainstPooling)
        let free = deviceRows((0..<200).map { (1 << ($0 % 8), 0.1 * Double($0 / 8 + 1)) })
        #expect(try #require(PoolingEvidence(rows: free)).speaksAgainstPooling == false)
    }
}
