import Foundation
import Policies
import Testing

@Suite struct `Writing a policy table` {
    @Test(arguments: 0..<50 as Range<UInt64>)
    func `a random table comes back from its bytes, and its bytes from itself`(seed: UInt64) throws {
        let table = PolicyTable.random(seed: seed)
        #expect(table.violations().isEmpty)
        let bytes = table.encoded()
        let again = try PolicyTable.decode(bytes)
        #expect(again == table)
        #expect(again.encoded() == bytes)
        #expect(again.canonicalContent() == table.canonicalContent())
    }

    @Test func `the canonical content is that of RFC 8785, without the id`() {
        let table = PolicyTable.sample(
            buckets: [.sample(from: 1, to: nil, actions: [.init(serverWait: 0, deviceWait: 0.53)])],
            expected: ["ttft.p99": 1e-7, "ttft.mean": 0.9, "cost.mean": 1e21])
        let wanted = #"""
            {"as_of":null,"buckets":[{"actions":[{"device_wait":0.53,"probability":1,"server_wait":0}],\#
            "evidence":{"borrowed_from":null,"requests":10,"server_rows":100},"from":1,"to":null}],\#
            "certificate":null,"endpoints":{"device":{"energy":null,"model":null,"price":null,"tpot":null},\#
            "server":{"energy":null,"model":null,"price":null,"tpot":null}},\#
            "expected":{"cost.mean":1e+21,"ttft.mean":0.9,"ttft.p99":1e-7},\#
            "fallback":{"device_missing":{"device_wait":null,"server_wait":0},\#
            "server_missing":{"device_wait":0,"server_wait":null}},"guard":null,"held_out":null,"limits":{},\#
            "objective":"ttft.mean",\#
            "provenance":{"linear_algebra":null,"problem_sha256":null,"tool":"test","traces":[]},\#
            "revision":1,"schema_version":1,"timeout":60,\#
            "units":{"energy":"J","length":"tokens","money":null,"time":"s"},"valid_from":null,"valid_until":null}
            """#
        #expect(text(table.canonicalContent()) == wanted)
        var other = table
        other.id = ""
        #expect(other.canonicalContent() == table.canonicalContent())
        #expect(other.encoded() != table.encoded())
    }

    @Test func `what a table has not is left out, so that its id stays`() throws {
        let plain = PolicyTable.sample(certificate: .init(status: .optimal, primal: 1, bound: 1))
        let names = ["solved_under", "tail", "tie_break", "expected_intervals"]
        #expect(names.allSatisfy { !text(plain.canonicalContent()).contains($0) })
        var whole = plain
        whole.solvedUnder = [:]
        whole.expectedIntervals = .init(
            confidence: 0.9, isClaimed: true, windowHours: 24, outcomes: ["ttft.mean": .init(low: 0.5, high: 1)])
        whole.certificate?.tail = .init(time: 0.1, bound: 1e-9, multipliers: ["failed_share": -1])
        whole.certificate?.tieBreak = .init(status: .optimal, primal: 1, bound: 1)
        #expect(names.allSatisfy { text(whole.canonicalContent()).contains($0) })
        #expect(try PolicyTable.decode(whole.encoded()) == whole)
        #expect(
            text(whole.canonicalContent()).contains(
                #""tail":{"bound":1e-9,"multipliers":{"failed_share":-1},"time":0.1},"tie_break":{"bound":1,"gap":0,"#))
    }

    /// Bit patterns and texts of RFC 8785, appendix B, but for the two that are not numbers.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"), (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"), (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"), (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"), (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"), (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func `a number is written as RFC 8785 says`(bits: UInt64, wanted: String) {
        var table = PolicyTable.sample()
        table.expected["goodput.smooth"] = Double(bitPattern: bits)
        #expect(text(table.canonicalContent()).contains("\"goodput.smooth\":\(wanted),"))
    }

    @Test func `the file is laid out for people and ends in a newline`() throws {
        let lines = text(PolicyTable.sample(buckets: [.sample(from: 1, to: 12), .sample(from: 13, to: nil)]).encoded())
            .split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "{" && lines.last == "" && lines.dropLast().last == "}")
        let bucket = try #require(lines.firstIndex { $0.contains("\"from\": 13") })
        #expect(
            lines[bucket] == #"""
                    {"actions": [{"device_wait": null, "probability": 1, "server_wait": 0}], \#
                "evidence": {"borrowed_from": null, "requests": 10, "server_rows": 100}, "from": 13, "to": null}
                """#)
        #expect(lines.allSatisfy { $0.count <= 200 })
    }

    @Test func `an id belongs to one hash`() {
        let table = PolicyTable.sample()
        #expect(table.id == "sha256:" + PolicyTable.someHash)
        #expect(table.idMatches(sha256Hex: PolicyTable.someHash))
        #expect(table.idMatches(sha256Hex: PolicyTable.someHash.uppercased()))
        #expect(!table.idMatches(sha256Hex: String(PolicyTable.someHash.reversed())))
        #expect(!table.idMatches(sha256Hex: ""))
    }

    @Test func `Codable carries the same document`() throws {
        let table = PolicyTable.random(seed: 7)
        let data = try JSONEncoder().encode(table)
        #expect(try PolicyTable.decode(Array(data)) == table)
        #expect(try JSONDecoder().decode(PolicyTable.self, from: data) == table)
        #expect(throws: PolicyError.self) {
            try JSONDecoder().decode(PolicyTable.self, from: Data(#"{"schema_version": 9}"#.utf8))
        }
    }

    @Test func `a number that JSON has not stops the writer`() async {
        await #expect(processExitsWith: .failure) {
            var table = PolicyTable.sample()
            table.timeout = .nan
            _ = table.encoded()
        }
    }
}
