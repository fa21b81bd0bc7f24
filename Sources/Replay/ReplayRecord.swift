import Policies
import Scheduling
import Serving

/// What one replayed request adds to the outcomes.
package struct ReplayRecord: Sendable, Hashable {
    /// Length of the prompt, in tokens.
    package let promptTokens: Int
    /// TTFT in seconds, infinite where nobody answered by the timeout.
    package let ttft: Double
    /// Which endpoint answered, 0 for the server and 1 for the device; −1 for none.
    package let winner: Int
    /// Whether the dispatch started the server.
    package let serverStarted: Bool
    /// Whether the dispatch started the device.
    package let deviceStarted: Bool
    /// Prompt tokens that the server is charged for, continuations included.
    package var serverPrefill = 0.0
    /// Prompt tokens that the device is charged for, continuations included.
    package var devicePrefill = 0.0
    /// Tokens that the server delivered.
    package var serverDecode = 0
    /// Tokens that the device delivered.
    package var deviceDecode = 0
    /// Whether it was handed over.
    package let isHandedOver: Bool
    /// What its reader made of it.
    package let measures: DeliveryMeasures
}

extension Replay {
    /// Prompt tokens that the dispatch is charged for an endpoint that it started.
    ///
    /// `own` is its TTFT, `passed` the time from its start until it answered or was cancelled, both in seconds.
    private func charge(_ draw: RequestDraw, own: Double, passed: Double, isWinner: Bool) -> Double {
        let tokens = Double(draw.row.promptTokens)
        guard world.loserCharge == .elapsed && !isWinner else { return tokens }
        let whole = own > 0 && own < .infinity ? own : world.timeout
        return tokens * min(1, passed / whole)
    }

    /// The record of a response, in closed form where gaps are constant.
    @inline(__always) func record(_ draw: RequestDraw, _ response: Response) -> ReplayRecord {
        let isHandedOver = response.handOverAfter > 0
        var record = ReplayRecord(
            promptTokens: Int(draw.row.promptTokens), ttft: response.ttft, winner: response.winner,
            serverStarted: response.startedAt.server < .infinity, deviceStarted: response.startedAt.device < .infinity,
            isHandedOver: isHandedOver, measures: measures(draw, response))
        let end = min(response.ttft, world.timeout)
        if record.serverStarted {
            record.serverPrefill = charge(
                draw, own: response.own.server, passed: end - response.startedAt.server,
                isWinner: response.winner == .server)
        }
        if record.deviceStarted {
            record.devicePrefill = charge(
                draw, own: response.own.device, passed: end - response.startedAt.device,
                isWinner: response.winner == .device)
        }
        if response.head.side == .server {
            record.serverDecode = response.headCount
        } else {
            record.deviceDecode = response.headCount
        }
        if isHandedOver {
            record.serverPrefill += Double(response.continued.server)
            record.devicePrefill += Double(response.continued.device)
            if response.tail.side == .server {
                record.serverDecode += response.tailCount
            } else {
                record.deviceDecode += response.tailCount
            }
        }
        return record
    }

    @inline(__always) private func measures(_ draw: RequestDraw, _ response: Response) -> DeliveryMeasures {
        let pace = draw.readerTokensPerSecond
        let reading = pace > 0 ? 1 / pace : 0
        var meter = DeliveryMeter(settings, first: response.head.first, reading: reading, reader: Int(draw.reader))
        if response.headCount > 0 { meter.add(response.head, count: response.headCount, paces[response.head.side]) }
        if response.tailCount > 0 { meter.add(response.tail, count: response.tailCount, paces[response.tail.side]) }
        let idle = response.isWhole ? meter.idle : world.timeout
        var measures = DeliveryMeasures(
            tokens: meter.tokens, isWhole: response.isWhole, idle: idle,
            isOnTime: response.isWhole && idle <= MetricSettings.tolerance,
            benefit: settings.benefit(tokens: meter.tokens, idle: idle, timeout: world.timeout))
        guard pace > 0 else { return measures }
        measures.stall = meter.lag
        measures.qoe = response.isWhole ? meter.qoe : 0
        (measures.delayed, measures.longestDelay) = (0, 0)
        // Where no token came after it was to be read, none was delayed.
        if response.tailCount > 0, meter.lag > MetricSettings.tolerance {
            let delays = Delays(
                response.head, after: response.handOverAfter, response.tail, count: response.tailCount,
                reading: reading, paces)
            (measures.delayed, measures.longestDelay) = (delays.count, delays.longest)
        }
        return measures
    }

    /// The record of a request walked through the online rules.
    func record(_ draw: RequestDraw, _ course: Course) -> ReplayRecord {
        func started(_ side: Side) -> Course.Start? {
            course.starts.first { $0.run.endpoint.side == side && $0.run.after == 0 }
        }
        let winner = course.winner?.side ?? -1
        var record = ReplayRecord(
            promptTokens: Int(draw.row.promptTokens), ttft: course.firstAt ?? .infinity, winner: winner,
            serverStarted: started(.server) != nil, deviceStarted: started(.device) != nil,
            isHandedOver: course.handOverAfter != nil, measures: delivery(draw, course).measures(settings))
        for start in course.starts {
            let side = start.run.endpoint.side
            var tokens = Double(Int(draw.row.promptTokens) + start.run.after)
            if start.run.after == 0 {
                let own = ttft(of: side, draw, after: 0, isAgain: false)
                tokens = charge(draw, own: own, passed: start.until - start.time, isWinner: side == winner)
            }
            if side == .server { record.serverPrefill += tokens } else { record.devicePrefill += tokens }
        }
        record.serverDecode = course.sources.count { $0 == .server }
        record.deviceDecode = course.sources.count - record.serverDecode
        return record
    }

    /// What the reader of a request's course saw.
    func delivery(_ draw: RequestDraw, _ course: Course) -> Delivery {
        let pace = draw.readerTokensPerSecond
        var handOver: Delivery.HandOver?
        if let after = course.handOverAfter, let winner = course.winner?.side {
            let source = run(of: winner, first: course.firstAt ?? 0, draw, isAgain: false)
            handOver = Delivery.HandOver(
                after: after,
                timesWithout: (after..<max(after, course.times.count)).map { source.time($0, paces[winner].elapsed) })
        }
        return Delivery(
            times: course.times, isWhole: course.outcome == .ok, timeout: world.timeout,
            readerTokensPerSecond: pace > 0 ? pace : nil, handOver: handOver)
    }
}

// What tests hold against each other.
extension Replay {
    /// The record of request number `index`, which the online rules took through `course`.
    package func record(_ index: Int, _ course: Course) -> ReplayRecord { record(draw(index), course) }

    /// The record of request number `index`, by the fast path.
    package func record(_ index: Int) -> ReplayRecord {
        let draw = draw(index)
        return record(draw, respond(draw))
    }

    /// When the fast path delivers each token of request number `index`, and who.
    package func tokens(_ index: Int) -> [(time: Double, isServer: Bool)] {
        let response = respond(draw(index))
        return [(response.head, response.headCount), (response.tail, response.tailCount)].flatMap { run, count in
            (0..<count).map { (run.time($0, paces[run.side].elapsed), run.side == .server) }
        }
    }
}
