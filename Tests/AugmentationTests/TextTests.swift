import Augmentation
import Testing

@Suite struct TextTests {
    private static let sentence = "A young man walks quickly to the big house near the river".split(separator: " ")
        .map(String.init)

    private static func apply(
        _ operations: [TextOperation], _ tokens: [String] = sentence, index: Int,
        selection: TextAugmentation.Selection = .all
    ) throws -> (tokens: [String], record: AugmentationRecord) {
        var record = AugmentationRecord(seed: SampleSeed(run: 3, epoch: 1, index: index))
        let recipe = try TextAugmentation(operations, selection: selection)
        return (recipe.apply(to: tokens, &record), record)
    }

    @Test func deletionNeverEmptiesAText() throws {
        var lengths: Set<Int> = []
        for index in 0..<50 {
            let all = try Self.apply([.deletion(rate: 1)], index: index).tokens
            #expect(all.count == 1 && Self.sentence.contains(all[0]))
            let some = try Self.apply([.deletion(rate: 0.3)], index: index).tokens
            // What stays keeps its order.
            var rest = Self.sentence[...]
            for token in some {
                let place = try #require(rest.firstIndex(of: token))
                rest = rest[(place + 1)...]
            }
            lengths.insert(some.count)
            #expect(try Self.apply([.deletion(rate: 0.9)], ["word"], index: index).tokens == ["word"])
        }
        #expect(lengths.count > 3)
    }

    @Test func swapsKeepTheTokens() throws {
        for index in 0..<50 {
            let one = try Self.apply([.swap(share: 0.01)], index: index).tokens
            #expect(one.sorted() == Self.sentence.sorted())
            #expect(zip(one, Self.sentence).filter { $0 != $1 }.count <= 2)
            let many = try Self.apply([.swap(share: 1)], index: index).tokens
            #expect(many.sorted() == Self.sentence.sorted())
            // Two tokens that differ do change places.
            #expect(try Self.apply([.swap()], ["a", "b"], index: index).tokens == ["b", "a"])
            #expect(try Self.apply([.swap()], ["a"], index: index).tokens == ["a"])
        }
    }

    @Test func synonymsComeFromTheTable() throws {
        let table = try SynonymTable(parsing: "big, large, huge\nriver, running water\nman, guy")
        let recipe = try TextAugmentation([.synonymReplacement(share: 0.2)], synonyms: table)
        var seen: Set<String> = []
        for index in 0..<60 {
            var record = AugmentationRecord(seed: SampleSeed(run: 0, epoch: 0, index: index))
            let text = recipe.apply(to: Self.sentence, &record).joined(separator: " ")
            var back = text
            for (new, old) in [("large", "big"), ("huge", "big"), ("running water", "river"), ("guy", "man")] {
                if back.contains(new) { seen.insert(new) }
                back = back.split(separator: " ").joined(separator: " ")
                back = Self.replacing(new, with: old, in: back)
            }
            // A fifth of twelve tokens is two, and each of them was changed to one of its synonyms.
            #expect(back == Self.sentence.joined(separator: " "))
            #expect(record.draws.first?.detail.split(separator: "→").count == 3)
        }
        #expect(seen == ["large", "huge", "running water", "guy"])
        var record = AugmentationRecord(seed: SampleSeed(run: 0, epoch: 0, index: 0))
        let capital = recipe.apply(to: ["Man"], &record)
        #expect(capital == ["Guy"])
    }

    private static func replacing(_ old: String, with new: String, in text: String) -> String {
        let (words, parts) = (text.split(separator: " ").map(String.init), old.split(separator: " ").map(String.init))
        var (result, at): ([String], Int) = ([], 0)
        while at < words.count {
            if words[at...].starts(with: parts) {
                result.append(new)
                at += parts.count
            } else {
                result.append(words[at])
                at += 1
            }
        }
        return result.joined(separator: " ")
    }

    @Test func insertionsKeepTheTextInOrder() throws {
        let table = try SynonymTable(parsing: "big, large\nriver, stream")
        let recipe = try TextAugmentation([.insertion(share: 0.25)], synonyms: table)
        for index in 0..<40 {
            var record = AugmentationRecord(seed: SampleSeed(run: 0, epoch: 0, index: index))
            let tokens = recipe.apply(to: Self.sentence, &record)
            #expect(tokens.count == Self.sentence.count + 3)
            #expect(tokens.filter { $0 != "large" && $0 != "stream" } == Self.sentence)
        }
        var record = AugmentationRecord(seed: SampleSeed(run: 0, epoch: 0, index: 0))
        #expect(recipe.apply(to: ["xyzzy"], &record) == ["xyzzy"])
        #expect(record.draws.isEmpty)
    }

    @Test func slipsGoToTheKeysBeside() throws {
        #expect(Set(KeyboardNoise.neighbours(of: "g")) == ["f", "h", "t", "y", "v", "b"])
        #expect(Set(KeyboardNoise.neighbours(of: "Q")) == ["1", "2", "w", "a"])
        #expect(KeyboardNoise.neighbours(of: "é").isEmpty && KeyboardNoise.neighbours(of: " ").isEmpty)
        for key in "qwertyuiopasdfghjklzxcvbnm1234567890" {
            for other in KeyboardNoise.neighbours(of: key) {
                #expect(other != key && KeyboardNoise.neighbours(of: other).contains(key))
            }
        }
        for index in 0..<20 {
            let all = try Self.apply([.keyboardNoise(rate: 1)], ["Hello", "wörld!"], index: index).tokens
            for (old, new) in zip("Hello wörld!", all.joined(separator: " ")) {
                if old.isASCII && old.isLetter {
                    #expect(KeyboardNoise.neighbours(of: old).contains(Character(new.lowercased())))
                } else {
                    #expect(old == new)
                }
            }
            #expect(all[0].first?.isLetter == false || all[0].first?.isUppercase == true)
        }
    }

    private static let everything: [TextOperation] = [
        .synonymReplacement(share: 0.2), .insertion(), .swap(), .deletion(), .keyboardNoise(rate: 0.1),
    ]

    @Test func theSameSeedGivesTheSameTokens() throws {
        var seen: Set<[String]> = []
        for index in 0..<20 {
            let first = try Self.apply(Self.everything, index: index)
            let again = try Self.apply(Self.everything, index: index)
            #expect(first.tokens == again.tokens && first.record == again.record)
            seen.insert(first.tokens)
        }
        #expect(seen.count > 15)
    }

    @Test func oneOfTheOperationsIsChosen() throws {
        var names: Set<String> = []
        for index in 0..<100 {
            let draws = try Self.apply(Self.everything, index: index, selection: .one).record.draws
            #expect(draws.count <= 1)
            names.formUnion(draws.map(\.operation))
        }
        #expect(names == ["synonyms", "insertion", "swap", "deletion", "keyboard noise"])
    }

    @Test func noTokensStayNoTokens() throws {
        #expect(try Self.apply(Self.everything, [], index: 0).tokens.isEmpty)
        #expect(try Self.apply([], index: 0).tokens == Self.sentence)
        #expect(throws: AugmentationError.self) { try TextAugmentation([.swap(share: -0.1)]) }
        #expect(throws: AugmentationError.self) { try TextAugmentation([.deletion(rate: .nan)]) }
    }

    @Test func badLinesAreNamed() {
        for (text, line) in [("big, large\nsmall", 2), ("# note\n\nbig,,large", 3), ("a, b, A", 1), (",", 1)] {
            do {
                _ = try SynonymTable(parsing: text)
                Issue.record("'\(text)' was read")
            } catch {
                #expect(error.line == line)
            }
        }
        let many = (0...SynonymTable.longestGroup).map { "w\($0)" }.joined(separator: ",")
        #expect(throws: SynonymTable.FormatError.self) { try SynonymTable(parsing: many) }
    }

    @Test func groupsOfAWordAreUnited() throws {
        let table = try SynonymTable(parsing: "book, reserve\r\n  Book , volume , reserve\n#x, y\n")
        #expect(table.groups == [["book", "reserve"], ["book", "volume", "reserve"]])
        #expect(table["BOOK"] == ["reserve", "volume"])
        #expect(table["volume"] == ["book", "reserve"] && table["x"].isEmpty)
    }

    @Test func theEnglishTableIsWhole() {
        let groups = SynonymTable.english.groups
        #expect(groups.count >= 300)
        #expect(Set(groups).count == groups.count)
        for word in groups.joined() {
            #expect(word.allSatisfy { $0.isASCII && ($0.isLetter || $0 == " " || $0 == "-") })
            #expect(!SynonymTable.english[word].contains(word))
        }
    }
}
