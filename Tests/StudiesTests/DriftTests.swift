import Serving
import Studies
import Testing
import Traces

@Suite struct `Drift: limits, budgets and new traces` {
    private func use(_ now: Double, of bound: Double, isAtLeast: Bool = false, error: Double? = nil) -> BudgetUse {
        BudgetUse(metric: .devicePrefillShare, bound: bound, isAtLeast: isAtLeast, now: now, standardError: error)
    }

    @Test func `a use beyond 1 is a broken limit, from above and from below`() {
        #expect(use(0.3, of: 0.2).use == 0.3 / 0.2 && use(0.3, of: 0.2).isBroken)
        #expect(use(0.1, of: 0.2).use == 0.5 && !use(0.1, of: 0.2).isBroken)
        #expect(use(0.1, of: 0.2, isAtLeast: true).use == 2 && use(0.4, of: 0.2, isAtLeast: true).use == 0.5)
    }

    @Test func `rounding breaks no limit, and a bound of 0 is kept by 0 alone`() {
        #expect(use(0.2 + 1e-12, of: 0.2).use == 1 && !use(0.2 - 1e-12, of: 0.2, isAtLeast: true).isBroken)
        #expect(use(0, of: 0).use == 0 && use(1e-12, of: 0).use <= 1 && use(0.1, of: 0).use == .infinity)
        #expect(use(0, of: 0.1, isAtLeast: true).use == .infinity && use(0, of: 0, isAtLeast: true).use == 0)
    }

    @Test func `what three standard errors explain is no certain use`() {
        #expect(abs(use(0.3, of: 0.2, error: 0.02).certainUse - 1.2) < 1e-12)
        #expect(use(0.21, of: 0.2, error: 0.02).certainUse < 1)
        #expect(abs(use(0.1, of: 0.2, isAtLeast: true, error: 0.02).certainUse - 0.2 / 0.16) < 1e-12)
        #expect(abs((use(0.3, of: 0.2, error: 0.02).useError ?? 0) - 0.1) < 1e-12)
        #expect(use(0.3, of: 0.2).useError == nil && use(0.3, of: 0, error: 0.1).useError == nil)
    }

    @Test func `a loss is a share of what can be had`() {
        func share(_ held: Double, _ solved: Double) -> Double {
            DriftStudy.Regret(metric: .ttftMean, held: held, solved: solved).share
        }
        #expect(abs(share(1.1, 1) - 0.1) < 1e-12 && share(0.9, 1) < 0)
        #expect(share(1, 1) == 0 && share(0, 0) == 0 && share(1 + 1e-12, 1) == 0)
        #expect(share(0.1, 0) == .infinity)
    }

    @Test func `a path may have a role, and any other word before an equals sign is part of it`() {
        #expect(NewTrace("new.csv") == NewTrace(nil, path: "new.csv"))
        #expect(NewTrace("device=a=b.csv") == NewTrace(.device, path: "a=b.csv"))
        #expect(NewTrace("region=iad/new.csv") == NewTrace(nil, path: "region=iad/new.csv"))
    }

    @Test func `a path without a role stands for all that the problem reads from the server's file`() throws {
        let log = TraceSource(
            path: "log.csv", format: .canonical, columns: ["ttft": "ms / 1000"], filter: "endpoint = 's'")
        var problem = Problem(
            workload: .init(trace: TraceSource(path: "log.csv"), buckets: .exact),
            server: .init(ttft: .trace(log)), device: .init(ttft: .trace(TraceSource(path: "phone.csv"))), limits: [])
        problem.sha256 = "as it was"
        let (new, roles) = try problem.replacing([NewTrace("new.csv")])
        #expect(roles == [.server, .workload] && new.workload.trace.path == "new.csv" && new.sha256 == "as it was")
        var source = log
        source.path = "new.csv"
        #expect(new.server.ttft == .trace(source) && new.device == problem.device && new.tuningShare == nil)
        let (own, two) = try problem.replacing([
            NewTrace("workload=w.csv"), NewTrace("new.csv"), NewTrace("device=d.csv"),
        ])
        #expect(two == [.server, .workload, .device] && own.workload.trace.path == "w.csv")
    }

    @Test func `a path without a role has no place where the server is a formula`() throws {
        let problem = Problem(
            workload: .init(trace: TraceSource(path: "log.csv"), buckets: .exact),
            server: .init(ttft: .formula(intercept: 1, perToken: 0, perTokenSquared: 0)),
            device: .init(ttft: .formula(intercept: 1, perToken: 0, perTokenSquared: 0)), limits: [])
        #expect(throws: StudyError.self) { try problem.replacing([NewTrace("new.csv")]) }
        let (new, roles) = try problem.replacing([NewTrace("server=new.csv")])
        #expect(roles == [.server] && new.server.ttft == .trace(TraceSource(path: "new.csv")))
    }
}
