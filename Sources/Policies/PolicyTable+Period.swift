extension PolicyTable {
    /// Some hours of the day with a bucket set of their own.
    public struct Period: Sendable, Hashable {
        /// The hours of the day (UTC) in which a request arrives, ascending, each 0...23; they need not be neighbours.
        public var hours: [Int]
        /// Share of all requests that arrive in these hours, 0...1.
        public var share: Double
        /// Ascending in prompt length, covering 1...∞ without gap or overlap.
        public var buckets: [Bucket]

        /// A period of the given hours.
        public init(hours: [Int], share: Double, buckets: [Bucket]) {
            self.hours = hours
            self.share = share
            self.buckets = buckets
        }

        /// The hours in words, `22:00-06:00 UTC`; several spans with commas.
        public var words: String {
            func clock(_ hour: Int) -> String { "\(hour < 10 ? "0" : "")\(hour):00" }
            let own = Set(hours)
            if own.count >= 24 { return "all day" }
            let starts = own.sorted().filter { !own.contains(($0 + 23) % 24) }
            let spans = starts.map { start in
                var end = start
                while own.contains(end) { end = (end + 1) % 24 }
                return "\(clock(start))-\(clock(end))"
            }
            return spans.joined(separator: ", ") + " UTC"
        }
    }

    /// The hour of the day (UTC) at a time in seconds since 1970, as a look-up by hour wants it.
    /// - Precondition: A finite time within ±10¹⁵ s.
    public static func hourOfDay(secondsSince1970 seconds: Double) -> Int {
        let day = seconds - (seconds / 86_400).rounded(.down) * 86_400
        return min(23, Int((day / 3_600).rounded(.down)))
    }
}
