/// The nearest of `candidates` to a misspelt `word`, the first of several; nil if none is near enough to be meant.
///
/// Near is an edit distance of at most a third of the longer word, and at least 1. Upper case is free, and words that
/// differ in nothing but points, lines and hyphens are nearest.
public func nearest(to word: String, among candidates: [String]) -> String? {
    match(for: word, among: candidates)?.name
}

/// As `nearest`, with the edit distance.
public func match(for word: String, among candidates: [String]) -> (name: String, distance: Int)? {
    guard word.unicodeScalars.count <= 64 else { return nil }
    let plain = word.lowercased()
    let letters = plain.filter { !"._-".contains($0) }
    var best: (name: String, distance: Int)?
    for candidate in candidates {
        let name = candidate.lowercased()
        let isSame = name.filter { !"._-".contains($0) } == letters
        let distance = isSame ? 0 : editDistance(plain, name)
        let allowed = max(1, max(plain.count, candidate.count) / 3)
        if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best
}

/// The fewest insertions, deletions, replacements and swaps of neighbours that turn one word into the other
/// (Levenshtein; swaps as in the optimal string alignment distance).
///
/// - Complexity: O(*n m*), the lengths of the two.
public func editDistance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.unicodeScalars), Array(second.unicodeScalars))
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var distance = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, beforeLast[j - 1] + 1) }
            row.append(distance)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
