import Policies
import Testing

@Suite struct `A policy table by period of the day` {
    private typealias Period = PolicyTable.Period

    /// A valid table whose hours fall to periods at random, each with buckets of its own.
    private static func random(seed: UInt64) -> PolicyTable {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...6, using: &generator)
        // The first hours make sure that no period is empty.
        let owners = (0..<24).map { $0 < count ? $0 : Int.random(in: 0..<count, using: &generator) }
        let weights = (0..<count).map { _ in Double.random(in: 0...1, using: &generator) }
        let sum = weights.reduce(0, +)
        var table = PolicyTable.random(seed: seed)
        table.buckets = []
        table.periods = (0..<count).map { index in
            Period(
                hours: (0..<24).filter { owners[$0] == index }, share: weights[index] / sum,
                buckets: PolicyTable.random(seed: seed &* 31 &+ UInt64(index)).buckets)
        }
        return table
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `any table by periods is valid, comes back from its bytes, and decides as the period's own table would`(
        seed: UInt64
    ) throws {
        let table = Self.random(seed: seed)
        #expect(table.violations().isEmpty)
        #expect(try PolicyTable.load(table.encoded()) == table)
        for hour in 0..<24 {
            let period = try #require(table.periods.first { $0.hours.contains(hour) })
            var alone = table
            alone.periods = []
            alone.buckets = period.buckets
            for number in 0..<20 {
                let length = number * number * number + 1
                #expect(
                    table.decision(promptTokens: length, requestID: "r\(number)", hour: hour)
                        == alone.decision(promptTokens: length, requestID: "r\(number)"))
            }
        }
    }

    private static let nightAndDay: PolicyTable = {
        var table = PolicyTable.sample(buckets: [])
        table.periods = [
            Period(
                hours: [0, 1, 2, 3, 4, 5, 22, 23], share: 0.25,
                buckets: [.sample(from: 1, to: nil, actions: [.init(serverWait: 0, deviceWait: 2.5)])]),
            Period(
                hours: Array(6..<22), share: 0.75,
                buckets: [.sample(from: 1, to: nil, actions: [.init(serverWait: 0, deviceWait: 0)])]),
        ]
        return table
    }()

    @Test(arguments: [
        (0, 2.5), (5, 2.5), (6, 0), (21, 0), (22, 2.5), (23, 2.5), (24, 2.5), (30, 0), (-1, 2.5), (-3, 0),
    ])
    func `hours go round the day`(hour: Int, wait: Double) {
        #expect(Self.nightAndDay.decision(promptTokens: 7, requestID: "a", hour: hour).deviceWait == wait)
    }

    @Test func `without the hour the busiest period decides, and a table for all day does not look at it`() {
        #expect(Self.nightAndDay.decision(promptTokens: 7, requestID: "a").deviceWait == 0)
        #expect(Self.nightAndDay.periodIndex(hour: nil) == 1)
        let allDay = PolicyTable.sample()
        #expect(allDay.periodIndex(hour: 3) == nil)
        #expect(
            allDay.decision(promptTokens: 7, requestID: "a", hour: 3)
                == allDay.decision(promptTokens: 7, requestID: "a"))
    }

    @Test(
        arguments: [
            (0, 0), (3_599.999, 0), (3_600, 1), (86_399.5, 23), (86_400, 0), (-1, 23), (1_737_676_800, 0),
            (1_737_676_800 - 1e-6, 23),
        ] as [(Double, Int)])
    func `the hour of the day of a time`(seconds: Double, hour: Int) {
        #expect(PolicyTable.hourOfDay(secondsSince1970: seconds) == hour)
    }

    @Test func `buckets and periods exclude each other`() throws {
        var both = Self.nightAndDay
        both.buckets = [.sample(from: 1, to: nil)]
        #expect(both.violations().map(\.rule) == [.bucketsOrPeriods])
        let error = try #require(errorOfReading(both.encoded()))
        #expect(error.description == #"$: found both "buckets" and "periods", wanted one of them"#)
        var neither = both
        neither.buckets = []
        neither.periods = []
        #expect(neither.violations().map(\.rule) == [.bucketsEmpty])
        #expect(try PolicyTable.decode(neither.encoded()) == neither)
    }

    @Test func `each fault of the hours is named with its place`() {
        var table = Self.nightAndDay
        table.periods[0].hours = [0, 1, 2, 6, 24]
        table.periods[1].share = 0.5
        #expect(
            table.violations().map(\.description) == [
                "$.periods[0].hours[4]: found 24, wanted an hour of the day, 0 ... 23 [period-hour-range]",
                "$.periods[1].hours[0]: hour 6 is in periods 0 and 1, wanted in one [period-overlap]",
                "$.periods: no period holds hour 3, 4, 5, 22, 23 [period-gap]",
                "$.periods: the shares sum to 0.75, wanted 1 [period-share-sum]",
            ])
        table = Self.nightAndDay
        table.periods[1].share = .nan
        table.periods[0].buckets = []
        #expect(table.violations().map(\.rule) == [.numberFinite, .bucketsEmpty])
        #expect(table.violations().last?.path == "$.periods[0].buckets")
    }

    @Test func `all periods together have no more buckets than a table may have`() {
        let half = (0...PolicyTable.SizeLimits.buckets / 2).map { index in
            PolicyTable.Bucket.sample(
                from: index + 1, to: index == PolicyTable.SizeLimits.buckets / 2 ? nil : index + 1)
        }
        var table = Self.nightAndDay
        table.periods[0].buckets = half
        table.periods[1].buckets = half
        #expect(table.violations().map(\.rule) == [.tooManyBuckets])
    }

    @Test func `the id hangs on hours, shares and buckets`() {
        let content = Self.nightAndDay.canonicalContent()
        var changed = Self.nightAndDay
        changed.periods[0].hours.removeLast()
        #expect(changed.canonicalContent() != content)
        changed = Self.nightAndDay
        changed.periods[0].share = 0.2
        #expect(changed.canonicalContent() != content)
        changed = Self.nightAndDay
        changed.periods[1].buckets[0].evidence.requests += 1
        #expect(changed.canonicalContent() != content)
    }

    @Test func `periods read as a person would say them`() {
        #expect(
            Self.nightAndDay.renderedBuckets() == """
                22:00-06:00 UTC, 25 % of requests
                prompt tokens  requests  action
                1+                   10  server at 0, device after 2.5 s

                06:00-22:00 UTC, 75 % of requests
                prompt tokens  requests  action
                1+                   10  race

                """)
        #expect(
            Period(hours: [1, 2, 8, 23], share: 1, buckets: []).words == "01:00-03:00, 08:00-09:00, 23:00-00:00 UTC")
        #expect(Period(hours: Array(0..<24), share: 1, buckets: []).words == "all day")
    }
}
