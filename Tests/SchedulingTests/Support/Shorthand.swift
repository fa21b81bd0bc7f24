import Policies
import Scheduling

typealias Endpoint = PolicyTable.Endpoint
typealias Run = Scheduler.Run
typealias Event = Scheduler.Event
typealias Command = Scheduler.Command
typealias Rules = Scheduler.Rules

extension Endpoint {
    var opposite: Endpoint { self == .server ? .device : .server }
}

/// A run of the server.
func server(_ attempt: Int = 1, after: Int = 0) -> Run { Run(endpoint: .server, attempt: attempt, after: after) }

/// A run of the device.
func device(_ attempt: Int = 1, after: Int = 0) -> Run { Run(endpoint: .device, attempt: attempt, after: after) }

extension Scheduler {
    /// Waits in seconds; a timeout of 60 s and a reader of 5 tokens/s unless given.
    init(
        server: Double = 0, device: Double = .infinity, timeout: Double = 60, pace: Double? = 5,
        fromServer: Migration? = nil, fromDevice: Migration? = nil, missing: Endpoint? = nil
    ) {
        self.init(
            rules: Rules(
                action: .init(serverWait: server, deviceWait: device), timeout: timeout,
                reader: pace.map(Reader.init(tokensPerSecond:)), fromServer: fromServer, fromDevice: fromDevice,
                missing: missing))
    }

    /// Submitted at 0.
    static func race(timeout: Double = 60, fromServer: Migration? = nil, fromDevice: Migration? = nil) -> Scheduler {
        var scheduler = Scheduler(device: 0, timeout: timeout, fromServer: fromServer, fromDevice: fromDevice)
        _ = scheduler(.submitted, 0)
        return scheduler
    }

    /// What an event leads to, but for timers.
    mutating func callAsFunction(_ event: Event, _ time: Double) -> [Command] {
        handle(event, at: time).filter { if case .setTimer = $0 { false } else { true } }
    }
}

/// What in a list of commands asks for a timer.
func timers(_ commands: Scheduler.Commands) -> [Double] {
    commands.compactMap { if case .setTimer(let time) = $0 { time } else { nil } }
}
