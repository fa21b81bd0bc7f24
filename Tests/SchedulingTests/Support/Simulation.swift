import Policies
import Scheduling

/// Two endpoints in simulated time, with every order of the events that fall into one instant.
///
/// A timer comes after everything else of its instant, as the scheduler asks for. Cancelled runs go on sending.
struct Simulation {
    /// How an endpoint answers.
    struct Answer: Sendable {
        /// Seconds to its first token; infinite for never.
        var ttft: Double
        /// Seconds between its tokens.
        var tbt: Double
        /// Tokens of its whole response.
        var tokens: Int
        /// After so many tokens its first run breaks off; nil for never.
        var breaksAfter: Int?
        /// Seconds to the first token of a continuation.
        var continuation: Double
    }

    /// What can be seen from outside.
    struct Story: Hashable {
        struct Start: Hashable {
            var time: Double
            var run: Run
        }

        struct Delivery: Hashable {
            var time: Double
            var endpoint: Endpoint
        }

        var starts: Set<Start> = []
        var deliveries: [Delivery] = []
        var outcome: Scheduler.Outcome?
        var finishedAt: Double?
        var handOverAfter: Int?
    }

    private struct State {
        var scheduler: Scheduler
        var pending: [(time: Double, run: Run, event: Event)] = []
        var timer = Double.infinity
        var story = Story()
    }

    let rules: Rules
    let answers: [Endpoint: Answer]

    /// Every story that some order of simultaneous events leads to.
    func stories() -> Set<Story> {
        var found: Set<Story> = []
        var state = State(scheduler: Scheduler(rules: rules))
        advance(&state, .submitted, 0)
        walk(state, &found)
        return found
    }

    private func walk(_ state: State, _ found: inout Set<Story>) {
        let next = state.pending.map(\.time).min() ?? .infinity
        guard min(next, state.timer) < .infinity, state.story.outcome == nil else {
            found.insert(state.story)
            return
        }
        if next > state.timer {
            var state = state
            let time = state.timer
            state.timer = .infinity
            advance(&state, .timer, time)
            return walk(state, &found)
        }
        var tried: Set<Run> = []
        for index in state.pending.indices where state.pending[index].time == next {
            // Within a run the order is fixed.
            guard tried.insert(state.pending[index].run).inserted else { continue }
            var branch = state
            let event = branch.pending.remove(at: index).event
            advance(&branch, event, next)
            walk(branch, &found)
        }
    }

    private func advance(_ state: inout State, _ event: Event, _ time: Double) {
        for command in state.scheduler.handle(event, at: time) {
            switch command {
            case .start(let run): start(&state, run, time)
            case .handOver(_, let run):
                state.story.handOverAfter = run.after
                start(&state, run, time)
            case .deliver(let tokens, let run):
                state.story.deliveries += tokens.map { _ in .init(time: time, endpoint: run.endpoint) }
            case .setTimer(let at): state.timer = at
            case .finish(let outcome):
                state.story.outcome = outcome
                state.story.finishedAt = time
            case .cancel: break
            }
        }
    }

    private func start(_ state: inout State, _ run: Run, _ time: Double) {
        state.story.starts.insert(.init(time: time, run: run))
        guard let answer = answers[run.endpoint] else { return }
        var at = time + (run.after == 0 ? answer.ttft : answer.continuation)
        guard at < .infinity else { return }
        for token in run.after..<max(answer.tokens, run.after) {
            if token > run.after { at += answer.tbt }
            state.pending.append((at, run, .token(run, through: token + 1)))
            if run.after == 0 && token + 1 == answer.breaksAfter {
                state.pending.append((at, run, .failed(run)))
                return
            }
        }
        state.pending.append((at, run, .ended(run, through: max(answer.tokens, run.after))))
    }
}
