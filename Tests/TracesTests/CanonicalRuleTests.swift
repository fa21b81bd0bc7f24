import Testing
import Traces

/// What makes a canonical row right, wrong, failed or censored.
@Suite struct CanonicalRuleTests {
    @Test func `a clean trace is grouped in order`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("prompt_tokens,ttft,output_tokens\n20,0.5,3\n10,0.25,\n20,0.5,3\n10,0.125,7\n")
        let (rows, report) = try await fixture.read(path, lengths: .exact, output: true)
        #expect(rows.promptTokens == [10, 10, 20])
        #expect(rows.ttft == [0.125, 0.25, 0.5])
        #expect(rows.outputTokens == [7, -1, 3])
        #expect(rows.counts == [1, 1, 2])
        #expect(report.accepted == 4 && report.ok == 4 && report.tuningRows == 4)
        #expect(report.format == .canonical && report.isDetected)
    }

    @Test func `a failed row is neither dropped nor zero`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("ttft,outcome\n0.5,ok\n,failed\n0.1,failed\nnonsense,failed\n0,failed\n,\n0.7,\n")
        let (rows, report) = try await fixture.read(path)
        #expect(rows.ttft == [0.5, 0.7, .infinity] && rows.counts == [1, 1, 5])
        #expect(report.failed == 5 && report.ok == 2 && report.rejections.isEmpty)
    }

    @Test func `without an outcome a row without ttft failed`() async throws {
        let fixture = try Fixture()
        let (rows, report) = try await fixture.read(try fixture.file("ttft,prompt_tokens\n0.5,3\n,4\n"))
        #expect(rows.ttft == [0.5, .infinity] && report.failed == 1)
    }

    @Test(arguments: [
        ("0", "ttft is not positive"), ("-1", "ttft is not positive"), ("NaN", "ttft is not a number"),
        ("soon", "ttft is not a number"), ("inf", "ttft is infinite"),
    ])
    func `an answered row has a ttft above zero`(_ value: String, _ reason: String) async throws {
        let fixture = try Fixture()
        let path = try fixture.file("prompt_tokens,ttft\n1,0.5\n2,\(value)\n3,0.5\n")
        let error = try await fixture.refusal(path)
        #expect(error.line == 3 && error.kind == .badData && error.found.hasPrefix(reason))
        let (rows, report) = try await fixture.read(path, maxRejected: 0.5)
        #expect(rows.ttft == [0.5] && rows.counts == [2])
        #expect(report.rejections.count == 1 && report.rejections[0].reason == reason)
        #expect(report.rejections[0].firstLine == 3 && report.rejections[0].count == 1)
    }

    @Test(arguments: [
        ("0", "prompt_tokens is less than 1"), ("-5", "prompt_tokens is less than 1"),
        ("18.5", "prompt_tokens is not a whole number"), ("many", "prompt_tokens is not a number"),
        ("", "prompt_tokens is missing"), ("99999999999", "prompt_tokens is too large"),
    ])
    func `a prompt length is a whole number of at least 1`(_ value: String, _ reason: String) async throws {
        let fixture = try Fixture()
        let path = try fixture.file("prompt_tokens,ttft\n1,0.5\n3,0.5\n\(value),0.5\n")
        let (rows, report) = try await fixture.read(path, maxRejected: 0.5, lengths: .exact)
        #expect(rows.promptTokens == [1, 3])
        #expect(report.rejections.map(\.reason) == [reason] && report.rejections[0].firstLine == 4)
    }

    @Test func `invariant 1: rows in are accepted, filtered or rejected`() async throws {
        let fixture = try Fixture()
        var text = "prompt_tokens,ttft,region\n"
        for row in 0..<1000 {
            switch row % 10 {
            case 0: text += "0,0.5,a\n"
            case 1: text += "5,-1,a\n"
            case 2: text += "5,0.5\n"
            case 3: text += "5,0.5,a,b\n"
            case 4: text += "5,0.5,b\n"
            case 5: text += "5,x,a\n"
            default: text += "\(row),\(row).5,a\n"
            }
        }
        let path = try fixture.file(text)
        for tuning in [nil, 0.7] {
            let (rows, report) = try await fixture.read(
                path, where: "region = 'a'", maxRejected: 1, lengths: .exact, tuning: tuning)
            #expect(report.rowsIn == 1000)
            #expect(report.accepted == 400 && report.filtered == 100 && report.rejected == 500)
            #expect(report.rowsIn == report.accepted + report.filtered + report.rejected)
            #expect(rows.requests == report.accepted)
            #expect(report.rejections.map(\.count) == [100, 100, 100, 100, 100])
        }
    }

    @Test func `a cancelled row is a lower bound`() async throws {
        let fixture = try Fixture(timeout: 10)
        let (rows, report) = try await fixture.read(
            try fixture.file("ttft,outcome\n0.5,ok\n0.5,cancelled\n12,cancelled\n0.25,Canceled\n"))
        #expect(rows.ttft == [0.25, 0.5, 0.5, .infinity])
        #expect(rows.isCensored == [true, false, true, false])
        #expect(report.cancelled == 2 && report.failed == 1)
    }

    @Test func `an answer after the timeout is a failure`() async throws {
        let fixture = try Fixture(timeout: 1)
        let (rows, report) = try await fixture.read(try fixture.file("ttft\n0.5\n1\n1.0001\n"))
        #expect(rows.ttft == [0.5, 1, .infinity] && report.failed == 1)
        #expect(report.notes.contains { $0.contains("after 1.0 s") })
    }

    @Test func `an outcome is one of three words`() async throws {
        let fixture = try Fixture()
        let error = try await fixture.refusal(try fixture.file("ttft,outcome\n0.5,ok\n0.5,meh\n"))
        #expect(
            error.line == 3 && error.description.contains("meh") && error.wanted!.contains("ok, failed or cancelled"))
    }

    @Test func `output lengths are counts or unknown`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("ttft,output_tokens\n0.5,0\n0.5,\n0.5,7\n0.5,-1\n0.5,1.5\n")
        let (rows, report) = try await fixture.read(path, maxRejected: 0.5, output: true)
        #expect(rows.outputTokens == [-1, 0, 7])
        #expect(report.rejections.map(\.reason) == ["output_tokens is not a count"] && report.rejected == 2)
    }

    @Test func `lengths are pooled, exact, grouped or doubled`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("prompt_tokens,ttft\n1,1\n2,1\n3,1\n4,1\n99,1\n100,1\n2147483647,1\n")
        #expect(try await fixture.read(path).rows.promptTokens == [0])
        #expect(try await fixture.read(path, lengths: .exact).rows.promptTokens.count == 7)
        let groups = try await fixture.read(path, lengths: .groups(lowerEdges: [1, 3, 50, 100])).rows
        #expect(groups.promptTokens == [1, 3, 50, 100] && groups.counts == [2, 2, 1, 2])
        let doubled = try await fixture.read(path, lengths: .doublings).rows
        #expect(doubled.promptTokens == [1, 2, 4, 64, 1 << 30] && doubled.counts == [1, 2, 1, 2, 1])
    }

    @Test func `rows without a length fall in group 0 for evidence`() async throws {
        let fixture = try Fixture()
        let (rows, report) = try await fixture.read(try fixture.file("ttft\n1\n2\n"), lengths: .doublings)
        #expect(rows.promptTokens == [0, 0] && report.accepted == 2)
    }

    @Test func `rows without a length fall in group 0 beside groups of one's own, wrong lengths are turned away`()
        async throws
    {
        let fixture = try Fixture()
        let path = try fixture.file("prompt_tokens,ttft\n1,1\n,1\n60,1\n49,1\n0.5,1\n,\n")
        let (rows, report) = try await fixture.read(
            path, maxRejected: 0.5, lengths: .groupsIfKnown(lowerEdges: [1, 50]))
        #expect(rows.promptTokens == [0, 0, 1, 50] && rows.counts == [1, 1, 2, 1])
        #expect(report.rejected == 1 && report.failed == 1)
        let none = try await fixture.read(
            try fixture.file("b.csv", "ttft\n1\n2\n"), lengths: .groupsIfKnown(lowerEdges: [1, 50]))
        #expect(none.rows.promptTokens == [0, 0])
    }

    @Test func `rejections up to the tolerance are only reported`() async throws {
        let fixture = try Fixture()
        let text = "ttft\n" + String(repeating: "0.5\n", count: 99) + "0\n"
        let (_, report) = try await fixture.read(try fixture.file(text))
        #expect(report.rejected == 1 && report.rejections[0].firstLine == 101)
        let error = try await fixture.refusal(try fixture.file("b.csv", text + "0\n"))
        #expect(error.line == 101 && error.description.contains("2 of 101 rows rejected"))
    }

    @Test func `doubles cross to the last bit`() async throws {
        let fixture = try Fixture(timeout: 1e300)
        let values: [Double] = [0.1, 0.1 + 0.2, .leastNonzeroMagnitude, 1e-5, 123456.789, 1 / 3, 1e22, 8.41e21]
        let text = "ttft\n" + values.map { "\($0)\n" }.joined()
        #expect(try await fixture.read(try fixture.file(text)).rows.ttft == values.sorted())
    }
}
