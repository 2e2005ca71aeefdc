/// Letters that a finger on a QWERTY keyboard hits instead of others.
package enum KeyboardNoise {
    /// The keys from the left, with each row's shift to the right in quarters of a key.
    private static let rows: [(keys: [Character], shift: Int)] = [
        (Array("1234567890"), 0), (Array("qwertyuiop"), 2), (Array("asdfghjkl"), 3), (Array("zxcvbnm"), 5),
    ]

    /// For each key those that touch it.
    private static let neighbours: [Character: [Character]] = {
        var places: [(key: Character, x: Int, y: Int)] = []
        for (y, row) in rows.enumerated() {
            for (x, key) in row.keys.enumerated() { places.append((key, 4 * x + row.shift, y)) }
        }
        var result: [Character: [Character]] = [:]
        for place in places {
            // Less than a key's width to the side, in the rows above and below; the next keys in its own.
            result[place.key] = places.filter { other in
                let (dx, dy) = (abs(other.x - place.x), abs(other.y - place.y))
                return dy == 1 && dx < 4 || dy == 0 && dx == 4
            }.map(\.key)
        }
        return result
    }()

    /// The keys beside a letter's or a digit's, in lower case; none for other characters.
    package static func neighbours(of character: Character) -> [Character] {
        neighbours[Character(character.lowercased())] ?? []
    }

    /// A character hit instead of another, in the same case; the same for a character without neighbours.
    static func slip(_ character: Character, _ stream: inout RandomStream) -> Character {
        let near = neighbours(of: character)
        guard !near.isEmpty else { return character }
        let other = near[stream.integer(below: near.count)]
        return character.isUppercase ? Character(other.uppercased()) : other
    }
}
