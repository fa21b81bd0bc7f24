#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Problem {
    /// Days after which a price is worth looking up again.
    public static let freshPriceDays = 180

    /// What to tell of prices that held long ago: providers change theirs several times a year.
    ///
    /// Not part of any result, which would then depend on the day that it is made.
    /// - Parameter now: The time.
    /// - Returns: A sentence for each price that says when it held and is older than ``freshPriceDays``.
    public func remarksOnOldPrices(at now: Date) -> [String] {
        [("server", server.price), ("device", device.price)].compactMap { endpoint, price in
            guard let day = price?.date, let date = try? Date(day + "T00:00:00Z", strategy: .iso8601) else {
                return nil
            }
            let days = Int(now.timeIntervalSince(date) / 86_400)
            guard days > Self.freshPriceDays else { return nil }
            return "endpoints.\(endpoint).price: of \(day), \(days) days old; does it still hold?"
        }
    }
}
