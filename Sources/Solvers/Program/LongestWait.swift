/// The longest wait w ≥ 0 after which an answer in `time` seconds still comes by `t`: w + time ≤ t, the sum rounded as a double.
///
/// A few doubles beyond t − time may still round to t, so that is where the share of late answers steps.
/// Source: derived, docs/maths/limits.md.
/// - Precondition: 0 ≤ `time` ≤ `t`, both finite.
func longestWait(for time: Double, by t: Double) -> Double {
    // Halfway to the next double the sum still rounds to t.
    var wait = (t - time) + t.ulp / 2
    while wait + time > t { wait = wait.nextDown }
    while wait.nextUp + time <= t { wait = wait.nextUp }
    return max(0, wait)
}
