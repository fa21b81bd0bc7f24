internal import Profiles
internal import Serving

extension DispatchProblem {
    /// The buckets that lose least mean TTFT against one bucket per length; this problem's own do not count.
    /// - Parameters:
    ///   - count: How many buckets are wanted, at most.
    ///   - counts: Other numbers to state losses for.
    ///   - mandatoryEdges: Lengths at which a bucket must begin.
    /// - Returns: Buckets and losses in seconds; nil where no policy keeps the limit.
    /// - Complexity: O(lengths · waits · residuals) for the table, then see `BucketSearch`.
    public func optimalBuckets(count: Int, counts: [Int] = [], mandatoryEdges: [Int] = []) -> OptimalBuckets? {
        let search = BucketSearch(workload: profile.workload, mandatoryEdges: mandatoryEdges)
        func solution(_ buckets: Buckets) -> (problem: DispatchProblem, solution: DispatchSolution) {
            let problem = DispatchProblem(profile: profile, buckets: buckets, limited: limited, budget: budget)
            return (problem, problem.solve())
        }
        func exactWaits() -> [Double] {
            let mixtures = solution(search.exactBuckets).solution.plan?.mixtures ?? []
            return mixtures.flatMap { $0.parts.map { $0.action.wait(of: limited) } }
        }
        let table = WaitTable(self, cells: search.cells, waits: exactWaits)
        let solve =
            table.solver() ?? { buckets in
                let solved = solution(buckets)
                return BucketSolution(solved.solution.certificate, edges: solved.problem.buckets.lowerEdges)
            }
        return search.run(count: count, counts: counts, solve: solve, lagrangian: table.lagrangian)
    }
}
