extension Scheduler {
    /// The commands that one event leads to, in order; at most ``capacity``, in place, so that nothing is allocated.
    ///
    /// What an instant left open (a tie or a hand-over) takes 3 at most: deliver, cancel, hand over. After these 3 a
    /// continuation has just been started, and the event itself adds 2: it ends there, or starts somebody and sets a
    /// timer. Without them it adds 3: two starts and a timer; deliver, cancel and a timer, or the finish.
    public struct Commands: Sendable, Hashable, RandomAccessCollection {
        /// The most commands that one event leads to.
        public static let capacity = 5

        private var first: Command?
        private var second: Command?
        private var third: Command?
        private var fourth: Command?
        private var fifth: Command?

        /// How many there are.
        public private(set) var count = 0

        init() {}

        /// 0.
        public var startIndex: Int { 0 }
        /// How many there are.
        public var endIndex: Int { count }

        /// The command at `index`.
        public subscript(index: Int) -> Command {
            let command =
                switch index {
                case 0: first
                case 1: second
                case 2: third
                case 3: fourth
                case 4: fifth
                default: nil as Command?
                }
            guard let command else { preconditionFailure("no command \(index) among \(count)") }
            return command
        }

        mutating func append(_ command: Command) {
            switch count {
            case 0: first = command
            case 1: second = command
            case 2: third = command
            case 3: fourth = command
            case 4: fifth = command
            default: preconditionFailure("an event leads to at most \(Self.capacity) commands")
            }
            count += 1
        }
    }
}
