import Foundation
import Policies
import Testing

@Suite struct `Reading a policy table` {
    private let full: String

    init() throws { full = text(try Fixture.valid("full").bytes) }

    private func replacing(_ old: String, by new: String) throws -> String {
        let range = try #require(full.range(of: old), "the fixture has no \(old)")
        return full.replacingCharacters(in: range, with: new)
    }

    @Test func `an unknown version is named before anything else is looked at`() throws {
        let error = try #require(errorOfReading(#"{"schema_version": 2, "something": "new"}"#))
        #expect(error.description == "$.schema_version: schema version 2 is not known here; known: 1")
        #expect(errorOfReading(#"{"schema_version": 1.5}"#)?.rule == .unknownVersion)
        #expect(errorOfReading(#"{"schema_version": "1"}"#)?.rule == .wrongType)
        #expect(errorOfReading("{}")?.problem == .missingMember("schema_version"))
        #expect(errorOfReading("[]")?.problem == .wrongType(found: "an array", wanted: "an object"))
    }

    @Test func `an unknown member is named by its place and its nearest valid name`() throws {
        let root = try #require(errorOfReading(try replacing("\"timeout\"", by: "\"time_out\"")))
        #expect(root.description == #"$: unknown member "time_out"; did you mean "timeout"?"#)
        let deep = try #require(errorOfReading(try replacing("\"device_wait\": 1.25", by: "\"devicewait\": 1.25")))
        #expect(
            deep.description == #"$.buckets[2].actions[1]: unknown member "devicewait"; did you mean "device_wait"?"#)
        let far = try #require(errorOfReading(try replacing("\"budget\": 0.2", by: "\"xyzzyxyzzy\": 0.2")))
        #expect(far.description == #"$.guard: unknown member "xyzzyxyzzy"; valid: endpoint, budget"#)
    }

    @Test func `a wrong type says what was found and what was wanted`() throws {
        let wait = try #require(
            errorOfReading(try replacing("\"device_wait\": 1.25", by: "\"device_wait\": \"never\"")))
        #expect(wait.description == #"$.buckets[2].actions[1].device_wait: found the text "never", wanted a number"#)
        let limit = try #require(errorOfReading(try replacing("\"at_most\": 0.2", by: "\"at_most\": []")))
        #expect(limit.path == "$.limits['device.prefill_share'].at_most")
    }

    @Test func `a duplicate is named by its place`() throws {
        let error = try #require(errorOfReading(try replacing("\"to\": 12,", by: "\"to\": 12, \"t\\u006f\": 13,")))
        #expect(error.description == #"$.buckets[0]: member "to" is given twice"#)
    }

    @Test func `a syntax error is named by line and column`() throws {
        let error = try #require(errorOfReading("{\n  \"schema_version\": 1,\n  \"id\": nil\n}"))
        #expect(
            error.problem
                == .notJSON(offset: 34, line: 3, column: 10, found: "\"i\"", wanted: "\"null\""), "\(error)")
    }

    // MARK: - Hostile input

    @Test func `every beginning of a file is an error`() throws {
        let bytes = Array(full.utf8)
        let end = bytes.count - 1  // the last byte is a newline
        for count in 0..<end { #expect(errorOfReading(Array(bytes[..<count]))?.rule == .notJSON) }
    }

    @Test(arguments: [
        "", " ", "\u{feff}{}", "nul", "NaN", "Infinity", "-", "+1", "01", "1.", ".5", "1e", "0x10", "'a'", "\"", "\"\\",
        "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "[1,]", "[1 2]",
        "{1:2}",
        "{\"a\"}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "[", "{", "]", "{}{}", "[1}", "// no", "{\"a\":\u{0}}",
    ])
    func `what is not JSON is an error`(document: String) {
        #expect(errorOfReading(document)?.rule == .notJSON)
    }

    @Test(
        arguments: [
            [0xFF], [0x22, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22],
            [0x22, 0xE2, 0x82, 0x22], [0xFE, 0xFF, 0x00, 0x7B],
        ] as [[UInt8]])
    func `what is not UTF-8 is an error`(bytes: [UInt8]) {
        #expect(errorOfReading(bytes)?.rule == .notJSON)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a number is read as the nearest double, however it is spelled`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var texts = [
            "0", "-0", "0.0", "0.1", "999999999999999", "9999999999999999", "0.000000000000000000000123456789012345",
            "0.0000000000000000000001", "100000000000000.5", "123456789012345.0000000", "1E22", "1e23", "8.5e-7",
        ]
        for _ in 0..<100 {
            let whole = Int.random(in: 0...(1 << Int.random(in: 1...62, using: &generator)), using: &generator)
            let fraction = (0..<Int.random(in: 1...25, using: &generator)).map { _ in
                String(Int.random(in: 0...9, using: &generator))
            }
            texts.append("\(whole).\(fraction.joined())")
            texts.append("-0.\(fraction.joined())")
        }
        for text in texts {
            let table = try PolicyTable.decode(Array(try replacing("\"timeout\": 60", by: "\"timeout\": \(text)").utf8))
            #expect(table.timeout == Double(text), "\(text)")
            #expect(table.timeout.sign == Double(text)?.sign)
        }
    }

    @Test func `numbers beyond every double are errors`() throws {
        for number in ["1e400", "-1e400", "1e999999999999999999999", String(repeating: "9", count: 2_000)] {
            let error = try #require(errorOfReading(try replacing("\"timeout\": 60", by: "\"timeout\": \(number)")))
            #expect(error.rule == .numberOverflow)
            #expect(error.path == "$.timeout")
            #expect(error.description.utf8.count < 200)
        }
        for number in ["9223372036854775808", "1e300", "0.5", "-9007199254740993"] {
            #expect(errorOfReading(try replacing("\"to\": 12,", by: "\"to\": \(number),"))?.rule == .wrongType)
        }
        #expect(errorOfReading(try replacing("\"timeout\": 60", by: "\"timeout\": 1e-400"))?.rule == .timeoutRange)
    }

    @Test func `deep nesting, many values and large files are refused`() {
        #expect(errorOfReading(String(repeating: "[", count: 1_000_000))?.rule == .tooDeep)
        #expect(errorOfReading(String(repeating: "{\"a\":", count: 1_000_000))?.rule == .tooDeep)
        #expect(errorOfReading("[" + String(repeating: "0,", count: 2_000_001) + "0]")?.rule == .tooManyValues)
        let members = (0..<65).map { "\"m\($0)\":0" }.joined(separator: ",")
        #expect(errorOfReading("{\(members)}")?.rule == .tooManyValues)
        #expect(errorOfReading([UInt8](repeating: 0x78, count: PolicyTable.SizeLimits.bytes + 1))?.rule == .tooLarge)
        #expect(errorOfReading([UInt8](repeating: 0x78, count: PolicyTable.SizeLimits.bytes))?.rule == .notJSON)
    }

    @Test func `a million buckets and one are refused before one is read`() throws {
        let start = try #require(full.range(of: "\"buckets\": [")).lowerBound
        let end = try #require(full.range(of: "\"guard\"")).lowerBound
        let buckets = "\"buckets\": [" + String(repeating: "0,", count: 1_000_000) + "0],"
        let error = try #require(errorOfReading(full.replacingCharacters(in: start..<end, with: buckets)))
        #expect(error.description == "$.buckets: 1000001 buckets; a table has at most 1000000")
    }

    @Test func `messages do not pass on what steers a terminal`() throws {
        let error = try #require(
            errorOfReading(try replacing("\"timeout\"", by: "\"\\u001b[31m\(String(repeating: "x", count: 500))\"")))
        #expect(!error.description.contains("\u{1b}"))
        #expect(error.description.count < 600)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `damaged bytes end in a table or in an error`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var bytes = Array(full.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: place)
            default: bytes.insert(Array("{}[],:\"\\-0e.".utf8).randomElement(using: &generator) ?? 0, at: place)
            }
        }
        if let table = try? PolicyTable.decode(bytes) {
            #expect(try PolicyTable.decode(table.encoded()) == table)
            _ = table.violations()
            _ = table.rendered(width: 80)
        }
    }
}
