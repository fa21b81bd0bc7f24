import Spelling
import Testing

@Suite struct `Nearest name` {
    @Test(arguments: [
        ("at_mots", "at_most"), ("atmost", "at_most"), ("AT-MOST", "at_most"), ("at_leats", "at_least"),
    ]) func `a misspelt word finds the name that was meant`(word: String, name: String) {
        #expect(nearest(to: word, among: ["at_least", "at_most", "timeout"]) == name)
    }

    @Test func `a word like nothing finds nothing, however long it is`() {
        #expect(nearest(to: "zebra", among: ["at_least", "at_most"]) == nil)
        #expect(nearest(to: String(repeating: "at_most", count: 100), among: ["at_most"]) == nil)
        #expect(nearest(to: "x", among: []) == nil)
    }

    @Test func `distances are worked by hand`() {
        #expect(editDistance("kitten", "sitting") == 3)
        #expect(editDistance("ab", "ba") == 1)
        #expect(editDistance("", "abc") == 3)
    }
}
