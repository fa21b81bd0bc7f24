extension PolicyTable {
    /// What a table can be exported to.
    public enum ExportFormat: String, Sendable, Hashable, CaseIterable {
        /// A row for each action of each bucket.
        case csv
        /// A gRPC service config with one hedging delay.
        case grpcServiceConfig = "grpc-service-config"
    }

    /// A table in another format, and what that cannot say.
    public struct Export: Sendable, Hashable {
        /// The file's text.
        public var text: String
        /// What is lost, a sentence each.
        public var losses: [String]
    }

    /// The table in another format.
    /// - Parameters:
    ///   - format: Which.
    ///   - promptTokens: Whose bucket is meant where the format has room for one alone; nil for the bucket of most requests.
    ///   - hour: Hour of the day in UTC, likewise; nil for the busiest period.
    /// - Returns: The text and what it cannot say.
    /// - Precondition: The table is valid.
    public func exported(to format: ExportFormat, promptTokens: Int? = nil, hour: Int? = nil) -> Export {
        switch format {
        case .csv: exportedCSV()
        case .grpcServiceConfig: exportedServiceConfig(promptTokens, hour)
        }
    }

    // MARK: CSV

    private func exportedCSV() -> Export {
        var lines = [
            "hours,from,to,probability,server_wait,device_wait,requests,server_rows,borrowed_from,"
                + "server_to_device_after,server_to_device_buffer,device_to_server_after,device_to_server_buffer"
        ]
        let sets = periods.isEmpty ? [([Int](), buckets)] : periods.map { ($0.hours, $0.buckets) }
        for (hours, buckets) in sets {
            for bucket in buckets {
                for choice in bucket.actions {
                    let moves = [Endpoint.server, .device].flatMap { source in
                        let point = (choice.migration ?? bucket.migration)?[from: source].handOver
                        return [point.map { "\($0.afterTokens)" } ?? "", point.map { exact($0.bufferTokens) } ?? ""]
                    }
                    let waits = [choice.action.serverWait, choice.action.deviceWait]
                    let cells =
                        [
                            hours.map(String.init).joined(separator: " "), "\(bucket.from)",
                            bucket.to.map(String.init) ?? "", exact(choice.probability),
                        ]
                        + waits.map { $0 == .infinity ? "never" : exact($0) }
                        + [
                            "\(bucket.evidence.requests)", "\(bucket.evidence.serverRows)",
                            bucket.evidence.borrowedFrom.map(String.init) ?? "",
                        ] + moves
                    lines.append(cells.joined(separator: ","))
                }
            }
        }
        let losses = [
            "id, revision, validity, rollout and provenance: nothing says when the rows are stale, or that they were changed",
            "timeout, fallback, guard, extra load and the reader's pace",
            "objective, limits, certificate, outcomes, and why responses are not handed over",
        ]
        return Export(text: lines.joined(separator: "\n") + "\n", losses: losses)
    }

    // MARK: gRPC

    /// One delay for all: gRPC hedges to another address of the same service, whatever the request.
    private func exportedServiceConfig(_ promptTokens: Int?, _ hour: Int?) -> Export {
        let set = periodIndex(hour: hour).map { periods[$0].buckets } ?? buckets
        var place = 0
        if let promptTokens {
            place = Self.index(in: set, promptTokens: promptTokens)
        } else {
            for index in set.indices where set[index].evidence.requests > set[place].evidence.requests { place = index }
        }
        let bucket = set[place]
        var chosen = bucket.actions[0]
        for choice in bucket.actions where choice.probability > chosen.probability { chosen = choice }
        let delay = max(chosen.action.serverWait, chosen.action.deviceWait)
        var method: [(String, JSONValue)] = [
            ("name", .array([.members([])])), ("timeout", .string(Self.duration(timeout))),
        ]
        if delay.isFinite {
            method.append(
                (
                    "hedgingPolicy",
                    .members([
                        ("maxAttempts", .number(2)), ("hedgingDelay", .string(Self.duration(delay))),
                        ("nonFatalStatusCodes", .array([.string("UNAVAILABLE"), .string("RESOURCE_EXHAUSTED")])),
                    ])
                ))
        }
        let text = JSONWriter.readable(.members([("methodConfig", .array([.members(method)]))]))
        var losses = [
            "two endpoints: gRPC hedges to another address of one service; the resolver must list first who starts at 0: "
                + "\(chosen.action.text)",
            "timeout: gRPC's covers the whole call, the table's the first token",
        ]
        if set.count > 1 || !periods.isEmpty {
            losses.append(
                "lengths and hours: the delay is that of lengths \(bucket.lengths), bucket \(place + 1) of \(set.count)"
            )
        }
        if bucket.actions.count > 1 {
            losses.append(
                "the mixture: \(short(100 * chosen.probability)) % of the bucket's requests do this, and the file says so of all"
            )
        }
        if !delay.isFinite {
            losses.append("never: no hedging policy at all; a failed call is not tried at the other endpoint")
        }
        if set.contains(where: { $0.migration != nil || $0.actions.contains { $0.migration != nil } }) {
            losses.append("hand-overs: gRPC commits to the first answer")
        }
        losses.append("id, revision, validity, rollout, fallback, guard, extra load, limits, certificate and outcomes")
        return Export(text: String(decoding: text, as: UTF8.self), losses: losses)
    }

    /// Seconds as protobuf's JSON writes a duration: at most nine decimals, rounded up, so that no wait becomes none.
    private static func duration(_ seconds: Double) -> String {
        // Durations end at 315,576,000,000 s.
        let seconds = min(max(seconds, 0), 315_576_000_000)
        let whole = Int64(seconds)
        var nanoseconds = Int64(((seconds - Double(whole)) * 1e9).rounded(.up))
        let carry = nanoseconds / 1_000_000_000
        nanoseconds -= carry * 1_000_000_000
        guard nanoseconds > 0 else { return "\(whole + carry)s" }
        var digits = String(nanoseconds)
        digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(whole + carry).\(digits)s"
    }
}
