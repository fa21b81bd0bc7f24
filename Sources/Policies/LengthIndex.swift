/// Where to look for the bucket of a prompt's length, so that a look-up takes two or three steps instead of ten.
///
/// A length's key is its leading ten bits and where they stand: lengths below 1,024 have one each, longer ones share it with less than
/// 0.2 % of their neighbourhood. Of each key the first bucket is known, and of all keys the largest number of buckets; the
/// search between is the usual halving.
/// - Note: Several sets of buckets, one per period of the day, lie in one row of numbers each: what a decision reads holds no reference.
struct LengthIndex: Sendable {
    /// Where the numbers of a set of buckets lie.
    struct Row: Sendable {
        /// The set's first place in `starts` and in `firsts`.
        fileprivate var starts: Int
        fileprivate var firsts: Int
        /// The key of the last bucket's begin: longer prompts are its own.
        fileprivate var lastKey: Int
        /// Number of buckets in the sets before.
        fileprivate var bucketsBefore: Int
    }

    /// Where buckets begin, in tokens; after each set as many that never do as a search may look at.
    private let starts: [Int]
    /// The last bucket that begins before any length of the key, or at its first one.
    private let firsts: [UInt32]
    /// How many buckets a search looks at.
    private let span: Int
    /// The rows of the sets, in their order.
    let rows: [Row]

    /// The index of sets of buckets that begin at `sets`, each ascending from 1.
    init(_ sets: [[Int]]) {
        var span = 1
        for set in sets {
            var (count, last) = (1, -1)
            for start in set {
                let key = Self.key(start)
                count = key == last ? count + 1 : 2
                last = key
                span = max(span, count)
            }
        }
        var starts: [Int] = []
        var firsts: [UInt32] = []
        var rows: [Row] = []
        var before = 0
        for set in sets {
            let lastKey = set.last.map(Self.key) ?? 0
            rows.append(Row(starts: starts.count, firsts: firsts.count, lastKey: lastKey, bucketsBefore: before))
            var bucket = 0
            for key in 0...lastKey {
                // Past all that begin below this key.
                while bucket + 1 < set.count, Self.key(set[bucket + 1]) < key { bucket += 1 }
                firsts.append(UInt32(bucket))
            }
            starts += set
            starts += repeatElement(Int.max, count: span)
            before += set.count
        }
        self.starts = starts
        self.firsts = firsts
        self.span = span
        self.rows = rows
    }

    /// The last bucket of a set that begins at or before the length, counted over all sets.
    @inline(__always)
    func bucket(promptTokens: Int, in row: Row) -> Int {
        let length = min(max(promptTokens, 1), JSONNode.largestInteger)
        let local = Int(firsts[row.firsts &+ min(Self.key(length), row.lastKey)])
        var first = row.starts &+ local
        var count = span
        while count > 1 {
            let half = count >> 1
            // The half is added where the upper one begins at or before the length, and shifted out where not: a branch here
            // is taken at random, and of a mask or a product the compiler makes one.
            let difference = length &- starts[first &+ half]
            first &+= half &>> (difference &>> (Int.bitWidth - 1))
            count &-= half
        }
        return first &- row.starts &+ row.bucketsBefore
    }

    /// The leading ten bits of a length from 1, and where they stand; ascends with the length.
    @inline(__always)
    private static func key(_ length: Int) -> Int {
        let shift = max(0, Int.bitWidth &- 10 &- length.leadingZeroBitCount)
        return shift &<< 9 &+ length &>> shift
    }
}
