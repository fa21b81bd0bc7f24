import Foundation

/// A seeded log of requests raced on both endpoints: what each would have taken, had it been left to answer.
///
/// S is log-normal, D(l) = 0.148 + 0.00668 l with normal noise; the loser is cancelled when the winner answers. Where the
/// device is started after a wait, it is started only if the server has not answered by then.
public struct Races: Sendable {
    /// Prompt lengths in tokens, 1...600.
    public private(set) var lengths: [Int] = []
    /// The server's TTFT in seconds; infinite for a failure.
    public private(set) var server: [Double] = []
    /// The device's TTFT in seconds.
    public private(set) var device: [Double] = []

    /// The device's wait in seconds.
    public let deviceWait: Double

    /// Median of S at a length, in seconds.
    public static func serverMedian(_ length: Int, slope: Double) -> Double { 1.5 + slope * Double(length) }
    /// Standard deviation of ln S.
    public static let sigma = 0.6

    /// A log of `count` races.
    /// - Parameters:
    ///   - count: How many requests.
    ///   - seed: Which log.
    ///   - slope: Seconds by which the median of S grows with a token.
    ///   - failing: Share of server requests that never answer.
    ///   - noise: Standard deviation of the device's noise, in seconds.
    ///   - deviceWait: Seconds after which the device is started.
    ///   - shortest: The shortest prompt, in tokens.
    public init(
        count: Int, seed: Int, slope: Double = 0, failing: Double = 0, noise: Double = 0.05, deviceWait: Double = 0,
        shortest: Int = 1
    ) {
        self.deviceWait = deviceWait
        // Neighbouring seeds give one sequence, shifted by a number; these begin far apart.
        var generator = SeededGenerator(seed: seed << 32)
        func normal() -> Double {
            let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &generator))).squareRoot()
            return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
        }
        for _ in 0..<count {
            let length = Int.random(in: shortest...600, using: &generator)
            let isFailing = Double.random(in: 0..<1, using: &generator) < failing
            lengths.append(length)
            server.append(isFailing ? .infinity : Self.serverMedian(length, slope: slope) * exp(Self.sigma * normal()))
            device.append(max(0.01, 0.148 + 0.00668 * Double(length) + noise * normal()))
        }
    }

    /// P(S > t) of the world that logs are drawn from, over all lengths, failures aside.
    public static func serverSurvival(_ t: Double, slope: Double = 0) -> Double {
        if slope == 0 { return tail(t, median: serverMedian(1, slope: 0)) }
        return (1...600).reduce(0) { $0 + tail(t, median: serverMedian($1, slope: slope)) } / 600
    }

    private static func tail(_ t: Double, median: Double) -> Double {
        erfc(log(t / median) / (sigma * 2.0.squareRoot())) / 2
    }

    /// What the log has of the server: its time, or what the winner took as a lower bound.
    public var serverLog: [(value: Double, isCensored: Bool)] {
        zip(server, device).map { $0 <= deviceWait + $1 ? ($0, false) : (deviceWait + $1, true) }
    }

    /// The same log if every other request is left to the server alone.
    public var halfLog: [(value: Double, isCensored: Bool)] {
        serverLog.enumerated().map { $0.isMultiple(of: 2) ? $1 : (server[$0], false) }
    }

    /// What the log has of the device: its time, or the server's as a lower bound.
    ///
    /// - Precondition: no wait, so that the device was always started.
    public var deviceLog: [(value: Double, isCensored: Bool)] {
        precondition(deviceWait == 0, "the device was not always started")
        return zip(server, device).map { $0 < $1 ? ($0, true) : ($1, false) }
    }
}
