/// Sums over all windows of neighbouring elements.
public enum RollingWindow {
    /// The sums of `length` neighbouring elements, one a window: `values.count - length + 1` of them.
    ///
    /// Each window crosses at most one multiple of `length`, so its sum is what lies before it plus what lies after: no
    /// subtraction, hence no rounding left over from elements outside the window.
    /// - Precondition: 1 ≤ length ≤ values.count.
    /// - Complexity: O(*n*).
    public static func sums(of values: [Double], length: Int) -> [Double] {
        precondition(length >= 1 && length <= values.count, "no window of \(length) in \(values.count) values")
        var after = values  // sum to the end of the stretch between two multiples of `length`
        for i in stride(from: values.count - 2, through: 0, by: -1) where (i + 1) % length != 0 {
            after[i] += after[i + 1]
        }
        var sums: [Double] = []
        sums.reserveCapacity(values.count - length + 1)
        var before = 0.0  // sum of the next stretch up to the window's end
        for start in 0...(values.count - length) {
            let end = start + length - 1
            if end % length == 0 { before = 0 }
            before += values[end]
            sums.append(start % length == 0 ? after[start] : after[start] + before)
        }
        return sums
    }

    /// The largest ratio of sums over windows of `length`, and where its window starts (the first of equals).
    ///
    /// A window without weight has no ratio; 0 at the start where no window has one.
    /// - Precondition: as many weights as values, none negative; 1 ≤ length ≤ values.count.
    /// - Complexity: O(*n*).
    public static func largestRatio(of values: [Double], to weights: [Double], length: Int) -> (
        value: Double, start: Int
    ) {
        precondition(values.count == weights.count, "\(values.count) values, \(weights.count) weights")
        var best = (value: 0.0, start: 0)
        let tops = sums(of: values, length: length)
        let bottoms = sums(of: weights, length: length)
        for start in tops.indices where bottoms[start] > 0 && tops[start] / bottoms[start] > best.value {
            best = (tops[start] / bottoms[start], start)
        }
        return best
    }
}
