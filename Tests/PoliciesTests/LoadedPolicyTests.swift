import Crypto
import Foundation
import Policies
import Testing

@Suite struct `A loaded policy` {
    /// The table under the id that swift-crypto computes, so that the loader's own SHA-256 is held against another.
    private func file(_ table: PolicyTable) -> [UInt8] {
        let hash = SHA256.hash(data: table.canonicalContent()).map { String(format: "%02x", $0) }.joined()
        return table.identified(bySHA256Hex: hash).encoded()
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `a table is loaded under the id of its content, and decides as the table itself`(seed: UInt64) throws {
        var table = PolicyTable.random(seed: seed)
        // Contents of every length modulo a block of the hash.
        table.provenance.tool = String(repeating: "x", count: Int(seed) * 3)
        let policy = try LoadedPolicy(file(table))
        var generator = SeededGenerator(seed: seed)
        let edges = table.buckets.flatMap { [$0.from - 1, $0.from, $0.to ?? .max] } + [.min, 0, .max]
        for length in edges {
            let id = String(repeating: "é", count: Int.random(in: 0...20, using: &generator)) + "\(length)"
            let decision = policy.decision(promptTokens: length, requestID: id)
            #expect(decision.action == table.decision(promptTokens: length, requestID: id))
            #expect(decision.basis == .mixture && decision.state == .ready && decision.revision == table.revision)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `wherever buckets crowd, the look-up finds the one that a search by hand finds`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        // From neighbouring lengths in one spot to a few over all whole numbers that JSON has.
        let spot = [1, 1_000, 1_020, 100_000, 1 << 30, 1 << 50].randomElement(using: &generator)!
        let spread = [10, 200, 5_000, 1 << 40].randomElement(using: &generator)!
        func starts() -> [Int] {
            var all: Set<Int> = [1]
            for _ in 0..<Int.random(in: 0...300, using: &generator) {
                all.insert(spot + Int.random(in: 0...spread, using: &generator))
            }
            return all.sorted()
        }
        func set(_ starts: [Int]) -> [PolicyTable.Bucket] {
            starts.indices.map { place in
                PolicyTable.Bucket(
                    from: starts[place], to: place + 1 < starts.count ? starts[place + 1] - 1 : nil,
                    actions: [.init(probability: 1, serverWait: 0, deviceWait: Double(place) / 8)],
                    evidence: .init(requests: 1, serverRows: 1))
            }
        }
        let days = [starts(), starts()]
        var table = PolicyTable.sample()
        table.limits = [:]
        table.buckets = []
        table.periods = [
            .init(hours: Array(0..<12), share: 0.5, buckets: set(days[0])),
            .init(hours: Array(12..<24), share: 0.5, buckets: set(days[1])),
        ]
        let policy = try LoadedPolicy(table)
        for (day, starts) in days.enumerated() {
            for length in starts.flatMap({ [$0 - 1, $0, $0 + 1, $0 * 2] }) + [.min, 0, .max] {
                let place = starts.lastIndex { $0 <= max(length, 1) }!
                let decision = policy.decision(promptTokens: length, requestID: "", at: Double(day) * 43_200)
                #expect(decision.action.deviceWait == Double(place) / 8, "\(length) among \(starts)")
            }
        }
    }

    @Test func `a table whose content is not its id's is refused`() throws {
        var table = try PolicyTable.decode(file(.random(seed: 3)))
        table.timeout += 1
        let bytes = table.encoded()
        do throws(PolicyRefusal) {
            _ = try LoadedPolicy(bytes)
            Issue.record("a changed file must be refused")
        } catch {
            #expect(error.rule == "id-matches", "\(error)")
        }
        do throws(PolicyRefusal) {
            _ = try LoadedPolicy(PolicyTable.random(seed: 3).encoded())
            Issue.record("an invented id must be refused")
        } catch {
            #expect(error.rule == "id-matches", "\(error)")
        }
    }

    @Test(arguments: Fixture.valid)
    func `a table in memory is loaded under any id, and by the hour`(fixture: Fixture) throws {
        let table = try PolicyTable.decode(fixture.bytes)
        let policy = try LoadedPolicy(table)
        for hour in [nil] + (0..<24).map(Int?.some) {
            let time = hour.map { Double($0) * 3_600 + 86_400 * 20_000 }
            for length in [1, 12, 13, 40, 41, 299, 300, 5_000] {
                for id in ["", "a", "foobar"] {
                    #expect(
                        policy.decision(promptTokens: length, requestID: id, at: time).action
                            == table.decision(promptTokens: length, requestID: id, hour: hour))
                    for source in PolicyTable.Endpoint.allCases {
                        #expect(
                            policy.handOver(from: source, promptTokens: length, requestID: id, at: time)
                                == table.handOver(from: source, promptTokens: length, requestID: id, hour: hour))
                    }
                }
            }
        }
    }

    @Test func `a time that is no number counts as no clock`() throws {
        var table = PolicyTable.sample()
        table.validUntil = "1970-01-02T00:00:00Z"
        let policy = try LoadedPolicy(table)
        for time in [Double.nan, .infinity, -.infinity, 1e300] {
            #expect(policy.state(at: time) == .ready)
            _ = policy.decision(promptTokens: 1, requestID: "", at: time)
        }
        #expect(policy.state(at: 86_399) == .ready)
        #expect(policy.state(at: 86_400) == .stale)
    }

    @Test func `an invalid table in memory is refused with all violations`() {
        #expect(throws: PolicyError.self) { try LoadedPolicy(PolicyTable.sample(buckets: [])) }
    }

    /// Of 20,000 ids a share of 0.3 is missed by more than 0.013, four standard deviations, once in 15,000 salts.
    ///
    /// These are fixed. Among those who take part in the rollout the mixture must be what it is for all.
    @Test(arguments: ["a", "b", "salt", "2026-11"])
    func `who takes part in a rollout says nothing about the action drawn`(salt: String) {
        let ids = (0..<20_000).map { "request-\($0)" }
        let chosen = ids.filter { PolicyTable.draw(requestID: $0, salt: salt) < 0.3 }
        #expect((Double(chosen.count) / 20_000 - 0.3).magnitude < 0.013)
        let low = chosen.count { PolicyTable.draw(requestID: $0) < 0.5 }
        #expect((Double(low) / Double(chosen.count) - 0.5).magnitude < 0.026)
    }

    /// Flipping one bit of the id flips each bit of the draw for half of the ids: 4,000 flips, four standard deviations.
    @Test(arguments: 0..<8)
    func `one bit of the id changes the draw beyond recognition`(bit: Int) {
        var isHigher = 0
        for number in 0..<4_000 {
            let place = number % 36
            var bytes = Array("3f2504e0-4f89-11d3-\(10_000_000 + number)-00000000".utf8)
            let before = PolicyTable.draw(requestID: String(decoding: bytes, as: Unicode.ASCII.self))
            bytes[place] ^= UInt8(bit == 7 ? 0x55 : 1 << bit) & 0x7f
            let after = PolicyTable.draw(requestID: String(decoding: bytes, as: Unicode.ASCII.self))
            #expect(before != after)
            isHigher += after > before ? 1 : 0
        }
        #expect((isHigher - 2_000).magnitude < 127)
    }
}
