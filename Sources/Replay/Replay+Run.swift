import Dispatch
import Synchronization

extension Replay {
    /// Requests replayed in one piece; a core takes the next piece when it is done with one.
    private static let pieceLength = 1 << 13
    /// Requests drawn at once.
    private static let batch = 64

    /// The tally of requests `range`, by the fast path.
    ///
    /// The same bytes for any number of cores, and for any split into ranges whose tallies are merged.
    /// - Parameters:
    ///   - range: Numbers of requests.
    ///   - cores: How many to use, ≥ 1.
    /// - Returns: What they add up to.
    /// - Complexity: O(requests) for constant gaps, else O(tokens); constant memory for each core.
    public func tally(_ range: Range<Int>, cores: Int = 1) -> ReplayTally {
        let count = (range.count + Self.pieceLength - 1) / Self.pieceLength
        let workers = max(1, min(cores, count))
        guard workers > 1 else {
            var tally = ReplayTally(self)
            add(range, to: &tally)
            return tally.settled(paces)
        }
        let next = Atomic(0)
        let total = Mutex(ReplayTally(self))
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            var own = ReplayTally(self)
            while true {
                let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard piece < count else { break }
                let start = range.lowerBound + piece * Self.pieceLength
                add(start..<min(start + Self.pieceLength, range.upperBound), to: &own)
            }
            total.withLock { $0.merge(own) }
        }
        return total.withLock { $0 }.settled(paces)
    }

    private func add(_ range: Range<Int>, to tally: inout ReplayTally) {
        let prices = Prices(world)
        // Drawn in batches: what a draw looks up lies all over memory, and the look-ups of several can wait together.
        var draws: [RequestDraw] = []
        draws.reserveCapacity(Self.batch)
        var uses: [GapUse] = []
        uses.reserveCapacity(2 * Self.batch)
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.batch) {
            draws.removeAll(keepingCapacity: true)
            for index in start..<min(start + Self.batch, range.upperBound) { draws.append(draw(index)) }
            for draw in draws {
                let response = respond(draw)
                tally.add(record(draw, response), timeout: world.timeout, prices)
                if hasTokenTimes { tally.addGaps(of: response, paces, later: &uses) }
            }
            tally.add(uses)
            uses.removeAll(keepingCapacity: true)
        }
    }

    /// The tally of requests `range`, each walked token by token through the online rules.
    /// - Complexity: O(tokens); constant memory.
    public func walkedTally(_ range: Range<Int>) -> ReplayTally {
        var tally = ReplayTally(self)
        let prices = Prices(world)
        for index in range {
            let draw = draw(index)
            let course = course(draw)
            tally.add(record(draw, course), timeout: world.timeout, prices)
            guard hasTokenTimes else { continue }
            for (time, next) in zip(course.times, course.times.dropFirst()) { tally.addGap(next - time) }
        }
        return tally.settled(paces)
    }

    /// The outcomes of requests 0 ..< `requests`.
    public func outcomes(requests: Int, cores: Int = 1) -> ReplayOutcomes {
        outcomes(of: tally(0..<requests, cores: cores))
    }

    /// The outcomes that a tally adds up to in this world.
    public func outcomes(of tally: ReplayTally) -> ReplayOutcomes { ReplayOutcomes(tally, world, settings) }
}
