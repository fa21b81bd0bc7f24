import Testing
import Traces

/// How fast tokens followed each other, as replay draws them.
@Suite struct PaceTests {
    private func paces(_ fixture: Fixture, _ path: String) async throws -> TracePaces {
        try await fixture.reader.paces(TraceSource(path: path))
    }

    private static let header = "prompt_tokens,output_tokens,ttft,tpot,tbt,outcome\n"

    @Test func `gaps come in the file's order, of answered rows alone`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file(
            Self.header + """
                5,4,0.5,0.25,"[0.25, 0.125, 0.375]",
                5,3,0.5,0.5,"[0.5, 0.5]",
                5,9,,0.75,"[9, 9, 9]",failed
                5,9,0.25,0.75,"[9, 9, 9]",cancelled
                5,1,0.25,,[],
                5,3,61,0.75,"[0.75, 0.75]",

                """)
        let found = try await paces(fixture, path)
        // What came after the timeout was answered all the same: its pace is the endpoint's.
        #expect(found.gaps == [0.25, 0.125, 0.375, 0.5, 0.5, 0.75, 0.75])
        #expect(Set(found.tpot) == [0.25, 0.5, 0.75] && found.tpot == found.tpot.sorted())
    }

    @Test func `tokens that came together are a gap and zeros`() async throws {
        let fixture = try Fixture()
        // 7 tokens: the first, then six in three deliveries; 6 tokens: five in two, the first of three.
        let path = try fixture.file(
            Self.header + """
                5,7,0.5,0.1,"[0.1, 0.2, 0.3]",
                5,6,0.5,0.1,"[0.5, 0.25]",
                5,,0.5,0.1,"[1, 2]",

                """)
        #expect(try await paces(fixture, path).gaps == [0.1, 0, 0.2, 0, 0.3, 0, 0.5, 0, 0, 0.25, 0, 1, 2])
    }

    @Test func `what is no time is left out, and a bad row does not shift the others`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file(
            Self.header + """
                5,,0.5,0.1,"[0.1, -1, nan, inf, 0.2]",
                x,3,0.5,0.1,"[7, 7]",
                5,3,0.5,0.1,fast,
                5,3,0.5,-1,"[0.3, 0]",

                """)
        let found = try await paces(fixture, path)
        #expect(found.gaps == [0.1, 0.2, 0.3, 0])
        #expect(Set(found.tpot) == [0.1])
    }

    @Test func `a long trace gives responses from all of it`() async throws {
        let fixture = try Fixture()
        let rows = (0..<900).map { row in
            "5,201,0.5,0.1,\"[\((0..<200).map { _ in "\(Double(row + 1) / 1024)" }.joined(separator: ","))]\","
        }
        let path = try fixture.file(Self.header + rows.joined(separator: "\n") + "\n")
        let found = try await paces(fixture, path)
        // 180,000 gaps: every third response.
        #expect(found.gaps.count == 300 * 200)
        #expect(found.gaps.first == 3.0 / 1024 && found.gaps.last == 900.0 / 1024)
        #expect(found.gaps == found.gaps.sorted())
    }

    @Test func `quantiles of equal mass stand for times per token`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file(
            "ttft,tpot\n" + (0..<5000).map { "1,\(Double(5000 - $0) / 1024)\n" }.joined())
        let found = try await paces(fixture, path)
        #expect(found.gaps.isEmpty && found.tpot.count == 1000)
        #expect(abs((found.tpot.first ?? 0) - 3.0 / 1024) <= 1.0 / 1024)
        #expect(abs((found.tpot.last ?? 0) - 4998.0 / 1024) <= 1.0 / 1024)
    }

    @Test func `a trace without paces has none`() async throws {
        let fixture = try Fixture()
        #expect(try await paces(fixture, try fixture.file("ttft\n1\n2\n")) == TracePaces())
    }

    @Test(arguments: ["jsonl", "parquet"])
    func `JSON and Parquet have lists of their own`(kind: String) async throws {
        let fixture = try Fixture()
        let path = fixture.folder + "/trace.\(kind)"
        try fixture.duckdb(
            """
            COPY (SELECT 5 AS prompt_tokens, 3 AS output_tokens, 0.5 AS ttft, [0.25, 0.5]::DOUBLE[] AS tbt) TO '\(path)'
            """)
        #expect(try await paces(fixture, path).gaps == [0.25, 0.5])
    }
}
