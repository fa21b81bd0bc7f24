import Scheduling

extension Replay {
    /// Slopes of the buffer within this of 0 are not trusted to rounding: then every token is looked at.
    private static let leastSlope = 1e-6

    /// Tokens after which a run hands over: the first from `afterTokens` on whose buffer suffices, or the last that comes in
    /// the same instant; nil if the response ends before.
    ///
    /// It asks the scheduler's own `isDue`, so both round alike. With a constant gap τ the buffer after token j is
    /// (1 − r τ) j + r τ: it rises or falls throughout, and a division finds the place.
    func handOverPoint(of run: TokenRun, output: Int, _ migration: Migration, _ reader: Reader) -> Int? {
        let elapsed = paces[run.side].elapsed
        func isDue(_ j: Int) -> Bool {
            migration.isDue(
                delivered: j, secondsSinceFirst: run.time(j - 1, elapsed) - run.time(0, elapsed), reader: reader)
        }
        var j = migration.afterTokens
        guard j < output else { return nil }
        if !isDue(j) {
            let least = j + 1
            j = least
            if run.place < 0 {
                let read = reader.tokensPerSecond * run.gap
                if 1 - read <= -Self.leastSlope { return nil }
                if 1 - read >= Self.leastSlope {
                    let guess = ((migration.bufferTokens - read) / (1 - read)).rounded(.up)
                    guard guess <= Double(output) else { return nil }
                    j = max(least, Int(guess))
                    while j > least, isDue(j - 1) { j -= 1 }
                }
            }
            while j < output, !isDue(j) { j += 1 }
        }
        while j < output, run.time(j, elapsed) == run.time(j - 1, elapsed) { j += 1 }
        return j < output ? j : nil
    }
}
