internal import Checking
internal import Policies
internal import Profiles
internal import Serving

/// What a policy does in some worlds, recomputed by code that knows no solver.
struct PolicyOutcomes {
    private let values: [Metric: Enclosure]

    /// Recomputes `metrics`; those that the data cannot tell are left out.
    /// - Parameters:
    ///   - plans: What the policy does, a plan a world.
    ///   - worlds: The worlds.
    ///   - metrics: What is wanted.
    ///   - problem: Prices, and what is minimized.
    ///   - handOvers: What hand-overs depend on; nil where responses stay.
    ///   - quality: What the quality of streams depends on; nil where that is not known.
    init(
        _ plans: [DispatchPlan], in worlds: [StudyWorld], _ metrics: some Sequence<Metric>, _ problem: Problem,
        handOvers: HandOverSettings?, quality: QualitySettings?
    ) {
        let question = DispatchQuestion(
            worlds: zip(worlds, plans).map { World($0.profile, lowerEdges: $1.lowerEdges, share: $0.share) },
            costs: problem.costs, objective: problem.objective, limits: [], handOvers: handOvers,
            quality: quality)
        let claims = Dictionary(metrics.map { ($0, 0.0) }, uniquingKeysWith: { first, _ in first })
        let verdict = CertificateCheck(question, plans: plans).verdict(on: nil, expected: claims)
        values = Dictionary(
            verdict.values.map { ($0.metric, $0.recomputed) }, uniquingKeysWith: { first, _ in first })
    }

    /// The metrics that are known, in their order.
    var metrics: [Metric] { values.keys.sorted() }

    /// A metric's value; nil where the data cannot tell.
    subscript(metric: Metric) -> Double? { values[metric].map { ($0.low + $0.high) / 2 } }

    /// How low and how high rounding may make a metric; nil where the data cannot tell.
    func enclosure(of metric: Metric) -> Enclosure? { values[metric] }
}
