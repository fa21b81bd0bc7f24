import Policies
import Testing

@Suite struct `Fixtures of the policy table` {
    @Test func `the folders have fixtures`() {
        #expect(Fixture.valid.count >= 3)
        #expect(Fixture.invalid.count >= 80)
    }

    @Test(arguments: Fixture.valid)
    func `a valid file is read, valid, and the same after writing`(fixture: Fixture) throws {
        let table = try PolicyTable.load(fixture.bytes)
        #expect(table.violations().isEmpty)
        #expect(try PolicyTable.decode(table.encoded()) == table)
    }

    /// What a schema can see is refused by the reader or by validation; the file's name says under which rule.
    @Test(arguments: Fixture.invalid.filter { $0.name.hasPrefix("schema-") })
    func `a file that breaks the schema is refused by the rule it is named after`(fixture: Fixture) throws {
        let error = try #require(errorOfReading(fixture.bytes))
        if case .invalid(let violations) = error.problem {
            #expect(violations.contains { $0.rule.rawValue == fixture.rule }, "\(error)")
        } else {
            #expect(error.rule.rawValue == fixture.rule, "\(error)")
        }
    }

    /// Beyond the schema: the file can be read, and breaks the one rule it is named after.
    @Test(arguments: Fixture.invalid.filter { $0.name.hasPrefix("rule-") && $0.name != "rule-duplicate-member" })
    func `a file that breaks one rule breaks that rule only`(fixture: Fixture) throws {
        let rules = Set(try PolicyTable.decode(fixture.bytes).violations().map(\.rule.rawValue))
        #expect(rules == allowed[fixture.name, default: [fixture.rule]])
    }

    /// Where one edit cannot but break two rules.
    private let allowed: [String: Set<String>] = [
        // A bucket that begins after its end also leaves a gap before itself.
        "rule-bucket-order": ["bucket-order", "bucket-gap"]
    ]

    @Test func `every rule has a fixture or is named by another test`() {
        let elsewhere: Set<PolicyRule> = [
            .tooLarge, .tooDeep, .tooManyValues, .tooManyBuckets, .notJSON, .numberOverflow, .numberFinite,
        ]
        let covered = Set(Fixture.invalid.map(\.rule))
        for rule in PolicyRule.allCases where !elsewhere.contains(rule) {
            #expect(covered.contains(rule.rawValue), "no fixture for \(rule.rawValue)")
        }
    }

    @Test func `a duplicate member is an error, not a silent choice`() throws {
        let fixture = try #require(Fixture.invalid.first { $0.name == "rule-duplicate-member" })
        let error = try #require(errorOfReading(fixture.bytes))
        #expect(error.problem == .duplicateMember("timeout"))
        #expect(error.path == "$")
    }
}
