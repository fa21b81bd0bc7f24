import Checking
import Costs
import Optimization
import Profiles
import Serving
import Solvers

/// The solvers' answers, as the checker that knows no solver judges them.
extension DispatchProblem {
    /// The verdict on a solution of this problem.
    func verdict(on solution: DispatchSolution) -> CertificateVerdict {
        let certificate = solution.certificate
        let metric = Metric.prefillShare(of: limited)
        let question = DispatchQuestion(
            worlds: [Checking.World(profile, lowerEdges: buckets.lowerEdges)], objective: .ttftMean,
            limits: [Limit(metric: metric, atMost: budget)])
        return CertificateCheck(question, plans: solution.plan.map { [$0] } ?? []).verdict(
            on: .linear(
                LinearClaim(
                    primal: certificate.primal, bound: certificate.bound, gap: certificate.gap,
                    scale: certificate.scale, multipliers: [metric: certificate.multiplier])))
    }
}

extension DispatchProgram {
    /// The question that this program answers, in the checker's words.
    var question: DispatchQuestion {
        DispatchQuestion(
            worlds: worlds.map {
                Checking.World($0.profile, lowerEdges: $0.buckets.lowerEdges, share: $0.share)
            }, costs: costs, objective: objective, limits: limits, handOvers: handOvers,
            quality: worlds[0].losses?.settings)
    }

    /// The verdict on an answer of this program.
    func verdict(on answer: DispatchAnswer) -> CertificateVerdict {
        CertificateCheck(question, plans: answer.plans).verdict(on: answer.claim)
    }
}

extension DispatchAnswer {
    /// What its certificate says, in the checker's words.
    var claim: Claim {
        guard let tieBreak else { return .linear(certificate.claim) }
        return .quantile(
            QuantileClaim(
                primal: certificate.primal, bound: certificate.bound, gap: certificate.gap, scale: certificate.scale,
                tail: tail.map { .init(time: $0.time, bound: $0.bound, multipliers: $0.multipliers) },
                tieBreak: tieBreak.claim))
    }
}

extension DispatchAnswer.Certificate {
    /// The same in the checker's words.
    var claim: LinearClaim {
        LinearClaim(primal: primal, bound: bound, gap: gap, scale: scale, multipliers: multipliers)
    }
}
